"""What lists show of the catalogue: how much of it, how evenly, and how much beyond the well known.

"Long tail" and popularity are of training ratings.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from starcast.evaluation.metrics.checks import check_positive
from starcast.evaluation.metrics.ranking import Rows, listed_rows

HEAD = 0.2  # share of the catalogue, by ratings, that is not the long tail


def coverage(recommended_rows: Rows, n_items: int) -> float:
    """Share of the catalogue that stands in at least one list.

    Args:
        recommended_rows: int (n_users, k), rows in [0, n_items); −1 where a list holds nothing.
        n_items: size of the catalogue.
    Returns: a share in [0, 1].
    Raises: ValueError: empty lists or catalogue, or a row outside it.
    Source: Ge, Delgado-Battenfeld, Jannach 2010, section 2 (catalog coverage).

    >>> coverage(np.array([[0, 1], [1, 2]]), n_items=4)
    0.75
    """
    return float(np.mean(_exposure(recommended_rows, n_items) > 0))


def gini(recommended_rows: Rows, n_items: int) -> float:
    """Gini coefficient of how often the items of the catalogue are listed.

    With x_1 ≤ … ≤ x_n how many lists hold each of the n items, never listed ones included:
    G = Σ_i (2i − n − 1) · x_i / (n · Σ x).

    Args:
        recommended_rows, n_items: as in `coverage`.
    Returns: 0 where all items are listed equally often, 1 − 1/n where one takes every place.
    Raises: ValueError: as `coverage`.
    Source: Fleder, Hosanagar 2009 (Gini coefficient of sales). Deviations: none.

    >>> gini(np.array([[0], [0]]), n_items=4)
    0.75
    """
    listed = np.sort(_exposure(recommended_rows, n_items)).astype(np.float64)
    ranks = 2 * np.arange(1, n_items + 1) - n_items - 1
    return float(ranks @ listed / (n_items * listed.sum()))


def is_long_tail(n_raters_per_item: Rows) -> NDArray[np.bool_]:
    """Which items are outside the most rated fifth of the catalogue; bool (n_items,).

    Items rated as often as the last of the fifth belong to it, so that chance decides nothing;
    items without ratings never do.

    Args:
        n_raters_per_item: int (n_items,), training ratings of each item.
    Source: Abdollahpouri, Burke, Mobasher 2019 (short head: the top 20 % of items).

    >>> is_long_tail(np.array([9, 1, 5, 1, 0])).tolist()
    [False, True, True, True, True]
    """
    check_positive(n_items=len(n_raters_per_item))
    n_head = math.ceil(HEAD * len(n_raters_per_item))
    last_of_head = np.partition(n_raters_per_item, -n_head)[-n_head]
    return np.asarray((n_raters_per_item < last_of_head) | (n_raters_per_item == 0))


def long_tail_share(recommended_rows: Rows, n_raters_per_item: Rows) -> float:
    """Share of a user's list that is of the long tail; the mean over users with a list.

    Args:
        recommended_rows: int (n_users, k), rows in [0, n_items); −1 where a list holds nothing.
        n_raters_per_item: int (n_items,), training ratings of each item.
    Returns: a share in [0, 1].
    Raises: ValueError: empty lists, or a row outside the catalogue.
    Source: Abdollahpouri, Burke, Mobasher 2019 (APLT: average percentage of long tail items).
    """
    listed_rows(recommended_rows, len(n_raters_per_item))
    is_listed = recommended_rows >= 0
    in_tail = is_listed & is_long_tail(n_raters_per_item)[recommended_rows]
    n_listed = is_listed.sum(axis=1)
    return float(np.mean(in_tail.sum(axis=1)[n_listed > 0] / n_listed[n_listed > 0]))


def novelty(recommended_rows: Rows, n_raters_per_item: Rows, n_train_users: int) -> float:
    """Mean self-information of the listed items, −log₂(raters of the item / training users).

    An item rated by everybody tells nothing (0 bits), one rated by every eighth user 3 bits. An
    item without raters counts as if it had one, the most that the data can tell.

    Args:
        recommended_rows: int (n_users, k), rows in [0, n_items); −1 where a list holds nothing.
        n_raters_per_item: int (n_items,), training users who rated each item.
        n_train_users: training users.
    Returns: bits, 0 or more; the mean over every listed item of every user.
    Raises: ValueError: empty lists, a row outside the catalogue, or counts outside
        [0, n_train_users].
    Source: Zhou, Kuscsik, Liu, Medo, Wakeling, Zhang 2010 (surprisal). Deviation: items without
        raters count as with one.

    >>> novelty(np.array([[0, 1]]), np.array([8, 1]), n_train_users=8)
    1.5
    """
    check_positive(n_train_users=n_train_users)
    listed = listed_rows(recommended_rows, len(n_raters_per_item))
    if n_raters_per_item.min() < 0 or n_raters_per_item.max() > n_train_users:
        raise ValueError(f"n_raters_per_item must lie between 0 and {n_train_users}")
    bits = np.log2(n_train_users) - np.log2(np.maximum(n_raters_per_item, 1))
    return float(np.mean(bits[listed]))


def _exposure(recommended_rows: Rows, n_items: int) -> NDArray[np.int64]:
    """How many lists hold each item; int64 (n_items,)."""
    listed: NDArray[Any] = listed_rows(recommended_rows, n_items)
    return np.bincount(listed, minlength=n_items)
