"""`starcast blend` as a user meets it."""

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from processes import Starcast, command, environment

from starcast.artifacts import storage
from starcast.artifacts.artifact import Artifact

FACTOR, BAYESIAN = "latent-factor-model", "bayesian-factorization-model"
TRAINED = "pretrained_models/planted"


@pytest.fixture(scope="module")
def trained(planted_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two models of the planted ratings, both refitted."""
    folder = tmp_path_factory.mktemp("trained")
    shape: dict[str, tuple[object, ...]] = {
        FACTOR: ("--optimizer", "ALS", "--epochs", 5),
        BAYESIAN: ("--likelihood", "gaussian", "--samples", 8, "--burn-in", 4, "--kept", 4),
    }
    for name, options in shape.items():
        argv = command("train", "--model", name, "--ratings", planted_files / "planted.csv",
                       "--items", planted_files / "items.csv", "--dimension", 2, "--refit",
                       *options)  # fmt: skip
        run = subprocess.run(
            argv, cwd=folder, env=environment(), capture_output=True, check=False, timeout=120
        )
        assert run.returncode == 0, run.stderr
    return folder


@pytest.fixture
def here(trained: Path, tmp_path: Path) -> Path:
    """The same in the folder where commands run."""
    shutil.copytree(trained / "pretrained_models", tmp_path / "pretrained_models")
    return tmp_path


def parts(*names: str) -> list[str]:
    return [f"{TRAINED}/{name}" for name in names or (FACTOR, BAYESIAN)]


def test_a_blend_needs_nothing_but_its_own_folder(starcast: Starcast, here: Path) -> None:
    run = starcast("blend", *parts(), "--name", "both", "--test")
    assert run.returncode == 0, run.stderr
    assert "Traceback" not in run.stderr
    for said in ("coefficient", "Latent factor", "Bayesian factor", "opened once", "RMSE"):
        assert said in run.stdout
    own = Path(TRAINED, "both")
    manifest = json.loads((here / own / "manifest.json").read_text(encoding="utf-8"))
    assert [part["model"] for part in manifest["parts"]] == [FACTOR, BAYESIAN]
    assert manifest["refit"]
    assert manifest["metrics"]["test"]["RMSE"] > 0
    before = starcast("predict", *parts(FACTOR), "--user", 7, "--item", 50).stdout
    for name in (FACTOR, BAYESIAN):
        (here / TRAINED / name).rename(here / name)
    for verb in (
        ("evaluate", own),
        ("recommend", own, "--user", 7, "-k", 3),
        ("similar", own, "--item", 50),
        ("compare", own, here / FACTOR, here / BAYESIAN),
    ):
        run = starcast(*verb)
        assert run.returncode == 0, run.stderr
    assert "Blend" in run.stdout
    alone = starcast("predict", own, "--user", 7, "--item", 50)
    assert alone.returncode == 0, alone.stderr
    assert alone.stdout.endswith("Film 5 [é]\n")
    assert "±" not in alone.stdout
    assert alone.stdout != before


def test_the_table_tells_what_each_part_is_worth(at_once: Starcast, here: Path) -> None:
    assert at_once("blend", *parts()).returncode == 0
    again = at_once("blend", *reversed(parts()), "--out", "elsewhere")
    blend = storage.load(here / "elsewhere" / "planted" / "blend")
    lines = [line.split() for line in again.stdout.splitlines()]
    for part, title in zip(blend.parts, ("Bayesian", "Latent"), strict=True):
        told = next(line for line in lines if line and line[0] == title)
        assert told[-2:] == [f"{part['validation_rmse']:.4f}", f"{part['coefficient']:+.3f}"]
    figures = blend.history[0]["validation"]
    told = next(line for line in lines if line and line[0] == "Blend")
    assert told[-2:] == [f"{figures['rmse']:.4f}", f"{blend.weights['coefficients'][0]:+.3f}"]


def test_a_leaky_part_marks_the_blend(at_once: Starcast, here: Path) -> None:
    folder = here / TRAINED / FACTOR
    storage.save(replace(storage.load(folder), leak="it peeped"), folder)
    run = at_once("blend", *parts())
    assert run.returncode == 0
    assert "LEAKY: it peeped" in run.stderr
    assert "Blend (LEAKY)" in run.stdout


REFUSED = {
    "nothing": ((), "Missing argument"),
    "one alone": (parts(FACTOR), "a blend needs at least two trained models, got 1"),
    "one twice": ((*parts(FACTOR), *parts(FACTOR)), f"one {FACTOR} is given twice"),
    "no artifact": ((*parts(FACTOR), "pretrained_models"), "no Starcast artifact"),
    "nothing there": ((*parts(FACTOR), "nowhere"), "no artifact at nowhere"),
    "a path as name": ((*parts(), "--name", "../up"), "names no folder"),
    "up as name": ((*parts(), "--name", ".."), "names no folder"),
    "no name": ((*parts(), "--name", ""), "the value of --name is empty"),
    "a model's name": ((*parts(), "--name", FACTOR), "choose another --name"),
    "a negative seed": ((*parts(), "--seed", "-1"), "seed"),
}


@pytest.mark.parametrize(("arguments", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_blended_is_refused_in_a_line(
    at_once: Starcast, here: Path, arguments: tuple[str, ...], said: str
) -> None:
    run = at_once("blend", *arguments)
    assert run.returncode
    assert said in run.stderr
    assert run.stderr.count("\n") == 1
    assert sorted(path.name for path in (here / TRAINED).iterdir()) == [BAYESIAN, FACTOR]


def test_a_blend_is_no_part_and_is_not_trained(
    at_once: Starcast, here: Path, known_by_heart: Artifact
) -> None:
    assert at_once("blend", *parts()).returncode == 0
    run = at_once("blend", *parts("blend", FACTOR), "--name", "more")
    assert "give the models it is made of" in run.stderr
    run = at_once("blend", *parts("blend", FACTOR))
    assert "is one of the models to blend" in run.stderr
    for verb in (("train", "--model", "blend"), ("compare", "--models", f"blend,{FACTOR}")):
        run = at_once(*verb)
        assert run.stderr == (
            "starcast: a blend is not trained: 'starcast blend' makes it of trained models\n"
        )
    other = storage.save(known_by_heart, here / "other")
    run = at_once("blend", *parts(FACTOR), other)
    assert "cannot blend it with" in run.stderr


def test_a_bayesian_model_can_teach_the_ensemble(
    at_once: Starcast, here: Path, planted_files: Path
) -> None:
    data = ("--ratings", planted_files / "planted.csv", "--items", planted_files / "items.csv",
            "--dimension", 2, "--layers", "[4,1]", "--epochs", 2)  # fmt: skip
    assert at_once("train", "--model", "deep-neural-network-model", *data).returncode == 0
    deep = here / TRAINED / "deep-neural-network-model"
    child = ("train", "--model", "ensemble-transfer-learning", *data, "--init-from")
    run = at_once(*child, here / TRAINED / BAYESIAN, "--init-from", deep)
    assert run.returncode == 0, run.stderr
    manifest = here / TRAINED / "ensemble-transfer-learning" / "manifest.json"
    assert json.loads(manifest.read_text(encoding="utf-8"))["model"] == "ensemble-transfer-learning"
    run = at_once(*child, deep, "--init-from", here / TRAINED / BAYESIAN)  # in whatever order
    assert run.returncode == 0, run.stderr
    run = at_once(*child, deep, "--init-from", deep)
    assert f"starts from {FACTOR} and deep-neural-network-model; --init-from names" in run.stderr
