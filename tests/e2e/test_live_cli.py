"""`starcast compare --live`, on a store of its own."""

import json
import time
from pathlib import Path

import pytest
from processes import Starcast

from starcast.data.scale import RatingScale
from starcast.data.store.ratings_store import RatingsStore

PEOPLE = 40  # of each model


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Everybody rates what "new" showed them, one in four what "old\x1b[2J" showed."""
    address = f"sqlite:///{tmp_path_factory.mktemp('live')}/r.db"
    now = int(time.time())
    with RatingsStore.create(address, RatingScale(1, 5, 1)) as store, store.writing() as writing:
        for n in range(2 * PEOPLE):
            is_new = n % 2 == 0
            writing.record_shown(n, "new" if is_new else "old\x1b[2J", "1", [1, 2], at=now - 100)
    with RatingsStore.open(address) as store:
        for n in range(2 * PEOPLE):
            if n % 2 == 0 or n % 8 == 1:
                store.put_rating(n, 1, 4, time=now - 50)
    return address


def test_it_says_which_model_people_follow(starcast: Starcast, address: str) -> None:
    done = starcast("compare", "--live", address)
    assert (done.returncode, done.stderr) == (0, "")
    assert "by hits per person:\n  new beats old" in done.stdout
    assert "two samples" in done.stdout
    assert "\x1b[2J" not in done.stdout


def test_it_says_so_to_programs(starcast: Starcast, address: str) -> None:
    told = json.loads(starcast("compare", "--live", address, "--json").stdout)
    assert [(one["model"], one["people"], one["hits"]) for one in told["models"]] == [
        ("new", PEOPLE, PEOPLE), ("old\x1b[2J", PEOPLE, PEOPLE // 4)
    ]  # fmt: skip
    assert told["p_values"]["hits"][0][1] < 0.01
    assert told["models"][1]["hits per person"] == 0.25


def test_what_it_cannot_do_is_a_line(starcast: Starcast, address: str, tmp_path: Path) -> None:
    empty = f"sqlite:///{tmp_path}/empty.db"
    RatingsStore.create(empty, RatingScale(1, 5, 1)).close()
    for arguments, said in (
        (("--live", empty), "no list was shown yet"),
        (("--live", "sqlite:///nowhere.db"), "nowhere.db does not exist"),
        (("--live", "postgresql://ann:secret@h/shop"), "passwords do not belong on a command"),
        (("--live", address, "--refit"), "--refit has no effect with --live"),
        (("--within", "3"), "--within is for --live"),
    ):
        done = starcast("compare", *arguments)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1), done.stderr
        assert said in done.stderr
        assert "secret" not in done.stderr
