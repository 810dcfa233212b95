"""`starcast serve` on loopback under load, as its clients meet it."""

import atexit
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from http.client import HTTPConnection
from pathlib import Path

from benchmarks.worker import Outcome, Round

_SECONDS, _CONNECTIONS = 4, 8
_UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3}  # milliseconds
_USERS = """
local n, ids = 0, {%s}
request = function()
  n = n + 1
  return wrk.format("GET", "/users/" .. ids[(n - 1) %% #ids + 1] .. "/recommendations?k=10")
end
"""
_KEPT_PERSONS = """
local n, bodies = 0, {%s}
wrk.headers["Content-Type"] = "application/json"
request = function()
  n = n + 1
  return wrk.format("POST", "/recommendations", nil, bodies[(n - 1) %% #bodies + 1])
end
"""


def start(folder: str, threads: int) -> Round:
    """From the command to the first answer, and what memory it takes then."""

    def run() -> Outcome:
        process, said = served(folder)
        answer = _ask(said, "/readyz")
        assert answer == {"status": "ready"}, answer
        memory = resident(process)
        end(process)
        found = re.match(r"ready in ([\d.]+) s", said)
        assert found, said
        return {"time": float(found[1]), "resident MB": memory}

    return run


def known(folder: str, users: list[object], threads: int) -> Round:
    """Lists of known users, each asked for in turn; seconds per request.

    With more users than the service keeps lists of, every list is made anew.
    """
    return loaded(*served(folder), known_users(users))


def known_users(users: list[object]) -> str:
    """Wrk's script that asks for the lists of users in turn."""
    return _USERS % ",".join(f'"{user}"' for user in users)


def guests(folder: str, bodies: list[str], threads: int) -> Round:
    """Lists of people unknown to the model, who give some ratings; seconds per request."""
    return loaded(*served(folder), _KEPT_PERSONS % ",".join(f"[[{body}]]" for body in bodies))


def loaded(
    process: "subprocess.Popen[str]", said: str, script: str, connections: int = _CONNECTIONS
) -> Round:
    """A service under load by wrk's script; seconds per request. It is ended with this process."""
    atexit.register(end, process)
    with tempfile.NamedTemporaryFile("w", suffix=".lua", delete=False) as lua:
        lua.write(script)
    atexit.register(Path(lua.name).unlink)
    address = said.split()[-1]

    def run() -> Outcome:
        load = ["wrk", "-t1", f"-c{connections}", f"-d{_SECONDS}s", "--latency", "-s", lua.name]
        done = subprocess.run([*load, address], capture_output=True, text=True, check=True)
        assert "Non-2xx" not in done.stdout, done.stdout
        rate = float(_found(r"Requests/sec: +([\d.]+)", done.stdout)[0])
        value, unit = _found(r"99% +([\d.]+)(us|ms|s)", done.stdout)
        return {
            "time": 1 / rate, "requests/s": rate, "p99 ms": float(value) * _UNITS[unit],
            "resident MB": resident(process),
        }  # fmt: skip

    run()
    return run


def _found(pattern: str, text: str) -> tuple[str, ...]:
    found = re.search(pattern, text)
    assert found, text
    return found.groups()


def served(folder: str, *more: str) -> tuple["subprocess.Popen[str]", str]:
    """A service that is ready, and what it said."""
    program = str(Path(sys.executable).with_name("starcast"))
    command = [program, "serve", "--model", folder, *more]
    process = subprocess.Popen([*command, "--port", "0"], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    said = process.stdout.readline().strip()
    assert said.startswith("ready"), said
    return process, said


def _ask(said: str, path: str) -> object:
    connection = HTTPConnection(said.rpartition("//")[2], timeout=30)
    connection.request("GET", path)
    return json.loads(connection.getresponse().read())


def resident(process: "subprocess.Popen[str]") -> float:
    """Megabytes that a process has."""
    pages = int(Path(f"/proc/{process.pid}/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def end(process: "subprocess.Popen[str]") -> None:
    """Let a service end, if it has not."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
