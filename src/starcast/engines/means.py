"""Regularised means: what a user gives and an item gets, beside the mean of all."""

import math
from collections.abc import Iterator
from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.columns import AT_ONCE, blocks_of, counts_of
from starcast.data.ids import Rows
from starcast.data.ratings import Ratings
from starcast.engines.protocol import EpochLoss, Scores
from starcast.engines.rows import SparseRows

ITEM_DAMPING, USER_DAMPING = 5.0, 5.0  # ratings' worth of belief in no deviation at all
_ROUNDS = 5  # of solving for items and users in turn; the sixth moves no fourth decimal


@final
class Means(NamedTuple):
    """r̂ = μ + b_u + b_i.

    Attributes:
        mean: μ, stars.
        user_bias: float32 (n_users,), stars; 0 without ratings.
        item_bias: float32 (n_items,), likewise.
    """

    mean: float
    user_bias: Scores
    item_bias: Scores

    def loss(self, train: Ratings) -> EpochLoss:
        """How far training rows lie from them."""
        total = 0.0
        for block in blocks_of(len(train), AT_ONCE):
            users, items = train.user_rows[block], train.item_rows[block]
            predicted = self.mean + self.user_bias[users] + self.item_bias[items]
            total += float(np.sum(np.square(train.stars[block] - predicted, dtype=np.float64)))
        squared = total / len(train)
        return EpochLoss(squared / 2, math.sqrt(squared))


def means(train: Ratings) -> Means:
    """The biases that minimise Σ (r - μ - b_u - b_i)² + λ_u Σ b_u² + λ_i Σ b_i².

    Args:
        train: the training rows.
    Source: Koren 2010, section 2.1; solved in turn, each exactly.
    """
    return means_of(SparseRows.by_user(train))


def means_of(histories: SparseRows) -> Means:
    """The same, of who rated what in training, by user."""
    mean, of_item = _mean(histories), np.zeros(histories.n_columns)
    of_user = np.zeros(len(histories))
    for _ in range(_ROUNDS):
        of_item = _item_biases(histories, mean, of_user)
        of_user = _user_biases(histories, mean, of_item)
    return Means(mean, of_user.astype(np.float32), of_item.astype(np.float32))


def item_biases_near(train: Ratings, near: Scores) -> Scores:
    """Biases of items, solved for once more from such as were right for most of the rows.

    Args:
        train: the training rows.
        near: (n_items,), stars.
    Returns: float32 (n_items,), stars.
    """
    histories = SparseRows.by_user(train)
    mean = _mean(histories)
    of_user = _user_biases(histories, mean, near.astype(np.float64))
    return _item_biases(histories, mean, of_user).astype(np.float32)


def _mean(histories: SparseRows) -> float:
    return float(histories.values.mean(dtype=np.float64))


def _item_biases(
    histories: SparseRows, mean: float, of_user: NDArray[np.float64]
) -> NDArray[np.float64]:
    sums, counts = np.zeros(histories.n_columns), np.diff(histories.offsets)
    for rows, items, centred in _centred(histories, mean):
        left = centred - np.repeat(of_user[rows], counts[rows])
        sums += np.bincount(items, left, len(sums))
    return sums / (counts_of(histories.columns, len(sums)) + ITEM_DAMPING)


def _user_biases(
    histories: SparseRows, mean: float, of_item: NDArray[np.float64]
) -> NDArray[np.float64]:
    sums = np.zeros(len(histories))
    for rows, items, centred in _centred(histories, mean):
        sums[rows] = histories.sums(centred - of_item[items], some=rows)
    return sums / (np.diff(histories.offsets) + USER_DAMPING)


def _centred(
    histories: SparseRows, mean: float
) -> Iterator[tuple[slice, Rows, NDArray[np.float64]]]:
    """Some users, and of each of their ratings the item, and the stars above the mean."""
    for rows, entries in histories.pieces():
        centred = histories.values[entries].astype(np.float64) - mean
        yield rows, histories.columns[entries], centred
