"""Surprise's SVD: the same model in Cython, over Python dictionaries of ratings."""

import time
from typing import Any

import numpy as np

from benchmarks.serving import some_users
from benchmarks.stage import SEED, known, read
from benchmarks.worker import Outcome, Round, clocked
from starcast.data.ratings import Ratings
from starcast.evaluation import metrics


def to_weights(data: str, dimension: int, n_epochs: int, threads: int) -> Round:
    """From columns in memory to weights, and how good they are on the test rows."""
    split = read(data)
    rows, test = known(split), split.test

    def run() -> Outcome:
        started = time.perf_counter()
        given = _train_set(rows)
        prepared = time.perf_counter()
        model = _svd(dimension, n_epochs).fit(given)
        ended = time.perf_counter()
        pairs = zip(test.user_rows.tolist(), test.item_rows.tolist(), strict=True)
        raw = np.array([model.predict(user, item).est for user, item in pairs])
        return {
            "time": ended - started,
            "training alone, s": ended - prepared,
            "test RMSE": metrics.rmse(test.stars, test.scale.clip(raw)),
        }

    return run


def pairs(data: str, dimension: int, threads: int) -> Round:
    """Clipped predictions of the test rows, one call each; seconds per pair."""
    split = read(data)
    model = _svd(dimension, 1).fit(_train_set(known(split)))
    users, items = split.test.user_rows.tolist(), split.test.item_rows.tolist()

    def predict() -> None:
        for user, item in zip(users, items, strict=True):
            model.predict(user, item)

    return lambda: {"time": clocked(predict, len(users))}


def top(data: str, dimension: int, n_users: int, threads: int) -> Round:
    """Top-10 lists without what was seen; every item is predicted. The time is scaled to all."""
    split = read(data)
    model = _svd(dimension, 1).fit(_train_set(known(split)))
    users = some_users(split.ratings.n_users, n_users).tolist()

    def lists() -> None:
        for user in users:
            seen = {item for item, _ in model.trainset.ur[model.trainset.to_inner_uid(user)]}
            items = [i for i in model.trainset.all_items() if i not in seen]
            raw = [model.trainset.to_raw_iid(item) for item in items]
            scores = [(model.predict(user, item).est, item) for item in raw]
            sorted(scores, reverse=True)[:10]

    return lambda: {"time": clocked(lists, len(users) / split.ratings.n_users)}


def _train_set(rows: Ratings) -> Any:
    import pandas as pd
    from surprise import Dataset, Reader

    frame = pd.DataFrame({"user": rows.user_rows, "item": rows.item_rows, "stars": rows.stars})
    reader = Reader(rating_scale=(rows.scale.lowest, rows.scale.highest))
    return Dataset.load_from_df(frame, reader).build_full_trainset()


def _svd(dimension: int, n_epochs: int) -> Any:
    from surprise import SVD

    return SVD(n_factors=dimension, n_epochs=n_epochs, random_state=SEED)
