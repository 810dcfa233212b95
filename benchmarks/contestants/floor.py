"""What the processor could do: the operations of a work at the speed of a matrix product."""

from typing import Any

import numba
import numpy as np

from benchmarks.crew import cores
from benchmarks.stage import SEED, known, read
from benchmarks.worker import Outcome, Round, clocked

_SIDE = 1024


def als(data: str, dimension: int, threads: int) -> Round:
    """An alternating least squares sweep, seconds per rating, on all processors.

    For d + 1 unknowns a row: per rating a symmetric update of (d + 1)(d + 2) / 2 multiplications
    and d + 1 for the right side; per row a Cholesky factor, (d + 1)³ / 6, and two solves.
    """
    rows = known(read(data))
    size = dimension + 1
    per_rating = size * (size + 1) // 2 + size
    per_row = size**3 / 6 + size**2
    return _bound(2 * len(rows) * per_rating + (rows.n_users + rows.n_items) * per_row, len(rows))


def gibbs(data: str, dimension: int, threads: int) -> Round:
    """A Gibbs sweep of one chain with both histories, seconds per rating, on all processors.

    For each of d + 1 factors, users and items alike: per rating the error's change and the two
    sums it enters, 3; and as every rating is also a (member, feature) pair of a history, two sums
    over the feature's members and the change of what they are left with, 3. Draws are not counted.
    """
    n = len(known(read(data)))
    return _bound(2 * 6 * (dimension + 1) * n, n)


def look_ups(data: str, dimension: int, threads: int) -> Round:
    """The visits of a Gibbs sweep of one chain, seconds per rating, with two chains side by side.

    For each of d + 1 factors, users and items alike: one visit to every rating, and two to every
    (member, feature) pair. Each takes as long as to look up a user's value and add it, no more.
    """
    rows = known(read(data))
    values = np.random.default_rng(SEED).random(rows.n_users, np.float32)
    members = np.random.default_rng(SEED).permutation(rows.user_rows)  # a feature's are scattered
    _added(values, members)

    def run() -> Outcome:
        seconds = min(clocked(lambda: _added(values, members)) for _ in range(20))
        return {"time": 2 * 3 * (dimension + 1) * seconds / len(rows) / min(2, cores())}

    return run


@numba.njit(fastmath=True)
def _added(values: Any, rows: Any) -> Any:
    total = np.float32(0)
    for row in rows:
        total += values[row]
    return total


def _bound(multiplications: float, n_ratings: int) -> Round:
    square = np.random.default_rng(0).random((_SIDE, _SIDE), np.float32)

    def run() -> Outcome:
        seconds = min(clocked(lambda: square @ square) for _ in range(20))
        speed = _SIDE**3 / seconds
        return {"time": multiplications / speed / n_ratings, "GFLOP/s": 2 * speed / 1e9}

    return run
