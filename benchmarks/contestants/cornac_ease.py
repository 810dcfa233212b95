"""Cornac's EASE: NumPy's inverse of a Gram matrix in double precision."""

from typing import Any

import numpy as np

from benchmarks.list_judge import K, ndcg_of_products, rated
from benchmarks.serving import some_users
from benchmarks.stage import known, read
from benchmarks.worker import Outcome, Round, clocked, memory_now, peak_memory
from starcast.data.ratings import Ratings


def train(data: str, penalty: float, threads: int) -> Round:
    """From its data set in memory to weights, and how good their lists are."""
    split = read(data)
    given = _data_set(known(split))
    matrix = rated(split)

    def run() -> Outcome:
        before, models = memory_now(), list[Any]()
        seconds = clocked(lambda: models.append(_ease(penalty).fit(given)))
        memory = peak_memory() - before
        figures = ndcg_of_products(split, matrix, models[0].B.astype(np.float32))
        return {"time": seconds, **figures, "memory for it, GB": memory}

    return run


def top(data: str, penalty: float, n_users: int, threads: int) -> Round:
    """Top-10 lists without what was seen, one `recommend` per user; scaled to all users."""
    rows = known(read(data))
    calls, n = _calls(rows, penalty, n_users)
    return lambda: {"time": clocked(calls, n / rows.n_users)}


def one(data: str, penalty: float, n_calls: int, threads: int) -> Round:
    """One user's top-10 ids without what they have seen; mean over users."""
    calls, n = _calls(known(read(data)), penalty, n_calls)
    return lambda: {"time": clocked(calls, n)}


def _calls(rows: Ratings, penalty: float, n_users: int) -> tuple[Any, int]:
    """Lists of some users, and how many they are."""
    given = _data_set(rows)
    model = _ease(penalty).fit(given)
    users = some_users(rows.n_users, n_users).tolist()
    model.recommend(users[0], k=K, remove_seen=True, train_set=given)

    def calls() -> None:
        for user in users:
            model.recommend(user, k=K, remove_seen=True, train_set=given)

    return calls, len(users)


def _ease(penalty: float) -> Any:
    from cornac.models import EASE

    return EASE(lamb=penalty, posB=False, verbose=False)


def _data_set(rows: Ratings) -> Any:
    """Who rated what, as 1; of these EASE is the regression."""
    from cornac.data import Dataset

    users, items = ({row: row for row in range(n)} for n in (rows.n_users, rows.n_items))
    columns = (rows.user_rows.astype(np.int64), rows.item_rows.astype(np.int64),
               np.ones(len(rows), np.float32))  # fmt: skip
    return Dataset(rows.n_users, rows.n_items, users, items, columns)
