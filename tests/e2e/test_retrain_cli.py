"""`starcast retrain` and `rollback`, with a service that goes on answering."""

import json
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from processes import Starcast, command, environment
from services import Service, until

from starcast.data.ratings import Ratings

pytest.importorskip("sqlalchemy")
NAME = ("--name", "shop", "--at-least", 20)


def stored(at_once: Starcast, planted: Ratings, address: str, low: float, high: float) -> None:
    """Some of the planted ratings, in order of time, into the store."""
    turn = np.random.default_rng(8).permutation(len(planted))
    chosen = np.flatnonzero((turn >= low * len(planted)) & (turn < high * len(planted)))
    users, items = planted.users.ids[planted.user_rows], planted.items.ids[planted.item_rows]
    lines = [
        f"{users[n]},{items[n]},{planted.stars[n]:g},{1_500_000_000 + 3600 * turn[n]}\n"
        for n in chosen
    ]
    path = Path(f"part-{high}.csv")
    path.write_text("user,item,rating,timestamp\n" + "".join(lines), encoding="utf-8")
    assert at_once("store", "import", address, path).returncode == 0


def test_a_service_takes_what_is_retrained_and_rolled_back_without_a_dropped_request(
    at_once: Starcast, serving: Callable[..., Service], planted: Ratings, tmp_path: Path
) -> None:
    address = f"sqlite:///{tmp_path}/r.db"
    assert at_once("store", "init", address, "--scale", "0.5:5:0.5").returncode == 0
    stored(at_once, planted, address, 0, 0.6)
    retrain = ("retrain", "--store", address, *NAME)
    first = at_once(*retrain, "--model", "means")
    assert "deployed version 1: the first: RMSE" in first.stdout
    assert "kept version 1: there is no rating" in at_once(*retrain).stdout

    service = serving("--model", tmp_path / "pretrained_models" / "shop")
    stop, failures, asked = threading.Event(), [], 0

    def predicted() -> float:
        said = service.ask("POST", "/predict", {"user": 1, "items": [10]})
        assert said[0] == 200, said
        return float(said[1]["predictions"][0]["stars"])

    def keep_asking() -> None:
        nonlocal asked
        while not stop.is_set():
            try:
                predicted()
                asked += 1
            except (AssertionError, OSError) as error:
                failures.append(repr(error))

    before = predicted()
    asking = threading.Thread(target=keep_asking)
    asking.start()
    try:
        stored(at_once, planted, address, 0.6, 1)
        told = json.loads(at_once(*retrain, "--json").stdout)
        assert (told["version"], told["before"], told["deploy"]) == (2, 1, True)
        assert told["judged_on"]["ratings"] == round(0.2 * len(planted))
        assert told["in_service"]["rmse"] > 0 < told["newcomer"]["rmse"]
        until(lambda: predicted() != before)
        said = at_once("rollback", "shop")
        assert "is version 1 again, in the place of version 2" in said.stdout
        until(lambda: predicted() == before)
    finally:
        stop.set()
        asking.join()
    assert not failures
    assert asked > 0
    assert service.end()[0] == 0


def test_what_makes_no_sense_is_refused_in_a_line(at_once: Starcast, tmp_path: Path) -> None:
    empty = tmp_path / "empty.db"
    empty.touch()
    for arguments, said in (
        (("rollback", "shop"), "no version of"),
        (("rollback", "../shop"), "is no name of a folder"),
        (("rollback", "shop", "--to", 3), "has no version 3"),
        (("retrain", "--store", f"sqlite:///{tmp_path}/no.db", *NAME), "no.db"),
        (("retrain", "--store", "ratings.csv", *NAME), "'ratings.csv' is no address of a store"),
        (("retrain", "--store", "sqlite:///r.db?table=r", *NAME), "is no address of a store"),
        (("retrain", "--store", f"sqlite:///{empty}", *NAME), "holds no store; make one"),
        (("retrain", "--store", "postgresql://me:secret@host/r", *NAME), "passwords"),
    ):  # fmt: skip
        found = at_once(*arguments)
        assert found.returncode != 0
        assert said in found.stderr
        assert found.stderr.count("\n") == 1
        assert "secret" not in found.stderr


def test_two_retrains_do_not_meet(at_once: Starcast, tmp_path: Path) -> None:
    """While another process holds the versions."""
    import subprocess
    import sys

    held = (
        "import sys; from pathlib import Path; from starcast.artifacts.versions import Versions\n"
        "with Versions(Path(sys.argv[1])).held():\n    print(flush=True)\n    sys.stdin.read()"
    )
    place = tmp_path / "pretrained_models" / "shop"
    with subprocess.Popen(
        [sys.executable, "-c", held, str(place)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env=environment(),
    ) as other:  # fmt: skip
        assert other.stdout
        other.stdout.readline()
        assert command()
        found = at_once("rollback", "shop")
        assert found.returncode == 1
        assert "another run" in found.stderr
        other.kill()
