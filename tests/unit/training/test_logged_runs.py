"""Runs in logs are found again by what was trained, and take figures that come later."""

import math
import os
from dataclasses import replace
from pathlib import Path

import pytest
from tensorboardX.proto.event_pb2 import Event

from starcast.engines.settings import SgdSettings
from starcast.training.logged_runs import add_figures, key_of, mark
from starcast.training.run_files import RunFiles

CONFIG = SgdSettings(epochs=3)
KEY = key_of("ab", "latent-factor-model", CONFIG, 1)


def logged(home: Path, name: str, key: str, *, at: int = 0) -> Path:
    """A run with one figure."""
    folder = home / name
    (folder / "validation").mkdir(parents=True)
    mark(folder, key)
    files = RunFiles(folder / "validation")
    files.scalar("best/RMSE", 0.9, 0)
    files.close()
    os.utime(folder / "validation", (at, at))
    return folder


def figures(folder: Path) -> dict[str, float]:
    """All figures of a run's row: records of a length, a checksum, an event and its checksum."""
    found: dict[str, float] = {}
    for path in sorted((folder / "validation").glob("*tfevents*")):
        rest = path.read_bytes()
        while rest:
            size = 12 + int.from_bytes(rest[:8], "little")
            values = Event.FromString(rest[12:size]).summary.value
            found |= {value.tag: value.simple_value for value in values}
            rest = rest[size + 4 :]
    return found


def test_a_key_tells_one_training_from_another() -> None:
    others = [
        key_of("ac", "latent-factor-model", CONFIG, 1),
        key_of("ab", "deep-neural-network-model", CONFIG, 1),
        key_of("ab", "latent-factor-model", replace(CONFIG, epochs=4), 1),
        key_of("ab", "latent-factor-model", CONFIG, 2),
    ]
    assert len({KEY, *others}) == 5
    assert key_of("ab", "latent-factor-model", SgdSettings(epochs=3), 1) == KEY


def test_figures_join_the_latest_run_of_a_training(tmp_path: Path) -> None:
    told = {"test/RMSE": 0.75, "test/MAE": 0.5}
    old = logged(tmp_path, "z", KEY, at=1000)
    new = logged(tmp_path, "a", KEY, at=2000)
    other = logged(tmp_path, "b", key_of("ab", "latent-factor-model", CONFIG, 2), at=3000)
    assert add_figures(tmp_path, KEY, {**told, "test/none": math.nan}) == new
    assert figures(new) == pytest.approx({"best/RMSE": 0.9, **told})
    assert list(figures(old)) == list(figures(other)) == ["best/RMSE"]


def test_where_no_run_is_nothing_is_written(tmp_path: Path) -> None:
    assert add_figures(tmp_path / "none", KEY, {"test/RMSE": 1.0}) is None
    run = logged(tmp_path, "a", KEY)
    for mark_file in (b"[", b"[1]", b'{"run": 1}', b"\xff", b"[" * 100_000):
        (run / "starcast-run.json").write_bytes(mark_file)
        assert add_figures(tmp_path, KEY, {"test/RMSE": 1.0}) is None
    assert list(figures(run)) == ["best/RMSE"]
    bare = tmp_path / "bare"
    bare.mkdir()
    mark(bare, KEY)  # of a run that was ended before its first epoch
    assert add_figures(tmp_path, KEY, {"test/RMSE": 1.0}) is None
