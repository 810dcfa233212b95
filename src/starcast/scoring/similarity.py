"""How alike items are: the cosine of what a model holds of them."""

import numpy as np

from starcast.engines.protocol import Scores
from starcast.scoring.panels import Matrix


def cosines(table: Matrix, row: int) -> Scores:
    """Cosine of every row of a table (n, width) with one of them; float32 (n,).

    A row of zeros points nowhere: NaN, with it and for it.

    >>> cosines(np.array([[3, 4], [8, 6], [0, 0]], np.float32), 0).round(2)
    array([1.  , 0.96,  nan], dtype=float32)
    """
    lengths = np.sqrt(np.einsum("nd,nd->n", table, table))
    return cosines_of(table @ table[row], lengths, row)


def cosines_of(products: Scores, lengths: Scores, row: int) -> Scores:
    """Cosines from inner products with one vector and all lengths, (n,)."""
    scale = lengths * lengths[row]
    with np.errstate(invalid="ignore"):
        return np.asarray(np.clip(products / np.where(scale > 0, scale, np.nan), -1, 1))
