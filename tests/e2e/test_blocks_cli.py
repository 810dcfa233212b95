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


@pytest.mark.usefixtures("table")
def test_a_model_of_blocks_is_that_of_their_table(starcast: Starcast, tmp_path: Path) -> None:
    starcast("data", "blocks", "--ratings", "r.csv", "--out", "b/r.blocks")
    said = []
    for source, out in (("r.csv", "memory"), ("b/r.blocks", "disk")):
        ways = ["--split", "hash", "--epochs", "2", "--dimension", "4", "--test", "--out", out]
        done = starcast("train", "--ratings", source, *ways)
        assert done.returncode == 0, done.stderr
        said.append(done.stdout[done.stdout.rindex("RMSE") :])
    assert said[0] == said[1]
    folders = [tmp_path / out / "r" / "latent-factor-model" for out in ("memory", "disk")]
    weights = [(folder / "weights.safetensors").read_bytes() for folder in folders]
    assert weights[0] == weights[1]
    assert '"blocks"' in (folders[1] / "manifest.json").read_text()
    listed = [starcast("recommend", folder, "--user", 7).stdout for folder in folders]
    assert listed[0] == listed[1] != ""
    assert [path.name for path in (tmp_path / "b").iterdir()] == ["r.blocks"]
