"""The first five minutes of people at the command line, as they would type them.

Ten stories in all: five films rated, an export brought along, a link shared, a list kept under a
name and a shop's page are told by a browser, in `page/test_page_first_minutes.py`; here are a chart
for a thesis, an answer for jq, a run repeated, one's own ratings to lists in a file, and a title.
"""

import csv
import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from processes import Starcast, environment, tree, write_ratings

MODEL = Path("pretrained_models/ratings/latent-factor-model")
QUICK = "--epochs 2 --dimension 4 --optimizer SGD"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a shop's ratings by names, products with titles, and a model of them."""
    folder = tmp_path_factory.mktemp("home")
    rows = [(f"c{n % 40}", f"sku/{n * 5 // 3 % 23}", n * 7 % 5 + 1) for n in range(400)]
    write_ratings(folder / "ratings.csv", *zip(*rows, strict=True))
    titles = "".join(f'sku/{n},"Lamp no. {n}, small"\n' for n in range(23))
    (folder / "products.csv").write_text(f"product_id,title\n{titles}", encoding="utf-8")
    said = typed(folder, f"starcast train --ratings ratings.csv --items products.csv {QUICK}")
    assert f"saved to {MODEL}\n" in said
    return folder


def typed(folder: Path, line: str) -> str:
    """What a line prints that somebody types into a shell, pipes and all."""
    line = line.replace("starcast ", f"{shlex.quote(sys.executable)} -m starcast ")
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", line], cwd=folder, env=environment(), timeout=300,
        capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_ones_own_ratings_become_lists_in_a_file(home: Path) -> None:
    typed(home, f"starcast recommend {MODEL} --all -k 3 --out lists.csv --quiet")
    with (home / "lists.csv").open(encoding="utf-8", newline="") as file:
        lists = list(csv.DictReader(file))
    assert {row["user_id"] for row in lists} == {f"c{n}" for n in range(40)}
    assert all(row["title"].startswith("Lamp no. ") for row in lists)


def test_a_program_takes_the_answer(home: Path) -> None:
    """By jq, where there is one; by Python's own tool elsewhere."""
    line = f"starcast recommend {MODEL} --user c7 -k 4 --json"
    plain = typed(home, f"{line} | {shlex.quote(sys.executable)} -m json.tool --json-lines")
    titles = [one["title"] for one in json.loads(plain)]
    assert len(titles) == 4
    if shutil.which("jq"):
        assert typed(home, f"{line} | jq -r '.[].title'").splitlines() == titles


@pytest.mark.long
def test_a_title_typed_somehow_is_understood(home: Path) -> None:
    first = typed(home, f"starcast find {MODEL} lmap no 7").splitlines()
    assert any("Lamp no. 7, small" in line for line in first)
    like = typed(home, f"starcast similar {MODEL} --item 'lamp no. 7, small' -k 3 --json")
    assert len(json.loads(like)) == 3


@pytest.mark.long
def test_a_run_is_repeated_from_its_file_to_the_same_bytes(home: Path) -> None:
    typed(home, f"starcast train --config {MODEL}/run.toml --out again --quiet")
    there = home / "again" / MODEL.relative_to("pretrained_models")
    assert tree(there) == tree(home / MODEL)
    for name in set(tree(there)) - {"manifest.json"}:  # which tells how long epochs took
        assert (there / name).read_bytes() == (home / MODEL / name).read_bytes(), name


@pytest.mark.long
def test_a_thesis_gets_its_charts_as_pdf(home: Path) -> None:
    typed(
        home,
        "starcast compare --ratings ratings.csv --models latent-factor-model,means,most-popular "
        f"{QUICK} --name thesis --keep kept --quiet",
    )
    report = home / "reports" / "ratings" / "thesis"
    for name in ("rmse-and-ndcg", "ndcg", "rmse"):
        chart = (report / f"{name}.pdf").read_bytes()
        assert chart.startswith(b"%PDF-")
        assert b"/Subtype /Image" not in chart  # lines, not dots
        assert f"]({name}.png)" in (report / "report.md").read_text(encoding="utf-8")


def test_somebody_who_types_it_wrong_is_told_what_to_type(home: Path, at_once: Starcast) -> None:
    model = home / MODEL
    for line, said in (
        ("trian", "did you mean 'train'"),
        (f"recommend {model} --usr c7", "--user"),
        (f"recommend {model} --user c77", "nearest known: "),
        (f"similar {model} --item 'lamp no. 99'", "no item has the id or title 'lamp no. 99'"),
        (f"evaluate {model}s", "no artifact at"),
        ("train --ratings rating.csv", "rating.csv does not exist"),
    ):
        done = at_once(*shlex.split(line))
        assert done.returncode in (1, 2)
        assert said.lower() in done.stderr.lower(), done.stderr
        assert "Traceback" not in done.stderr
