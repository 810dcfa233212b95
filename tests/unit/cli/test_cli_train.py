"""Where `starcast train` gets parents from, and what it says of those of another split."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tiny_reports import deep_network

from starcast.artifacts import storage
from starcast.artifacts.artifact import Artifact
from starcast.cli.parents import Parents, named_parents, parent_at
from starcast.data.ratings import Ratings
from starcast.data.split import TEST, TRAIN, VALIDATION, Split
from starcast.errors import ArtifactError, ConfigError
from starcast.models import find
from starcast.training.parents import leak_between

DEEP = "deep-neural-network-model"
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


def test_named_parents_are_told_apart_by_what_they_are(
    known_by_heart: Artifact, tmp_path: Path
) -> None:
    factor = storage.save(known_by_heart, tmp_path / "one")
    deep = storage.save(deep_network(known_by_heart.split), tmp_path / "two")
    named = {known_by_heart.model: factor, DEEP: deep}
    assert named_parents(CHILD, Parents(init_from=[deep, factor])) == named
    assert named_parents(CHILD, Parents()) == {}


def test_named_parents_must_be_there(known_by_heart: Artifact, tmp_path: Path) -> None:
    """A mistyped folder is refused, not silently trained."""
    there = storage.save(known_by_heart, tmp_path / "there")
    with pytest.raises(ArtifactError, match=r"no artifact at .*ther; train one"):
        named_parents(CHILD, Parents(init_from=[there, tmp_path / "ther"]))


@pytest.mark.parametrize("names", [["one"], ["one", "two"]], ids=["one missing", "one twice"])
def test_parents_are_named_all_and_once(
    known_by_heart: Artifact, tmp_path: Path, names: list[str]
) -> None:
    folders = [storage.save(known_by_heart, tmp_path / name) for name in names]
    with pytest.raises(ConfigError, match="give it for each parent, once"):
        named_parents(CHILD, Parents(init_from=folders))
    with pytest.raises(ConfigError, match="--fresh-parents"):
        named_parents(CHILD, Parents(init_from=folders, fresh_parents=True))


def test_a_parent_at_hand_is_taken_and_a_missing_one_announced(
    known_by_heart: Artifact, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = storage.save(replace(known_by_heart, seed=7), tmp_path / "parent")
    found = parent_at(folder, known_by_heart.model, False)
    assert found is not None
    assert found.seed == 7
    assert parent_at(tmp_path / "none", known_by_heart.model, False) is None
    assert "training it first" in capsys.readouterr().err
