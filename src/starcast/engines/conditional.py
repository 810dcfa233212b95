"""Rows of one side of a factor model, given the other side: the most likely, by all that is known.

A row v is normal about a centre c with precision A, and each of its ratings says y = x · v with a
weight w, where x is a row of the other side with a 1 behind it. The most likely row is

    c + (A + Σ w x xᵀ)⁻¹ Σ w x (y - x · c),    A = P + n S

where P is the precision of all rows, and S stands for each of n ratings that c has learned from.

Source: Lindley & Smith 1972, section 2.
"""

from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from starcast.engines.blas import blas_on_one_thread
from starcast.engines.compiled import parallel, serial
from starcast.engines.rows import SparseRows

Matrix = NDArray[np.float32]


class Known(NamedTuple):
    """What is known of rows before their ratings.

    Attributes:
        centres: float32 (n, D), c.
        precision: float64 (D, D), P.
        learned: float64 (n,), how many ratings each centre has learned from.
        per_rating: float64 (D, D), S.
    """

    centres: Matrix
    precision: NDArray[np.float64]
    learned: NDArray[np.float64]
    per_rating: NDArray[np.float64]


def most_likely(
    known: Known, others: Matrix, rated: SparseRows, weights: NDArray[np.float32]
) -> Matrix:
    """The most likely rows.

    Args:
        known: of n rows.
        others: float32 (n_others, D), the rows x.
        rated: of n rows, which others each has rated, and y.
        weights: float32 (n_ratings,), w.
    Returns: float32 (n, D); the centre of a row without ratings.
    """
    moved = known.centres.copy()
    sparse = rated.offsets, rated.columns, rated.values, weights
    prior = known.precision, known.learned, known.per_rating
    with blas_on_one_thread():
        _move_all(moved, prior, np.ascontiguousarray(others, np.float32), sparse)
    return moved


@parallel
def _move_all(moved: Any, prior: Any, others: Any, sparse: Any) -> None:
    for n in numba.prange(len(moved)):
        _move(moved[n], n, prior, others, sparse)


@serial
def _move(row: Any, n: Any, prior: Any, others: Any, sparse: Any) -> None:
    (precision, learned, per_rating), (offsets, columns, values, weights) = prior, sparse
    start, end = offsets[n], offsets[n + 1]
    if start == end:
        return
    x = np.empty((end - start, len(row)), np.float32)
    weighed = np.empty_like(x)
    left = np.empty(end - start, np.float32)
    for m in range(end - start):
        x[m] = others[columns[start + m]]
        weighed[m] = weights[start + m] * x[m]
        left[m] = values[start + m] - np.sum(x[m] * row)
    system = precision + learned[n] * per_rating + np.dot(x.T, weighed)
    target = np.dot(weighed.T, left).astype(np.float64)
    row += np.linalg.solve(system, target).astype(np.float32)
