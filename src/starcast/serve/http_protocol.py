"""Clients that take their time, or want too much of ours, before a request has begun."""

import asyncio
from typing import Any, final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from starcast.serve.api_errors import ApiError

MOST_HEAD = 1 << 16  # bytes; more than any browser sends
MOST_CONNECTIONS = 512


@final
class HttpProtocol(HttpToolsProtocol):
    """HTTP with an end to waiting for a request's head, to its length, and to connections."""

    _waiting: asyncio.TimerHandle | None = None
    _n_head = 0
    _in_head = True

    def connection_made(self, transport: Any) -> None:
        """A connection was made; one over the limit is answered with 503 and closed."""
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            self._turn_away(ApiError(503, "overloaded", "too many connections; try again later"))
            return
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody is there any more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Some bytes came."""
        if self.transport.is_closing():
            return
        super().data_received(data)
        if self._in_head and self._waiting:
            self._n_head += len(data)
            if self._n_head > MOST_HEAD:
                said = f"the head of a request may have at most {MOST_HEAD:,} bytes"
                self._turn_away(ApiError(431, "too_large", said))

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self._in_head, self._n_head = True, 0
        self._wait()

    def on_headers_complete(self) -> None:
        """A head has come."""
        self._in_head = False
        self._stop_waiting()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """What was sent is no HTTP."""
        self._turn_away(ApiError(400, "invalid_request", "that was no HTTP request"))

    def _wait(self) -> None:
        self._stop_waiting()
        seconds = self.config.timeout_keep_alive  # as long as between two requests
        late = ApiError(408, "timeout", f"no request came within {seconds} s")
        self._waiting = self.loop.call_later(seconds, self._turn_away, late)

    def _stop_waiting(self) -> None:
        if self._waiting:
            self._waiting.cancel()
            self._waiting = None

    def _turn_away(self, error: ApiError) -> None:
        self._stop_waiting()
        if self.transport.is_closing():
            return
        body = error.body()
        head = (
            f"HTTP/1.1 {error.status} \r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode("ascii") + body)
        self.transport.close()
