"""implicit's alternating least squares by conjugate gradients, in C++ through Cython."""

from typing import Any

import numpy as np

from benchmarks.list_judge import K, ndcg, rated
from benchmarks.serving import some_users
from benchmarks.stage import SEED, read
from benchmarks.worker import Outcome, Round, clocked, memory_now, peak_memory

_N_KNOWN = 20  # items of a stranger


def train(data: str, settings: dict[str, Any], threads: int) -> Round:
    """From a sparse matrix in memory to factors, and how good their lists are.

    Args:
        data: the folder of a split.
        settings: of its model.
        threads: of its loops.
    """
    split = read(data)
    matrix = rated(split)
    everybody = some_users(split.ratings.n_users, split.ratings.n_users)

    def run() -> Outcome:
        before, model = memory_now(), _model(settings, threads)
        seconds = clocked(lambda: model.fit(matrix, show_progress=False))
        memory = peak_memory() - before
        lists, _ = model.recommend(everybody, matrix, N=K)
        return {"time": seconds, **ndcg(split, lists), "memory for it, GB": memory}

    return run


def top(data: str, settings: dict[str, Any], threads: int) -> Round:
    """Top-10 rows of all users without what they have seen."""
    model, matrix = _trained(data, settings, threads)
    everybody = some_users(matrix.shape[0], matrix.shape[0])
    model.recommend(everybody[:2], matrix[:2], N=K)
    before = memory_now()

    def run() -> Outcome:
        seconds = clocked(lambda: model.recommend(everybody, matrix, N=K))
        return {"time": seconds, "memory for it, GB": peak_memory() - before}

    return run


def one(data: str, settings: dict[str, Any], n_calls: int, threads: int) -> Round:
    """One user's top-10 rows, from their row of the matrix made beforehand; mean over users."""
    return _asked(data, settings, n_calls, threads, stranger=False)


def fold_in(data: str, settings: dict[str, Any], n_calls: int, threads: int) -> Round:
    """Top-10 rows of people known by 20 items alone, made rows beforehand; mean over people."""
    return _asked(data, settings, n_calls, threads, stranger=True)


def _asked(data: str, settings: dict[str, Any], n_calls: int, threads: int, *,
           stranger: bool) -> Round:  # fmt: skip
    model, matrix = _trained(data, settings, threads)
    users = some_users(matrix.shape[0], n_calls).tolist()
    rows = [_first(matrix[user]) if stranger else matrix[user] for user in users]

    def calls() -> None:
        for user, row in zip(users, rows, strict=True):
            model.recommend(user, row, N=K, recalculate_user=stranger)

    calls()
    return lambda: {"time": clocked(calls, len(users))}


def _first(row: Any) -> Any:
    """The first entries of a sparse row."""
    from scipy.sparse import csr_matrix

    items = row.indices[:_N_KNOWN]
    ones = np.ones(len(items), np.float32)
    return csr_matrix((ones, items, [0, len(items)]), shape=row.shape)


def _trained(data: str, settings: dict[str, Any], threads: int) -> tuple[Any, Any]:
    model, matrix = _model(settings, threads), rated(read(data))
    model.fit(matrix, show_progress=False)
    return model, matrix


def _model(settings: dict[str, Any], threads: int) -> Any:
    from implicit.cpu.als import AlternatingLeastSquares
    from threadpoolctl import threadpool_limits

    threadpool_limits(1, "blas")  # as it asks for: its own threads call BLAS
    return AlternatingLeastSquares(**settings, num_threads=threads, random_state=SEED)
