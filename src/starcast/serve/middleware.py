"""What stands before every endpoint: size, time, token, headers, and the counting of it all."""

import asyncio
import hmac
import time
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any, final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from starcast.serve.api_errors import LOG, ApiError, broken
from starcast.serve.prometheus import ServiceMetrics

_HEADERS = [
    (b"content-security-policy", b"default-src 'self'; base-uri 'none'; form-action 'self'; "
                                 b"frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
]  # fmt: skip
IMPORTS = "/imports"  # takes tables, not JSON
_OPEN = ("/", "/healthz", "/readyz", "/docs", "/openapi.json")  # they tell nobody anything


@final
@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a request may take.

    Attributes:
        body: bytes.
        body_seconds: until the whole body has come.
        values: of JSON that a body may hold; reading more of them would stop the service.
        seconds: until an answer begins, counted from then. How long a client may take to read it
            is for `HttpProtocol`.
    """

    body: int = 1 << 20
    body_seconds: float = 10.0
    values: int = 10_000
    seconds: float = 30.0


@final
class Middleware:
    """The outermost layer of the application.

    Args:
        app: what it stands before.
        metrics: told of every request.
        limits: what a request may take.
        token: what everybody has to show but for the page, the docs and the probes; "" for nothing.
        read_token: what may be shown instead by those who write nothing; "" for nothing.
    """

    def __init__(
        self,
        app: ASGIApp,
        metrics: ServiceMetrics,
        limits: Limits,
        token: str = "",
        read_token: str = "",
    ) -> None:
        self._app, self._metrics, self._limits = app, metrics, limits
        self._token = f"Bearer {token}".encode() if token else b""
        self._read_token = f"Bearer {read_token}".encode() if read_token else b""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, answer = time.perf_counter(), _Answer(send)
        try:
            await self._handle(scope, receive, answer)
        except ApiError as error:
            await answer.refuse(error)
        except TimeoutError:
            said = f"not answered within {self._limits.seconds:g} s"
            await answer.refuse(ApiError(504, "timeout", said))
        except _Gone:
            return
        except Exception:
            LOG.exception("%s %r failed", scope["method"], scope["path"])
            await answer.refuse(broken())
        route = getattr(scope.get("route"), "path_format", "other")
        self._metrics.count(route, answer.status, time.perf_counter() - started)

    async def _handle(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        headers = dict(scope["headers"])
        if self._token and not _is_open(scope["path"]):
            self._check(headers.get(b"authorization", b""), writes=_writes(scope))
        if b"content-length" in headers or b"transfer-encoding" in headers:
            receive = await self._whole(headers, receive, is_json=scope["path"] != IMPORTS)
        async with asyncio.timeout(self._limits.seconds) as answer.deadline:
            await self._app(scope, receive, answer.send)

    def _check(self, shown: bytes, *, writes: bool) -> None:
        """Let nobody pass without a token for what they want. Raises: ApiError."""
        if hmac.compare_digest(shown, self._token):
            return
        if not (self._read_token and hmac.compare_digest(shown, self._read_token)):
            raise ApiError(401, "unauthorized", "show the token: Authorization: Bearer TOKEN")
        if writes:
            raise ApiError(403, "forbidden", "this token is for reading alone")

    async def _whole(
        self, headers: MutableMapping[bytes, bytes], receive: Receive, *, is_json: bool
    ) -> Receive:
        """The body, all of it, before anything is done about it. Raises: ApiError."""
        most, said = self._limits.body, headers.get(b"content-length", b"0")
        too_large = ApiError(413, "too_large", f"a body may have at most {most:,} bytes")
        if not said.isdigit() or len(said) > 15 or int(said) > most:
            raise too_large
        body = bytearray()
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise _Gone
                    body += message.get("body", b"")
                    if len(body) > most:
                        raise too_large
                    if not message.get("more_body"):
                        break
        except TimeoutError:
            said_late = f"the body did not come within {self._limits.body_seconds:g} s"
            raise ApiError(408, "timeout", said_late) from None
        if is_json and sum(map(body.count, (b",", b"[", b"{"))) > self._limits.values:
            said_many = f"a body may hold at most {self._limits.values:,} values"
            raise ApiError(422, "invalid_request", said_many)
        return _replay(bytes(body), receive)


def _replay(body: bytes, receive: Receive) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return messages.pop() if messages else await receive()

    return replayed


def _is_open(path: str) -> bool:
    return path in _OPEN or path.startswith("/static/")


def _writes(scope: Scope) -> bool:
    """Whether a request would change what is stored; other bodies are questions."""
    method = scope["method"]
    return method in ("PUT", "DELETE", "PATCH") or (
        method == "POST" and scope["path"] == "/ratings"
    )


class _Gone(Exception):
    """The client left before it had asked."""


@final
class _Answer:
    """What is sent to the client, with the headers that everything gets.

    Attributes:
        status: of HTTP; 0 before there is an answer.
        deadline: which is met as soon as the answer begins.
    """

    def __init__(self, send: Send) -> None:
        self._send, self.status = send, 0
        self.deadline: asyncio.Timeout | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            if self.deadline:
                self.deadline.reschedule(None)
            message["headers"] = [*message.get("headers", []), *_HEADERS]
        await self._send(message)

    async def refuse(self, error: ApiError) -> None:
        """Send an error unless something else is on its way already."""
        if self.status:
            return  # half an answer: the connection is closed, which says that it is no whole one
        self.deadline = None
        body = error.body()
        headers: list[Any] = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
        ]
        if error.status in (408, 413):  # the rest of the body is not wanted
            headers.append((b"connection", b"close"))
        if error.status == 401:
            headers.append((b"www-authenticate", b"Bearer"))
        start = {"type": "http.response.start", "status": error.status, "headers": headers}
        await self.send(start)
        await self.send({"type": "http.response.body", "body": body})
