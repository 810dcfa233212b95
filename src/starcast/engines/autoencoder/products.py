"""Products of the sparse ratings with dense tables: what an autoencoder's time is spent on.

A rating costs a row of h weights four times per gradient: to sum up an item's code, to predict, to
pass the error on to either side. Dense matrix products would visit the empty cells as well, 22
times as many for MovieLens 1M.
"""

from typing import Any, NamedTuple, Self, final

import numba
import numpy as np
from numpy.typing import NDArray

from starcast.engines.compiled import parallel

N_SHARES = 16  # of rows, of about as many ratings each


@final
class Histories(NamedTuple):
    """The ratings of every row of one side, one row after the other.

    Attributes:
        starts: int64 (n_rows + 1,), where the ratings of a row begin.
        others: int32 (n,), rows of the other side.
        order: int64 (n,), which training rating each is.
        shares: int64 (N_SHARES + 1,), where each share of the rows begins.
    """

    starts: NDArray[np.int64]
    others: NDArray[np.int32]
    order: NDArray[np.int64]
    shares: NDArray[np.int64]

    @classmethod
    def of(cls, rows: NDArray[np.int32], others: NDArray[np.int32], n_rows: int) -> Self:
        """The ratings sorted by row."""
        order = np.argsort(rows, kind="stable")
        starts = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=n_rows))])
        work = starts + np.arange(len(starts))
        shares = np.searchsorted(work, work[-1] * np.arange(N_SHARES + 1) / N_SHARES)
        return cls(starts, others[order], order, shares)


@parallel
def summed_rows(histories: Any, values: Any, table: Any, sums: Any) -> None:
    """sums[row] = Σ values[n] · table[other of n] over the row's ratings n, values in their order.

    Args:
        histories: of the side that is summed for.
        values: float32 (n,), one per rating of the histories.
        table: float32 (n_others, h).
        sums: float32 (n_rows, h), written.
    """
    starts, others, _, shares = histories
    for share in numba.prange(N_SHARES):
        for row in range(shares[share], shares[share + 1]):
            summed, first, end = sums[row], starts[row], starts[row + 1]
            summed[:] = 0
            fours = first + (end - first) // 4 * 4
            for n in range(first, fours, 4):  # the sums travel to and fro once for four ratings
                a, b, c, d = values[n], values[n + 1], values[n + 2], values[n + 3]
                of_a, of_b = table[others[n]], table[others[n + 1]]
                of_c, of_d = table[others[n + 2]], table[others[n + 3]]
                for k in range(len(summed)):
                    summed[k] += (a * of_a[k] + b * of_b[k]) + (c * of_c[k] + d * of_d[k])
            for n in range(fours, end):
                a, of_a = values[n], table[others[n]]
                for k in range(len(summed)):
                    summed[k] += a * of_a[k]


@parallel
def predict_and_slope(
    histories: Any, targets: Any, places: Any, kernel: Any, bias: Any, codes: Any,
    errors: Any, kernel_slope: Any, bias_slope: Any,
) -> Any:  # fmt: skip
    """Errors of kernel[u] · codes[i] + bias[u]; their squares, and the slope of half of these.

    Args:
        histories: of the users.
        targets: float32 (n,), one per rating of the histories.
        places: int64 (n,), where the error of each of them goes.
        kernel, bias: float32 (n_users, h), (n_users,).
        codes: float32 (n_items, h).
        errors: float32 (n,), written.
        kernel_slope, bias_slope: float32, as kernel and bias, written.
    Returns: float64 (N_SHARES,), Σ error² of each share.
    """
    starts, others, _, shares = histories
    squares = np.zeros(N_SHARES)
    for share in numba.prange(N_SHARES):
        for user in range(shares[share], shares[share + 1]):
            weights, slope = kernel[user], kernel_slope[user]
            slope[:] = 0
            summed = squared = np.float32(0)
            for n in range(starts[user], starts[user + 1]):
                code, error = codes[others[n]], bias[user] - targets[n]
                for k in range(len(code)):
                    error += weights[k] * code[k]
                for k in range(len(code)):
                    slope[k] += error * code[k]
                errors[places[n]] = error
                summed += error
                squared += error * error
            bias_slope[user] = summed
            squares[share] += squared
    return squares
