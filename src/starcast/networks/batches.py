"""An epoch's mini-batches, with the distinct rows of each found beforehand."""

from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray


class RowBatches(NamedTuple):
    """One side of an epoch.

    Attributes:
        distinct: int32 (n_batches, batch), the rows a batch touches, each once; unused places hold
            the spare row n_rows, so that every batch has one shape.
        place: int32 (n_batches, batch), where in `distinct` each rating's row stands.
    """

    distinct: NDArray[np.int32]
    place: NDArray[np.int32]


def row_batches(rows: NDArray[np.int32], n_rows: int, batch_size: int) -> RowBatches:
    """Cut rows into batches; the last is filled up with the spare row `n_rows`.

    Args:
        rows: int32 (n,), rows in [0, n_rows), in the order of visits.
        n_rows: size of the table.
        batch_size: ratings per batch.
    """
    n_batches = -(-len(rows) // batch_size)
    padded = np.full((n_batches, batch_size), n_rows, np.int32)
    padded.ravel()[: len(rows)] = rows
    distinct = np.full_like(padded, n_rows)
    place = np.empty_like(padded)
    _find_distinct(padded, n_rows + 1, distinct, place)
    return RowBatches(distinct, place)


@numba.njit(cache=True)
def _find_distinct(padded: Any, n_rows: int, distinct: Any, place: Any) -> None:
    last = np.zeros(n_rows, np.int32)
    for batch in range(len(padded)):
        n_distinct = 0
        for n in range(padded.shape[1]):
            row = padded[batch, n]
            if last[row] >= n_distinct or distinct[batch, last[row]] != row:
                last[row] = n_distinct
                distinct[batch, n_distinct] = row
                n_distinct += 1
            place[batch, n] = last[row]
