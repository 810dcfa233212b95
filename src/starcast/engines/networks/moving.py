"""Weights that are moved, and the rows of tables that a batch visits."""

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from starcast.engines.expression.operations import Array
from starcast.engines.optimizers import update
from starcast.engines.simd import VECTOR


class Moving(NamedTuple):
    """Weights, and as the update rules of `optimizers` take them.

    Attributes:
        weights: a view of the first plane, in their own shape.
        planes: float32 (n_rows, 3, n_vectors, VECTOR), weights and two moments; zeros fill the last
            vector of a row.
    """

    weights: NDArray[np.float32]
    planes: NDArray[np.float32]

    @classmethod
    def of(cls, start: NDArray[np.float32], *, is_table: bool) -> Self:
        """Weights at a start, moments at rest; what is no table is a single row."""
        n_rows = len(start) if is_table else 1
        width = start.size // n_rows
        planes = np.zeros((n_rows, 3, -(-width // VECTOR), VECTOR), np.float32)
        weights = planes[:, 0].reshape(n_rows, -1)[:, :width].reshape(start.shape)
        weights[...] = start
        return cls(weights, planes)

    def move(self, rule: int, rows: NDArray[np.int32], slope: Array, rate: np.float32) -> None:
        """Move rows by a slope (n, …), their moments with them."""
        flat = slope.reshape(len(rows), -1)
        padded = np.zeros((len(rows), *self.planes.shape[2:]), np.float32)
        padded.reshape(len(rows), -1)[:, : flat.shape[1]] = flat
        update(rule, self.planes, rows, padded, rate)


class Visited(NamedTuple):
    """The rows of a side that a batch visits.

    Attributes:
        rows: int32 (d,), each once.
        counts: float32 (d,), by how many ratings.
        places: (n,), which of the rows each rating's is.
        order: (n,), the ratings, row after row.
        starts: (d,), where each row's begin.
    """

    rows: NDArray[np.int32]
    counts: NDArray[np.float32]
    places: NDArray[np.intp]
    order: NDArray[np.intp]
    starts: NDArray[np.intp]

    @classmethod
    def of(cls, rows: NDArray[np.int32]) -> Self:
        """Of the ratings' rows (n,)."""
        distinct, places, counts = np.unique(rows, return_inverse=True, return_counts=True)
        starts, order = np.cumsum(counts) - counts, np.argsort(rows, kind="stable")
        return cls(distinct, counts.astype(np.float32), places, order, starts)

    def summed(self, slope: Array) -> Array:
        """Each row's sum of the ratings' own slopes (n, …); (d, …)."""
        return np.asarray(np.add.reduceat(slope[self.order], self.starts, axis=0))
