"""Damped means: what is said of ids that were not in the training data, if asked for."""

from typing import final

import numpy as np

from starcast.data.columns import AT_ONCE, blocks_of, counts_of
from starcast.data.ids import Rows
from starcast.data.ratings import Ratings
from starcast.data.units import FIVE_STARS, Units
from starcast.engines.protocol import Scores
from starcast.scoring.ranker import log_support

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
            total = np.zeros(n)
            for block in blocks_of(len(rows), AT_ONCE):
                total += np.bincount(rows[block], train.stars[block] - self.of_all, n)
            return (self.of_all + total / (counts_of(rows, n) + _DAMPING)).astype(np.float32)

        self.of_user = damped(train.user_rows, train.n_users)
        self.of_item = damped(train.item_rows, train.n_items)
        self._train = train

    def rank_all(self) -> Scores:
        """What orders items for somebody of whom nothing is known: liked, by many; (n_items,)."""
        n_raters = counts_of(self._train.item_rows, self._train.n_items)
        return self.of_item + self._support * log_support(n_raters)

    def predict(self, user_rows: Rows, item_rows: Rows) -> Scores:
        """Stars of whatever is known of each pair of rows (n,), -1 where something is not."""
        of_item = np.where(item_rows >= 0, self.of_item[item_rows], np.float32(self.of_all))
        return np.where(user_rows >= 0, self.of_user[user_rows], of_item).astype(np.float32)
