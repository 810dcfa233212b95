"""Repeats that are done: kept one by one, gone on with, refused of another command, or damaged."""

from pathlib import Path

import pytest

from starcast.cli.finished_cells import FinishedCells
from starcast.errors import ConfigError


def test_they_are_kept_one_by_one_and_gone_on_with(tmp_path: Path) -> None:
    path, identity = tmp_path / "repeat.runs", {"models": ["a"]}
    done = FinishedCells(path, identity, fresh=False)
    assert done.figures == {}
    told = {"split": "random", "fingerprint": "f00", "test_per_train": 0.25, "figures": {}}
    done.add("split 1", told | {"figures": {"A": {"RMSE": 0.1 + 0.2, "NDCG@10": float("nan")}}})
    again = FinishedCells(path, identity, fresh=False)
    assert again.figures["split 1"]["figures"] == {"A": {"RMSE": 0.1 + 0.2, "NDCG@10": None}}
    again.add("split 2", told)
    assert list(FinishedCells(path, identity, fresh=False).figures) == ["split 1", "split 2"]
    assert FinishedCells(path, {"models": ["b"]}, fresh=True).figures == {}
    with pytest.raises(ConfigError, match="repeats of something else; remove it, or give --fresh"):
        FinishedCells(path, {"models": ["b"]}, fresh=False)
    again.discard()
    again.discard()
    assert list(tmp_path.iterdir()) == []


NO_REPEATS = [
    b"", b"{", b"[]", b"7", b"\xff", b'{"identity": {}}', b'{"figures": {}}',
    b'{"identity": {}, "figures": [1]}',
    b'{"identity": {}, "figures": {"a": 7}}',
    b'{"identity": {}, "figures": {"a": {}}}',
    b'{"identity": {}, "figures": {"a": {"split": "s", "fingerprint": "f",'
    b' "test_per_train": 0.5, "figures": {"A": {"RMSE": "low"}}}}}',
]  # fmt: skip


@pytest.mark.parametrize("content", NO_REPEATS)
def test_damage_is_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "repeat.runs").write_bytes(content)
    with pytest.raises(ConfigError, match=r"repeat.runs is damaged \(.*\); remove it, or give"):
        FinishedCells(tmp_path / "repeat.runs", {}, fresh=False)
