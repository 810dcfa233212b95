"""Starting `starcast serve` as a process of its own, and asking it."""

import json
import re
import select
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, final

from processes import command

DEADLINE = 30.0  # seconds after which a condition will never come true


@final
class Service:
    """A running `starcast serve`."""

    def __init__(self, process: "subprocess.Popen[str]", said: str) -> None:
        self.process, self.said = process, said
        found = re.fullmatch(r"ready in \d+\.\d s, \d+ MB, http://127\.0\.0\.1:(\d+)\n", said)
        assert found, said
        self.port = int(found[1])

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Status and JSON of one request."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        try:
            content = body if body is None or isinstance(body, bytes) else json.dumps(body)
            connection.request(
                method, path, content, {"content-type": "application/json"} | headers
            )
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE)

    def raw(self, sent: bytes) -> bytes:
        """What comes back for some bytes, until the service hangs up."""
        with self.connect() as client:
            try:
                client.sendall(sent)
                return b"".join(iter(lambda: client.recv(1 << 16), b""))
            except (ConnectionResetError, BrokenPipeError):  # it may hang up while we still send
                return b""

    def stars(self) -> float:
        """What bob is said to give to duel."""
        status, said = self.ask("POST", "/predict", {"user": "bob", "items": ["duel"]})
        assert status == 200
        return float(said["predictions"][0]["stars"])

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Told to end: the status, and what was said on standard error."""
        self.process.send_signal(number)
        _, complaints = self.process.communicate(timeout=DEADLINE)
        return self.process.returncode, complaints


@contextmanager
def connected(
    line: Sequence[str], home: Path, environment: Mapping[str, str]
) -> Iterator[HTTPConnection]:
    """A connection to `starcast serve …`, by the words after "starcast", at a port of its own."""
    process = subprocess.Popen(
        command(*line, "--port", 0), cwd=home, env=environment, stdout=subprocess.PIPE,
        encoding="utf-8",
    )  # fmt: skip
    try:
        assert process.stdout
        said = process.stdout.readline()
        port = re.search(r":(\d+)$", said)
        assert port, said
        connection = HTTPConnection("127.0.0.1", int(port[1]), timeout=DEADLINE)
        yield connection
        connection.close()
    finally:
        process.terminate()
        process.communicate(timeout=DEADLINE)


def until(condition: Callable[[], bool]) -> None:
    """Wait for something to come true."""
    last = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < last, "it never came true"
        select.select([], [], [], 0.02)
