"""implicit's top-k in C++, on given factors, through its `recommend`."""

from typing import Any

import numpy as np

from benchmarks.serving import FACTOR, Factors, seen, some_users, trained
from benchmarks.stage import read
from benchmarks.worker import Outcome, Round, clocked, memory_now, peak_memory
from starcast.data.split import Split


def top(data: str, dimension: int, n_epochs: int, n_users: int, threads: int) -> Round:
    """Top-10 lists without what was seen, from the whole catalogue; scaled to all users."""
    split = read(data)
    users = some_users(split.ratings.n_users, n_users)
    model, liked = _serving(split, dimension, n_epochs, threads)
    asked = liked[users]
    model.recommend(users[:2], asked[:2], N=10)
    before = memory_now()

    def run() -> Outcome:
        share = len(users) / split.ratings.n_users
        seconds = clocked(lambda: model.recommend(users, asked, N=10), share)
        return {"time": seconds, "memory for it, GB": peak_memory() - before}

    return run


def one(data: str, dimension: int, n_epochs: int, n_calls: int, threads: int) -> Round:
    """One user's top-10 rows without what he has seen, from his row made beforehand."""
    split = read(data)
    model, liked = _serving(split, dimension, n_epochs, threads)
    users = some_users(split.ratings.n_users, n_calls).tolist()
    rows = [liked[user] for user in users]
    model.recommend(users[0], rows[0], N=10)

    def calls() -> None:
        for user, row in zip(users, rows, strict=True):
            model.recommend(user, row, N=10)

    return lambda: {"time": clocked(calls, len(users))}


def _serving(split: Split, dimension: int, n_epochs: int, threads: int) -> tuple[Any, Any]:
    """Its model with the weights that Starcast serves, and what users have seen as a matrix."""
    from implicit.cpu.als import AlternatingLeastSquares
    from scipy.sparse import csr_matrix
    from threadpoolctl import threadpool_limits

    threadpool_limits(1, "blas")  # as it asks for: its own threads call BLAS
    factors = Factors.of(trained(split, FACTOR, dimension, n_epochs).weights)
    model = AlternatingLeastSquares(factors=factors.user.shape[1], num_threads=threads)
    model.user_factors, model.item_factors = factors
    items, starts = seen(split)
    shape = (split.ratings.n_users, split.ratings.n_items)
    return model, csr_matrix((np.ones(len(items), np.float32), items, starts), shape=shape)
