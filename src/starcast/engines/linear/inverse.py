"""The ridge regression of every item on all others, from one inverse."""

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack

from starcast.errors import TrainingError

Matrix = NDArray[np.float32]

_BLOCK = 256  # rows
_LEAST_PENALTY = 0.05  # of the penalty of an item of mean count


def penalties(
    counts: NDArray[np.float32], strength: float, exponent: float, share: float
) -> Matrix:
    """λ_j = λ · (G_jj / mean G)^p + ρ · G_jj; float32 (n_items,).

    Args:
        counts: (n_items,), the diagonal of the Gram matrix.
        strength: λ, in weighted ratings.
        exponent: p; items that are rated more are penalised more.
        share: ρ, of an item's own weighted ratings: as if that share of them were dropped at random
            (Steck 2020, eq. 9, ρ = p / (1 - p)); it also keeps single precision sound.
    """
    relative = (counts / counts.mean()) ** exponent
    return np.asarray(strength * np.maximum(relative, _LEAST_PENALTY) + share * counts, np.float32)


def item_item(gram: Matrix, penalty: Matrix) -> Matrix:
    """B = I - P diag(P)⁻¹ with P = (G + Λ)⁻¹: weights from items (rows) to items (columns).

    The least squares solution of X ≈ X B with a ridge Λ and no item explaining itself. Scaled to a
    unit diagonal, the matrix is as well conditioned as single precision needs.

    Args:
        gram: float32 (n, n), symmetric; it is overwritten.
        penalty: float32 (n,), each > 0.
    Returns: float32 (n, n), 0 on the diagonal.
    Raises: TrainingError: the penalties are too small for a solution.
    Source: Steck 2019, eq. 8. Deviations: weighted pairs, and a penalty for each item.
    """
    n = len(gram)
    diagonal = np.arange(n)
    gram[diagonal, diagonal] += penalty
    scale = 1 / np.sqrt(gram[diagonal, diagonal])
    gram *= scale
    gram *= scale[:, np.newaxis]
    factor, failed = lapack.spotrf(gram.T, lower=1, overwrite_a=1)
    if failed:
        raise TrainingError("the items' equations have no stable solution; use a larger penalty")
    inverse, _ = lapack.spotri(factor, lower=1, overwrite_c=1)
    upper = inverse.T  # the lower triangle by columns is the upper one by rows
    _mirror(upper)
    own = upper[diagonal, diagonal].copy()
    upper *= scale[:, np.newaxis]
    upper *= -1 / (own * scale)
    upper[diagonal, diagonal] = 0
    return np.ascontiguousarray(upper, np.float32)


def _mirror(upper: Matrix) -> None:
    """Fill the lower triangle from the upper one, block by block and in place."""
    for start in range(0, len(upper), _BLOCK):
        rows = slice(start, start + _BLOCK)
        upper[rows, :start] = upper[:start, rows].T
        square = upper[rows, rows]
        square[...] = np.triu(square) + np.triu(square, 1).T
