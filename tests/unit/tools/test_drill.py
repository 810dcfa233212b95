"""The drills of docs/reliability.md: that they try, count, and notice what does not survive."""

import random
import sys
from pathlib import Path

import drill
import pytest
from drills import kills
from drills.tally import Tally, run_trials
from drills.trials import damaged

from starcast.artifacts import storage
from starcast.artifacts.artifact import Artifact


def tally(place: Path, most: int = 3, seconds: float = 60) -> Tally:
    return Tally(place, seed=1, most=most, seconds=seconds)


def test_tries_are_counted_and_end_with_the_time(tmp_path: Path) -> None:
    one = tally(tmp_path)
    for n in one.tries():
        one.count("lost" if n == 1 else "")
    assert (one.tried, one.failures, one.notes) == (3, ["lost"], [])
    late = tally(tmp_path, seconds=-1)
    assert list(late.tries()) == []
    assert late.notes == ["out of time"]


def test_other_bytes_are_other_bytes() -> None:
    chance, whole = random.Random(3), b"user,item,rating\n1,2,3\n"
    changed = [damaged(whole, chance) for _ in range(100)]
    assert sum(one != whole for one in changed) > 90
    assert len(set(changed)) > 90


def test_trials_are_made_in_a_child(tmp_path: Path) -> None:
    one = tally(tmp_path, most=5)
    run_trials(one, "ratings")
    assert (one.tried, one.failures) == (5, [])


def test_a_child_that_dies_has_not_survived(tmp_path: Path) -> None:
    one = tally(tmp_path, most=2)
    run_trials(one, "nothing")
    assert one.tried == 2
    assert one.failures == [
        f"try {n}: the process ended with 1: KeyError: 'nothing'" for n in (0, 1)
    ]


def test_what_is_damaged_or_left_behind_is_noticed(
    known_by_heart: Artifact, tmp_path: Path
) -> None:
    assert kills.state(tmp_path)  # nothing is there
    storage.save(known_by_heart, tmp_path / kills.MODEL)
    assert kills.state(tmp_path) == ""
    (tmp_path / "top.csv").write_text("user_id\n1\n", encoding="utf-8")
    assert kills.state(tmp_path).endswith("top.csv is not whole")
    assert kills.leftovers(tmp_path) == ""
    (tmp_path / ".top.csv.starcast-1234abcd").touch()
    assert kills.leftovers(tmp_path).endswith(".top.csv.starcast-1234abcd")


def test_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def lose(one: Tally) -> None:
        one.count("", 2)
        one.count("a lost model")

    monkeypatch.setitem(drill.DRILLS, "kills", drill.Drill("killed", lose, 3, 3))
    monkeypatch.setattr(sys, "argv", ["drill.py", "--only", "kills"])
    with pytest.raises(SystemExit) as exited:
        drill.main()
    assert exited.value.code == 1
    said = capsys.readouterr()
    assert said.out.splitlines()[1].split() == ["killed", "3", "2", "0"]
    assert "a lost model" in said.err
    monkeypatch.setattr(sys, "argv", ["drill.py", "--only", "naps"])
    with pytest.raises(SystemExit):
        drill.main()
    assert "no drill 'naps'" in capsys.readouterr().err
