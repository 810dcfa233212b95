"""Damped means: what is said of ids that were not in the training data, if asked for."""

from functools import cached_property
from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.columns import AT_ONCE, blocks_of, counts_of
from starcast.data.ids import Rows
from starcast.data.ratings import Ratings
from starcast.data.units import FIVE_STARS, Units
from starcast.engines.protocol import Scores
from starcast.scoring.ranker import log_support

_SUPPORT = 0.25  # units; what support adds in the lists of most models
_DAMPING = 10.0  # ratings' worth of belief in the mean
_SPREAD = 20.0  # and in the variance
_TYPICAL = 100  # items that stand for what people rate


@final
class Variances(NamedTuple):
    """How far ratings lie from damped means, squared: of all, and of each item (n_items,)."""

    of_all: float
    of_item: NDArray[np.float64]


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
        n_raters: int64 (n_items,).
        variances: of training ratings about the means of user and item; an item's is pulled
            towards that of all.
    """

    def __init__(self, train: Ratings, units: Units = FIVE_STARS) -> None:
        self._support = np.float32(units.factor * _SUPPORT)
        self.of_all = float(train.stars.mean(dtype=np.float64))
        self.n_raters = counts_of(train.item_rows, train.n_items)

        def damped(rows: Rows, counts: NDArray[np.int64]) -> Scores:
            total = np.zeros(len(counts))
            for block in blocks_of(len(rows), AT_ONCE):
                total += np.bincount(rows[block], train.stars[block] - self.of_all, len(counts))
            return (self.of_all + total / (counts + _DAMPING)).astype(np.float32)

        self.of_user = damped(train.user_rows, counts_of(train.user_rows, train.n_users))
        self.of_item = damped(train.item_rows, self.n_raters)
        self.variances = self._variances(train)  # now, so that no training rows are held

    def rank_all(self) -> Scores:
        """What orders items for somebody of whom nothing is known: liked, by many; (n_items,)."""
        return self.of_item + self._support * log_support(self.n_raters)

    def variance_of(self, item_rows: Rows, stars: Scores) -> float:
        """That of a person by ratings (n,), pulled towards all's."""
        apart = stars - self.of_item[item_rows].astype(np.float64)
        apart -= apart.sum() / (len(apart) + _DAMPING)
        return float(np.sum(apart**2) + _SPREAD * self.variances.of_all) / (len(apart) + _SPREAD)

    @cached_property
    def typical_rows(self) -> Rows:
        """Items such as people rate: each stands for as many ratings; int32 (n,)."""
        order = np.argsort(-self.n_raters, kind="stable").astype(np.int32)
        shares = (np.arange(_TYPICAL) + 0.5) / _TYPICAL * self.n_raters.sum()
        return np.asarray(
            order[np.unique(np.searchsorted(np.cumsum(self.n_raters[order]), shares))]
        )

    def _variances(self, train: Ratings) -> Variances:
        squares = np.zeros(train.n_items)
        for block in blocks_of(len(train), AT_ONCE):
            items = train.item_rows[block]
            mean = self.of_item[items] + self.of_user[train.user_rows[block]] - self.of_all
            squares += np.bincount(items, (train.stars[block] - mean) ** 2.0, train.n_items)
        of_all = max(float(squares.sum()) / max(len(train), 1), 1e-12)
        return Variances(of_all, (squares + _SPREAD * of_all) / (self.n_raters + _SPREAD))

    def predict(self, user_rows: Rows, item_rows: Rows) -> Scores:
        """Stars of whatever is known of each pair of rows (n,), -1 where something is not."""
        of_item = np.where(item_rows >= 0, self.of_item[item_rows], np.float32(self.of_all))
        return np.where(user_rows >= 0, self.of_user[user_rows], of_item).astype(np.float32)
