"""Versions of a model in service: deployed, rolled back, adopted, pruned, and killed in between."""

from dataclasses import replace
from pathlib import Path

import pytest

from starcast.artifacts import storage
from starcast.artifacts.artifact import Artifact
from starcast.artifacts.versions import Versions
from starcast.errors import ArtifactError, BusyError, ConfigError


def deployed(versions: Versions, artifact: Artifact, seed: int) -> int:
    """A version that is told by its seed, in service."""
    number = versions.add(replace(artifact, seed=seed))
    versions.deploy(number, {"why": "for a test"})
    return number


def seed_of(versions: Versions) -> int:
    return storage.load(versions.folder).seed


@pytest.fixture
def versions(tmp_path: Path) -> Versions:
    return Versions(tmp_path / "shop")


def test_each_is_put_in_service_and_the_one_before_comes_back(
    versions: Versions, known_by_heart: Artifact
) -> None:
    assert versions.in_service() is None
    assert versions.adopt() is None
    assert [deployed(versions, known_by_heart, seed) for seed in (11, 12, 13)] == [1, 2, 3]
    assert (versions.in_service(), seed_of(versions)) == (3, 13)
    assert versions.roll_back() == (2, 3)
    assert seed_of(versions) == 12
    assert versions.roll_back() == (1, 2)
    with pytest.raises(ConfigError, match="no version of"):
        versions.roll_back()
    assert deployed(versions, known_by_heart, 14) == 4
    assert versions.roll_back() == (1, 4)  # not 3, which was rolled back
    assert versions.roll_back(3) == (3, 1)
    with pytest.raises(ConfigError, match="no version 9; kept: 1, 2, 3, 4"):
        versions.roll_back(9)
    did = [(one["version"], one["did"]) for one in versions.history()]
    assert did[:4] == [(1, "deployed"), (2, "deployed"), (3, "deployed"), (2, "rolled back")]


def test_a_model_that_came_otherwise_is_adopted(
    versions: Versions, known_by_heart: Artifact
) -> None:
    storage.save(replace(known_by_heart, seed=7), versions.folder)
    assert versions.in_service() is None
    assert versions.adopt() == 1
    assert versions.adopt() == 1
    deployed(versions, known_by_heart, 8)
    assert versions.roll_back() == (1, 2)
    assert seed_of(versions) == 7


def test_what_is_about_to_be_replaced_is_kept_and_not_without_end(
    versions: Versions, known_by_heart: Artifact
) -> None:
    assert versions.keep_standing() is None
    for seed in range(8):
        storage.save(replace(known_by_heart, seed=seed), versions.folder)
        kept = versions.keep_standing()
        assert kept is not None
        assert storage.load(kept).seed == seed
        assert versions.keep_standing() == kept  # once
    assert versions.numbers() == [4, 5, 6, 7, 8]


def test_of_many_the_newest_stay_and_those_that_are_needed(
    versions: Versions, known_by_heart: Artifact
) -> None:
    for seed in range(6):
        deployed(versions, known_by_heart, seed)
    versions.roll_back(2)
    assert versions.prune(2) == [3, 4]
    assert versions.numbers() == [1, 2, 5, 6]  # 2 is in service, 1 was before it
    assert versions.roll_back() == (1, 2)
    assert deployed(versions, known_by_heart, 9) == 7


def test_a_run_that_was_killed_before_its_line_leaves_nothing_untrue(
    versions: Versions, known_by_heart: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployed(versions, known_by_heart, 1)
    with monkeypatch.context() as patch:
        patch.setattr(
            Versions, "note", lambda self, record: (_ for _ in ()).throw(KeyboardInterrupt)
        )
        with pytest.raises(KeyboardInterrupt):
            deployed(versions, known_by_heart, 2)
    assert versions.in_service() == 2
    assert versions.roll_back() == (1, 2)


def test_two_runs_do_not_meet_and_a_damaged_history_is_told(
    versions: Versions, known_by_heart: Artifact
) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def hold() -> None:
        with versions.held():
            pass

    with versions.held(), ThreadPoolExecutor(1) as thread, pytest.raises(BusyError):
        thread.submit(hold).result()
    deployed(versions, known_by_heart, 1)
    for broken in (b"{", b"[1]\n", b"\xff\n"):
        (versions.home / "history.jsonl").write_bytes(broken)
        with pytest.raises(ArtifactError, match="cannot be read"):
            versions.history()


def test_a_damaged_history_is_told_before_anything_is_put_back(
    versions: Versions, known_by_heart: Artifact
) -> None:
    first, second = (deployed(versions, known_by_heart, seed) for seed in (1, 2))
    history = versions.home / "history.jsonl"
    whole = history.read_bytes()
    history.write_bytes(whole + b'{"versi')
    for number in (None, first):
        with pytest.raises(ArtifactError, match="line 3 is no record; remove it, or move the file"):
            versions.roll_back(number)
        assert (versions.in_service(), seed_of(versions)) == (second, 2)
    history.rename(versions.home / "damaged.jsonl")
    with pytest.raises(ConfigError, match="kept: 1, 2"):
        versions.roll_back()
    assert versions.roll_back(first) == (first, second)
