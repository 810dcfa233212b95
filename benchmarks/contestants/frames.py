"""Readers of tables: columns of numbers, and no vocabularies, scale, checks or cache."""

from benchmarks.worker import Outcome, Round, clocked, peak_memory


def polars(path: str, threads: int) -> Round:
    """A CSV file by Polars."""
    import polars as pl

    def run() -> Outcome:
        return {"time": clocked(lambda: pl.read_csv(path)), "peak GB": peak_memory()}

    return run


def pandas(path: str, threads: int) -> Round:
    """A CSV file by pandas."""
    import pandas as pd

    def run() -> Outcome:
        return {"time": clocked(lambda: pd.read_csv(path)), "peak GB": peak_memory()}

    return run
