"""Starcast's lists by rules, each beside the same list without, call by call."""

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.serving import FACTOR, some_users, trained
from benchmarks.stage import SEED, read
from benchmarks.worker import Outcome, Round, clocked
from starcast.data.ratings import Attribute, Ratings
from starcast.recommend import Recommender

WITHOUT, SHARE = "without rules", "share of it"
_K, _N_GENRES, _MOST = 10, 18, 3  # as ML-1M's films have them


def one(data: str, rules: dict[str, Any], n_calls: int, threads: int) -> Round:
    """One user's top-10; median over users, who are asked with and without rules by turns.

    Args:
        data: the folder of a split.
        rules: as `recommend` takes them.
        n_calls: users.
        threads: all there are, as by default.
    """
    recommender = _recommender(data)
    ratings = recommender.artifact.split.ratings
    users = ratings.users.ids[some_users(ratings.n_users, n_calls)].tolist()

    def ask(user: object, rules: dict[str, Any]) -> None:
        recommender.recommend(user, _K, on_remark=_unsaid, **rules)

    for given in (rules, {}):
        ask(users[0], given)

    def run() -> Outcome:
        seconds: dict[bool, list[float]] = {True: [], False: []}
        for at, user in enumerate(users):
            for with_them in (True, False) if at % 2 else (False, True):
                given = rules if with_them else {}
                seconds[with_them].append(clocked(lambda: ask(user, given)))  # noqa: B023  # now
        return _outcome(float(np.median(seconds[True])), float(np.median(seconds[False])))

    return run


def everybody(data: str, rules: dict[str, Any], threads: int) -> Round:
    """The lists of all users to a Parquet file, with and without rules by turns."""
    recommender, turns = _recommender(data), [0]

    def write(path: Path, rules: dict[str, Any]) -> Callable[[], object]:
        return lambda: recommender.recommend_all(path, _K, on_remark=_unsaid, **rules)

    def run() -> Outcome:
        turns[0] += 1
        with tempfile.TemporaryDirectory(dir=data) as folder:
            path = Path(folder) / "lists.parquet"
            seconds = {
                with_them: clocked(write(path, rules if with_them else {}))
                for with_them in ((True, False) if turns[0] % 2 else (False, True))
            }
        return _outcome(seconds[True], seconds[False])

    run()
    return run


def _outcome(with_them: float, without: float) -> Outcome:
    return {"time": with_them, f"{WITHOUT}, µs": without * 1e6, SHARE: with_them / without}


def _unsaid(line: str) -> None:
    """Short lists are none of this measurement's business."""


def _recommender(data: str) -> Recommender:
    """The quickest lists there are, of items with genres."""
    split = read(data)
    return Recommender(trained(replace(split, ratings=_with_genres(split.ratings)), FACTOR, 32, 5))


def _with_genres(ratings: Ratings) -> Ratings:
    rng = np.random.default_rng(SEED)
    known = {
        item: [f"g{n}" for n in rng.permutation(_N_GENRES)[: rng.integers(1, _MOST + 1)]]
        for item in ratings.items.ids.tolist()
    }
    return replace(ratings, attributes=(Attribute.of(ratings.items, "genre", known),))
