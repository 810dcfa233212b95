"""Pools in training: sums over the ratings of users and items that a batch visits, compiled."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from starcast.engines.compiled import serial
from starcast.engines.pools import Matrix, Pooling


def pooled(pooling: Pooling, table: Matrix, rows: NDArray[Any]) -> Matrix:
    """What some rows (k,) pool of a table; float32 (k, width)."""
    return np.asarray(_pooled(pooling, np.ascontiguousarray(table), rows.astype(np.int64)))


def slope_of_table(pooling: Pooling, above: Matrix, rows: NDArray[Any], n: int) -> Matrix:
    """The slope of a table of n rows, from that (k, width) of what some rows pool of it."""
    return np.asarray(_slope(pooling, np.ascontiguousarray(above), rows.astype(np.int64), n))


@serial
def _pooled(pooling: Any, table: Any, rows: Any) -> Any:
    offsets, columns, shares = pooling
    found = np.zeros((len(rows), table.shape[1]), np.float32)
    for n in range(len(rows)):
        row = rows[n]
        for place in range(offsets[row], offsets[row + 1]):
            for f in range(table.shape[1]):
                found[n, f] += table[columns[place], f]
        for f in range(table.shape[1]):
            found[n, f] *= shares[row]
    return found


@serial
def _slope(pooling: Any, above: Any, rows: Any, n_table: Any) -> Any:
    offsets, columns, shares = pooling
    found = np.zeros((n_table, above.shape[1]), np.float32)
    scaled = np.empty(above.shape[1], np.float32)
    for n in range(len(rows)):
        row = rows[n]
        for f in range(above.shape[1]):
            scaled[f] = above[n, f] * shares[row]
        for place in range(offsets[row], offsets[row + 1]):
            for f in range(above.shape[1]):
                found[columns[place], f] += scaled[f]
    return found
