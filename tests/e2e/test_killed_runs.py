"""Runs that are killed while they write, and runs that meet."""

import subprocess
import sys
from pathlib import Path

from processes import Starcast, command, environment, killed_command, tree

from starcast.artifacts import storage
from starcast.artifacts.artifact import Artifact
from starcast.disk.lock import MARK

MODEL = "pretrained_models/planted/latent-factor-model"
_HELD = """
import sys
from pathlib import Path
from starcast.disk.lock import alone
with alone(Path(sys.argv[1])):
    print(flush=True)
    sys.stdin.read()
"""


def train(ratings: Path, seed: int) -> list[object]:
    return ["train", "--ratings", ratings, "--epochs", 1, "--seed", seed]


def test_killed_trainings_leave_a_whole_model_and_the_next_leaves_nothing_else(
    starcast: Starcast, planted_files: Path, tmp_path: Path
) -> None:
    ratings = planted_files / "planted.csv"
    assert starcast(*train(ratings, 1)).returncode == 0
    for step in (13, 19, 25, 28):
        argv = killed_command(step, *train(ratings, 2))
        killed = subprocess.run(argv, cwd=tmp_path, env=environment(), check=False, timeout=120)
        assert killed.returncode == -9
        assert storage.load(tmp_path / MODEL).seed in (1, 2)
    (tmp_path / MODEL / "manifest.json").write_bytes(b"{")  # what is damaged may be replaced
    assert starcast(*train(ratings, 3)).returncode == 0
    assert storage.load(tmp_path / MODEL).seed == 3
    assert not [name for name in [*tree(tmp_path), *tree(planted_files)] if MARK in name]


def meeting(place: Path, *arguments: object) -> "subprocess.CompletedProcess[str]":
    """What a run says while another one holds a place below its folder."""
    holder = [sys.executable, "-c", _HELD, str(place)]
    with subprocess.Popen(holder, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout
        other.stdout.readline()
        try:
            return subprocess.run(
                command(*arguments), cwd=place.parents[2], env=environment(), capture_output=True,
                encoding="utf-8", check=False, timeout=120,
            )  # fmt: skip
        finally:
            other.kill()


def test_a_second_run_into_one_folder_is_refused_before_it_trains(
    starcast: Starcast, planted_files: Path, tmp_path: Path
) -> None:
    for verb in ("train", "compare"):
        done = meeting(
            tmp_path / MODEL, verb, "--ratings", planted_files / "planted.csv", "--epochs", 1
        )
        assert done.returncode == 1
        *notes, said = done.stderr.splitlines()
        assert all(note.startswith("note: ") for note in notes)
        assert f"is writing {tmp_path / MODEL}; wait until it has ended" in said
        assert "epoch" not in done.stdout
        assert not (tmp_path / MODEL).exists()
    assert (
        starcast(*train(planted_files / "planted.csv", 1)).returncode == 0
    )  # the other has been killed


def test_a_second_list_for_everybody_is_refused(
    starcast: Starcast, planted_files: Path, tmp_path: Path
) -> None:
    assert starcast(*train(planted_files / "planted.csv", 1)).returncode == 0
    (tmp_path / "lists" / "all").mkdir(parents=True)
    done = meeting(
        tmp_path / "lists" / "all" / "top.csv",
        "recommend", MODEL, "--all", "--out", "lists/all/top.csv",
    )  # fmt: skip
    assert done.returncode == 1
    assert "another run (process " in done.stderr
    assert done.stderr.count("\n") == 1


_WRITER = """
import sys
from dataclasses import replace
from pathlib import Path
from starcast.artifacts import storage
folder = Path(sys.argv[1])
artifact = storage.load(folder)
print(flush=True)
for seed in range(100):
    storage.save(replace(artifact, seed=seed, weights_before_refit=artifact.weights), folder)
"""


def test_a_reader_beside_a_writer_always_finds_a_whole_model(
    known_by_heart: Artifact, tmp_path: Path
) -> None:
    folder = storage.save(known_by_heart, tmp_path / "mine")
    argv = [sys.executable, "-c", _WRITER, str(folder)]
    seeds = set()
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as writer:
        assert writer.stdout
        writer.stdout.readline()
        while writer.poll() is None:
            seeds.add(storage.load(folder).seed)
    assert writer.returncode == 0
    assert len(seeds) > 3
    assert storage.load(folder).seed == 99
