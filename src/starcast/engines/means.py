"""Regularised means: what a user gives and an item gets, beside the mean of all."""

from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.ids import Rows
from starcast.data.ratings import Ratings
from starcast.engines.protocol import Scores
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


def means(train: Ratings) -> Means:
    """The biases that minimise Σ (r - μ - b_u - b_i)² + λ_u Σ b_u² + λ_i Σ b_i².

    Args:
        train: the training rows.
    Source: Koren 2010, section 2.1; solved in turn, each exactly.
    """
    return means_of(SparseRows.by_user(train))


def means_of(histories: SparseRows) -> Means:
    """The same, of who rated what in training, by user."""
    users, items, stars = histories.row_numbers(), histories.columns, histories.values
    mean = float(stars.mean(dtype=np.float64))
    centred = stars.astype(np.float64) - mean
    of_user, of_item = np.zeros(len(histories)), np.zeros(histories.n_columns)
    for _ in range(_ROUNDS):
        of_item = damped(items, centred - of_user[users], ITEM_DAMPING, of_item)
        of_user = damped(users, centred - of_item[items], USER_DAMPING, of_user)
    return Means(mean, of_user.astype(np.float32), of_item.astype(np.float32))


def damped(
    rows: Rows, values: NDArray[np.float64], damping: float, like: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Sum of the values (n,) of each row over its count and the damping; (n_rows,) as `like`."""
    sums = np.bincount(rows, values, len(like))
    return np.asarray(sums / (np.bincount(rows, minlength=len(like)) + damping))
