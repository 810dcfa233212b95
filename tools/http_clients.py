"""Clients that a service has to withstand, and one that looks how it fares meanwhile.

    python tools/http_clients.py busy 8000 --clients 64    # lists, as fast as they come
    python tools/http_clients.py mute 8000 --clients 600   # who ask much and read nothing

Each prints what a healthy client saw: answers of /healthz and of a list, and milliseconds.
"""

import argparse
import asyncio
import itertools
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from typing import NamedTuple

HOST = "127.0.0.1"
SECONDS = 30.0  # after which nothing will come any more
LIST = "/users/{user}/recommendations?k={k}"


class Seen(NamedTuple):
    """What a healthy client saw.

    Attributes:
        milliseconds: of each answer, ascending.
        n_refused: requests that were not answered with 200.
    """

    milliseconds: list[float]
    n_refused: int

    def __str__(self) -> str:
        if not self.milliseconds:
            return f"no answer, {self.n_refused} refused"
        at = {name: self.milliseconds[int(len(self.milliseconds) * share)]
              for name, share in (("median", 0.5), ("p99", 0.99))}  # fmt: skip
        figures = ", ".join(f"{name} {value:.1f}" for name, value in at.items())
        return (
            f"{len(self.milliseconds)} answers, {self.n_refused} refused; "
            f"{figures}, most {self.milliseconds[-1]:.1f} ms"
        )


def request(path: str, *, n: int = 1) -> bytes:
    """The bytes of a GET, n times in a row."""
    return f"GET {path} HTTP/1.1\r\nhost: a\r\n\r\n".encode() * n


def send(port: int, sent: bytes, piece: int | None = None) -> bytes:
    """What comes back for some bytes, sent in pieces, until the service hangs up."""
    with socket.create_connection((HOST, port), timeout=SECONDS) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            for start in range(0, len(sent), piece or len(sent)):
                client.sendall(sent[start : start + (piece or len(sent))])
            return b"".join(iter(lambda: client.recv(1 << 16), b""))
        except (ConnectionResetError, BrokenPipeError):  # it may hang up while we still send
            return b""


@contextmanager
def mute(port: int, n_clients: int, sent: bytes) -> Iterator[Sequence[socket.socket]]:
    """Clients that ask, and never read, while this is entered."""
    with ExitStack() as closing:
        clients = []
        for _ in range(n_clients):
            client = closing.enter_context(socket.socket())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            client.settimeout(SECONDS)
            client.connect((HOST, port))
            client.setblocking(False)
            with suppress(BlockingIOError, ConnectionResetError, BrokenPipeError):
                client.send(sent)  # as much as is taken
            clients.append(client)
        yield clients


def look(port: int, path: str, seconds: float, *, pause: float = 0.005) -> Seen:
    """A healthy client, asking again and again over one connection, or a new one where need be."""
    taken: list[float] = []
    n_refused, last = 0, time.monotonic() + seconds
    connection = HTTPConnection(HOST, port, timeout=SECONDS)
    while time.monotonic() < last:
        started = time.perf_counter()
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            is_good = answer.status == 200
        except (OSError, HTTPException):
            is_good = False
            connection.close()
        if is_good:
            taken.append(1000 * (time.perf_counter() - started))
        n_refused += not is_good
        time.sleep(pause)
    connection.close()
    return Seen(sorted(taken), n_refused)


async def busy(port: int, n_clients: int, seconds: float, n_users: int) -> int:
    """Clients that ask for lists of many users and lengths, so that none is kept; how many."""
    last, n_answers = time.monotonic() + seconds, itertools.count()

    async def client(seed: int) -> None:
        chance = random.Random(seed)
        reader, writer = await asyncio.open_connection(HOST, port)
        while time.monotonic() < last:
            path = LIST.format(user=chance.randint(1, n_users), k=chance.randint(1, 100))
            writer.write(request(path))
            head = await reader.readuntil(b"\r\n\r\n")
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r")[0]
            await reader.readexactly(int(length))
            next(n_answers)
        writer.close()

    await asyncio.gather(*map(client, range(n_clients)))
    return next(n_answers)


def _beside(port: int, path: str, seconds: float) -> "subprocess.Popen[str]":
    """A healthy client as a process of its own, so that ours does not slow it down."""
    argv = [sys.executable, __file__, "look", str(port), "--path", path, "--seconds", f"{seconds}"]
    return subprocess.Popen(argv, stdout=subprocess.PIPE, encoding="utf-8")


def main() -> None:
    """Play a client."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("part", choices=["busy", "mute", "look"])
    parser.add_argument("port", type=int)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--users", type=int, default=610)
    parser.add_argument("--path", default="/healthz")
    given = parser.parse_args()
    if given.part == "look":
        print(look(given.port, given.path, given.seconds))
        return
    paths = ["/healthz"] if given.part == "busy" else ["/healthz", LIST.format(user=2, k=10)]
    if given.part == "busy":
        healthy = [_beside(given.port, path, given.seconds) for path in paths]
        n = asyncio.run(busy(given.port, given.clients, given.seconds + 1, given.users))
        print(f"{n / (given.seconds + 1):.0f} lists/s")
    else:
        with mute(given.port, given.clients, request(LIST.format(user=1, k=1000), n=80)):
            healthy = [_beside(given.port, path, given.seconds) for path in paths]
            time.sleep(given.seconds)
    for path, process in zip(paths, healthy, strict=True):
        print(f"{path}: {process.communicate()[0].strip()}")


if __name__ == "__main__":
    main()
