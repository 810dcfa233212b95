"""Ratings that outgrow memory: made, written as blocks, trained on and listed from, and measured.

    python tools/billion.py --folder build/billion 1M 20M 100M 1G

Every step is a process of its own. Peak memory is what belongs to the process alone (RssAnon); what
the system holds of files beside it, and lets go of when memory is wanted, is its page cache. The
ratings are nobody's: accuracy on them means nothing.
"""

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from threading import Event, Thread
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from starcast.data.blocks.opening import open_blocks
from starcast.data.ratings import Ratings
from starcast.data.to_blocks import to_blocks
from starcast.engines.factorization.sgd import SgdEngine
from starcast.engines.rows import SparseRows
from starcast.engines.tuned import FACTORS
from starcast.scoring import FactorScorer
from starcast.scoring.ranker import Ranker
from starcast.scoring.top_lists import top_rows

SEED, DIMENSION, K = 1, 32, 10
LISTED = 100_000  # users
ROUNDS = 12
AT_ONCE = 5_000_000  # ratings that are made at a time
IN_MEMORY = 200_000_000  # up to so many ratings an epoch from memory is timed beside


class Shape(NamedTuple):
    """How many there are of what."""

    n_ratings: int
    n_users: int
    n_items: int


SHAPES = {
    "1M": Shape(1_000_209, 6_040, 3_706),
    "20M": Shape(20_000_263, 138_493, 26_744),
    "100M": Shape(100_480_507, 480_189, 17_770),
    "1G": Shape(1_000_000_000, 10_000_000, 1_000_000),
}
"""The shapes of ML-1M, ML-20M and the Netflix prize, and ten million users by a million items."""


def make(shape: Shape, folder: Path) -> dict[str, float]:
    """A folder of Parquet files sorted by user, as they would come from a database.

    Activity is lognormal with the spread of ML-20M; the item of rank r is drawn with a probability
    ∝ (r + q)^-2, q = n_items / 50.
    """
    rng = np.random.default_rng(SEED)
    activity = np.minimum(np.exp(rng.normal(0, 1.17, shape.n_users)), 50)
    counts = np.maximum(np.round(activity * shape.n_ratings / activity.sum()), 1).astype(np.int64)
    item_of_rank = rng.permutation(shape.n_items).astype(np.int32)
    bias = rng.normal(0, 0.45, shape.n_items).astype(np.float32)
    folder.mkdir(parents=True)
    ends = np.cumsum(counts)
    cuts = np.searchsorted(ends, np.arange(AT_ONCE, ends[-1], AT_ONCE))
    bounds = np.unique([0, *cuts, shape.n_users])
    for at, (first, last) in enumerate(pairwise(bounds.tolist())):
        keys, wanted = np.empty(0, np.int64), counts[first:last]
        for _ in range(ROUNDS):  # again for those who drew an item twice
            left = np.maximum(
                wanted - np.bincount(keys // shape.n_items - first, minlength=last - first), 0
            )
            if not left.any():
                break
            users = np.repeat(np.arange(first, last), left)
            items = item_of_rank[_ranks(rng.random(len(users)), shape.n_items)]
            keys = np.sort(np.concatenate([keys, users * shape.n_items + items]))
            keys = keys[np.append(True, keys[1:] != keys[:-1])]
        users, items = np.divmod(keys, shape.n_items)
        raw = 3.5 + bias[items] + rng.normal(0, 0.9, len(keys)).astype(np.float32)
        frame = pl.DataFrame(
            {
                "user_id": users.astype(np.uint32),
                "item_id": items.astype(np.uint32),
                "rating": np.clip(np.round(2 * raw) / 2, 0.5, 5).astype(np.float32),
            }
        )
        frame.write_parquet(folder / f"part-{at:04}.parquet", compression="lz4")
    return {"bytes": sum(path.stat().st_size for path in folder.iterdir())}


def _ranks(uniform: NDArray[np.float64], n: int) -> NDArray[np.int64]:
    """Ranks by the inverse of ∫ (r + q)^-2 dr on [0, n)."""
    q = n / 50
    share = uniform * n / (n + q)
    return np.minimum(q * share / (1 - share), n - 1).astype(np.int64)


def ingest(source: Path, blocks: Path) -> dict[str, float]:
    """Files to blocks."""
    ratings = to_blocks(source, blocks)
    size = sum(path.stat().st_size for path in blocks.iterdir())
    return {"n_ratings": len(ratings), "bytes": size}


def train(blocks: Path, weights: Path) -> dict[str, float]:
    """Epochs of SGD from blocks, all rows of which train; the quickest is told of."""
    started = time.perf_counter()
    ratings = open_blocks(blocks, "billion")
    opened = time.perf_counter() - started
    engine, ready = _engine(ratings)
    seconds = min(_epochs(engine, 2 if len(ratings) > IN_MEMORY else 6))
    arrays: dict[str, Any] = engine.weights()
    np.savez(weights, **arrays)
    return {"open": opened, "grid": ready, "epoch": seconds, "ns": seconds / len(ratings) * 1e9}


def compare(blocks: Path) -> dict[str, float]:
    """Epochs from blocks and from memory, which take turns; the best of each."""
    mapped = open_blocks(blocks, "billion")
    held = replace(
        mapped,
        user_rows=np.array(mapped.user_rows),
        item_rows=np.array(mapped.item_rows),
        stars=np.array(mapped.stars),
    )
    engines = [_engine(ratings)[0] for ratings in (mapped, held)]
    turns = [[next(_epochs(engine, 1)) for engine in engines] for _ in range(4)]
    of_blocks, of_memory = (min(times) for times in zip(*turns, strict=True))
    return {"blocks": of_blocks, "memory": of_memory, "ratio": of_blocks / of_memory}


def lists(blocks: Path, weights: Path) -> dict[str, float]:
    """The ten best of all items for many users, without those they rated."""
    ratings = open_blocks(blocks, "billion")
    with np.load(weights) as stored:
        ranker = Ranker(FactorScorer(dict(stored)))
    users = np.random.default_rng(SEED).choice(ratings.n_users, LISTED, ratings.n_users < LISTED)
    started = time.perf_counter()
    top = top_rows(ranker, SparseRows.by_user(ratings), users.astype(np.int32), K)
    return {"lists": time.perf_counter() - started, "n_lists": len(top)}


def _engine(ratings: Ratings) -> tuple[SgdEngine, float]:
    settings: Any = replace(FACTORS["SGD"], dimension=DIMENSION)  # type: ignore[call-arg]
    started = time.perf_counter()
    engine = SgdEngine(settings, ratings, SEED)
    return engine, time.perf_counter() - started


def _epochs(engine: SgdEngine, n: int) -> Iterator[float]:
    for _ in range(n):
        started = time.perf_counter()
        engine.run_epoch()
        yield time.perf_counter() - started


def _measured(step: Callable[[], dict[str, float]]) -> dict[str, float]:
    """What a step tells, its seconds, and the most memory of its own in GB."""
    peak, done = [0.0], Event()

    def watch() -> None:
        while not done.wait(0.05):
            status = Path("/proc/self/status").read_text()
            kilobytes = int(status.split("RssAnon:")[1].split()[0])
            peak[0] = max(peak[0], kilobytes / 1e6)

    watcher = Thread(target=watch)
    watcher.start()
    started = time.perf_counter()
    try:
        told = step()
    finally:
        done.set()
        watcher.join()
    return told | {"seconds": time.perf_counter() - started, "peak GB": peak[0]}


def run_step(name: str, size: str, folder: Path) -> dict[str, float]:
    """One step of one size, in this process."""
    shape, home = SHAPES[size], folder / size
    source, blocks, weights = home / "parts", home / "ratings.blocks", home / "weights.npz"
    steps: dict[str, Callable[[], dict[str, float]]] = {
        "make": lambda: make(shape, source),
        "ingest": lambda: ingest(source, blocks),
        "train": lambda: train(blocks, weights),
        "compare": lambda: compare(blocks),
        "lists": lambda: lists(blocks, weights),
    }
    return _measured(steps[name])


def main() -> None:
    """Every step of every size, each in a process, and what each told."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sizes", nargs="+", choices=SHAPES)
    parser.add_argument("--folder", type=Path, required=True, help="where 45 bytes a rating fit")
    parser.add_argument("--step", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.step:
        print(json.dumps(run_step(given.step, given.sizes[0], given.folder)))
        return
    for size in given.sizes:
        shutil.rmtree(given.folder / size, ignore_errors=True)
        steps = ["make", "ingest", "train", "lists"]
        steps += ["compare"] if SHAPES[size].n_ratings <= IN_MEMORY else []
        for step in steps:
            command = [sys.executable, __file__, size, "--folder", str(given.folder)]
            done = subprocess.run([*command, "--step", step], check=True, stdout=subprocess.PIPE)
            told = json.loads(done.stdout)
            print(size, step, *(f"{name} {value:,.3g}" for name, value in told.items()), flush=True)
            if step == "ingest":
                shutil.rmtree(given.folder / size / "parts")
        shutil.rmtree(given.folder / size)


if __name__ == "__main__":
    main()
