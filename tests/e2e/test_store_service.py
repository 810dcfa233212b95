"""From ratings in a store to a service that takes more: real processes, SQLite and PostgreSQL."""

import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from processes import Starcast
from services import Service, until
from writing_clients import kill_while_writing

from starcast.artifacts import storage
from starcast.artifacts.artifact import Artifact
from starcast.data.store.importing import import_ratings
from starcast.data.store.ratings_store import RatingsStore

TEN = {260: 5, 1196: 5, 1210: 5, 2571: 5, 1198: 4.5, 2028: 4, 1: 1, 588: 1, 595: 0.5, 364: 1}
OTHERS = tuple("abcdef")


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_from_an_import_to_the_next_model_nothing_is_lost(
    kind: str,
    starcast: Starcast,
    serving: Callable[..., Service],
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    is_file = kind == "sqlite"
    address = "sqlite:///shop.db" if is_file else request.getfixturevalue("postgres_address")
    assert starcast("store", "init", address).returncode == 0
    imported = starcast("store", "import", address, "ml-latest-small")
    assert "100,836 new, 0 changed" in imported.stdout, imported.stderr
    small = ["--model", "latent-factor-model", "--epochs", 1, "--dimension", 4, "--out", "models"]
    trained = starcast("train", "--ratings", address, *small)
    assert "100,836 ratings, 610 users, 9,724 items" in trained.stdout, trained.stderr
    model = next((tmp_path / "models").rglob("manifest.json")).parent

    service = serving("--model", model, "--store", address)
    path = "/users/somebody/recommendations"
    assert service.ask("GET", path)[0] == 404
    before = service.ask("GET", f"{path}?fallback=true")[1]["recommendations"]
    for item, stars in TEN.items():
        status, said = service.ask("PUT", f"/users/somebody/ratings/{item}", {"stars": stars})
        assert (status, said["outcome"]) == (200, "new")
    after = service.ask("GET", path)[1]["recommendations"]
    assert after != before
    assert not set(TEN) & {one["item"] for one in after}
    service.process.send_signal(signal.SIGKILL)
    service.process.communicate()

    again = serving("--model", model, "--store", address)
    assert again.ask("GET", path)[1]["recommendations"] == after
    told = again.ask("GET", "/users/somebody/ratings")[1]["ratings"]
    assert {one["item"]: one["stars"] for one in told} == TEN

    def sizes() -> tuple[int, int]:
        (card,) = again.ask("GET", "/models")[1]["models"]
        return card["n_users"], card["n_ratings"]

    updated = starcast("update", model, "--store", address)
    assert "10 new ratings, 1 new user" in updated.stdout, updated.stderr
    until(lambda: sizes() == (611, 100_846))  # the service has taken it
    items, given = list(TEN), list(TEN.values())
    more = [  # of others, who like other films
        {"user": user, "item": items[at], "stars": given[(at + 3 * n) % 10],
         "time": 1_700_000_000 + at}
        for at in range(10)
        for n, user in enumerate(OTHERS)
    ]  # fmt: skip
    assert again.ask("POST", "/ratings", {"ratings": more})[1]["new"] == 10 * len(OTHERS)
    retrain = ("retrain", "--store", address, "--models-dir", model.parent, "--for", "lists")
    told = json.loads(starcast(*retrain, "--name", model.name, "--at-least", 5, "--json").stdout)
    assert (told["deploy"], told["judged_on"]) == (True, {"ratings": 30, "users": 6})
    until(lambda: sizes() == (617, 100_906))
    told = again.ask("GET", "/users/somebody/ratings")[1]["ratings"]
    assert {one["item"]: one["stars"] for one in told} == TEN
    assert len(again.ask("GET", "/users/f/ratings")[1]["ratings"]) == 10
    assert again.end()[0] == 0
    stats = json.loads(starcast("store", "stats", address, "--json").stdout)
    assert (stats["ratings"], stats["users"]) == (100_906, 617)


@pytest.mark.parametrize("n_kills", [3])
def test_what_is_acknowledged_survives_kills(
    empty_database: str, known_by_heart: Artifact, tmp_path: Path, n_kills: int
) -> None:
    with RatingsStore.create(empty_database) as store:
        import_ratings(store, known_by_heart.split.ratings)
    model = storage.save(known_by_heart, tmp_path / "heart")
    items = [f"item-{n}" for n in range(20)]
    n, faults = kill_while_writing(model, empty_database, items, n_kills=n_kills, n_writes=400)
    assert n == 400
    assert not faults


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--store", "sqlite:///no.db"], "no.db does not exist; check the path"),
        (["--store", "sqlite:///plain.db"], "holds no store; make one: starcast store init"),
        (["--store", "sqlite:///bare.db"], "this store has no scale yet"),
        (["--store", "postgresql://ann:s3cret@h/x"], "passwords do not belong on a command line"),
        (["--read-token-env", "READ"], "--read-token-env is beside --token-env; give that, too"),
    ],
)
def test_a_store_that_cannot_be_is_told_in_a_line(
    at_once: Starcast,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.setenv("READ", "token")
    (tmp_path / "plain.db").touch()
    RatingsStore.create(f"sqlite:///{tmp_path}/bare.db").close()
    done: subprocess.CompletedProcess[str] = at_once(
        "serve", "--model", folder, "--port", 0, *arguments
    )
    assert done.returncode == 1
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert "s3cret" not in done.stderr


def test_services_on_one_database_hear_of_each_other(
    postgres_address: str,
    known_by_heart: Artifact,
    serving: Callable[..., Service],
    folder: Path,
) -> None:
    with RatingsStore.create(postgres_address) as store:
        import_ratings(store, known_by_heart.split.ratings)
    one, other = (serving("--model", folder, "--store", postgres_address) for _ in range(2))

    def told(service: Service, user: str) -> tuple[int, list[str]]:
        status, said = service.ask("GET", f"/users/{user}/recommendations")
        return status, [item["item"] for item in said.get("recommendations", [])]

    assert told(other, "bob") == (200, ["brazil", "clue"])
    assert one.ask("PUT", "/users/bob/ratings/clue", {"stars": 1})[0] == 200
    until(lambda: told(other, "bob") == (200, ["brazil"]))
    assert other.ask("PUT", "/items/brazil", {"hidden": True})[0] == 200
    until(lambda: told(one, "eve") == (200, ["alien", "duel"]))
    assert one.ask("DELETE", "/users/eve")[0] == 200
    until(lambda: told(other, "eve")[0] == 404)
