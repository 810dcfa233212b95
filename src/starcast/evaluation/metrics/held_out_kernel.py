"""Compiled loops behind `held_out`; only that module imports this one, and only when called.

One thread on purpose: 4 million rows take a fraction of a second, and a fixed order of summation
gives the same bits on every machine.
"""

import numba
import numpy as np
from numpy.typing import NDArray

Longs = NDArray[np.int64]
Doubles = NDArray[np.float64]


@numba.njit(cache=True)
def group_by_user(user_rows: Longs) -> tuple[Longs, Longs]:
    """Counting sort: `order[starts[u]:starts[u + 1]]` are the rows of user u, ascending.

    Args:
        user_rows: int64 (n,), in [0, n_users).
    Returns: int64 (n_users + 1,) starts; int64 (n,) order.
    """
    starts = np.zeros(user_rows.max() + 2, np.int64)
    for user in user_rows:
        starts[user + 1] += 1
    starts = np.cumsum(starts)
    following = starts[:-1].copy()
    order = np.empty(len(user_rows), np.int64)
    for row, user in enumerate(user_rows):
        order[following[user]] = row
        following[user] += 1
    return starts, order


@numba.njit(cache=True)
def sum_over_users(
    starts: Longs, order: Longs, stars: Doubles, scores: Doubles, thresholds: Doubles, max_k: int
) -> tuple[Doubles, Doubles, Longs]:
    """Sums of precision@k and recall@k over users with at least k rows, and how many they are.

    Args:
        starts, order: from `group_by_user`.
        stars, scores: float64 (n,).
        thresholds: float64 (n_users,), from which on an item is relevant, a score recommended.
        max_k: longest list.
    Returns: float64 (max_k,), float64 (max_k,), int64 (max_k,); position k − 1 belongs to k.
    """
    precision, recall = np.zeros(max_k), np.zeros(max_k)
    n_users = np.zeros(max_k, np.int64)
    best = np.empty(max_k, np.int64)
    for user in range(len(starts) - 1):
        rows = order[starts[user] : starts[user + 1]]
        if not len(rows):
            continue
        threshold = thresholds[user]
        n_recommended = _take_best(rows, scores, threshold, best)
        n_relevant = _count_from(rows, stars, threshold)
        hits = 0
        for k in range(1, min(len(rows), max_k) + 1):
            if k <= n_recommended and stars[best[k - 1]] >= threshold:
                hits += 1
            precision[k - 1] += hits / max(min(k, n_recommended), 1)
            recall[k - 1] += hits / n_relevant
            n_users[k - 1] += 1
    return precision, recall, n_users


@numba.njit(cache=True)
def _count_from(rows: Longs, stars: Doubles, threshold: float) -> int:
    n = 0
    for row in rows:
        n += stars[row] >= threshold
    return n


@numba.njit(cache=True)
def _take_best(rows: Longs, scores: Doubles, threshold: float, best: Longs) -> int:
    """Fill `best` with the rows of highest score from the threshold up; returns how many.

    Scores below the threshold are never recommended, and all of them rank behind those that are,
    so they need no sorting. Insertion keeps equal scores in row order.
    """
    n = 0
    for row in rows:
        score = scores[row]
        if score < threshold or (n == len(best) and score <= scores[best[n - 1]]):
            continue
        n = min(n + 1, len(best))
        at = n - 1
        while at > 0 and scores[best[at - 1]] < score:
            best[at] = best[at - 1]
            at -= 1
        best[at] = row
    return n
