"""The embedding tables of the latent factor model, laid out for compiled loops."""

from dataclasses import dataclass
from typing import Self, final

import numpy as np
from numpy.typing import NDArray

from starcast.engine import EpochLoss, Weights, check_shapes, seen_rows
from starcast.ratings import Ratings

INITIAL_DEVIATION = 0.002  # small: factors grow out of the data one by one, strongest first
_LANES = 8  # floats in one vector register; rows are padded to a multiple of it

Table = NDArray[np.float32]


@final
@dataclass(frozen=True, eq=False, slots=True)
class FactorTables:
    """One row per user and per item: factors, then the bias, then zeros up to the vector width.

    Attributes:
        user, item: float32 (n_users, width) and (n_items, width), C order.
        dimension: number of factors d; column d holds the bias.
        mean: μ, mean of the training ratings.
    """

    user: Table
    item: Table
    dimension: int
    mean: float

    @classmethod
    def initial(cls, train: Ratings, dimension: int, seed: int) -> Self:
        """Normal factors and zero biases; rows without a training rating stay zero."""
        rng = np.random.default_rng(seed)
        width = -(-(dimension + 1) // _LANES) * _LANES

        def table(rows: NDArray[np.int32], n: int) -> Table:
            drawn = np.zeros((n, width), np.float32)
            drawn[:, :dimension] = rng.normal(0, INITIAL_DEVIATION, (n, dimension))
            drawn[~seen_rows(rows, n)] = 0
            return drawn

        user = table(train.user_rows, train.n_users)
        item = table(train.item_rows, train.n_items)
        return cls(user, item, dimension, float(train.stars.mean(dtype=np.float64)))

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """Copies by name: mean (), user_factors (n_users, d), user_bias (n_users,), and items."""
        d = self.dimension
        return {
            "mean": np.array(self.mean, np.float32),
            "user_factors": self.user[:, :d].copy(),
            "item_factors": self.item[:, :d].copy(),
            "user_bias": self.user[:, d].copy(),
            "item_bias": self.item[:, d].copy(),
        }

    def load(self, weights: Weights) -> None:
        """Take weights back in place; the mean stays that of the training rows."""
        wanted = {name: array.shape for name, array in self.weights().items()}
        if difference := check_shapes(weights, wanted):
            raise ValueError(difference)
        d = self.dimension
        self.user[:, :d], self.user[:, d] = weights["user_factors"], weights["user_bias"]
        self.item[:, :d], self.item[:, d] = weights["item_factors"], weights["item_bias"]

    def epoch_loss(self, squared_error: float, train: Ratings, regularization: float) -> EpochLoss:
        """The objective per rating: each rating pays for the squared norms of its two rows.

        Source: Koren, Bell, Volinsky 2009, eq. 5, with every sum halved.
        """
        penalty = 0.0
        for table, rows in ((self.user, train.user_rows), (self.item, train.item_rows)):
            counts = np.bincount(rows, minlength=len(table))
            penalty += float(counts @ np.einsum("nd,nd->n", table, table, dtype=np.float64))
        n = len(train)
        loss = 0.5 * (squared_error + regularization * penalty) / n
        return EpochLoss(loss, float(np.sqrt(squared_error / n)))
