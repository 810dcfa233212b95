"""`starcast export` as a user meets it."""

from pathlib import Path

import pytest
from processes import Starcast, tree

from starcast.artifacts import storage
from starcast.artifacts.artifact import Artifact


@pytest.fixture
def trained(known_by_heart: Artifact, tmp_path: Path) -> Path:
    return storage.save(known_by_heart, tmp_path / "trained")


@pytest.mark.parametrize(
    ("format", "file"), [("onnx", "model.onnx"), ("savedmodel", "saved_model.pb")]
)
def test_a_model_is_written_checked_and_announced(
    format: str, file: str, trained: Path, starcast: Starcast, tmp_path: Path
) -> None:
    done = starcast("export", trained, "--format", format, "--out", "place")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Latent factor is in place; read back, its predictions differ")
    assert done.stderr == ""  # TensorFlow is asked to be quiet
    assert file in tree(tmp_path / "place")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--format", "onx", "--out", "x"), "unknown export format 'onx': did you mean 'onnx'?"),
        (("--format", "onnx", "--out", "trained"), "holds other files and no export.json"),
        (("--format", "onnx"), "Missing option '--out'"),
    ],
)
def test_refusals_are_one_line(
    arguments: tuple[str, ...], complaint: str, trained: Path, at_once: Starcast
) -> None:
    done = at_once("export", trained, *arguments)
    assert done.returncode
    assert complaint in done.stderr
    assert done.stderr.count("\n") == 1
