"""`starcast compare` as a process: train, compare, report; and again from what it kept."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from processes import Starcast, command, environment, tree

from starcast.data.ratings import Ratings
from starcast.data.split import SplitPlan

MODELS = ("latent-factor-model", "ensemble-no-transfer-learning")
REPORT = Path("reports/planted")
KEPT = [f"pretrained_models/planted/{name}" for name in MODELS]


@pytest.fixture(scope="module")
def home(planted_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which two models were trained on the planted ratings and compared."""
    folder = tmp_path_factory.mktemp("compared")
    done = subprocess.run(
        command("compare", "--models", ",".join(MODELS), "--epochs", 2, "--dimension", 4,
                "--ratings", planted_files / "planted.csv", "--explain"),
        cwd=folder, env=environment(), capture_output=True, encoding="utf-8", timeout=120,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (folder / "said.txt").write_text(done.stdout, encoding="utf-8")
    return folder


def results(home: Path) -> Any:
    return json.loads((home / REPORT / "results.json").read_text(encoding="utf-8"))


def test_says_what_it_trained_and_found(home: Path) -> None:
    said = (home / "said.txt").read_text(encoding="utf-8")
    assert re.search(r"fingerprint [0-9a-f]{12}", said)
    for title in ("Latent factor", "Ensemble, cold"):
        run = rf"^{title} +best epoch \d of 2, validation RMSE \d\.\d{{4}}, \d+\.\d s$"
        assert re.search(run, said, re.M), title
        row = rf"^{title} +\d\.\d{{4}} \(\d\.\d{{3}}–\d\.\d{{3}}\) "
        assert len(re.findall(row, said, re.M)) == 2, title  # of stars, and of lists
    for name, verdict in results(home)["verdicts"].items():
        assert verdict["sentence"].startswith(f"Best {name}: ")
        assert verdict["sentence"] in said
        assert verdict["pairs"][0]["verdict"] in said
    assert "Root mean squared error" in said
    assert f"report: {REPORT / 'index.html'}" in said


def test_leaves_a_report_and_the_models(home: Path) -> None:
    charts = ["catalogue-recall", "held-out-f1", "held-out-precision", "held-out-recall", "ndcg",
              "rmse-and-ndcg", "rmse"]  # fmt: skip
    drawn = [f"{chart}.{ending}" for chart in charts for ending in ("pdf", "png", "svg")]
    assert tree(home / REPORT) == sorted(
        [*drawn, "index.html", "report.md", "results.csv", "results.json"]
    )
    assert all((home / folder / "manifest.json").is_file() for folder in KEPT)
    command_line = results(home)["provenance"]["command"]
    assert command_line.startswith("starcast compare --models latent-factor-model,ensemble-no-")
    assert command_line.endswith("planted.csv --epochs 2 --dimension 4")  # --explain changes none


def test_from_what_it_kept_it_finds_the_same(home: Path, starcast: Starcast) -> None:
    done = starcast("compare", *KEPT, "--out", "again", cwd=home)
    assert (done.returncode, done.stderr) == (0, "")
    again = json.loads((home / "again/planted/results.json").read_text(encoding="utf-8"))
    first = results(home)
    for one, before in zip(again["models"], first["models"], strict=True):
        assert len(one.pop("opened_before")) > len(before.pop("opened_before"))
    assert again["models"] == first["models"]
    assert again["verdicts"] == first["verdicts"]
    assert again["split"] == first["split"]


@pytest.mark.parametrize(("scheme", "has_strangers"), [("time", True), ("user-latest", False)])
def test_lists_are_judged_on_splits_by_time_too(
    scheme: str, has_strangers: bool, planted: Ratings, starcast: Starcast, tmp_path: Path
) -> None:
    """The planted ratings are in order of users, so that the latest are of the last users alone."""
    assert planted.timestamps is not None
    columns = (planted.user_rows, planted.item_rows, planted.stars, planted.timestamps)
    rows = (",".join(map(str, row)) for row in zip(*(c.tolist() for c in columns), strict=True))
    lines = ["user_id,item_id,rating,timestamp", *rows]
    (tmp_path / "planted.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    names = "most-popular,means,item-item-model"
    done = starcast("compare", "--ratings", "planted.csv", "--split", scheme, "--models", names,
                    cwd=tmp_path)  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    divided, found = SplitPlan.parse(scheme).divide(planted), results(tmp_path)
    strangers = set(divided.test.user_rows.tolist()) - set(divided.train.user_rows.tolist())
    assert found["n_strangers"] == len(strangers)
    assert bool(strangers) == has_strangers
    assert ("test users have no training ratings: they are given" in done.stdout) == has_strangers
    assert [model["is_baseline"] for model in found["models"]] == [False, True, True]
    for model in found["models"]:
        figures = model["figures"].items()
        missing = [name for name, value in figures if value is None and "Held-out" not in name]
        assert missing == ["Miscalibration@10"]  # nothing is known of the items
        assert (model["user_tiers"][-1]["name"] == "users without ratings") == has_strangers


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--models", "latent-factor,deep"], "did you mean 'latent-factor-model'"),
        (["--models", "latent-factor-model"], "at least two models"),
        (["nowhere", "nowhere-else"], "no artifact at nowhere"),
        (["nowhere"], "at least two trained models"),
        (["--k", "101"], "less than or equal to 100"),
        (
            ["--models", ",".join(MODELS), "--samples", "7"],
            f"none of {', '.join(MODELS)} has a setting samples",
        ),
        (
            ["--models", ",".join(MODELS), "--optimizer", "Gibbs"],
            "unknown optimizer 'Gibbs': known: SGD, ALS, Adam, RMSProp, GradientDescent",
        ),
        (["--layers", "[" * 100_000], "is no list of layer widths"),
        (["--epochs", "0"], "epochs must be at least 1, got 0"),
    ],
)
def test_bad_input_is_one_line(arguments: list[str], complaint: str, starcast: Starcast) -> None:
    done = starcast("compare", *arguments)
    assert done.returncode != 0
    assert complaint in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


def test_a_setting_goes_to_those_that_have_it_and_a_line_says_so(
    planted_files: Path, tmp_path: Path, starcast: Starcast
) -> None:
    settings = ["--epochs", 1, "--dimension", 2, "--layers", "[4,1]", "--learning-rate", 0.02]
    models = ["latent-factor-model", "autoencoder-model", "ensemble-no-transfer-learning"]
    done = starcast(
        "compare", "--models", ",".join(models), *settings,
        "--ratings", planted_files / "planted.csv",
    )  # fmt: skip
    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        "note: --learning-rate is for latent-factor-model, ensemble-no-transfer-learning alone",
        "note: --layers is for ensemble-no-transfer-learning alone",
    ]
    factor, network, coder = (model["settings"] for model in results(tmp_path)["models"])
    assert (network["layers"], network["learning_rate"]) == ([4, 1], 0.02)
    assert factor["learning_rate"] == 0.02
    assert {"layers", "batch_size", "samples"}.isdisjoint(factor)
    assert {"layers", "learning_rate", "likelihood"}.isdisjoint(coder)
    page = (tmp_path / REPORT / "index.html").read_text(encoding="utf-8")
    assert "<code>samples</code>" not in page
    assert "<code>layers</code></th><td>–</td><td>[4, 1]</td><td>–</td>" in page


def test_help_is_there(starcast: Starcast) -> None:
    done = starcast("compare", "--help")
    assert done.returncode == 0
    assert "--models" in done.stdout
