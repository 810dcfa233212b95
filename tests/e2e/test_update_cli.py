"""`starcast update`: later ratings into a model on disk, whole or not at all."""

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from processes import Starcast, environment, killed_command, tree, write_ratings

from starcast.artifacts import storage
from starcast.artifacts.artifact import Artifact
from starcast.disk.lock import MARK

OUT = "pretrained_models/planted/latent-factor-model"


@pytest.fixture(scope="module")
def trained(planted_split: Any) -> Artifact:
    from starcast import models
    from starcast.training.fit import fit

    model = models.find("latent-factor-model")
    return fit(planted_split, model.name, model.settings(epochs=3, dimension=4))


@pytest.fixture
def model(trained: Artifact, tmp_path: Path) -> Path:
    return storage.save(trained, tmp_path / "model")


def later(folder: Path, *rows: tuple[object, object, float]) -> Path:
    return write_ratings(folder / "later.csv", *map(np.array, zip(*rows, strict=True)))


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_later_ratings_are_taken_in_told_and_taken_in_once(
    at_once: Starcast, model: Path, tmp_path: Path
) -> None:
    file = later(tmp_path, (9001, 10, 5.0), (9001, 20, 1.0), (9002, 7777, 4.0))
    said = at_once("update", model, "--ratings", file)
    assert "3 new ratings, 2 new users, 1 new item; Latent factor knows them" in said.stdout
    assert "with the same test ratings" in said.stdout
    assert said.stderr == ""  # what it extends is no other split
    assert at_once("recommend", model, "--user", 9001).returncode == 0
    assert at_once("predict", model, "--user", 9002, "--item", 7777).returncode == 0
    before = bytes_of(model)
    said = at_once("update", model, "--ratings", file)
    assert "nothing to learn" in said.stdout
    assert "3 that were known, with the same stars" in said.stderr
    assert bytes_of(model) == before
    told = json.loads(at_once("update", model, "--ratings", file, "--json").stdout)
    assert told["changed"] is False
    assert told["repeated"] == 3
    assert len(told["extends"]) == 1


def test_a_test_rating_stays_unseen_and_is_counted(
    at_once: Starcast, model: Path, trained: Artifact, tmp_path: Path
) -> None:
    test = trained.split.test
    user, item = (int(ids[rows[0]]) for ids, rows in (
        (test.users.ids, test.user_rows), (test.items.ids, test.item_rows)))  # fmt: skip
    file = later(tmp_path, (user, item, 0.5 if test.stars[0] > 1 else 5.0), (user, 99, 3.0))
    said = at_once("update", model, "--ratings", file)
    assert "kept unseen: 1 of test ratings" in said.stderr
    after = storage.load(model)
    assert after.split.test_fingerprint == trained.split.test_fingerprint
    assert after.split.extends == (trained.split.fingerprint,)


@pytest.mark.parametrize(
    ("rows", "status", "said"),
    [
        ([(1, 10, 9.0)], 1, "later.csv"),
        ([("ann", "ten", 3.0)], 0, "user ids were numbers, and are text now"),
        ([("1", "10", 3.0)], 0, ""),
    ],
)
def test_odd_ratings(
    at_once: Starcast, model: Path, tmp_path: Path, rows: list[Any], status: int, said: str
) -> None:
    before = bytes_of(model)
    found = at_once("update", model, "--ratings", later(tmp_path, *rows))
    assert found.returncode == status
    assert said in found.stderr
    if status:
        assert bytes_of(model) == before
        assert found.stderr.count("\n") == 1


def test_what_makes_no_sense_is_refused_in_a_line(
    at_once: Starcast, model: Path, tmp_path: Path
) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_text("user,item,rating\n", encoding="utf-8")
    for arguments in (
        [model], [model, "--ratings", tmp_path / "nowhere.csv"], [model, "--ratings", empty],
        [tmp_path / "nothing", "--ratings", later(tmp_path, (1, 10, 3.0))],
    ):  # fmt: skip
        found = at_once("update", *arguments)
        assert found.returncode != 0
        assert found.stderr.count("\n") == 1, found.stderr
        assert "Traceback" not in found.stderr


def test_killed_updates_leave_the_old_model_or_the_new_one(
    starcast: Starcast, model: Path, trained: Artifact, tmp_path: Path
) -> None:
    file = later(tmp_path, (9001, 10, 5.0))
    old = trained.split.fingerprint
    for step in (2, 10, 20):
        argv = killed_command(step, "update", model, "--ratings", file)
        killed = subprocess.run(argv, cwd=tmp_path, env=environment(), check=False, timeout=120)
        assert killed.returncode == -9
        found = storage.load(model).split
        assert found.fingerprint == old or found.extends == (old,)
    assert starcast("update", model, "--ratings", file).returncode == 0
    assert storage.load(model).split.extends == (old,)
    assert not [name for name in tree(tmp_path) if MARK in name]


def test_a_store_gives_what_the_model_does_not_know_yet(
    at_once: Starcast, model: Path, planted_files: Path, tmp_path: Path
) -> None:
    pytest.importorskip("sqlalchemy")
    address = f"sqlite:///{tmp_path}/r.db"
    file = later(tmp_path, (9001, 10, 5.0), (9002, 7777, 4.0))
    assert at_once("store", "init", address, "--scale", "0.5:5:0.5").returncode == 0
    for argument in (planted_files / "planted.csv", file):
        assert at_once("store", "import", address, argument).returncode == 0
    said = at_once("update", model, "--store", address, "--json")
    told = json.loads(said.stdout)
    assert (told["new"], told["users"], told["items"], told["kept_unseen"]) == (2, 2, 1, 0)
    before = bytes_of(model)
    assert "nothing to learn" in at_once("update", model, "--store", address).stdout
    assert bytes_of(model) == before
    refused = at_once("update", model, "--store", "postgresql://me:secret@host/r")
    assert refused.returncode == 1
    assert "secret" not in refused.stderr
