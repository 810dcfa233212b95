"""Text from data is data: whatever it says, no terminal, table, log or spreadsheet obeys it."""

import csv
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from processes import Starcast

from starcast.artifacts import storage
from starcast.data.ratings import Ratings
from starcast.data.split import SplitPlan
from starcast.models import find
from starcast.training.fit import fit

NAME = "latent-factor-model"
ODD = ["\x1b[2J\x1b[31m", "a\nb", "c\rd", "e\tf", "\x9b5m", "\u202egnp.exe", "\x07\x7f",
       "[red]x[/red]", "[/]", ":boom:", '=HYPERLINK("http://evil","x")', "+1+cmd|' /C calc'!A0",
       "-2+3", "@SUM(1)", "\t=1", "$\\frac{$", "<img src=x onerror=alert(1)>"]  # fmt: skip
FORBIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def names(kind: str) -> list[str]:
    return [f"{odd}{kind}{n}" for n, odd in enumerate(ODD)]


@pytest.fixture(scope="module")
def hostile() -> Ratings:
    """Everybody rated nearly everything; ids, titles and the data set's name are hostile."""
    users, items = np.nonzero(np.random.default_rng(3).random((len(ODD), len(ODD))) < 0.8)
    stars = np.random.default_rng(4).integers(1, 6, len(users)).astype(np.float32)
    user_ids, item_ids = np.array(names("user")), np.array(names("item"))
    titles = dict(zip(item_ids.tolist(), names("title"), strict=True))
    return Ratings.from_columns(
        user_ids[users], item_ids[items], stars, np.arange(len(users)), titles=titles,
        name="\x1b[5m\u202efilms\n[red]$x$",
    )  # fmt: skip


@pytest.fixture(scope="module")
def models(hostile: Ratings, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Folders of two models of them."""
    split = SplitPlan(validation=0.2).divide(hostile)
    home = tmp_path_factory.mktemp("home")
    return [
        storage.save(fit(split, NAME, find(NAME).settings(epochs=2, dimension=n)), home / f"m{n}")
        for n in (2, 3)
    ]


@pytest.fixture
def harmless(at_once: Starcast) -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Runs a verb, and looks for what a terminal would obey."""

    def run(*arguments: object, status: int = 0) -> "subprocess.CompletedProcess[str]":
        done = at_once(*arguments)
        assert done.returncode == status, done.stderr
        assert not FORBIDDEN.search(done.stdout + done.stderr), done.stdout + done.stderr
        return done

    return run


Verb = Callable[..., "subprocess.CompletedProcess[str]"]


def test_lists_and_reasons_show_text_as_it_is(harmless: Verb, models: list[Path]) -> None:
    n = len(ODD)
    said = harmless("recommend", models[0], "--user", names("user")[0], "-k", n, "--include-seen")
    assert said.stdout.count("\n") == n + 1  # a line each, and one of headings
    for shown in (r"\x1b[2J\x1b[31mtitle0", r"a\nbtitle1", "[red]x[/red]title", ":boom:title9"):
        assert shown in said.stdout
    item = names("item")[0]
    harmless("similar", models[0], "--item", item, "-k", n)
    harmless("explain", models[0], "--user", names("user")[1], "--item", item, "-k", n)
    harmless("explain", models[0], "--rated", f"{item}=5", "--item", names("item")[1])
    said = harmless("predict", models[0], "--user", names("user")[1], "--item", item)
    assert said.stdout.endswith("\\x1b[2J\\x1b[31mtitle0\n")


@pytest.mark.parametrize("id_", ["\x1b[2J", "a\nb", "\u202e", "x" * 5000])
def test_what_is_refused_is_refused_in_a_short_line(
    harmless: Verb, models: list[Path], id_: str
) -> None:
    for arguments in (
        ["recommend", models[0], "--user", id_],
        ["recommend", models[0], "--rated", f"{id_}=5"],
        ["similar", models[0], "--item", id_],
        ["data", "fetch", id_],
        ["train", "--model", id_],
    ):
        said = harmless(*arguments, status=1).stderr
        assert said.count("\n") == 1
        assert len(said) < 500


def test_verbs_that_judge_show_names_as_they_are(
    harmless: Verb, models: list[Path], tmp_path: Path
) -> None:
    harmless("evaluate", models[0])
    harmless("compare", *models, "--out", "reports")
    for page in tmp_path.rglob("index.html"):
        text = page.read_text(encoding="utf-8")
        assert "<img src=x" not in text
        assert not FORBIDDEN.search(text)
    harmless("blend", *models, "--out", "blended")


def test_files_of_ones_own_may_have_hostile_names(harmless: Verb, tmp_path: Path) -> None:
    lines = [f"{user},{item},{1 + (user * item) % 5}" for user in range(9) for item in range(9)]
    own = tmp_path / "\x1b[5mown\u202e.csv"
    own.write_text("user_id,item_id,rating\n" + "\n".join(lines), encoding="utf-8")
    own.with_suffix(".txt").write_text("user_id,item_id,rating\n1,\x1b[2J,x\n", encoding="utf-8")
    assert r"\x1b[5mown\u202e" in harmless("data", "describe", "--ratings", own).stdout
    harmless("train", "--ratings", own, "--epochs", 1)
    harmless("data", "describe", "--ratings", own.with_suffix(".txt"), status=1)


@pytest.mark.parametrize("line", ["1,2,{}", "1,2,3,{}", "1,{},x", "{0},{0},{0},{0},{0}"])
def test_what_a_file_says_is_quoted_at_no_length(harmless: Verb, tmp_path: Path, line: str) -> None:
    lines = ["user_id,item_id,rating,timestamp", "1,2,3,4", line.format("\x1b[2Jy" * 9000)]
    (tmp_path / "own.csv").write_text("\n".join(lines), encoding="utf-8")
    assert len(harmless("train", "--ratings", "own.csv", status=1).stderr) < 500
    (tmp_path / "own.csv").write_text(f"{'n' * 9000},item_id\n1,2\n", encoding="utf-8")
    assert len(harmless("train", "--ratings", "own.csv", status=1).stderr) < 500


def test_no_cell_of_a_csv_is_a_formula(harmless: Verb, models: list[Path], tmp_path: Path) -> None:
    harmless("recommend", models[0], "--all", "--out", "top.csv", "--include-seen", "-k", len(ODD))
    text = (tmp_path / "top.csv").read_text(encoding="utf-8")
    assert not FORBIDDEN.search(text)
    rows = list(csv.reader(text.splitlines()))[1:]
    assert len(rows) == len(ODD) ** 2
    cells = {cell for row in rows for cell in (row[0], row[2], row[3])}
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert {'\'=HYPERLINK("http://evil","x")title10', "'\\t=1title14", "c\\rditem2"} <= cells
    harmless("recommend", models[0], "--all", "--out", "top.parquet", "-k", len(ODD))
    exact = pl.read_parquet(tmp_path / "top.parquet")
    assert set(exact["title"]) <= set(names("title"))  # where nothing is a formula
