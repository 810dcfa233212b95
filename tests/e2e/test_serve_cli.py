"""`starcast serve` as a process: it starts, withstands what clients do, reloads and ends."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from processes import Starcast
from services import DEADLINE, Service, until

from starcast.artifacts import storage
from starcast.artifacts.artifact import Artifact


def head(length: int, path: str = "/recommendations") -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"
        f"content-length: {length}\r\n\r\n"
    ).encode()


MANY = json.dumps({"ratings": [{"item": n, "stars": 3} for n in range(30_000)]}).encode()
HOSTILE = {
    "a huge body that is announced": head(10**12),
    "a huge body that comes": head(8 << 20) + b" " * (8 << 20),
    "a body in endless pieces": b"POST /predict HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked"
    b"\r\n\r\n" + (b"10000\r\n" + b" " * 65536 + b"\r\n") * 20,
    "a length that is none": head(0).replace(b": 0", b": -5"),
    "an endless head": b"GET /healthz HTTP/1.1\r\n" + b"x: " + b"y" * 300_000,
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 9,
    "binary path": b"GET /\x00\xff HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
    "path tricks": b"GET /static/../../../etc/passwd HTTP/1.1\r\nhost: a\r\nconnection: close"
    b"\r\n\r\n",
    "encoded path tricks": b"GET /static/%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nhost: a\r\n"
    b"connection: close\r\n\r\n",
    "bad unicode in a path": b"GET /users/%ff%fe/recommendations HTTP/1.1\r\nhost: a\r\n"
    b"connection: close\r\n\r\n",
    "an upgrade": b"GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"
    b"GET / HTTP/1.0\r\n\r\n",
}


@pytest.fixture
def withstanding(serving: Callable[..., Service], folder: Path) -> Service:
    return serving("--model", folder, "--timeout", 1)


def test_hostile_clients_leave_it_answering(withstanding: Service) -> None:
    service = withstanding
    for what, sent in HOSTILE.items():
        answer = service.raw(sent)
        assert not answer or re.match(rb"HTTP/1\.1 (4\d\d|200) ", answer), (what, answer[:200])
        assert b"root:" not in answer, what
        assert service.ask("GET", "/healthz") == (200, {"status": "ok"}), what
    bodies = [MANY, b"[" * 500_000, b'{"ratings": ' + b'{"a":' * 100_000, b"\xff" * 1000,
              b'{"ratings": [{"item": "alien", "stars": NaN}]}', b"1e" + b"9" * 1000,
              json.dumps({"user": "ann", "items": list(range(10**5))}).encode()]  # fmt: skip
    for body in bodies:
        for path in ("/recommendations", "/predict"):
            status, said = service.ask("POST", path, body)
            assert status in (400, 413, 422), (status, body[:50])
            assert said["error"]["code"] in ("invalid_request", "too_large")
    ids = "/users/" + "9" * 60_000 + "/recommendations"
    assert service.ask("GET", ids)[0] in (422, 431)
    assert service.stars() == 3.0
    status, complaints = service.end()
    assert status == 0
    assert "Traceback" not in complaints


def test_slow_clients_are_given_up_and_hold_nobody_up(withstanding: Service) -> None:
    service = withstanding
    slow = [service.connect() for _ in range(50)]
    for client in slow[:25]:
        client.sendall(head(100) + b'{"rat')  # a body that never ends
    for client in slow[25:]:
        client.sendall(b"GET /healthz HT")  # a head that never ends
    assert service.stars() == 3.0
    for client in slow:
        assert client.recv(1 << 16).startswith(b"HTTP/1.1 408 ")
        client.close()
    assert service.end()[0] == 0


def test_a_newer_artifact_is_taken_without_a_dropped_request(
    serving: Callable[..., Service], folder: Path, known_by_heart: Artifact
) -> None:
    service = serving("--model", folder)
    assert service.stars() == 3.0
    weights = {**known_by_heart.weights, "mean": known_by_heart.weights["mean"] + 1}
    newer = replace(known_by_heart, weights=weights, weights_before_refit=weights)
    storage.save(newer, folder)
    until(lambda: service.stars() == 4.0)  # each of these is answered
    (folder / "manifest.json").write_text("{", encoding="utf-8")
    assert service.stars() == 4.0
    if hasattr(signal, "SIGHUP"):
        storage.save(known_by_heart, folder.with_name("other"))
        for path in folder.with_name("other").iterdir():
            path.replace(folder / path.name)
        service.process.send_signal(signal.SIGHUP)
    until(lambda: service.stars() == 3.0)
    assert service.end()[0] == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_requests_under_way_are_finished_before_the_end(
    serving: Callable[..., Service], folder: Path, number: int
) -> None:
    service = serving("--model", folder)
    body = json.dumps({"user": "bob", "items": ["duel"]}).encode()
    with service.connect() as client:
        client.sendall(head(len(body), "/predict") + body[:5])  # it has begun
        assert service.stars() == 3.0  # whatever came before has been read
        service.process.send_signal(number)
        until(lambda: _refuses(service.port))
        client.sendall(body[5:])
        answer = b"".join(iter(lambda: client.recv(1 << 16), b""))
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["predictions"][0]["stars"] == 3.0
    _, complaints = service.process.communicate(timeout=DEADLINE)
    assert (service.process.returncode, complaints) == (0, "")


def _refuses(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=DEADLINE).close()
    except OSError:
        return True
    return False


def test_a_token_comes_from_the_environment(serving: Callable[..., Service], folder: Path) -> None:
    service = serving("--model", folder, "--token-env", "FILMS", FILMS="s3cret")
    assert service.ask("GET", "/models")[0] == 401
    assert service.ask("GET", "/models", authorization="Bearer s3cret")[0] == 200
    assert service.end()[0] == 0


def test_what_cannot_start_says_why_in_a_line(starcast: Starcast, folder: Path) -> None:
    (folder.parent / "empty").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for arguments, said in (
            (("--model", folder, "--port", port), f"cannot listen at 127.0.0.1 port {port}: "),
            (("--model", "nowhere", "--port", 0), "no artifact at nowhere; "),
            (("--model", "empty", "--port", 0), "empty is no Starcast artifact: "),
            (("--model", folder, "--model", folder, "--port", 0), "two models would both be"),
            (("--model", folder, "--token-env", "NOT_SET"), "$NOT_SET holds no token: "),
            (("--model", folder, "--share", "9:1"), "--share 9:1 has 2 shares, and there are 1 mo"),
            (("--model", folder, "--host", "no.such.host.invalid"), "cannot listen at no.such"),
        ):
            done = starcast("serve", *arguments)
            assert (done.returncode, done.stdout) == (1, ""), arguments
            assert done.stderr.startswith(f"starcast: {said}"), done.stderr
            assert done.stderr.count("\n") == 1, done.stderr


_WITHOUT = (
    "import sys; sys.modules['fastapi'] = None; import importlib.util as u; real = u.find_spec; "
    "u.find_spec = lambda name, *more: None if name == 'fastapi' else real(name, *more); "
    "from starcast.cli import main; main()"
)


def test_a_missing_extra_is_named(folder: Path) -> None:
    argv = [sys.executable, "-c", _WITHOUT, "serve", "--model", str(folder)]
    done = subprocess.run(argv, capture_output=True, encoding="utf-8", check=False, env=os.environ)
    assert done.returncode == 1
    assert done.stderr == (
        "starcast: serving needs fastapi, which is not here: pip install 'starcast[serve]'\n"
    )
