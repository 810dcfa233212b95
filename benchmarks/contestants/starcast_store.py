"""`starcast serve --store` on loopback: ratings that come in, and lists after them."""

import atexit
import json
import shutil
import tempfile
import time
from http.client import HTTPConnection
from pathlib import Path

from benchmarks.contestants.starcast_service import end, known_users, loaded, resident, served
from benchmarks.worker import Outcome, Round

_CONNECTIONS = 32  # who write at the same time
_PUT = """
local n, items = 0, {%s}
wrk.headers["Content-Type"] = "application/json"
request = function()
  n = n + 1
  local user = "writer-" .. (n %% %d)
  local path = "/users/" .. user .. "/ratings/" .. items[n %% #items + 1]
  return wrk.format("PUT", path, nil, '{"stars": ' .. (1 + n %% 5) .. '}')
end
"""


def writes(folder: str, store: str, items: list[object], users: int, threads: int) -> Round:
    """Ratings that are answered, so that they are on disk; seconds per rating."""
    process, said = served(folder, "--store", _copied(store))
    script = _PUT % (",".join(f'"{item}"' for item in items), users)
    return loaded(process, said, script, _CONNECTIONS)


def lists_after(folder: str, store: str, items: list[object], n: int, threads: int) -> Round:
    """Somebody rates, and asks for their list; seconds of the list."""
    process, said = served(folder, "--store", _copied(store))
    atexit.register(end, process)
    address = said.rpartition("//")[2]
    turn = 0

    def run() -> Outcome:
        nonlocal turn
        connection = HTTPConnection(address, timeout=30)
        taken = []
        for _ in range(n):
            user, item = f"reader-{turn % 100}", items[turn % len(items)]
            turn += 1
            _ask(connection, "PUT", f"/users/{user}/ratings/{item}", {"stars": 1 + turn % 5})
            started = time.perf_counter()
            _ask(connection, "GET", f"/users/{user}/recommendations?k=10")
            taken.append(time.perf_counter() - started)
        connection.close()
        taken.sort()
        return {
            "time": sum(taken) / n, "p50 ms": 1e3 * taken[n // 2],
            "p99 ms": 1e3 * taken[int(n * 0.99)], "resident MB": resident(process),
        }  # fmt: skip

    run()
    return run


def reads(folder: str, store: str, users: list[object], threads: int) -> Round:
    """Lists of known users, of whom the store knows no more than the model; seconds per list."""
    more = ("--store", _copied(store)) if store else ()
    process, said = served(folder, *more)
    return loaded(process, said, known_users(users))


def _copied(store: str) -> str:
    """The address of a copy of a store in a SQLite file, so that no contestant meets another's."""
    folder = Path(tempfile.mkdtemp(prefix="starcast-bench-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    shutil.copy(store, folder / "r.db")
    return f"sqlite:///{folder}/r.db"


def _ask(connection: HTTPConnection, method: str, path: str, body: object = None) -> None:
    sent = None if body is None else json.dumps(body)
    connection.request(method, path, sent, {"content-type": "application/json"})
    answer = connection.getresponse()
    said = answer.read()
    assert answer.status == 200, said
