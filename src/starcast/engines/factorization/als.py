"""Alternating least squares for the latent factor model, on the same objective.

With the items fixed, the best row of a user is a ridge regression of the user's ratings on
[q_i, 1]; with the users fixed, likewise for the items. Each row is penalised once per rating.

Source: Zhou, Wilkinson, Schreiber, Pan 2008, section 3 (weighted-λ regularization); biases as in
Koren, Bell, Volinsky 2009.
"""

from dataclasses import replace
from typing import final

import numpy as np
from numpy.typing import NDArray

from starcast.data.ratings import Ratings
from starcast.disk.mapped import room_like
from starcast.engines.factorization.ridge import Penalty, solve_all, systems
from starcast.engines.factorization.tables import FactorTables, Side
from starcast.engines.protocol import EpochLoss, Weights
from starcast.engines.rows import N_SHARES, SharedRows, SparseRows
from starcast.engines.settings import AlsSettings
from starcast.engines.state import State, copied, put_back


@final
class AlsEngine:
    """The latent factor model, solved side by side.

    Args:
        config: its settings.
        train: the training rows.
        seed: of the initial factors.
    """

    def __init__(self, config: AlsSettings, train: Ratings, seed: int) -> None:
        self._penalty = config.regularization_factor
        self._tables = tables = FactorTables.initial(train, config.dimension, seed)
        self._of_users = self._shared(SparseRows.by_user(train))
        self._of_items = self._shared(SparseRows.by_item(train))
        self._systems = systems(N_SHARES, tables.user.rows)

    def run_epoch(self) -> EpochLoss:
        """Solve for every user, then for every item."""
        user, item = self._tables.user, self._tables.item
        self._solve(user, item, self._of_users)
        squared_error = self._solve(item, user, self._of_items)
        return self._tables.epoch_loss(squared_error, self._penalty)

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """Copies of the tables by name."""
        return self._tables.weights()

    def load(self, weights: Weights) -> None:
        """Take the tables back."""
        self._tables.load(weights)

    def state(self) -> State:
        """The tables."""
        return copied(self._tables.arrays)

    def restore(self, state: State) -> None:
        """Go on from a state."""
        put_back(self._tables.arrays, state)

    def _shared(self, rated: SparseRows) -> SharedRows:
        """Ratings above the mean, in shares; a solution costs some ratings, too."""
        centred = room_like(rated.values, len(rated.values), np.float32)
        np.subtract(rated.values, np.float32(self._tables.mean), out=centred)
        return replace(rated, values=centred).shared(per_row=self._tables.user.dimension)

    def _solve(self, solved: Side, fixed: Side, rated: SharedRows) -> float:
        """Half a sweep; Σ error² after it."""
        penalty = Penalty(np.float32(self._penalty))
        squared = solve_all(solved.arrays, fixed.arrays, rated, self._systems, penalty)
        return float(squared.sum())
