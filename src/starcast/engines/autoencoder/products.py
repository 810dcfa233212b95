"""Products of the sparse ratings with dense tables: what an autoencoder's time is spent on.

A rating costs a row of h weights four times per gradient: to sum up an item's code, to predict, to
pass the error on to either side. Dense matrix products would visit the empty cells as well, 22
times as many for MovieLens 1M.
"""

from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from starcast.engines.compiled import parallel
from starcast.engines.rows import N_SHARES


class Decoder(NamedTuple):
    """What turns codes into predictions, or the slope of it.

    Attributes:
        kernel: float32 (n_users, h).
        bias: float32 (n_users,).
    """

    kernel: NDArray[np.float32]
    bias: NDArray[np.float32]


@parallel
def summed_rows(rated: Any, table: Any, sums: Any) -> None:
    """sums[row] = Σ values[n] · table[column of n] over the row's ratings n.

    Args:
        rated: SharedRows, of the side that is summed for.
        table: float32 (n_columns, h).
        sums: float32 (n_rows, h), written.
    """
    starts, others, values, shares = rated
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
    rated: Any, places: Any, decoder: Any, codes: Any, errors: Any, slopes: Any
) -> Any:
    """Errors of kernel[u] · codes[i] + bias[u]; their squares, and the slope of half of these.

    Args:
        rated: SharedRows, what users rated and how far above the mean.
        places: int64 (n,), where the error of each of these ratings goes.
        decoder: Decoder.
        codes: float32 (n_items, h).
        errors: float32 (n,), written.
        slopes: Decoder, written.
    Returns: float64 (N_SHARES,), Σ error² of each share.
    """
    (starts, others, targets, shares), (kernel, bias) = rated, decoder
    kernel_slope, bias_slope = slopes
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
