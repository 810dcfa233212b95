"""What becomes of a worker when the race is over."""

import shutil
from pathlib import Path

import pytest

from benchmarks import crew

CONTESTANT = """
import atexit
from pathlib import Path


def prepare(place, threads):
    atexit.register(Path(place).write_text, "stopped what it started")
    return lambda: {"time": 1.0}
"""


def test_a_worker_ends_by_itself_and_cleans_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contestants = tmp_path / "benchmarks" / "contestants"
    contestants.mkdir(parents=True)
    shutil.copy(crew.HOUSE / "benchmarks" / "worker.py", contestants.parent)
    for package in (contestants, contestants.parent):
        (package / "__init__.py").touch()
    (contestants / "tidy.py").write_text(CONTESTANT)
    monkeypatch.setattr(crew, "HOUSE", tmp_path)
    left = tmp_path / "left"

    with crew.Worker("tidy:prepare", {"place": str(left)}, threads=1) as worker:
        assert worker.run() == {"time": 1.0}
        assert not left.exists()

    assert left.read_text() == "stopped what it started"
