"""Runs that are killed (SIGKILL), at random and before every step with a temporary file."""

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from drills.tally import CASES, SUPPORT, Tally, command, environment, killed_command
from starcast.artifacts import storage
from starcast.disk.lock import MARK
from starcast.engines.protocol import Weights
from starcast.errors import StarcastError

RATINGS = CASES / "025-index-column.csv"
MODEL = Path("pretrained_models") / RATINGS.stem.split(".")[0] / "latent-factor-model"
TRAIN: tuple[object, ...] = ("train", "--ratings", RATINGS, "--epochs", 8, "--dimension", 8)


_N_USERS, _K = 120, 5


def run(place: Path, arguments: Sequence[object]) -> "subprocess.CompletedProcess[str]":
    """A run that is left alone."""
    return subprocess.run(
        command(*arguments), cwd=place, env=environment(), capture_output=True, text=True,
        check=False, timeout=300,
    )  # fmt: skip


def prepared(place: Path) -> None:
    """A folder with a trained model in it. Raises: RuntimeError: it cannot be trained."""
    done = run(place, TRAIN)
    if done.returncode:
        raise RuntimeError(done.stderr)


def state(place: Path) -> str:
    """What is wrong with what lies there; "" if all of it is whole."""
    try:
        storage.load(place / MODEL)
    except StarcastError as error:
        return str(error)
    top = place / "top.parquet"
    if top.exists() and len(pl.read_parquet(top)) != _N_USERS * _K:
        return f"{top} is not whole"
    top = place / "top.csv"
    if top.exists() and len(pl.read_csv(top)) != _N_USERS * _K:
        return f"{top} is not whole"
    return ""


def leftovers(place: Path) -> str:
    """Temporary files that are left there, in a line."""
    return ", ".join(str(path) for path in place.rglob("*") if MARK in path.name)


def steps_of_replacing(tally: Tally) -> None:
    """A process that replaces a folder or a file, killed before each step that it takes."""
    program = SUPPORT / "killed_at_every_step.py"
    for kind in ("folder", "file"):
        for way in ("exchange", "renames") if kind == "folder" else ("exchange",):
            place = tally.place / f"{kind}-{way}"
            place.mkdir()
            argv = [sys.executable, str(program), kind, way, str(place)]
            done = subprocess.run(argv, capture_output=True, text=True, check=False)
            killed = int(done.stdout.split()[0]) if done.returncode == 0 else 1
            tally.count(done.stderr.strip()[-200:], killed)


def steps_of_training(tally: Tally) -> None:
    """A training over an older model, killed before each thing it does with a temporary name."""
    prepared(tally.place)
    right = storage.load(tally.place / MODEL).weights
    for n in tally.tries():
        argv = killed_command(n + 1, *TRAIN)
        done = subprocess.run(
            argv, cwd=tally.place, env=environment(), capture_output=True, check=False
        )
        if done.returncode == 0:
            break
        tally.count(state(tally.place))
    _closes(tally, right)


def random_kills(tally: Tally) -> None:
    """Verbs that write, killed at any moment: what is there stays whole, a last run succeeds."""
    prepared(tally.place)
    right = storage.load(tally.place / MODEL).weights
    verbs: list[tuple[object, ...]] = [
        TRAIN,
        ("recommend", MODEL, "--all", "-k", _K, "--out", "top.csv"),
        ("recommend", MODEL, "--all", "-k", _K, "--out", "top.parquet"),
    ]
    lengths = [_seconds(tally.place, verb) for verb in verbs]
    for _ in tally.tries():
        at = tally.chance.randrange(len(verbs))
        with subprocess.Popen(
            command(*verbs[at]), cwd=tally.place, env=environment(), stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:  # fmt: skip
            time.sleep(lengths[at] * tally.chance.uniform(0.3, 1.05))
            process.kill()
        ended = process.returncode == 0
        tally.count(state(tally.place), 0 if ended else 1)
    for verb in verbs[1:]:
        run(tally.place, verb)
    _closes(tally, right)


def _seconds(place: Path, verb: Sequence[object]) -> float:
    begun = time.monotonic()
    done = run(place, verb)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return time.monotonic() - begun


def _closes(tally: Tally, right: Weights) -> None:
    """The same training again, left alone: the same weights as before, and nothing left behind."""
    done = run(tally.place, TRAIN)
    fault = done.stderr if done.returncode else leftovers(tally.place)
    weights = storage.load(tally.place / MODEL).weights
    if not fault and any(not np.array_equal(weights[name], right[name]) for name in right):
        fault = "other weights than those of a run that was left alone"
    tally.count(fault)
