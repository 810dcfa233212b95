"""Rows of a factor model that are most likely under a normal prior, the other side held.

A row v is normal about c with precision P, and each of its ratings says y = x · v with unit noise,
where x ends in a 1. With P = U Uᵀ and v = c + T w, T = U⁻ᵀ, this is ridge regression on x T. T is
lower triangular, so that x T ends in one and the same number: the solver's bias is that unknown.

Source: Lindley & Smith 1972, section 2.
"""

import numpy as np
from numpy.typing import NDArray

from starcast.engines.factorization.ridge import Penalty, solve_all, systems
from starcast.engines.factorization.tables import Factors
from starcast.engines.rows import N_SHARES, SparseRows
from starcast.engines.simd import zeros

Matrix = NDArray[np.float32]


def most_likely_rows(
    centre: NDArray[np.float64], precision: NDArray[np.float64], others: Matrix, rated: SparseRows
) -> Matrix:
    """The most likely rows by their ratings; the centre for one without any.

    Args:
        centre: (D,), c.
        precision: (D, D), P over that of the noise.
        others: float32 (n_others, D), the rows x, whose last column is 1.
        rated: of n rows, which others each has rated, and y.
    Returns: float32 (n, D).
    """
    n, factors = len(rated), len(centre) - 1
    root = np.linalg.cholesky(precision[::-1, ::-1])[::-1, ::-1]  # U, upper triangular
    turned = np.linalg.inv(root).T
    left = rated.values - (others @ centre)[rated.columns]
    fixed = _factors(len(others), factors)
    _rows_of(fixed, factors)[:] = others @ turned[:, :-1]
    solved, last = _factors(n, factors), turned[-1, -1]
    shared = SparseRows(rated.offsets, rated.columns, left.astype(np.float32), rated.n_columns)
    solve_all(
        solved, fixed, shared.shared(per_row=factors), systems(N_SHARES, fixed.rows),
        Penalty(np.float32(0), np.float32(1), np.float32(1 / last**2)),
    )  # fmt: skip
    found = np.column_stack([_rows_of(solved, factors), solved.bias / last])
    return np.asarray(centre + found @ turned.T, np.float32)


def _factors(n: int, dimension: int) -> Factors:
    return Factors(zeros(n, dimension), np.zeros(n, np.float32))


def _rows_of(table: Factors, dimension: int) -> Matrix:
    """The rows without what pads them: a view."""
    rows: Matrix = table.rows["parts"].reshape(len(table.bias), -1)[:, :dimension]
    return rows
