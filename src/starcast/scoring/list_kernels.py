"""Compiled loops behind the lists of item-item models; imported only when called."""

from typing import Any

import numpy as np
from numba import uintp

from starcast.engines.compiled import serial
from starcast.scoring.kernels import check_rows

_COLUMNS = 1024  # of a matrix at once: what is added to stays in the nearest cache


@serial
def add_rows(rows: Any, matrix: Any, user_rows: Any, scores: Any) -> None:
    """Add to scores[n] the rows of a matrix that a user's sparse row names, times its values.

    Column panel by column panel, so that what is added to and what is added stay in the cache.

    Args:
        rows: offsets, columns and values of sparse rows.
        matrix: float32 (n_columns, width).
        user_rows: int32 (n,).
        scores: float32 (n, width).
    """
    offsets, columns, values = rows
    check_rows(user_rows, len(offsets) - 1)
    for start in range(0, matrix.shape[1], _COLUMNS):
        end = min(start + _COLUMNS, matrix.shape[1])
        for n in range(len(user_rows)):
            total = scores[n]
            for m in range(offsets[user_rows[n]], offsets[user_rows[n] + 1]):
                value, row = values[m], matrix[columns[m]]
                for item in range(start, end):
                    total[uintp(item)] += value * row[uintp(item)]


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
