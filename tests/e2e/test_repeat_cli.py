"""`--repeat` of train, compare and blend: what is written, what is kept, and what is refused."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from processes import Starcast, command, environment

FACTOR = "latent-factor-model"
QUICK = ["--epochs", 2, "--dimension", 2]


@pytest.fixture(scope="module")
def own(planted_files: Path) -> list[object]:
    return ["--ratings", planted_files / "planted.csv"]


def told(done: Any) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_training_is_repeated_with_the_test_rows_shut(
    starcast: Starcast, own: list[object], tmp_path: Path
) -> None:
    done = starcast("train", *own, *QUICK, "--repeat", "2x2", cwd=tmp_path)
    assert done.returncode == 0
    assert "repeat 4 of 4: random test=0.2 validation=0.1 seed=43, training seed 45" in done.stdout
    assert re.search(r"^Latent factor  0\.\d{4} ± 0\.\d{4}  ", done.stdout, re.M)
    assert "over splits and 0." in done.stdout
    home = tmp_path / "pretrained_models" / "planted"
    assert sorted(path.name for path in home.iterdir()) == ["repeat.json", "repeat.md"]
    record = json.loads((home / "repeat.json").read_text("utf-8"))
    assert record["judged"] == "validation"
    (model,) = record["means"]
    assert next(iter(record["means"][model])) == "validation RMSE"
    page = (home / "repeat.md").read_text("utf-8")
    assert "--epochs 2 --dimension 2 --repeat 2x2" in page
    assert len(re.findall(r"^\| Latent factor \| random ", page, re.M)) == 4


@pytest.mark.long
def test_the_first_repeat_is_the_run_without(
    starcast: Starcast, own: list[object], tmp_path: Path
) -> None:
    pair = ["compare", "--models", f"{FACTOR},means", *own, *QUICK, "--json"]
    alone = told(starcast(*pair, cwd=tmp_path))
    several = told(starcast(*pair, "--repeat", 2, cwd=tmp_path))
    figures = {one["name"]: one["figures"] for one in alone["models"]}
    assert several["runs"][0]["figures"] == figures
    assert several["runs"][0]["fingerprint"] == alone["split"]["fingerprint"]
    assert several["runs"][1]["fingerprint"] != alone["split"]["fingerprint"]
    assert {(one["metric"]) for one in several["differences"]} == {"RMSE", "NDCG@10"}


@pytest.mark.long
def test_trained_models_are_repeated_by_their_settings(
    starcast: Starcast, own: list[object], tmp_path: Path
) -> None:
    pair = ["compare", "--models", f"{FACTOR},means", *own, *QUICK, "--json"]
    assert told(starcast(*pair, cwd=tmp_path))
    several = told(starcast(*pair, "--repeat", 2, cwd=tmp_path))
    models = [f"pretrained_models/planted/{name}" for name in (FACTOR, "means")]
    again = told(starcast("compare", *models, "--repeat", 2, "--json", cwd=tmp_path))
    assert again["runs"] == several["runs"]
    blended = told(starcast("blend", *models, "--repeat", 2, "--json", cwd=tmp_path))
    assert list(blended["means"]) == ["Latent factor", "Means", "Blend"]
    assert not (tmp_path / "pretrained_models" / "planted" / "blend").exists()


@pytest.mark.long
def test_a_repeat_goes_on_with_what_is_done(
    starcast: Starcast, own: list[object], tmp_path: Path
) -> None:
    """Also with more repeats than before; figures are made up, so that it shows."""
    argv = ["train", *own, *QUICK]
    whole = told(starcast(*argv, "--repeat", 2, "--json", cwd=tmp_path))
    home = tmp_path / "pretrained_models" / "planted"
    (home / "repeat.json").unlink()
    kept = home / "repeat.runs"
    with subprocess.Popen(command(*argv, "--repeat", "60"), cwd=tmp_path, env=environment(),
                          stdout=subprocess.DEVNULL) as process:  # fmt: skip
        while not kept.exists() and process.poll() is None:
            pass
        process.terminate()
        assert process.wait() == 143
    found = json.loads(kept.read_text("utf-8"))
    first = next(iter(found["figures"].values()))
    assert first["figures"] == whole["runs"][0]["figures"]
    first["figures"]["Latent factor"]["validation RMSE"] = 0.5
    kept.write_text(json.dumps(found), encoding="utf-8")
    other = starcast(*argv[:-1], 3, "--repeat", 2, cwd=tmp_path)
    assert other.returncode == 1
    assert "repeat.runs holds repeats of something else; remove it, or give --fresh" in other.stderr
    again = told(starcast(*argv, "--repeat", 2, "--json", cwd=tmp_path))
    assert again["runs"][0]["figures"]["Latent factor"]["validation RMSE"] == 0.5
    assert again["runs"][1] == whole["runs"][1]
    assert not kept.exists()
    kept.write_text("{", encoding="utf-8")
    damaged = starcast(*argv, "--repeat", 2, cwd=tmp_path)
    assert "repeat.runs is damaged" in damaged.stderr
    assert told(starcast(*argv, "--repeat", 2, "--json", "--fresh", cwd=tmp_path)) == whole


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["train", "--repeat", "1"], "'1' is no number of repeats; write SPLITS or SPLITSxSEEDS"),
        (["train", "--repeat", "2", "--final"], "keeps no model; leave --final out"),
        (["train", "--repeat", "2", "--name", "mine"], "keeps no model; leave --name out"),
        (
            ["train", "--repeat", "2", "--engine", "spark"],
            "keeps no model; leave --engine spark out",
        ),
        (["compare", "--repeat", "2", "--name", "mine"], "keeps no model; leave --name out"),
        (["compare", "--repeat", "2", "--explain"], "keeps no model; leave --explain out"),
        (["train", "--repeat", "2", "--logs", "x"], "keeps no model; leave --logs out"),
        (["train", "--repeat", "2", "--split", "time"], "no seed changes time"),
    ],
)
def test_what_makes_no_sense_is_one_line(
    at_once: Starcast, words: list[object], complaint: str, tmp_path: Path
) -> None:
    done = at_once(*words)
    assert done.returncode == 1
    assert complaint in done.stderr
    assert len(done.stderr.splitlines()) == 1
