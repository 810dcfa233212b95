"""`--engine keras` on the command line, from a command of 2018 to the service's artifact."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from processes import Starcast, command, environment

from starcast.artifacts import storage

ROOT = Path(__file__).parents[2]
NAME = "planted"
SMALL = ["--epoch", "2", "--dimension", "4", "--batch_size", "200", "--optimizer", "Adam",
         "--layers", "[8,4,1]", "--dropout_rate", "0.2"]  # fmt: skip


@pytest.fixture(scope="module")
def home(planted_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keras")


def in_2018(home: Path, planted_files: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    ratings = ["--ratings", str(planted_files / "planted.csv")]
    return subprocess.run(
        [sys.executable, ROOT / "main.py", *ratings, *SMALL, *arguments],
        cwd=home, env=environment(), capture_output=True, encoding="utf-8", timeout=300,
        check=False,
    )  # fmt: skip


def test_commands_of_2018_train_on_keras_what_is_used_like_any_other(
    home: Path, planted_files: Path
) -> None:
    """The parents are trained by the compiled engine, the child on Keras; both read histories."""
    factor = in_2018(home, planted_files, "--engine", "keras")
    assert factor.returncode == 0, factor.stderr
    idle = [f"note: --{flag} has no effect on latent-factor-model by Adam"
            for flag in ("dropout_rate", "layers")]  # fmt: skip
    assert sorted(factor.stderr.splitlines()) == idle, "TensorFlow says nothing"
    child = in_2018(home, planted_files, "--engine", "keras", "--model",
                    "ensemble-transfer-learning", "--precision", "mixed_bfloat16",
                    "--features", "histories", "--loss", "huber")  # fmt: skip
    assert child.returncode == 0, child.stderr
    models = home / "pretrained_models" / NAME
    found = {}
    for name in ("latent-factor-model", "deep-neural-network-model", "ensemble-transfer-learning"):
        manifest = json.loads((models / name / "manifest.json").read_text("utf-8"))
        found[name] = (manifest["config"].get("engine"), "keras" in manifest["versions"])
        assert storage.load(models / name).weights
    assert list(found.values()) == [("keras", True), (None, False), ("keras", True)]
    used = subprocess.run(
        command("recommend", models / "ensemble-transfer-learning", "--user", "3", "-k", "2"),
        cwd=home, env=environment(), capture_output=True, encoding="utf-8", timeout=120,
        check=False,
    )  # fmt: skip
    assert used.returncode == 0, used.stderr
    assert len(list((home / "tf_logs").rglob("train/events*"))) == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--model", "means"], "unknown engine for means 'keras': known: compiled"),
        (["--optimizer", "SGD"], "unknown optimizer for latent-factor-model on keras 'SGD': known"),
        (["--devices", "7"], "7 devices cannot share out batches of 1,000 alike"),
        (["--precision", "half"], "unknown precision 'half': known: float32, mixed_bfloat16"),
        (["--samples", "5"], "latent-factor-model by Adam has no setting samples"),
    ],
)
def test_what_keras_cannot_is_refused_in_a_line(
    at_once: Starcast, arguments: list[str], said: str
) -> None:
    done = at_once("train", "--engine", "keras", *arguments)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert said in done.stderr


def test_another_backend_is_refused_before_parents_are_trained(
    home: Path, planted_files: Path
) -> None:
    done = subprocess.run(
        command("train", "--ratings", planted_files / "planted.csv", "--engine", "keras",
                "--model", "ensemble-transfer-learning", "--out", "none"),
        cwd=home, env=environment() | {"KERAS_BACKEND": "torch"}, capture_output=True,
        encoding="utf-8", timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    said = "starcast: the engine keras runs on tensorflow or jax, not on KERAS_BACKEND=torch"
    assert done.stderr.splitlines()[-1] == said
    assert not (home / "none").exists() or not list((home / "none").rglob("manifest.json"))
