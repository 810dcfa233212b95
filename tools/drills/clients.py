"""Clients that a service has to withstand: odd requests, slow ones, mute ones, and many."""

import asyncio
import json
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import quote

from http_clients import HOST, LIST, busy, mute, request

from drills.kills import MODEL, prepared
from drills.tally import Tally, command, environment

_THREADS = 6
_ODD: tuple[Any, ...] = (
    None, True, 0, -1, 1, 7, 1.5, 3.0, 10**30, 1e308, "", "1", "57", "x", "Film 3", "\x00",
    "\x1b[2J", "é" * 150, "a" * 201, "\ud83c", "%2e%2e/", "' OR 1=1", "<b>", [], [1], {}, {"x": 1},
)  # fmt: skip
_LOOKS = 8.0  # seconds for which a healthy client looks


@contextmanager
def _served(tally: Tally) -> Iterator[int]:
    """A service of a small model; its port."""
    prepared(tally.place)
    argv = command("serve", "--port", 0, "--model", MODEL)
    with subprocess.Popen(
        argv, cwd=tally.place, env=environment(), stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        assert process.stdout
        port = int(process.stdout.readline().rsplit(":", 1)[1])
        try:
            yield port
            tally.count("" if process.poll() is None else "the service has ended", 0)
        finally:
            process.terminate()


def odd_requests(tally: Tally) -> None:
    """Requests of every kind with odd values: none is a fault of the service, all are JSON."""
    lock, numbers = threading.Lock(), tally.tries()

    def ask(port: int, seed: int) -> None:
        chance = random.Random(seed)
        connection = HTTPConnection(HOST, port, timeout=60)
        while True:
            with lock:
                if next(numbers, None) is None:
                    break
            method, path, body = _odd(chance)
            try:
                connection.request(method, path, body, {"content-type": "application/json"})
                answer = connection.getresponse()
                content = answer.read()
                fault = _fault(answer.status, content, path)
            except (OSError, HTTPException) as error:
                fault = f"{method} {path}: {type(error).__name__}: {error}"
                connection.close()
            with lock:
                tally.count(fault)
        connection.close()

    with _served(tally) as port:
        threads = [
            threading.Thread(target=ask, args=(port, tally.seed + n)) for n in range(_THREADS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def _odd(chance: random.Random) -> tuple[str, str, bytes | None]:
    def one() -> str:
        return quote(str(chance.choice(_ODD)).encode("utf-8", "surrogatepass"), safe="")

    paths = (
        f"/users/{one()}/recommendations?k={one()}&reasons={one()}", f"/users/{one()}/ratings",
        f"/users/57/recommendations?k={chance.randint(-2, 120)}&reasons={chance.randint(0, 6)}",
        f"/items/{one()}/similar?k={one()}", f"/items?query={one()}&limit={one()}",
        f"/items?query={one()}", f"/{one()}", "/models", "/healthz", f"/models?{one()}={one()}",
    )  # fmt: skip
    if chance.random() < 0.5:
        return chance.choice(("GET", "GET", "GET", "HEAD", "PUT")), chance.choice(paths), None

    def value() -> Any:
        return chance.choice(_ODD)

    ratings = [{"item": value(), "stars": value()} for _ in range(chance.randint(0, 4))]
    ratings += [{"item": chance.randint(0, 70), "stars": chance.randint(0, 6)}]
    body: Any = chance.choice((
        {"ratings": ratings, "k": chance.choice((1, 5, value()))}, {"ratings": ratings[-1:]},
        {"user": value(), "items": [value(), value()]}, {"user": 57, "items": [29]}, value(),
        {"ratings": value(), "reasons": value(), "more": value()},
    ))  # fmt: skip
    sent = json.dumps(body).encode()
    if chance.random() < 0.2:
        sent = sent[: chance.randrange(len(sent) + 1)] + chance.choice((b"", b"\xff", b"]", b"\0"))
    return "POST", chance.choice(("/predict", "/recommendations", "/models")), sent


def _fault(status: int, content: bytes, path: str) -> str:
    if status >= 500:
        return f"{path}: {status}"
    if path.startswith(("/docs", "/openapi", "/metrics", "/static")) or not content:
        return ""
    try:
        said = json.loads(content)
    except ValueError:
        return "" if status == 200 else f"{path}: {status} is no JSON"
    message = said.get("error", {}).get("message", "") if isinstance(said, dict) else ""
    return f"{path}: several lines" if "\n" in message else ""


def mute_clients(tally: Tally) -> None:
    """Clients that ask for much and read nothing, while a healthy one gets its answers."""
    with _served(tally) as port, mute(port, tally.most, request(LIST.format(user=57, k=60), n=80)):
        _healthy(tally, port, tally.most)


def slow_clients(tally: Tally) -> None:
    """Clients that send their heads byte by byte, while a healthy one gets its answers."""
    sent = request("/healthz")[:-2]
    with _served(tally) as port, ExitStack() as closing:
        clients = [closing.enter_context(socket.create_connection((HOST, port)))
                   for _ in range(tally.most)]  # fmt: skip
        ended = threading.Event()

        def drip() -> None:
            for byte in sent:
                for client in clients:
                    with suppress(OSError):
                        client.send(bytes([byte]))
                if ended.wait(0.4):
                    return

        thread = threading.Thread(target=drip)
        thread.start()
        _healthy(tally, port, tally.most)
        ended.set()
        thread.join()


def busy_clients(tally: Tally) -> None:
    """Clients that ask for lists as fast as they come, while a healthy one gets its answers."""
    with _served(tally) as port:
        others = threading.Thread(
            target=lambda: asyncio.run(busy(port, tally.most, _LOOKS + 1, n_users=110))
        )
        others.start()
        time.sleep(0.5)
        _healthy(tally, port, tally.most)
        others.join()


def _healthy(tally: Tally, port: int, n_clients: int) -> None:
    """Look from a process of its own, as ours is busy."""
    program = Path(__file__).parents[1] / "http_clients.py"
    argv = [sys.executable, str(program), "look", str(port), "--seconds", str(_LOOKS)]
    said = subprocess.run(argv, capture_output=True, text=True, check=False).stdout.strip()
    tally.notes.append(said)
    is_well = ", 0 refused" in said
    tally.count("" if is_well else f"a healthy client beside them: {said}", n_clients)
