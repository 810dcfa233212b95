"""Compiled loops behind the lists of item-item models; imported only when called."""

from typing import Any

import numpy as np
from numba import uintp

from starcast.engines.compiled import inlined, serial
from starcast.scoring.kernels import check_rows

_COLUMNS = 4096  # of a matrix at once: what is added to stays in the nearest cache


@serial
def add_rows(rows: Any, matrix: Any, user_rows: Any, scores: Any) -> None:
    """Add to scores[n] the rows of a matrix that a user's sparse row names, times its values.

    Column panel by column panel, so that what is added to and what is added stay in the cache, and
    four rows at a time, so that what is added to is read and written once for all of them.

    Args:
        rows: offsets, columns and values of sparse rows.
        matrix: float32 (n_columns, width).
        user_rows: int32 (n,).
        scores: float32 (n, width).
    """
    offsets = rows[0]
    check_rows(user_rows, len(offsets) - 1)
    for start in range(0, matrix.shape[1], _COLUMNS):
        end = min(start + _COLUMNS, matrix.shape[1])
        for n in range(len(user_rows)):
            total, last = scores[n], offsets[user_rows[n] + 1]
            for m in range(offsets[user_rows[n]], last, 4):
                (a, v), (b, w) = _entry(rows, m, last), _entry(rows, m + 1, last)
                (c, x), (d, y) = _entry(rows, m + 2, last), _entry(rows, m + 3, last)
                first, second, third, fourth = matrix[a], matrix[b], matrix[c], matrix[d]
                for column in range(start, end):
                    i = uintp(column)
                    total[i] += v * first[i] + w * second[i] + x * third[i] + y * fourth[i]


@inlined
def _entry(rows: Any, at: Any, last: Any) -> Any:
    """Column and value of an entry of a sparse row that ends before `last`; 0 past its end."""
    columns, values = rows[1], rows[2]
    return columns[min(at, last - 1)], values[at] if at < last else np.float32(0)


@serial
def add_tail(rows: Any, tail: Any, n_columns: Any, user_rows: Any, scores: Any) -> None:
    """Add to scores[n, i] what the columns that item i names hold in a user's sparse row.

    Args:
        rows: offsets, columns and values of sparse rows of `n_columns`.
        tail: int32 and float32 (n_items, K), the columns of each item and their weights.
        user_rows: int32 (n,).
        scores: float32 (n, n_items).
    """
    offsets, columns, values = rows
    neighbours, weights = tail
    known = np.zeros(n_columns, np.float32)
    for n in range(len(user_rows)):
        start, end = offsets[user_rows[n]], offsets[user_rows[n] + 1]
        for m in range(start, end):
            known[columns[m]] = values[m]
        for item in range(len(neighbours)):
            total = np.float32(0)
            for k in range(neighbours.shape[1]):
                total += weights[item, k] * known[neighbours[item, k]]
            scores[n, item] += total
        for m in range(start, end):
            known[columns[m]] = 0
