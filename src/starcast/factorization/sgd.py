"""Per-rating stochastic gradient descent for the latent factor model.

The rating matrix is cut into a grid of blocks. Blocks on one (wrapped) diagonal share no user
and no item, so threads update them at once without locks, and the result does not depend on how
many threads there are.

Sources: Koren, Bell, Volinsky 2009, eq. 5 (updates); Gemulla et al. 2011 (stratified blocks).
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

_GRID = 4  # blocks per side: at least the threads in use, few enough to keep blocks long


@final
class SgdEngine:
    """The latent factor model, one update per rating.

    Args:
        config: `dimension`, `learning_rate` and `regularization_factor` are used.
        train: the training rows.
        seed: of the initial factors and of the order of visits.
    """

    def __init__(self, config: Config, train: Ratings, seed: int) -> None:
        self._config, self._train = config, train
        self._tables = FactorTables.initial(train, config.dimension, seed)
        self._rng = np.random.default_rng([seed, 1])
        self._blocks = _blocks(train, self._tables.mean, self._rng)
        self._epoch = _compiled_epoch(config.dimension)

    def run_epoch(self) -> EpochLoss:
        """One visit to every rating, diagonal by diagonal in a fresh order."""
        tables, config = self._tables, self._config
        squared_error = self._epoch(
            tables.user,
            tables.item,
            *self._blocks,
            self._rng.permutation(_GRID),
            np.float32(config.learning_rate),
            np.float32(config.regularization_factor),
        )
        return tables.epoch_loss(squared_error, self._train, config.regularization_factor)

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """Copies of the tables by name."""
        return self._tables.weights()

    def load(self, weights: Weights) -> None:
        """Take the tables back."""
        self._tables.load(weights)


def _blocks(
    train: Ratings, mean: float, rng: np.random.Generator
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Users, items and centred ratings, block after block and shuffled within; and block starts."""
    user_side = (rng.permutation(train.n_users) % _GRID).astype(np.int16)
    item_side = (rng.permutation(train.n_items) % _GRID).astype(np.int16)
    shuffled = rng.permutation(len(train))
    block = (user_side[train.user_rows] * _GRID + item_side[train.item_rows])[shuffled]
    order = shuffled[np.argsort(block, kind="stable")]
    starts = np.concatenate([[0], np.cumsum(np.bincount(block, minlength=_GRID * _GRID))])
    centred = train.stars[order] - np.float32(mean)
    return train.user_rows[order], train.item_rows[order], centred, starts


@cache
def _compiled_epoch(d: int) -> Callable[..., float]:
    """The epoch for one dimension, a constant to the compiler so that loops become vectors."""

    @numba.njit(parallel=True, fastmath=True, cache=True, error_model="numpy")
    def epoch(
        user: Any, item: Any, users: Any, items: Any, stars: Any, starts: Any, shifts: Any,
        rate: Any, penalty: Any,
    ) -> float:  # fmt: skip
        squared = np.zeros(_GRID * _GRID)
        for shift in shifts:
            for row in numba.prange(_GRID):
                block = row * _GRID + (row + shift) % _GRID
                total = 0.0
                for n in range(starts[block], starts[block + 1]):
                    p, q = user[users[n]], item[items[n]]
                    dot = np.float32(0)
                    for f in range(d):
                        dot += p[f] * q[f]
                    error = stars[n] - p[d] - q[d] - dot
                    total += error * error
                    for f in range(d):
                        a, b = p[f], q[f]
                        p[f] = a + rate * (error * b - penalty * a)
                        q[f] = b + rate * (error * a - penalty * b)
                    p[d] += rate * (error - penalty * p[d])
                    q[d] += rate * (error - penalty * q[d])
                squared[block] = total
        return squared.sum()

    return epoch
