"""Alternating least squares for the latent factor model, on the same objective.

With the items fixed, the best row of a user is a ridge regression of the user's ratings on
[q_i, 1]; with the users fixed, likewise for the items. Each row is penalised once per rating.

Source: Zhou, Wilkinson, Schreiber, Pan 2008, section 3 (weighted-λ regularization); biases as in
Koren, Bell, Volinsky 2009.
"""

from typing import Any, NamedTuple, Self, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.ratings import Ratings
from starcast.engines.compiled import serial
from starcast.engines.factorization.ridge import N_SHARES, solve_all, systems
from starcast.engines.factorization.tables import FactorTables, Side
from starcast.engines.protocol import EpochLoss, Weights
from starcast.engines.settings import Config
from starcast.errors import ConfigError


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
        self._penalty = config.regularization_factor
        self._tables = tables = FactorTables.initial(train, config.dimension, seed)
        centred = train.stars - np.float32(tables.mean)
        self._of_users = _Histories.of(tables.user, train.user_rows, train.item_rows, centred)
        self._of_items = _Histories.of(tables.item, train.item_rows, train.user_rows, centred)
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

    def _solve(self, solved: Side, fixed: Side, histories: "_Histories") -> float:
        """Half a sweep; Σ error² after it."""
        squared = solve_all(
            solved.rows,
            solved.bias,
            fixed.rows,
            fixed.bias,
            *histories,
            self._systems,
            self._systems["parts"].reshape(len(self._systems), -1),
            np.float32(self._penalty),
        )
        return float(squared.sum())


class _Histories(NamedTuple):
    """The ratings of every row of one side, one row after the other.

    Attributes:
        starts: int64 (n_rows + 1,), where the ratings of a row begin.
        others: int32 (n,), rows of the other side.
        stars: float32 (n,), stars above the mean.
        shares: int64 (N_SHARES + 1,), where each share of the rows begins.
    """

    starts: NDArray[np.int64]
    others: NDArray[np.int32]
    stars: NDArray[np.float32]
    shares: NDArray[np.int64]

    @classmethod
    def of(
        cls,
        side: Side,
        rows: NDArray[np.int32],
        others: NDArray[np.int32],
        stars: NDArray[np.float32],
    ) -> Self:
        """The ratings sorted by row, and shares of the rows; a solution costs some ratings too."""
        starts = np.concatenate([[0], np.cumsum(side.counts)])
        work = starts + np.arange(len(starts)) * side.dimension
        shares = np.searchsorted(work, work[-1] * np.arange(N_SHARES + 1) / N_SHARES)
        sorted_others, sorted_stars = _sorted_by_row(rows, others, stars, starts)
        return cls(starts, sorted_others, sorted_stars, shares)


@serial
def _sorted_by_row(rows: Any, others: Any, stars: Any, starts: Any) -> Any:
    places = starts.copy()
    sorted_others, sorted_stars = np.empty_like(others), np.empty_like(stars)
    for n in range(len(rows)):
        place = places[rows[n]]
        sorted_others[place], sorted_stars[place] = others[n], stars[n]
        places[rows[n]] += 1
    return sorted_others, sorted_stars
