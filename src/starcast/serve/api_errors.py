"""Requests that are turned down: one status, one code, one clear line."""

import json
import logging
from collections.abc import Iterable, Sequence
from typing import final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from starcast.errors import StarcastError, UnknownIdError

LOG = logging.getLogger("starcast.serve")
_CODES = {400: "invalid_request", 404: "not_found", 405: "method_not_allowed"}


@final
class ApiError(Exception):
    """A request that is turned down.

    Args:
        status: of HTTP.
        code: for programs.
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
        code = _CODES.get(error.status_code, "invalid_request")
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
    """Where the first fault is and what it is, without the value, which may be anything."""
    first, *others = error.errors()
    where = _path(first["loc"])
    more = f" (and {len(others)} more faults)" if others else ""
    return f"{where}: {first['msg']}{more}"


def _path(location: Iterable[int | str]) -> str:
    return ".".join(str(step)[:50].encode("ascii", "replace").decode() for step in location)
