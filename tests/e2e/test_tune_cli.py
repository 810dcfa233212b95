"""`starcast tune`: a search as a user runs it, ended and gone on with, and what is left of it."""

import json
import signal
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from ended_runs import ended_at, killed_when
from processes import Starcast, tree

from starcast.artifacts import storage

HOME = Path("pretrained_models/planted/tuning")
ALS = ["--optimizer", "ALS", "--epochs", 3]


def tune(ratings: Path, *more: object) -> list[object]:
    return ["tune", "--ratings", ratings, "--space", "dimension=2:8", "--seed", 3, *more]


@pytest.fixture
def ratings(planted_files: Path) -> Path:
    return planted_files / "planted.csv"


def told(done: Any) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def trials(record: Any) -> list[Any]:
    (model,) = record["models"]
    return [{**trial, "seconds": 0, "number": 0} for trial in model["trials"]]


def test_a_search_leaves_a_model_a_page_and_the_file_that_repeats_it(
    ratings: Path, tmp_path: Path, at_once: Starcast
) -> None:
    argv = tune(ratings, *ALS, "--trials", 4)
    done = at_once(*argv)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / HOME / "latent-factor-model"
    assert {"best", "index.html", "results.json", "study.db"} <= {p.name for p in folder.iterdir()}
    assert done.stdout.count("latent-factor-model   ") == 4
    assert "Latent factor: validation RMSE 0." in done.stdout
    assert "test ratings were not opened; 'starcast evaluate" in done.stdout
    record = told(at_once(*argv, "--json"))  # nothing is left to do
    assert trials(record) == trials(json.loads((folder / "results.json").read_bytes()))
    assert len(trials(record)) == 4
    best = storage.read_manifest(folder / "best")
    assert (best["opened"], best["metrics"]["test"]) == ([], None)
    reached = best["metrics"]["validation"]["rmse"]
    assert reached == record["models"][0]["best"] == record["model"]["validation"]["rmse"]
    again = told(at_once("train", "--config", folder / "best" / "run.toml", "--json"))
    assert again["validation"] == best["metrics"]["validation"]
    trained = storage.load(tmp_path / again["folder"])
    tuned = storage.load(folder / "best")
    assert trained.config == tuned.config
    assert (trained.weights["item_factors"] == tuned.weights["item_factors"]).all()
    other = at_once(*argv[:-1], 5, "--averaging", 0.5)
    assert other.returncode == 1
    assert (
        "begun with other settings, space; --name keeps both, --fresh starts over" in other.stderr
    )
    assert told(at_once(*argv, "--averaging", 0.5, "--name", "mean", "--quiet", "--json"))["best"]
    afresh = told(at_once(*argv[:-1], 2, "--fresh", "--sampler", "random", "--json"))
    assert len(trials(afresh)) == 2


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--models", "latent-factor-model,item-item-model"], "tune each group for itself"),
        (["--model", "latent-factor"], "did you mean 'latent-factor-model'"),
        (["--model", "means"], "means has nothing to tune"),
        (["--trials", 0], "--trials"),
        (["--minutes", 0], "more than 0 minutes, got 0"),
        (["--minutes", "nan"], "more than 0 minutes, got nan"),
        (["--jobs", 0], "--jobs"),
        (["--space", "dimension"], "NAME=LOW:HIGH"),
        (["--space", "dimension=1:x"], "'x' is no whole number"),
        (["--space", "nearness=1:2"], "unknown setting to vary 'nearness'"),
        (["--space", "dimension=2:4", "--dimension", 3], "leave one of both out"),
        (["--pruner", "hyperband"], "unknown pruner 'hyperband'"),
        (["--sampler", "grid"], "unknown sampler 'grid'"),
        (["--engine", "spark"], "not on Spark"),
        (["--name", "a/b"], "names no folder"),
        (["--samples", 3], "setting samples"),
    ],
)
def test_what_cannot_be_searched_is_one_line(
    given: list[object], said: str, at_once: Starcast, tmp_path: Path
) -> None:
    done = at_once("tune", *given)
    assert done.returncode != 0
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert tree(tmp_path) == []


def test_without_optuna_a_line_names_the_extra(
    at_once: Starcast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("starcast.training.tuning.needs.find_spec", lambda name: None)
    done = at_once("tune")
    assert done.returncode == 1
    assert done.stderr == (
        "starcast: tuning needs Optuna, which is not here: pip install 'starcast[tune]'\n"
    )


def test_a_study_that_is_none_is_one_line(ratings: Path, tmp_path: Path, at_once: Starcast) -> None:
    folder = tmp_path / HOME / "latent-factor-model"
    folder.mkdir(parents=True)
    (folder / "study.db").write_bytes(b"\0" * 5000)
    done = at_once(*tune(ratings, *ALS, "--trials", 1))
    assert done.returncode == 1
    assert "study.db cannot be used for a search: " in done.stderr
    assert done.stderr.count("\n") == 1
    assert told(at_once(*tune(ratings, *ALS, "--trials", 1), "--fresh", "--json"))["best"]


def n_ended(folder: Path) -> int:
    """How many trials of a study have ended, as another process sees it."""
    try:
        with sqlite3.connect(f"file:{folder / 'study.db'}?mode=ro", uri=True) as study:
            (n,) = study.execute(
                "SELECT count(*) FROM trials WHERE state IN ('COMPLETE', 'PRUNED')"
            ).fetchone()
        study.close()
    except sqlite3.Error:
        return 0
    return int(n)


@pytest.mark.long
def test_a_killed_search_goes_on_to_the_same_end(
    ratings: Path, tmp_path: Path, starcast: Starcast
) -> None:
    argv = tune(ratings, "--epochs", 12, "--trials", 9)
    whole = told(starcast(*argv, "--out", "whole", "--json"))
    folder = tmp_path / HOME / "latent-factor-model"
    ended = killed_when(lambda: n_ended(folder) >= 3, tmp_path, *argv)
    assert ended.status == -signal.SIGKILL
    assert not (folder / "best").exists()
    assert 3 <= n_ended(folder) < 9
    again = told(starcast(*argv, "--json"))
    assert trials(again) == trials(whole)
    assert again["models"][0]["settings"] == whole["models"][0]["settings"]
    assert again["model"]["validation"] == whole["model"]["validation"]


@pytest.mark.long
def test_a_search_killed_as_it_saves_leaves_no_half_model(
    ratings: Path, tmp_path: Path, starcast: Starcast
) -> None:
    argv = tune(ratings, *ALS, "--trials", 2)
    ended = ended_at("os.rename", "best", 1, signal.SIGKILL, tmp_path, *argv)
    assert ended.status == -signal.SIGKILL
    folder = tmp_path / HOME / "latent-factor-model"
    assert not (folder / "best").exists()
    record = told(starcast(*argv, "--json"))
    assert len(trials(record)) == 2
    assert storage.load(folder / "best").seed == 3
    assert not [name for name in tree(tmp_path) if ".starcast-" in name]


@pytest.mark.long
def test_jobs_are_processes_that_end_with_the_search(
    ratings: Path, tmp_path: Path, starcast: Starcast
) -> None:
    argv = tune(ratings, *ALS, "--jobs", 2, "--trials", 6)
    record = told(starcast(*argv, "--json"))
    assert len(trials(record)) == 6
    assert record["models"][0]["best"] == record["model"]["validation"]["rmse"]
    folder = tmp_path / "other" / "planted" / "tuning" / "latent-factor-model"
    slow = tune(
        ratings,
        "--epochs",
        4000,
        "--max-checkout-without-progress",
        4000,
        "--jobs",
        2,
        "--out",
        "other",
    )
    ended = killed_when(lambda: len(started(folder)) >= 2, tmp_path, *slow)
    assert ended.status == -signal.SIGKILL
    while processes_in(tmp_path):  # they notice at their next epoch
        pass


def started(folder: Path) -> list[int]:
    """Trials that have run an epoch."""
    try:
        with sqlite3.connect(f"file:{folder / 'study.db'}?mode=ro", uri=True) as study:
            found = study.execute("SELECT DISTINCT trial_id FROM trial_intermediate_values")
            ids = [int(one) for (one,) in found]
        study.close()
    except sqlite3.Error:
        return []
    return ids


def processes_in(folder: Path) -> list[Path]:
    """Processes that work in a folder."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cwd"):
        with suppress(OSError):  # of somebody else, or it has ended
            found += [place] if place.readlink() == folder else []
    return found
