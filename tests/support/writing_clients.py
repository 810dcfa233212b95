"""Clients that write ratings while their service is killed, and what must be in its store then."""

import json
import random
import socket
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import NamedTuple, final

from processes import command, environment

from starcast.data.store.ratings_store import RatingsStore

_HOST, _SECONDS = "127.0.0.1", 30.0


class Write(NamedTuple):
    """A rating that was answered 2xx; its time is that of no other."""

    user: str
    item: str
    stars: float
    time: int


@final
class WritingClients:
    """Threads that put one rating after another, each as soon as the last was answered.

    What is not answered, since the service has ended, is sent again until it is.

    Args:
        port: of the service, which may end and come back.
        items: that may be rated.
        n_clients: threads.
        n_writes: of all together.
    Attributes:
        acknowledged: what was answered 2xx.
        faults: other answers.
    """

    def __init__(self, port: int, items: Sequence[str], n_clients: int, n_writes: int) -> None:
        self._port, self._items, self._numbers = port, items, iter(range(n_writes))
        self.acknowledged: list[Write] = []
        self.faults: list[str] = []
        self._changed = threading.Condition()
        self._ended = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(f"writer {n}",)) for n in range(n_clients)
        ]
        for thread in self._threads:
            thread.start()

    def wait_for(self, n: int) -> bool:
        """Wait until so many were acknowledged. Returns: whether they were, or all are done."""
        with self._changed:
            return self._changed.wait_for(
                lambda: len(self.acknowledged) >= n or not self.are_busy, _SECONDS
            )

    @property
    def are_busy(self) -> bool:
        """Whether there is something left to write."""
        return any(thread.is_alive() for thread in self._threads)

    def end(self) -> None:
        """Write no more."""
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _run(self, user: str) -> None:
        connection = HTTPConnection(_HOST, self._port, timeout=_SECONDS)
        while not self._ended.is_set():
            with self._changed:
                number = next(self._numbers, None)
            if number is None:
                break
            item = self._items[number % len(self._items)]
            write = Write(user, item, 1.0 + number % 4, 1_000_000 + number)
            while not (self._ended.is_set() or self._is_put(connection, write)):
                self._ended.wait(0.02)
        connection.close()
        with self._changed:
            self._changed.notify_all()

    def _is_put(self, connection: HTTPConnection, write: Write) -> bool:
        path = f"/users/{write.user.replace(' ', '%20')}/ratings/{write.item}"
        body = json.dumps({"stars": write.stars, "time": write.time})
        try:
            connection.request("PUT", path, body, {"content-type": "application/json"})
            answer = connection.getresponse()
            said = answer.read()
        except (OSError, HTTPException):
            connection.close()
            return False
        with self._changed:
            if answer.status == 200:
                self.acknowledged.append(write)
            else:
                self.faults.append(f"{answer.status} {said!r}")
            self._changed.notify_all()
        return True


@contextmanager
def service(model: Path, store: str, port: int) -> "Iterator[subprocess.Popen[str]]":
    """A service that is ready; killed at the end, if it has not ended."""
    argv = command("serve", "--port", port, "--model", model, "--store", store)
    with subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
    ) as process:
        assert process.stdout
        try:
            assert process.stdout.readline().startswith("ready"), process.communicate()
            yield process
        finally:
            process.kill()
            process.communicate()


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as one:
        one.bind((_HOST, 0))
        port: int = one.getsockname()[1]
    return port


def kill_while_writing(
    model: Path, store: str, items: Sequence[str], *, n_kills: int, n_writes: int, seed: int = 1
) -> tuple[int, list[str]]:
    """Kill a service (SIGKILL) again and again while clients write into it.

    Returns: how many writes were acknowledged, and a line for each that is not in the store.
    """
    port, chance = free_port(), random.Random(seed)
    clients = WritingClients(port, items, n_clients=8, n_writes=n_writes)
    try:
        for _ in range(n_kills):
            with service(model, store, port):
                few = n_writes // (n_kills + 1)
                clients.wait_for(len(clients.acknowledged) + chance.randint(1, max(1, few)))
        with service(model, store, port):
            while clients.are_busy and clients.wait_for(len(clients.acknowledged) + few):
                pass
    finally:
        clients.end()
    return len(clients.acknowledged), clients.faults + lost(store, clients.acknowledged)


def lost(address: str, acknowledged: Sequence[Write]) -> list[str]:
    """What was acknowledged and is not in the history, or not current though it is the latest."""
    with RatingsStore.open(address) as store:
        changes = store.changes_since()
        had = {(one.user, one.item, one.stars, one.time) for one in changes.ratings}
        latest = {(one.user, one.item): one for one in acknowledged}
        faults = [f"{one} is not in the history" for one in acknowledged if one not in had]
        for user in {one.user for one in acknowledged}:
            current = {one.item: one for one in store.ratings_of(user)}
            for (whose, item), one in latest.items():
                if whose == user and (item not in current or (current[item].time or 0) < one.time):
                    faults.append(f"{one} is not current")
    return faults
