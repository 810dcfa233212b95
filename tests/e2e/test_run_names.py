"""Runs that follow each other, or go on beside each other: none is lost in silence."""

import json
from pathlib import Path
from typing import Any

import pytest
from processes import Starcast

from starcast.artifacts import storage
from starcast.artifacts.replacement import reserve
from starcast.evaluation.comparison import report_folder

HOME, MODEL = Path("pretrained_models/planted"), "latent-factor-model"
OTHER = "implicit-factor-model"


@pytest.fixture(autouse=True)
def no_charts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Charts take a second each time."""
    monkeypatch.setattr(report_folder, "draw", lambda _: {})


@pytest.fixture
def train(planted_files: Path) -> list[object]:
    return ["train", "--ratings", planted_files / "planted.csv", "--optimizer", "SGD",
            "--epochs", 1, "--dimension"]  # fmt: skip


def told(done: Any) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_model_that_is_replaced_is_kept_and_comes_back(
    at_once: Starcast, tmp_path: Path, train: list[object]
) -> None:
    first = told(at_once(*train, 2, "--json"))
    assert first["replaced"] is None
    folder = tmp_path / HOME / MODEL
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    done = at_once(*train, 3, "--quiet")
    old = tmp_path / HOME / f"{MODEL}.versions" / "0001"
    assert f"{HOME / MODEL} is replaced; the old one is at {old.relative_to(tmp_path)}\n" in (
        done.stderr
    )
    assert {path.name: path.read_bytes() for path in old.iterdir()} == before
    assert storage.load(folder).settings()["dimension"] == 3
    third = at_once(*train, 4, "--json", "--seed", 5)
    assert Path(told(third)["replaced"]) == old.with_name("0002").relative_to(tmp_path)
    assert "a model of another split" in third.stderr
    assert at_once("evaluate", old).returncode == 0
    back = at_once("rollback", MODEL, "--to", 1, "--models-dir", HOME)
    assert back.returncode == 0, back.stderr
    assert storage.load(folder).settings()["dimension"] == 2


def test_runs_with_names_stand_beside_each_other(
    at_once: Starcast, tmp_path: Path, train: list[object]
) -> None:
    small = told(at_once(*train, 2, "--name", "small", "--json"))
    large = told(at_once(*train, 3, "--name", "Größer als 2", "--json"))
    assert small["replaced"] is large["replaced"] is None
    names = sorted(path.name for path in (tmp_path / HOME).iterdir())
    assert names == ["Größer als 2", "small"]
    logs = sorted(path.name for path in (tmp_path / "tf_logs" / "planted").iterdir())
    assert logs[0].startswith("Größer als 2-2")
    assert logs[1].startswith("small-2")
    again = told(at_once("train", "--config", HOME / "small" / "run.toml", "--out", "b", "--json"))
    assert again["folder"] == "b/planted/small"
    for name in ("run.toml", "weights.safetensors"):
        ours = (tmp_path / HOME / "small" / name).read_bytes()
        assert (tmp_path / again["folder"] / name).read_bytes() == ours


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("../up", "names no folder"),
        ("..", "names no folder"),
        ("", "the value of --name is empty"),
        (".hidden", "names no folder"),
        ("a/b", "names no folder"),
        ("a\nb", "names no folder"),
        ("n" * 300, "File name too long"),
        (OTHER, "is where a model of that name goes"),
        ("blend", "is where a model of that name goes"),
        (f"{MODEL}.versions", "ends with '.versions'"),
        (f"{MODEL}.checkpoint", "ends with '.checkpoint'"),
        ("mine-interrupted", "ends with '-interrupted'"),
        ("deep-neural-network-model-fresh", "ends with '-fresh'"),
    ],
)
def test_what_is_no_name_is_refused_in_a_line(
    at_once: Starcast, tmp_path: Path, train: list[object], name: str, said: str
) -> None:
    done = at_once(*train, 2, f"--name={name}")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert said in done.stderr
    assert not (tmp_path / "pretrained_models").exists()


def test_two_runs_of_one_name_do_not_meet(
    starcast: Starcast, at_once: Starcast, tmp_path: Path, train: list[object]
) -> None:
    with reserve(tmp_path / HOME / "mine"):
        done = starcast(*train, 2, "--name", "mine")
        assert (done.returncode, done.stderr.count("\n")) == (1, 1)
        assert "another run" in done.stderr
        assert at_once(*train, 2, "--name", "other").returncode == 0
    assert at_once(*train, 2, "--name", "mine").returncode == 0


def test_a_report_that_is_replaced_is_kept_and_models_note_that_they_were_opened(
    at_once: Starcast, tmp_path: Path, train: list[object]
) -> None:
    for name in ("small", "large"):
        assert at_once(*train, 2 + len(name), "--name", name).returncode == 0
    folders = [HOME / name for name in ("small", "large")]
    first = told(at_once("compare", *folders, "--json"))
    assert first["replaced"] is None
    again = at_once("compare", *folders, folders[0])
    report, old = Path("reports/planted"), Path("reports/planted.versions/0001")
    assert f"{report} is replaced; the old one is at {old}\n" in again.stderr
    assert json.loads((tmp_path / old / "results.json").read_bytes())["models"] == first["models"]
    assert "test ratings opened once before this" in again.stdout
    for folder in folders:
        manifest = storage.read_manifest(tmp_path / folder)
        assert len(manifest["opened"]) == 2  # of a model that was given twice, too
        assert manifest["metrics"]["test"]["RMSE"] > 0
    (tmp_path / HOME / "small.versions" / "0001").mkdir(parents=True)  # as of a * of the shell
    everything = sorted((tmp_path / HOME).iterdir())
    assert len(everything) == 3
    starred = at_once("compare", *everything, "--name", "star", "--json")
    assert len(told(starred)["models"]) == 2
    assert "small.versions holds older models, and is left out" in starred.stderr
    named = told(at_once("compare", *folders, "--name", "thesis", "--json"))
    assert named["report"] == "reports/planted/thesis/index.html"
    assert named["replaced"] is None
    refused = at_once("compare", *folders, "--name", "../thesis")
    assert "names no folder" in refused.stderr


@pytest.mark.long
def test_who_cannot_note_that_ratings_were_opened_says_so(
    starcast: Starcast, at_once: Starcast, tmp_path: Path, train: list[object]
) -> None:
    for name in ("small", "large"):
        assert at_once(*train, 2 + len(name), "--name", name).returncode == 0
    with reserve(tmp_path / HOME / "small"):
        done = starcast("compare", HOME / "small", HOME / "large")
    assert done.returncode == 0, done.stderr
    assert "that the test ratings were opened is not noted: another run" in done.stderr
    assert storage.load(tmp_path / HOME / "large").opened


@pytest.mark.long
def test_a_blend_leaves_test_ratings_shut_and_is_repeated_from_its_file(
    at_once: Starcast, tmp_path: Path, train: list[object]
) -> None:
    assert at_once(*train, 2, "--name", "small").returncode == 0
    other = [one if one != "SGD" else "iALS" for one in train]
    assert at_once(*other, 2, "--model", OTHER).returncode == 0
    parts = [HOME / "small", HOME / OTHER]
    done = at_once("blend", *parts, "--for", "lists", "--name", "both", "--seed", 3)
    assert done.returncode == 0, done.stderr
    assert "test ratings were not opened; --test, or 'starcast evaluate " in done.stdout
    assert "opened once" not in done.stdout
    manifest = storage.read_manifest(tmp_path / HOME / "both")
    assert (manifest["metrics"]["test"], manifest["opened"]) == (None, [])
    run = HOME / "both" / "run.toml"
    again = told(at_once("blend", "--config", run, "--out", "b", "--test", "--json"))
    assert again["test"]["NDCG@10"] >= 0
    there = tmp_path / again["folder"]
    assert len(storage.load(there).opened) == 1
    for name in ("run.toml", "weights.safetensors", "ratings.parquet"):
        assert (there / name).read_bytes() == (tmp_path / HOME / "both" / name).read_bytes()
    assert Path(told(at_once("blend", "--config", run, "--json"))["replaced"]).name == "0001"


def test_a_run_without_features_is_repeated_from_its_file(
    at_once: Starcast, tmp_path: Path, planted_files: Path
) -> None:
    done = at_once("train", "--ratings", planted_files / "planted.csv", "--features", "none",
                   "--model", "bayesian-factorization-model", "--samples", 2)  # fmt: skip
    assert done.returncode == 0, done.stderr
    folder = Path("planted") / "bayesian-factorization-model"
    old, new = tmp_path / "pretrained_models" / folder, tmp_path / "again" / folder
    again = at_once("train", "--config", old / "run.toml", "--out", "again")
    assert again.returncode == 0, again.stderr
    assert (new / "weights.safetensors").read_bytes() == (old / "weights.safetensors").read_bytes()
