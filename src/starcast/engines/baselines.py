"""The baselines: what any model has to beat, trained in no time."""

from typing import final

import numpy as np
from numpy.typing import NDArray

from starcast.data.columns import counts_of
from starcast.data.ratings import Ratings
from starcast.engines.means import means
from starcast.engines.protocol import EpochLoss, Weights, check_shapes
from starcast.engines.settings import BaselineSettings
from starcast.engines.state import State, check_state


@final
class BaselineEngine:
    """Regularised means of users and items, and how often each item was rated.

    Args:
        settings: there are none.
        train: the training rows.
        seed: of nothing.
    """

    def __init__(self, settings: BaselineSettings, train: Ratings, seed: int) -> None:
        self._train, self._means = train, means(train)
        self._popularity = counts_of(train.item_rows, train.n_items).astype(np.float32)

    def run_epoch(self) -> EpochLoss:
        """Nothing is left to learn; the loss is that of the means."""
        return self._means.loss(self._train)

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """Copies by name: mean (), item_bias (n_items,), popularity (n_items,)."""
        return {
            "mean": np.array(self._means.mean, np.float32),
            "item_bias": self._means.item_bias.copy(),
            "popularity": self._popularity.copy(),
        }

    def load(self, weights: Weights) -> None:
        """Take weights back."""
        wanted = {name: array.shape for name, array in self.weights().items()}
        if difference := check_shapes(weights, wanted):
            raise ValueError(difference)
        self._means = self._means._replace(
            mean=float(weights["mean"]), item_bias=weights["item_bias"].copy()
        )
        self._popularity = weights["popularity"].copy()

    def state(self) -> State:
        """Nothing: what is counted follows from the training rows."""
        return {}

    def restore(self, state: State) -> None:
        """Go on from nothing."""
        check_state(state, {})
