"""`starcast evaluate --as-it-came` as a user meets it."""

import json
from pathlib import Path

import numpy as np
import pytest
from processes import Starcast

from starcast.data.ratings import Ratings


@pytest.fixture
def timed(planted: Ratings, tmp_path: Path) -> Path:
    """The planted ratings, some on each of sixty days."""
    when = np.random.default_rng(3).integers(0, 60, len(planted)) * 86_400 + 1_500_000_000
    users, items = planted.users.ids[planted.user_rows], planted.items.ids[planted.item_rows]
    rows = zip(users, items, planted.stars, when, strict=True)
    lines = [f"{user},{item},{stars:g},{at}\n" for user, item, stars, at in rows]
    path = tmp_path / "visits.csv"
    path.write_text("user,item,rating,timestamp\n" + "".join(lines), encoding="utf-8")
    return path


def test_a_replay_is_shown_drawn_and_written(
    at_once: Starcast, timed: Path, tmp_path: Path
) -> None:
    arguments = ["--ratings", timed, "--first-share", 0.7, "--model", "means", "--windows", 2]
    said = at_once("evaluate", "--as-it-came", *arguments)
    assert said.returncode == 0, said.stderr
    assert "replaced" not in said.stderr
    for policy in ("never updated", "folded in", "updated every 1 d", "trained anew every 1 w"):
        assert policy in said.stdout
    folder = tmp_path / "reports" / "visits" / "as-it-came"
    assert (folder / "means.png").read_bytes().startswith(b"\x89PNG")
    first = (folder / "means.json").read_text(encoding="utf-8")
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    again = at_once("evaluate", "--as-it-came", *arguments, "--json")
    written, told = json.loads(first), json.loads(again.stdout.splitlines()[-1])
    kept = Path("reports", "visits", "as-it-came.versions", "0001", "means.json")
    assert f"means.json is replaced; the old one is at {kept}" in again.stderr
    assert told.pop("replaced") == str(kept)
    assert (tmp_path / kept).read_text(encoding="utf-8") == first
    assert (tmp_path / kept).with_suffix(".png").exists()
    assert (folder / "notes.txt").exists()
    for one in (*written["policies"], *told["policies"]):
        del one["seconds"]
    assert written == told
    assert [len(one["over_time"]["rmse"]) for one in told["policies"]] == [2] * 4


def test_what_makes_no_sense_is_refused_in_a_line(
    at_once: Starcast, folder: Path, planted_files: Path
) -> None:
    planted = planted_files / "planted.csv"
    for arguments, said in (
        (["--as-it-came", "--ratings", planted], "has no timestamps"),
        (["--as-it-came", folder], "holds no times"),
        (["--as-it-came", folder, "--model", "means"], "leave --model out"),
        (["--as-it-came", "--delay", "soon"], "is no duration"),
        (["--as-it-came", "--explain"], "--explain has no effect"),
        (["--delay", "1d", folder], "--delay is for --as-it-came"),
        ([], "name a trained model"),
    ):  # fmt: skip
        found = at_once("evaluate", *arguments)
        assert found.returncode != 0
        assert said in found.stderr
        assert "Traceback" not in found.stderr
