"""What the processor could do: the operations of a work at the speed of a matrix product."""

import numpy as np

from benchmarks.stage import known, read
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
    multiplications = 2 * len(rows) * per_rating + (rows.n_users + rows.n_items) * per_row
    square = np.random.default_rng(0).random((_SIDE, _SIDE), np.float32)

    def run() -> Outcome:
        seconds = min(clocked(lambda: square @ square) for _ in range(20))
        speed = _SIDE**3 / seconds
        return {"time": multiplications / speed / len(rows), "GFLOP/s": 2 * speed / 1e9}

    return run
