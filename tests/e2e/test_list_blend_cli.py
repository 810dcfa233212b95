"""`starcast blend --for lists` as a user meets it."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from processes import Starcast, command, environment

from starcast.artifacts import storage

ITEM, BAYESIAN = "item-item-model", "bayesian-factorization-model"
TRAINED = "pretrained_models/planted"


@pytest.fixture(scope="module")
def trained(planted_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a list model, means and a sampled model of the planted ratings."""
    folder = tmp_path_factory.mktemp("trained")
    sampled = ("--likelihood", "gaussian", "--samples", 8, "--burn-in", 4, "--kept", 4,
               "--dimension", 2)  # fmt: skip
    shape: dict[str, tuple[object, ...]] = {ITEM: (), BAYESIAN: sampled}
    for name, options in shape.items():
        argv = command("train", "--model", name, "--ratings", planted_files / "planted.csv",
                       "--items", planted_files / "items.csv", *options)  # fmt: skip
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


PARTS = (f"{TRAINED}/{ITEM}", f"{TRAINED}/{BAYESIAN}")


def test_it_tells_what_parts_and_mix_reach_and_needs_no_parts(
    at_once: Starcast, here: Path
) -> None:
    run = at_once("blend", *PARTS, "--for", "lists")
    assert run.returncode == 0, run.stderr
    artifact = storage.load(here / TRAINED / "list-blend")
    figures = artifact.history[0]["validation"]
    lines = [line.split() for line in run.stdout.splitlines()]
    for title, told in (("Item-item", artifact.parts[0]["validation"]), ("List", figures)):
        line = next(line for line in lines if line and line[0] == title)
        assert line[-2:] == [f"{told['ndcg@10']:.4f}", f"{told['recall@10']:.4f}"]
    assert "stars" in run.stdout
    assert "no trees; --trees grows them" in run.stderr + run.stdout
    for part in PARTS:
        shutil.rmtree(here / part)
    own = f"{TRAINED}/list-blend"
    for verb in (("evaluate", own), ("recommend", own, "--user", 7, "-k", 3),
                 ("predict", own, "--user", 7, "--item", 50), ("similar", own, "--item", 50),
                 ("explain", own, "--user", 7, "--item", 50)):  # fmt: skip
        run = at_once(*verb)
        assert run.returncode == 0, run.stderr


def test_trees_are_grown_when_asked_for(at_once: Starcast, here: Path) -> None:
    run = at_once("blend", *PARTS, "--for", "lists", "--trees", "--name", "grown")
    assert run.returncode == 0, run.stderr
    manifest = json.loads((here / TRAINED / "grown" / "manifest.json").read_text(encoding="utf-8"))
    n_trees = manifest["history"][0]["trees"]
    assert n_trees
    assert f"{n_trees} trees beside the coefficients" in run.stderr + run.stdout


REFUSED = {
    "a list model among stars": (PARTS, f"{ITEM} is made for lists; blend it with --for lists"),
    "another purpose": ((*PARTS, "--for", "list"), "unknown purpose 'list': did you mean 'lists'"),
    "trees of stars": ((*PARTS, "--trees"), "--trees order lists; they need --for lists"),
    "no list model": (
        (PARTS[1], PARTS[1], "--for", "lists"),
        f"one {BAYESIAN} is given twice",
    ),
}


@pytest.mark.parametrize(("arguments", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_blended_is_refused_in_a_line(
    at_once: Starcast, here: Path, arguments: tuple[str, ...], said: str
) -> None:
    run = at_once("blend", *arguments)
    assert run.returncode
    assert said in run.stderr
    assert run.stderr.count("\n") == 1
    assert sorted(path.name for path in (here / TRAINED).iterdir()) == [BAYESIAN, ITEM]
