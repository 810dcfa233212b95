"""The limit of a head is exact, however its bytes arrive: told by a transport that writes down."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from starcast.serve.http_protocol import HttpProtocol

LIMIT = 1 << 16  # as the docs have it
BODY = b'{"user": "bob"}\n' * 900
POST = b"POST /before HTTP/1.1\r\nhost: a\r\ncontent-length: %d\r\n\r\n" % len(BODY) + BODY
GET = b"GET /before HTTP/1.1\r\nhost: a\r\n\r\n"
BEFORE = {"nothing": b"", "requests": GET * 3, "a body": POST}


class Transport(asyncio.Transport):
    """Takes what is written."""

    def __init__(self) -> None:
        super().__init__({"sockname": ("127.0.0.1", 1), "peername": ("127.0.0.1", 2)})
        self.written, self._is_closing = b"", False

    def write(self, data: Any) -> None:
        self.written += bytes(data)

    def is_closing(self) -> bool:
        return self._is_closing

    def close(self) -> None:
        self._is_closing = True

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


def verdict(sent: bytes, piece: int) -> list[str]:
    """Paths that reach the application, and the status of a refusal."""
    reached: list[str] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        reached.append(scope["path"])
        length = (b"content-length", b"0")
        await send({"type": "http.response.start", "status": 200, "headers": [length]})
        await send({"type": "http.response.body"})

    async def feed() -> list[str]:
        config = uvicorn.Config(application, ws="none", log_config=None, proxy_headers=False)
        protocol, transport = HttpProtocol(config, ServerState(), {}), Transport()
        protocol.connection_made(transport)
        for start in range(0, len(sent), piece):
            protocol.data_received(sent[start : start + piece])
            if transport.is_closing():
                break
            await asyncio.sleep(0)
        while protocol.tasks:
            await asyncio.sleep(0)
        protocol.connection_lost(None)
        return reached + (["431"] if b" 431 " in transport.written else [])

    with ThreadPoolExecutor(1) as thread:  # in this one a browser may have left a loop running
        return thread.submit(asyncio.run, feed()).result()


def head(kind: str, n_bytes: int) -> bytes:
    """A head of so many bytes, its last line, which is blank, left out."""
    first, last = b"GET /head HTTP/1.1\r\nhost: a\r\n", b"\r\n"
    n = n_bytes - len(first) - len(last)
    if kind == "a path":
        return first.replace(b"/head", b"/head?" + b"y" * (n + 1))
    if kind == "spaces":
        return first + b"x:" + b" " * (n - 3) + b"y" + last
    lines = (b"x: " + b"y" * 995 + last) * (n // 1000 - 1 if kind == "lines" else 0)
    return first + lines + b"x: " + b"y" * (n - len(lines) - 3) + last


@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize("kind", ["a line", "spaces", "lines", "a path"])
def test_the_limit_is_exact_however_bytes_arrive(kind: str, before: str) -> None:
    reached = ["/before"] * BEFORE[before].count(b"/before")
    largest, larger = head(kind, LIMIT), head(kind, LIMIT + 1)
    assert (len(largest), len(larger)) == (LIMIT, LIMIT + 1)
    for piece in (1 << 20, LIMIT - 1, 5000, 4096, 997):
        whole = BEFORE[before] + largest + b"\r\n"
        assert verdict(whole, piece) == [*reached, "/head"], piece
        told = verdict(BEFORE[before] + larger + b"\r\n", piece)
        assert told in ([*reached, "431"], reached), piece  # what came before is answered first


def test_a_head_may_come_byte_by_byte_and_have_a_hundred_lines() -> None:
    assert verdict(head("a line", 3000) + b"\r\n", 1) == ["/head"]
    lines = b"GET /head HTTP/1.1\r\n" + b"x: y\r\n" * 100 + b"\r\n"
    assert verdict(lines, 1) == verdict(lines, 1 << 20) == ["/head"]


@pytest.mark.parametrize("line", [b"x: y\r\n", b"x:\r\n"])
def test_a_head_of_many_lines_is_refused(line: bytes) -> None:
    for piece in (1, 997, 1 << 20):
        assert verdict(b"GET /head HTTP/1.1\r\n" + line * 1000 + b"\r\n", piece) == ["431"]
