"""Per-rating stochastic gradient descent for the latent factor model.

The rating matrix is cut into a grid of blocks. Blocks on one (wrapped) diagonal share no user
and no item, so threads update them at once without locks, and the result does not depend on how
many threads there are.

Sources: Koren, Bell, Volinsky 2009, eq. 5 (updates); Gemulla et al. 2011 (stratified blocks).
"""

from typing import Any, final

import numba
import numpy as np
from numpy.typing import NDArray

from starcast.data.ratings import Ratings
from starcast.engines.compiled import parallel, serial
from starcast.engines.factorization.grid import Grid
from starcast.engines.factorization.tables import FactorTables
from starcast.engines.protocol import EpochLoss, Weights
from starcast.engines.settings import SgdSettings
from starcast.engines.simd import load, n_parts, store, total, zero
from starcast.engines.state import State, copied, put_back, put_back_random, random_state


@final
class SgdEngine:
    """The latent factor model, one update per rating.

    Args:
        config: its settings.
        train: the training rows.
        seed: of the initial factors and of the order of visits.
    """

    def __init__(self, config: SgdSettings, train: Ratings, seed: int) -> None:
        self._config = config
        self._tables = FactorTables.initial(train, config.dimension, seed)
        self._rng = np.random.default_rng([seed, 1])
        self._grid = Grid.of(train, self._tables, self._rng)

    def run_epoch(self) -> EpochLoss:
        """One visit to every rating, diagonal by diagonal in a fresh order."""
        config = self._config
        squared_errors = _visit_all(
            self._tables.user.arrays,
            self._tables.item.arrays,
            self._grid,
            self._rng.permutation(self._grid.n_sides),
            np.float32(config.learning_rate),
            np.float32(config.regularization_factor),
        )
        return self._tables.epoch_loss(float(squared_errors.sum()), config.regularization_factor)

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """Copies of the tables by name."""
        return self._tables.weights()

    def load(self, weights: Weights) -> None:
        """Take the tables back."""
        self._tables.load(weights)

    def state(self) -> State:
        """The tables, and the random numbers that the order of visits comes from."""
        return copied(self._arrays())

    def restore(self, state: State) -> None:
        """Go on from a state."""
        put_back(self._arrays(), state)
        put_back_random(self._rng, state["random"])

    def _arrays(self) -> State:
        return self._tables.arrays | {"random": random_state(self._rng)}


@parallel
def _visit_all(user: Any, item: Any, grid: Any, shifts: Any, rate: Any, penalty: Any) -> Any:
    """Σ error² of each block in an epoch, as seen on the way; float64 (n_sides²,)."""
    visits, starts, sides = grid
    squared = np.zeros(sides * sides)
    for shift in shifts:
        for side in numba.prange(sides):
            block = side * sides + (side + shift) % sides
            there = visits[starts[block] : starts[block + 1]]
            squared[block] = visit_block(user, item, there, rate, penalty)
    return squared


@serial
def visit_block(users: Any, items: Any, visits: Any, rate: Any, penalty: Any) -> Any:
    """A step down the gradient for each rating in turn."""
    (user, user_bias), (item, item_bias) = users, items
    squared, kept = np.float32(0), np.float32(1) - rate * penalty
    for visit in visits:
        u, i = visit.user, visit.item
        products = zero(user)
        for part in range(n_parts(user)):
            products = products + load(user, u, part) * load(item, i, part)
        error = visit.stars - user_bias[u] - item_bias[i] - total(products)
        squared += error * error
        step = rate * error
        for part in range(n_parts(user)):
            p, q = load(user, u, part), load(item, i, part)
            store(user, u, part, kept * p + step * q)
            store(item, i, part, kept * q + step * p)
        user_bias[u] = kept * user_bias[u] + step
        item_bias[i] = kept * item_bias[i] + step
    return squared
