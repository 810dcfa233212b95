"""Damped means: what is said of ids that were not in the training data, if asked for."""

from typing import final

import numpy as np
from numpy.typing import NDArray

from starcast.data.ids import Rows
from starcast.data.ratings import Ratings
from starcast.data.units import FIVE_STARS, Units
from starcast.engines.protocol import Scores
from starcast.scoring.ranker import log_support
from starcast.scoring.top_lists import best

_SUPPORT = 0.25  # units; what support adds in the lists of most models
_DAMPING = 10.0  # ratings' worth of belief in the mean


@final
class DampedMeans:
    """Mean of ratings, and of each user and item, pulled towards it.

    Args:
        train: the training rows.
        units: of the model that they stand in for.

    Attributes:
        of_all: stars.
        of_user: float32 (n_users,).
        of_item: float32 (n_items,).
    """

    def __init__(self, train: Ratings, units: Units = FIVE_STARS) -> None:
        self._support = np.float32(units.factor * _SUPPORT)
        self.of_all = float(train.stars.mean(dtype=np.float64))

        def damped(rows: Rows, n: int) -> Scores:
            total = np.bincount(rows, weights=train.stars - self.of_all, minlength=n)
            count = np.bincount(rows, minlength=n)
            return (self.of_all + total / (count + _DAMPING)).astype(np.float32)

        self.of_user = damped(train.user_rows, train.n_users)
        self.of_item = damped(train.item_rows, train.n_items)
        self._users, self._items, self._train = train.users, train.items, train

    def best_rows(self, k: int) -> Rows:
        """The k items for somebody of whom nothing is known: liked, by many; best first."""
        n_raters = np.bincount(self._train.item_rows, minlength=self._train.n_items)
        return best(self.of_item + self._support * log_support(n_raters), k)

    def predict(
        self, user_ids: NDArray[np.generic], item_ids: NDArray[np.generic]
    ) -> tuple[Scores, NDArray[np.bool_]]:
        """Stars of whatever is known of each pair of ids (n,), and whether both are."""
        stars, both = np.full(len(user_ids), self.of_all, np.float32), np.zeros(len(user_ids), bool)
        for n, (user, item) in enumerate(zip(user_ids.tolist(), item_ids.tolist(), strict=True)):
            if user in self._users:
                stars[n], both[n] = self.of_user[self._users.row(user)], item in self._items
            elif item in self._items:
                stars[n] = self.of_item[self._items.row(item)]
        return stars, both
