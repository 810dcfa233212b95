"""What one client may have of the service: heads, requests in a row, unread answers, places."""

import json
import re
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from http_clients import mute, request, send
from services import Service, until

ALIVE = (200, {"status": "ok"})
CLOSE = "connection: close"


@pytest.fixture
def service(serving: Callable[..., Service], folder: Path) -> Service:
    """A service that waits for a second and no longer."""
    return serving("--model", folder, "--timeout", 1)


def head(*lines: str, path: str = "/healthz") -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", "host: a", CLOSE, *lines, "", ""]).encode()


BODY = json.dumps({"user": "bob", "items": ["duel"]}).encode()
POST = (
    b"POST /predict HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: "
    + str(len(BODY)).encode() + b"\r\n\r\n" + BODY
)  # fmt: skip
CHUNKED = (
    b"POST /predict HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"
    b"transfer-encoding: chunked\r\n\r\n" + f"{len(BODY):x}\r\n".encode() + BODY + b"\r\n0\r\n\r\n"
)
HEADS = {
    "a long line": lambda n: head("x: " + "y" * n),
    "a long path": lambda n: head(path="/healthz?" + "y" * n),
    "a long name": lambda n: head("y" * n + ": x"),
    "many lines": lambda n: head(*[f"x{line}: " + "y" * (n // 100) for line in range(100)]),
    "much space": lambda n: head("x: " + " " * n + "y"),
}
BEFORE = {"nothing": b"", "a request": request("/healthz"), "a body": POST, "chunks": CHUNKED}


@pytest.mark.parametrize("what", HEADS)
def test_the_limit_of_a_head_holds_however_it_arrives(service: Service, what: str) -> None:
    for piece in (None, 50_000, 4_000):
        for before in BEFORE.values():
            good = [b"200"] * bool(before)
            answers = send(service.port, before + HEADS[what](67_000), piece)
            statuses = re.findall(rb"HTTP/1\.1 (\d+) ", answers)
            # It is refused, or not looked at, since the end comes after what is answered before.
            assert statuses in ([], good, [*good, b"431"]), (piece, before)
            answers = send(service.port, before + HEADS[what](60_000), piece)
            last = b"422" if what == "a long path" else b"200"
            assert re.findall(rb"HTTP/1\.1 (\d+) ", answers) == [*good, last]
    assert service.ask("GET", "/healthz") == ALIVE
    assert service.end() == (0, "")


def test_a_head_of_too_many_lines_is_refused_and_slow_ones_are_not(service: Service) -> None:
    assert send(service.port, head(*["x: y"] * 5000)).startswith(b"HTTP/1.1 431 ")
    assert send(service.port, b"\r\n" * 5000).startswith(b"HTTP/1.1 4")
    assert send(service.port, head("x: " + "y" * 400), piece=1).startswith(b"HTTP/1.1 200 ")
    assert service.end() == (0, "")


def test_requests_in_a_row_are_answered_up_to_a_few(service: Service) -> None:
    assert send(service.port, request("/healthz", n=5) + head()).count(b"HTTP/1.1 200 ") == 6
    answers = send(service.port, request("/healthz", n=3000))
    n_answers = answers.count(b"HTTP/1.1 200 ")
    assert 5 < n_answers < 50
    assert answers.count(b"connection: close") == 1  # in the last of them
    assert answers.endswith(b'{"status":"ok"}')
    answers = send(service.port, (POST + request("/healthz")) * 500)
    assert 5 < answers.count(b"HTTP/1.1 200 ") == answers.count(b"HTTP/1.1 ") < 50
    assert b"duel" in answers
    assert service.end() == (0, "")


def n_sockets(service: Service) -> int:
    """Sockets that the process has open."""
    held = 0
    for link in Path(f"/proc/{service.process.pid}/fd").iterdir():
        with suppress(OSError):  # it is closed by now
            held += str(link.readlink()).startswith("socket:")
    return held


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="the system does not tell")
@pytest.mark.parametrize("path", ["/docs", "/static/style.css", "/healthz"])
def test_many_that_ask_and_do_not_read_keep_nobody_from_the_service(
    service: Service, path: str
) -> None:
    with mute(service.port, 600, request(path, n=80)) as clients:
        for _ in range(20):
            assert service.ask("GET", "/healthz") == ALIVE
            assert service.stars() == 3.0
        assert len(clients) == 600
        until(lambda: n_sockets(service) < 10)  # while all of them are still there
    assert service.end() == (0, "")


def test_many_that_do_nothing_give_place_to_who_asks(service: Service) -> None:
    with ExitStack() as closing:
        for _ in range(600):
            closing.enter_context(service.connect())
        for _ in range(20):
            assert service.ask("GET", "/healthz") == ALIVE
    assert service.end() == (0, "")
