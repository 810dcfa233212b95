"""What ends a verb: signals, terminals that are closed, readers that leave."""

import signal
import subprocess
from pathlib import Path

import pytest
from ended_runs import ended_at, ended_at_checkpoint, left_alone_when
from processes import Starcast, command, environment, tree

from starcast.artifacts import storage

MODEL = "latent-factor-model"
HOME = Path("pretrained_models/planted")
ENDING = pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
VERBS: dict[str, tuple[list[object], str, str]] = {
    "recommend --all": (
        ["recommend", "heart", "--all", "--out", "top.csv"],
        "open",
        "csv.starcast-lock",
    ),
    "export": (["export", "heart", "--format", "onnx", "--out", "onnx"], "os.mkdir", ""),
    "evaluate": (["evaluate", "heart"], "open", "ratings.parquet"),
    "predict": (["predict", "heart", "--user", "ann", "--item", "duel"], "open", "manifest.json"),
    "blend": (["blend", "heart", "heart", "--name", "two"], "open", "weights.safetensors"),
    "data describe": (["data", "describe"], "open", "ml-latest-small.parquet"),
    "serve, as it loads": (["serve", "--port", 0, "--model", "heart"], "open", "manifest.json"),
}


@ENDING
@pytest.mark.parametrize("verb", VERBS)
def test_a_signal_ends_every_verb_in_a_line(
    folder: Path, tmp_path: Path, verb: str, number: signal.Signals
) -> None:
    arguments, event, ending = VERBS[verb]
    before = tree(tmp_path)
    ended = ended_at(event, ending, 1, number, tmp_path, *arguments)
    what = "interrupted" if number == signal.SIGINT else f"interrupted by {number.name}"
    assert ended == (128 + number, f"starcast: {what}\n")
    assert [name for name in tree(tmp_path) if name not in before] == []


@ENDING
def test_a_signal_that_the_process_is_to_ignore_is_ignored(
    planted_files: Path, tmp_path: Path, number: signal.Signals
) -> None:
    """As with nohup, and as a shell starts what is to run in the background."""
    argv = ["train", "--ratings", planted_files / "planted.csv", "--epochs", 3]
    before = signal.signal(number, signal.SIG_IGN)  # which a process that is started inherits
    try:
        ended = ended_at_checkpoint(1, number, tmp_path, *argv, "--checkpoint-every", 0)
    finally:
        signal.signal(number, before)
    assert ended == (0, "")


def test_a_terminal_that_is_closed_keeps_the_best_weights(
    planted_files: Path, tmp_path: Path
) -> None:
    argv = ["train", "--ratings", planted_files / "planted.csv", "--epochs", 1_000_000,
            "--max-checkout-without-progress", 1_000_000, "--checkpoint-every", 0]  # fmt: skip
    kept = tmp_path / HOME / f"{MODEL}.checkpoint"
    assert left_alone_when(kept.exists, tmp_path, *argv) == 128 + signal.SIGHUP
    assert (
        "interrupted by SIGHUP" in storage.load(tmp_path / HOME / f"{MODEL}-interrupted").broken_off
    )
    assert kept.exists()


@pytest.mark.parametrize("verb", ["train", "compare"])
def test_a_reader_that_leaves_costs_no_model(
    starcast: Starcast, planted_files: Path, tmp_path: Path, verb: str
) -> None:
    """As in `starcast train | head`: all is done, test figures and reports too."""
    argv = [verb, "--ratings", planted_files / "planted.csv", "--epochs", 3]
    argv += ["--models", f"{MODEL},means"] if verb == "compare" else ["--test"]
    with subprocess.Popen(
        command(*argv), cwd=tmp_path, env=environment() | {"PYTHONUNBUFFERED": "1"},
        encoding="utf-8", stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout
        assert process.stderr
        process.stdout.readline()
        process.stdout.close()
        assert all(line.startswith("note: --epochs is for") for line in process.stderr)
    assert process.returncode in (0, 1)
    assert storage.read_manifest(tmp_path / HOME / MODEL)["metrics"]["test"]["RMSE"] > 0
    assert (tmp_path / "reports" / "planted" / "index.html").exists() == (verb == "compare")
    assert not [name for name in tree(tmp_path) if "checkpoint" in name]
