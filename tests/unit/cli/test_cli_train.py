"""Where `starcast train` gets parents from, and what it says of those of another split."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from starcast.artifacts import storage
from starcast.artifacts.artifact import Artifact
from starcast.cli.train import _parent, _places
from starcast.data.ratings import Ratings
from starcast.data.split import TEST, TRAIN, VALIDATION, Split
from starcast.errors import ArtifactError, ConfigError
from starcast.models import find
from starcast.training.parents import leak_between

CHILD = find("ensemble-transfer-learning")


def on(artifact: Artifact, split: Split) -> Artifact:
    return replace(artifact, split=split)


def test_parents_of_the_same_split_do_not_leak(known_by_heart: Artifact) -> None:
    assert leak_between(known_by_heart.split, [known_by_heart, known_by_heart]) == ""


def test_a_leak_tells_how_much_was_seen(known_by_heart: Artifact) -> None:
    """Of the three test rows here the parent knows the first and the last, one for validation."""
    parts = np.array([TEST, TRAIN, TRAIN, TRAIN, TRAIN, TEST, VALIDATION, TRAIN], np.uint8)
    theirs = Split(known_by_heart.split.ratings, parts, "theirs")
    said = leak_between(known_by_heart.split, [known_by_heart, on(known_by_heart, theirs)])
    assert "trained or chosen on 67% of these test ratings" in said
    assert theirs.fingerprint[:12] in said


def test_a_leak_is_told_of_other_data_too(known_by_heart: Artifact) -> None:
    fewer = Ratings.from_columns(
        np.array(["ann", "ann", "bob", "eve"]),
        np.array(["brazil", "clue", "alien", "duel"]),
        np.array([3, 4, 2, 1]),
    )
    theirs = Split(fewer, np.array([TEST, TRAIN, VALIDATION, TRAIN], np.uint8), "theirs")
    said = leak_between(known_by_heart.split, [on(known_by_heart, theirs)])
    assert "trained or chosen on 33% of these test ratings" in said  # ann–clue, of three


def test_parents_are_looked_for_beside_the_child(tmp_path: Path) -> None:
    factor, deep = CHILD.parents
    assert _places(CHILD, None, tmp_path, False) == [(factor, tmp_path / factor),
                                                     (deep, tmp_path / deep)]  # fmt: skip
    fresh = [place.name for _, place in _places(CHILD, None, tmp_path, True)]
    assert fresh == [f"{factor}-fresh", f"{deep}-fresh"]


def test_named_parents_must_be_there(known_by_heart: Artifact, tmp_path: Path) -> None:
    """A mistyped folder is refused, not silently trained."""
    there = storage.save(known_by_heart, tmp_path / "there")
    assert [place for _, place in _places(CHILD, [there, there], tmp_path, False)] == [there, there]
    with pytest.raises(ArtifactError, match=r"no artifact at .*ther; train one"):
        _places(CHILD, [there, tmp_path / "ther"], tmp_path, False)


def test_parents_are_named_all_or_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="give --init-from for each"):
        _places(CHILD, [tmp_path], tmp_path, False)
    with pytest.raises(ConfigError, match="--fresh-parents"):
        _places(CHILD, [tmp_path, tmp_path], tmp_path, True)


@pytest.mark.parametrize("anew", [False, True])
def test_fresh_parents_are_fresh_each_time(
    known_by_heart: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, anew: bool
) -> None:
    folder = storage.save(replace(known_by_heart, seed=1), tmp_path / "parent")
    trained = replace(known_by_heart, seed=2)
    monkeypatch.setattr("starcast.training.fit.fit", lambda *_, **__: trained)
    split = known_by_heart.split
    parent = _parent(CHILD.parents[0], folder, CHILD.config(), split, 2, False, anew, lambda _: ())
    assert parent.seed == storage.load(folder).seed == (2 if anew else 1)
