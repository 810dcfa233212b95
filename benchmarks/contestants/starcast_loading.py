"""Starcast and its files: a rating file for the first time, and from the cache."""

from pathlib import Path

import polars  # noqa: F401  imports are not on the clock

from benchmarks.worker import Outcome, Round, clocked, peak_memory
from starcast.data import cache
from starcast.data.load import load


def read(data_dir: str, is_first: bool, threads: int) -> Round:
    """Ratings with vocabularies, scale and titles from a MovieLens folder.

    Args:
        data_dir: the folder that holds ml-20m.
        is_first: no cache is there yet, and it is written.
        threads: all there are, as by default.
    """
    cached = cache.path_for(Path(data_dir) / "ml-20m" / "ratings.csv")
    if is_first:
        cached.unlink(missing_ok=True)
    elif not cached.exists():
        load("ml-20m", Path(data_dir))

    def run() -> Outcome:
        seconds = clocked(lambda: load("ml-20m", Path(data_dir)))
        return {"time": seconds, "peak GB": peak_memory()}

    return run
