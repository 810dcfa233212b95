"""Requests that are turned down: one status, one code, one clear line."""

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from starcast.errors import StarcastError, UnknownIdError

LOG = logging.getLogger("starcast.serve")
CODES: Mapping[str, tuple[tuple[int, ...], str]] = {  # with what statuses, and when
    "invalid_request": (
        (400, 422),
        "no JSON or no HTTP; out of limits, stars outside the scale, an id twice, a parameter, "
        "field or column that is unknown (the nearest is named) or given twice; a filter that "
        "cannot be read, and where",
    ),
    "unauthorized": ((401,), "a token is wanted"),
    "forbidden": ((403,), "the token is for reading alone"),
    "not_found": ((404,), "nothing is at this path"),
    "unknown_user": ((404,), "nobody has this id"),
    "unknown_item": (
        (404,),
        "no item has this id; of a guest's list, or of `among` or `without`: it knows none",
    ),
    "unknown_rating": ((404,), "the store has no rating of this user and item"),
    "unknown_model": ((404,), "no loaded model has this name"),
    "method_not_allowed": ((405,), "the path answers other methods"),
    "timeout": (
        (408, 504),
        "the request did not come in time; the answer was not ready in time",
    ),
    "taken_key": ((409,), "an `Idempotency-Key` that came with other ratings before"),
    "too_large": ((413, 431), "the body; the head"),
    "internal_error": ((500,), "a fault of the service; its log has it, the answer does not"),
    "overloaded": (
        (503,),
        "more than 512 connections, and all of them at work; more than 2,000 writes that wait",
    ),
    "store_unavailable": (
        (503,),
        "the store does not answer: nothing was written; the log says why",
    ),
}
_SHOULD = "Input should be "
_OF_STATUS = {400: "invalid_request", 404: "not_found", 405: "method_not_allowed"}


@final
class ApiError(Exception):
    """A request that is turned down.

    Args:
        status: of HTTP.
        code: for programs; one of `CODES`.
        message: for people, one line.
        near: known ids close to an unknown one.
    """

    def __init__(self, status: int, code: str, message: str, near: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.near = status, code, message, list(near)

    def body(self) -> bytes:
        """The JSON that is sent."""
        said: dict[str, object] = {"code": self.code, "message": self.message}
        if self.near:
            said["near"] = self.near
        return json.dumps({"error": said}).encode("ascii")

    def response(self, headers: dict[str, str] | None = None) -> Response:
        """The whole answer."""
        return Response(self.body(), self.status, headers, "application/json")


def broken() -> ApiError:
    """What is said of a fault of ours, which the log tells more of."""
    return ApiError(500, "internal_error", "the service made a mistake; its log says which")


def refuse_in_json(app: FastAPI) -> None:
    """Let an application answer every error as a `ApiError`."""

    async def api_error(_: Request, error: Exception) -> Response:
        assert isinstance(error, ApiError)
        return error.response()

    async def ours(_: Request, error: Exception) -> Response:
        return ApiError(422, "invalid_request", str(error)).response()

    async def unknown_id(_: Request, error: Exception) -> Response:
        return ApiError(404, "unknown_item", str(error)).response()

    async def invalid(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return ApiError(422, "invalid_request", _first_fault(error)).response()

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        code = _OF_STATUS.get(error.status_code, "invalid_request")
        what = {"not_found": "nothing at this path; see /docs", "method_not_allowed":
                f"{request.method} is not for this path; see /docs"}  # fmt: skip
        message = what.get(code, "the body is no JSON that can be read")
        return ApiError(error.status_code, code, message).response(dict(error.headers or {}))

    async def fault(_: Request, error: Exception) -> Response:
        return broken().response()

    app.add_exception_handler(ApiError, api_error)
    app.add_exception_handler(UnknownIdError, unknown_id)
    app.add_exception_handler(StarcastError, ours)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Exception, fault)


def _first_fault(error: RequestValidationError) -> str:
    """Where the first fault is and what it is, without the value, which may be anything.

    A value that may be one of several kinds and is none has a fault for each of them, at places
    that end in the kind: together they are one.
    """
    first, *others = faults = error.errors()
    where, what = list(first["loc"]), first["msg"]
    if _ends_in_kind(first, error.body):
        where = where[:-1]
        told = (one["msg"] for one in faults if list(one["loc"][:-1]) == where)
        what = _SHOULD + " or ".join(dict.fromkeys(one.removeprefix(_SHOULD) for one in told))
        others = [one for one in others if list(one["loc"][: len(where)]) != where]
    more = f" (and {len(others)} more faults)" if others else ""
    return f"{_path(where)}: {what}{more}"


def _ends_in_kind(fault: Mapping[str, Any], body: Any) -> bool:
    """Whether a fault's place is a value and a kind that it is not of; else it is a value's own."""
    try:
        for step in fault["loc"][1:-1]:
            body = body[step]
    except (LookupError, TypeError):  # a kind stands above, too
        return False
    return fault["type"] != "missing" and bool(body == fault["input"])


def _path(location: Iterable[int | str]) -> str:
    return ".".join(str(step)[:50].encode("ascii", "replace").decode() for step in location)
