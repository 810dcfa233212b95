"""A full disk costs what was to be written there and nothing else, and it is said in a line."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from processes import Starcast, command, environment, tree

from starcast.artifacts import storage
from starcast.data.split import Split
from starcast.models import find
from starcast.training.fit import fit

NAME = "latent-factor-model"
FULL = Path("/dev/full")


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Path]:
    """A folder of a page, on a disk of its own."""
    folder = tmp_path / "full"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4k", "none", str(folder)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("only root may make a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture(scope="module")
def models(planted_split: Split, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The folders of two models of the planted ratings."""
    home = tmp_path_factory.mktemp("home")
    return [
        storage.save(
            fit(planted_split, NAME, find(NAME).settings(epochs=2, dimension=n)), home / f"m{n}"
        )
        for n in (2, 3)
    ]


def test_logs_that_cannot_be_written_cost_no_training(
    starcast: Starcast, planted_files: Path, full: Path, tmp_path: Path
) -> None:
    done = starcast(
        "train", "--ratings", planted_files / "planted.csv", "--epochs", 3, "--refit",
        "--model", "ensemble-transfer-learning", "--logs", full / "logs",
    )  # fmt: skip
    assert done.returncode == 0
    notes = [line for line in done.stderr.splitlines() if "training it first" not in line]
    assert notes == [
        f"note: cannot write to {full / 'logs'} (No space left on device): training goes on without"
    ]
    kept = storage.load(tmp_path / "pretrained_models" / "planted" / "ensemble-transfer-learning")
    assert (len(kept.history), kept.refit, kept.broken_off) == (3, True, "")


@pytest.mark.parametrize("name", ["top.csv", "top.parquet"])
def test_lists_that_cannot_be_written_leave_nothing(
    starcast: Starcast, models: list[Path], full: Path, name: str
) -> None:
    done = starcast("recommend", models[0], "--all", "-k", 30, "--out", full / name)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"starcast: cannot write {full / name}: ")
    assert done.stderr.count("\n") == 1
    assert tree(full) == []


@pytest.mark.parametrize(
    "arguments",
    [("compare", "--out"), ("blend", "--out"), ("export", "--out")],
    ids=lambda arguments: str(arguments[0]),
)
def test_what_cannot_be_written_is_said_in_a_line(
    starcast: Starcast, models: list[Path], full: Path, arguments: tuple[str, str]
) -> None:
    verb, out = arguments
    given = models if verb != "export" else [models[0], "--format", "onnx"]
    done = starcast(verb, *given, out, full / "new" / "er")
    assert done.returncode == 1
    assert done.stderr.startswith("starcast: cannot write ")
    assert done.stderr.count("\n") == 1
    assert tree(full) == []


def test_an_output_that_cannot_be_written_is_said_in_a_line(
    models: list[Path], planted_files: Path, tmp_path: Path
) -> None:
    if not FULL.exists():
        pytest.skip("no /dev/full here")
    for arguments in (
        ("data", "list"),
        ("--version",),
        ("predict", models[0], "--user", 1, "--item", 0),
        ("recommend", models[0], "--user", 1),
        ("train", "--ratings", planted_files / "planted.csv", "--epochs", 2),
    ):
        with FULL.open("w") as output:
            done = subprocess.run(
                command(*arguments), stdout=output, stderr=subprocess.PIPE, cwd=tmp_path,
                env=environment(), encoding="utf-8", check=False,
            )  # fmt: skip
        assert (done.returncode, done.stderr) == (1, "starcast: No space left on device\n")
