"""`starcast data blocks` as a user meets it, and blocks wherever ratings are taken."""

from pathlib import Path

import pytest
from processes import Starcast, tree


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """40 users who rate 12 of 30 items each."""
    rows = [(u, i, 1 + (u * i) % 5, u + i) for u in range(40) for i in range(30) if (u + i) % 5 < 2]
    lines = ["user,item,rating,when", *(",".join(map(str, row)) for row in rows)]
    path = tmp_path / "r.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.usefixtures("table")
def test_blocks_are_told_like_their_table(at_once: Starcast, tmp_path: Path) -> None:
    made = at_once("data", "blocks", "--ratings", "r.csv", "--out", "r.blocks")
    assert made.returncode == 0, made.stderr
    assert made.stdout.endswith("1 to 5 stars in steps of 1): blocks in r.blocks\n")
    described = [at_once("data", "describe", "--ratings", one) for one in ("r.csv", "r.blocks")]
    assert described[0].stdout == described[1].stdout != ""
    assert "r.blocks/header.json" in tree(tmp_path)


@pytest.mark.usefixtures("table")
def test_what_cannot_be_is_refused_in_a_line(at_once: Starcast, tmp_path: Path) -> None:
    def refused(*arguments: str) -> str:
        done = at_once("data", "blocks", *arguments)
        assert done.returncode != 0
        assert done.stderr.count("\n") == 1
        return done.stderr

    assert "name the ratings that are to be written" in refused("--out", "r.blocks")
    assert "holds no blocks; name another" in refused("--ratings", "r.csv", "--out", ".")
    assert "r.csv/x" in refused("--ratings", "r.csv", "--out", "r.csv/x")
    assert "no.csv" in refused("--ratings", "no.csv", "--out", "r.blocks")
    at_once("data", "blocks", "--ratings", "r.csv", "--out", "r.blocks")
    assert "holds blocks already" in refused("--ratings", "r.blocks", "--out", "s.blocks")
    (tmp_path / "r.blocks" / "codes").write_bytes(b"")
    done = at_once("data", "describe", "--ratings", "r.blocks")
    assert "r.blocks cannot be read as blocks: codes has 0 bytes, not" in done.stderr
    assert done.stderr.count("\n") == 1
