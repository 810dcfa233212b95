"""Places and unread answers, with a server in this process and an application that waits."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any, cast

import pytest
import uvicorn
import uvloop
from http_clients import request
from starlette.types import Message, Receive, Scope, Send
from uvicorn.server import ServerState

from starcast.serve import http_protocol
from starcast.serve.http_protocol import HttpProtocol

LARGE = b"x" * (1 << 22)  # more than any socket takes by itself
LOOPS = {"uvloop": uvloop.new_event_loop, "asyncio": asyncio.new_event_loop}


class Application:
    """Answers /large at once, and everything else when it is told to."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.begun, self.given_up = 0, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.begun += 1
        content = LARGE if scope["path"] == "/large" else b"done"
        try:
            if content is not LARGE:
                await self.go_on.wait()
        except asyncio.CancelledError:
            self.given_up += 1
            raise
        length = (b"content-length", str(len(content)).encode())
        start: Message = {"type": "http.response.start", "status": 200, "headers": [length]}
        await send(start)
        await send({"type": "http.response.body", "body": content})


Play = Callable[[Application, uvicorn.Server, "Clients"], Awaitable[None]]


@contextmanager
def _listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def played(play: Play, loop: str, seconds: float) -> None:
    """Run a server whose clients have so many seconds, and clients against it."""

    async def run() -> None:
        application = Application()
        config = uvicorn.Config(
            application, http=HttpProtocol, ws="none", lifespan="off", log_config=None,
            timeout_keep_alive=seconds,  # type: ignore[arg-type]  # whole seconds are long
        )  # fmt: skip
        server = uvicorn.Server(config)
        with _listener() as listener:
            serving = asyncio.create_task(server.serve([listener]))
            await until(lambda: server.started)
            clients = Clients(listener.getsockname()[1])
            try:
                await asyncio.wait_for(play(application, server, clients), 30)
            finally:
                await clients.close()
                server.should_exit = server.force_exit = True
                await serving

    def in_a_loop_of_its_own() -> None:
        with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
            runner.run(run())

    with ThreadPoolExecutor(1) as thread:
        thread.submit(in_a_loop_of_its_own).result()


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.001)


class Clients:
    """Connections, closed in the end."""

    def __init__(self, port: int) -> None:
        self.port, self._writers = port, list[asyncio.StreamWriter]()

    async def __call__(self, sent: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self._writers.append(writer)
        writer.write(sent)
        await writer.drain()
        return reader, writer

    async def close(self) -> None:
        for writer in self._writers:
            writer.close()
        waiting = [writer.wait_closed() for writer in self._writers]
        await asyncio.gather(*waiting, return_exceptions=True)


async def told(reader: asyncio.StreamReader) -> bytes:
    """All that comes until the server hangs up."""
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""


def n_at_work(server: uvicorn.Server) -> int:
    """Connections whose requests are being answered."""
    return sum(bool(cast(Any, one)._unanswered) for one in server.server_state.connections)


def quiet(caplog: pytest.LogCaptureFixture) -> bool:
    return not [one for one in caplog.records if one.name != "asyncio" or one.levelname != "DEBUG"]


@pytest.mark.parametrize("loop", LOOPS)
def test_an_answer_that_is_not_read_ends_the_connection(
    loop: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def play(_: Application, server: uvicorn.Server, client: Clients) -> None:
        clients = [socket.create_connection(("127.0.0.1", client.port)) for _ in range(3)]
        for one, n in zip(clients, (1, 2, 9), strict=True):
            one.sendall(request("/large", n=n))
        await until(lambda: len(server.server_state.connections) == 3)
        await until(lambda: not server.server_state.connections)
        await until(lambda: not server.server_state.tasks)
        for one in clients:
            with one, pytest.raises(ConnectionResetError):  # what the system had is gone as well
                b"".join(iter(partial(one.recv, 1 << 16), b""))

    played(play, loop, 0.05)
    assert quiet(caplog)


@pytest.mark.parametrize("loop", LOOPS)
def test_a_slow_reader_keeps_its_connection(loop: str) -> None:
    async def play(application: Application, server: uvicorn.Server, client: Clients) -> None:
        application.go_on.set()
        reader, writer = await client(b"")
        for _ in range(4):
            writer.write(request("/large"))
            await reader.readuntil(b"\r\n\r\n")
            assert await reader.readexactly(len(LARGE)) == LARGE
        writer.close()

    played(play, loop, 5)


class Unread(asyncio.Transport):
    """There is always something that is not sent yet."""

    is_aborted = False

    def get_write_buffer_size(self) -> int:
        return 1

    def is_closing(self) -> bool:
        return self.is_aborted

    def abort(self) -> None:
        self.is_aborted = True


def test_who_takes_one_answer_after_the_other_is_not_hung_up_on() -> None:
    async def play() -> list[bool]:
        config = uvicorn.Config(Application(), log_config=None)
        protocol, transport = HttpProtocol(config, ServerState(), {}), Unread()
        protocol.connection_made(transport)
        seen = []
        for n_answers, n_when_watched in ((1, 0), (2, 1), (2, 2)):
            protocol._n_answers = n_answers
            protocol._check_sending(n_when_watched)
            seen.append(transport.is_aborted)
        protocol.connection_lost(ConnectionAbortedError())
        return seen

    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(asyncio.run, play()).result() == [False, False, True]


@pytest.mark.parametrize("loop", LOOPS)
def test_what_a_client_no_longer_waits_for_is_given_up(
    loop: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def play(application: Application, server: uvicorn.Server, client: Clients) -> None:
        _, writer = await client(request("/slow"))
        await until(lambda: application.begun == 1)
        writer.close()
        await until(lambda: application.given_up == 1)
        await until(lambda: not server.server_state.tasks)

    played(play, loop, 5)
    assert quiet(caplog)


@pytest.mark.parametrize("greedy", [b"", b"GET /slow HT", request("/slow", n=2)])
def test_who_asks_for_one_thing_keeps_its_place_and_others_make_room(
    greedy: bytes, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(http_protocol, "MOST_CONNECTIONS", 3)

    async def play(application: Application, server: uvicorn.Server, client: Clients) -> None:
        patient = [await client(request("/slow")) for _ in range(2)]
        await until(lambda: n_at_work(server) == 2)
        yielding, _ = await client(greedy)
        await until(lambda: len(server.server_state.connections) == 3)
        await until(lambda: application.begun == 2 + greedy.count(b"\r\n\r\n") // 2)
        patient.append(await client(request("/slow")))
        assert await told(yielding) == b""  # it made room
        await until(lambda: n_at_work(server) == 3)
        refused, _ = await client(request("/slow"))
        assert (await told(refused)).startswith(b"HTTP/1.1 503 ")  # now nobody can
        application.go_on.set()
        for reader, writer in patient:
            assert (await reader.readuntil(b"done")).startswith(b"HTTP/1.1 200 ")
            writer.close()

    played(play, "asyncio", 5)
    assert quiet(caplog)


def test_a_greedy_client_makes_room_before_an_idle_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "MOST_CONNECTIONS", 2)

    async def play(application: Application, server: uvicorn.Server, client: Clients) -> None:
        idle, writer = await client(b"")
        await until(lambda: len(server.server_state.connections) == 1)
        greedy, _ = await client(request("/slow", n=5))
        await until(lambda: application.begun == 1)
        await client(b"")
        assert await told(greedy) == b""
        application.go_on.set()
        writer.write(request("/slow"))
        assert (await idle.readuntil(b"done")).startswith(b"HTTP/1.1 200 ")

    played(play, "asyncio", 5)
