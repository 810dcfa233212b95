"""Alternating least squares for the latent factor model, on the same objective.

With the items fixed, the best row of a user is a ridge regression of the user's ratings on
[q_i, 1]; with the users fixed, likewise for the items. Each row is penalised once per rating.

Source: Zhou, Wilkinson, Schreiber, Pan 2008, section 3 (weighted-λ regularization); biases as in
Koren, Bell, Volinsky 2009.
"""

from typing import Any, final

import numba
import numpy as np
from numpy.typing import NDArray

from starcast.config import Config
from starcast.engine import EpochLoss, Weights
from starcast.errors import ConfigError
from starcast.factorization.tables import FactorTables
from starcast.ratings import Ratings


@final
class AlsEngine:
    """The latent factor model, solved side by side.

    Args:
        config: `dimension` and `regularization_factor` are used.
        train: the training rows.
        seed: of the initial factors.
    Raises: ConfigError: no regularization; a row with fewer ratings than unknowns has no one best.
    """

    def __init__(self, config: Config, train: Ratings, seed: int) -> None:
        if not config.regularization_factor:
            raise ConfigError("ALS needs a regularization_factor above 0, such as 0.05")
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

    def run_epoch(self) -> EpochLoss:
        """Solve for every user, then for every item."""
        tables, penalty = self._tables, np.float32(self._config.regularization_factor)
        size = tables.dimension + 1
        _solve(tables.user, tables.item, *self._of_user, size, penalty)
        squared_error = _solve(tables.item, tables.user, *self._of_item, size, penalty)
        return tables.epoch_loss(squared_error, self._train, float(penalty))

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """Copies of the tables by name."""
        return self._tables.weights()

    def load(self, weights: Weights) -> None:
        """Take the tables back."""
        self._tables.load(weights)


def _offsets(rows: NDArray[np.int32], n: int) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=n))])


_jit = numba.njit(fastmath=True, cache=True, error_model="numpy")


@_jit
def _add_normal_equations(fixed: Any, others: Any, stars: Any, gram: Any, target: Any) -> None:
    """Add Σ x·xᵀ (lower triangle) and Σ r·x over a row's ratings, with x = [q, 1]."""
    d = len(target) - 1
    for n in range(len(others)):
        x = fixed[others[n]]
        residual = stars[n] - x[d]
        for a in range(d):
            for b in range(a + 1):
                gram[a, b] += x[a] * x[b]
            gram[d, a] += x[a]
            target[a] += residual * x[a]
        target[d] += residual
    gram[d, d] += len(others)


@_jit
def _factor(gram: Any) -> None:
    """Cholesky: the lower triangle L of gram = L·Lᵀ, in place."""
    for a in range(len(gram)):
        for b in range(a + 1):
            rest = gram[a, b]
            for c in range(b):
                rest -= gram[a, c] * gram[b, c]
            gram[a, b] = np.sqrt(rest) if a == b else rest / gram[b, b]


@_jit
def _substitute(lower: Any, target: Any) -> None:
    """Solve L·Lᵀ·x = target in place."""
    size = len(target)
    for a in range(size):
        for c in range(a):
            target[a] -= lower[a, c] * target[c]
        target[a] /= lower[a, a]
    for a in range(size - 1, -1, -1):
        for c in range(a + 1, size):
            target[a] -= lower[c, a] * target[c]
        target[a] /= lower[a, a]


@_jit
def _squared_error(fixed: Any, others: Any, stars: Any, solution: Any) -> float:
    d, squared = len(solution) - 1, 0.0
    for n in range(len(others)):
        x = fixed[others[n]]
        error = stars[n] - x[d] - solution[d]
        for f in range(d):
            error -= x[f] * solution[f]
        squared += error * error
    return squared


@numba.njit(parallel=True, fastmath=True, cache=True, error_model="numpy")
def _solve(
    solved: Any, fixed: Any, starts: Any, others: Any, stars: Any, size: Any, penalty: Any
) -> float:
    """One half sweep: a ridge regression for every row that has ratings, rows in parallel."""
    squared = np.zeros(len(solved))
    for row in numba.prange(len(solved)):
        rated = slice(starts[row], starts[row + 1])
        count = starts[row + 1] - starts[row]
        if count > 0:
            gram = np.zeros((size, size), np.float32)
            target = np.zeros(size, np.float32)
            for a in range(size):
                gram[a, a] = penalty * count
            _add_normal_equations(fixed, others[rated], stars[rated], gram, target)
            _factor(gram)
            _substitute(gram, target)
            solved[row, :size] = target
            squared[row] = _squared_error(fixed, others[rated], stars[rated], target)
    return squared.sum()
