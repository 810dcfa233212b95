"""myFM's Bayesian factorization machine: Gibbs sampling in C++; its mean prediction is accurate."""

import time
from typing import Any

import numpy as np

from benchmarks.stage import SEED, known, read
from benchmarks.worker import Outcome, Round, clocked
from starcast import metrics
from starcast.ratings import Ratings


def to_weights(data: str, rank: int, n_sweeps: int, threads: int) -> Round:
    """From columns in memory to samples, and how good their mean is on the test rows."""
    split = read(data)
    rows, test = known(split), split.test

    def run() -> Outcome:
        started = time.perf_counter()
        given = _one_hot(rows)
        prepared = time.perf_counter()
        model = _fitted(given, rows, rank, n_sweeps)
        ended = time.perf_counter()
        raw = model.predict(_one_hot(test), n_workers=threads)
        return {
            "time": ended - started,
            "training alone, s": ended - prepared,
            "test RMSE": metrics.rmse(test.stars, test.scale.clip(raw)),
        }

    return run


def pairs(data: str, rank: int, n_sweeps: int, threads: int) -> Round:
    """Predictions of the test rows from their matrix; seconds per pair."""
    split = read(data)
    rows = known(split)
    model, asked = _fitted(_one_hot(rows), rows, rank, n_sweeps), _one_hot(split.test)
    return lambda: {
        "time": clocked(lambda: model.predict(asked, n_workers=threads), len(split.test))
    }


def _one_hot(rows: Ratings) -> Any:
    """One column per user and per item, two ones per rating."""
    from scipy.sparse import csr_matrix

    columns = np.column_stack([rows.user_rows, rows.n_users + rows.item_rows]).ravel()
    ends = np.arange(0, 2 * len(rows) + 1, 2)
    shape = (len(rows), rows.n_users + rows.n_items)
    return csr_matrix((np.ones(2 * len(rows)), columns, ends), shape=shape)


def _fitted(given: Any, rows: Ratings, rank: int, n_sweeps: int) -> Any:
    from myfm import MyFMRegressor

    model = MyFMRegressor(rank=rank, random_seed=SEED)
    return model.fit(given, rows.stars, n_iter=n_sweeps, group_shapes=[rows.n_users, rows.n_items])
