"""Endpoints that ignore nothing of a query in silence."""

import re
from collections.abc import Callable, Coroutine
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from fastapi import Request, Response
from fastapi.routing import APIRoute

from starcast.errors import ConfigError, UnknownNameError

_MOST_PARAMETERS = 20  # more than any endpoint has


class StrictRoute(APIRoute):
    """An endpoint that refuses parameters it does not know, and those that are given twice.

    An id in its path may be any text, of several lines, too: whoever came in by a batch is found.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        whole = self.path_regex.pattern.removesuffix("$") + r"\Z"
        self.path_regex = re.compile(whole, re.DOTALL)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The endpoint, and the check before it."""
        handle = super().get_route_handler()
        known = tuple(parameter.alias for parameter in self.dependant.query_params)

        async def checked(request: Request) -> Response:
            if query := request.scope["query_string"]:
                check_query(query, known)
            return await handle(request)

        return checked


@lru_cache(256)  # most queries are those of others: what is good is not looked at twice
def check_query(query: bytes, known: tuple[str, ...]) -> None:
    """Refuse a query that does not say what it means.

    Raises: UnknownNameError, ConfigError: a parameter that is unknown, or given twice.

    >>> check_query(b"k=5", ("k", "model"))
    >>> check_query(b"kk=5", ("k", "model"))
    Traceback (most recent call last):
    starcast.errors.UnknownNameError: unknown query parameter 'kk': did you mean 'k'?
    """
    if query.count(b"&") >= _MOST_PARAMETERS:
        raise ConfigError(f"a query may have at most {_MOST_PARAMETERS} parameters")
    given = [name for name, _ in parse_qsl(query.decode("latin-1"), keep_blank_values=True)]
    for name in given:
        if name not in known:
            raise UnknownNameError("query parameter", name, known)
        if given.count(name) > 1:
            raise ConfigError(
                f"query parameter '{name}' is given {given.count(name)} times; once will do"
            )
