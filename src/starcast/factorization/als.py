"""Alternating least squares for the latent factor model, on the same objective.

With the items fixed, the best row of a user is a ridge regression of the user's ratings on
[q_i, 1]; with the users fixed, likewise for the items. Each row is penalised once per rating.

Source: Zhou, Wilkinson, Schreiber, Pan 2008, section 3 (weighted-λ regularization); biases as in
Koren, Bell, Volinsky 2009.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, final

import numba
import numpy as np
from numpy.typing import NDArray

from starcast.config import Config
from starcast.engine import EpochLoss, Weights
from starcast.factorization.tables import FactorTables
from starcast.ratings import Ratings


@final
class AlsEngine:
    """The latent factor model, solved side by side.

    Args:
        config: `dimension` and `regularization_factor` are used.
        train: the training rows.
        seed: of the initial factors.
    """

    def __init__(self, config: Config, train: Ratings, seed: int) -> None:
        self._config, self._train = config, train
        self._tables = FactorTables.initial(train, config.dimension, seed)
        centred = train.stars - np.float32(self._tables.mean)
        by_item = np.argsort(train.item_rows, kind="stable")
        self._of_user = (_offsets(train.user_rows, train.n_users), train.item_rows, centred)
        self._of_item = (
            _offsets(train.item_rows, train.n_items),
            train.user_rows[by_item],
            centred[by_item],
        )
        self._solve = _compiled_solve(config.dimension)

    def run_epoch(self) -> EpochLoss:
        """Solve for every user, then for every item."""
        tables, penalty = self._tables, np.float32(self._config.regularization_factor)
        self._solve(tables.user, tables.item, *self._of_user, penalty)
        squared_error = self._solve(tables.item, tables.user, *self._of_item, penalty)
        return tables.epoch_loss(squared_error, self._train, float(penalty))

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """Copies of the tables by name."""
        return self._tables.weights()

    def load(self, weights: Weights) -> None:
        """Take the tables back."""
        self._tables.load(weights)


def _offsets(rows: NDArray[np.int32], n: int) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=n))])


@cache
def _compiled_solve(d: int) -> Callable[..., float]:
    """The half sweep for one dimension: ridge regressions by Cholesky, rows in parallel."""
    jit = numba.njit(fastmath=True, cache=True, error_model="numpy")
    size = d + 1

    @jit
    def normal_equations(fixed: Any, others: Any, stars: Any, gram: Any, target: Any) -> None:
        gram[:], target[:] = 0, 0
        for n in range(len(others)):
            x = fixed[others[n]]
            residual = stars[n] - x[d]
            for a in range(d):
                for b in range(a + 1):
                    gram[a, b] += x[a] * x[b]
                gram[d, a] += x[a]
                target[a] += residual * x[a]
            target[d] += residual

    @jit
    def cholesky_solve(gram: Any, target: Any) -> None:
        """Solve in place; `gram` holds its lower triangle, `target` becomes the solution."""
        for a in range(size):
            for b in range(a + 1):
                rest = gram[a, b]
                for c in range(b):
                    rest -= gram[a, c] * gram[b, c]
                gram[a, b] = np.sqrt(rest) if a == b else rest / gram[b, b]
        for a in range(size):
            for c in range(a):
                target[a] -= gram[a, c] * target[c]
            target[a] /= gram[a, a]
        for a in range(size - 1, -1, -1):
            for c in range(a + 1, size):
                target[a] -= gram[c, a] * target[c]
            target[a] /= gram[a, a]

    @numba.njit(parallel=True, fastmath=True, cache=True, error_model="numpy")
    def solve(solved: Any, fixed: Any, starts: Any, others: Any, stars: Any, penalty: Any) -> float:
        squared = np.zeros(len(solved))
        for row in numba.prange(len(solved)):
            rated = slice(starts[row], starts[row + 1])
            count = starts[row + 1] - starts[row]
            if count > 0:
                gram = np.empty((size, size), np.float32)
                target = np.empty(size, np.float32)
                normal_equations(fixed, others[rated], stars[rated], gram, target)
                gram[d, d] = count
                for a in range(size):
                    gram[a, a] += penalty * count
                cholesky_solve(gram, target)
                solved[row, :size] = target
                for n in range(starts[row], starts[row + 1]):
                    x = fixed[others[n]]
                    error = stars[n] - x[d] - target[d]
                    for f in range(d):
                        error -= x[f] * target[f]
                    squared[row] += error * error
        return squared.sum()

    return solve
