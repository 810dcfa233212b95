"""Precision, recall and F1 over a user's own test items: the charts of the 2018 system."""

from dataclasses import dataclass
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from starcast.evaluation.metrics.checks import check_columns, check_finite, check_positive
from starcast.evaluation.metrics.relevance import mean_thresholds

Curve = NDArray[np.float64]


@final
@dataclass(frozen=True, eq=False, slots=True)
class HeldOutCurves:
    """Means over users for every list size k; position k − 1 belongs to k.

    Attributes:
        precision, recall, f1: float64 (max_k,), in [0, 1]; NaN where no user has k test ratings.
        n_users: int64 (max_k,), how many users have at least k test ratings.
    """

    precision: Curve
    recall: Curve
    f1: Curve
    n_users: NDArray[np.int64]


@final
class HeldOutSums(NamedTuple):
    """Precision and recall summed over users, and how many have as many ratings, by k; (max_k,)."""

    precision: Curve
    recall: Curve
    n_users: NDArray[np.int64]

    def curves(self) -> HeldOutCurves:
        """Their means."""
        with np.errstate(invalid="ignore"):  # 0 / 0 is the NaN of a k that nobody reaches
            return _curves(self.precision / self.n_users, self.recall / self.n_users, self.n_users)


def held_out_curves(
    user_rows: NDArray[np.integer[Any]],
    stars: NDArray[np.floating[Any]],
    scores: NDArray[np.floating[Any]],
    max_k: int = 100,
) -> HeldOutCurves:
    """Precision@k, recall@k and F1@k of test items ranked per user, for k = 1 … max_k.

    Of a user with at least k test ratings, the k test items of highest score are listed (equal
    scores in row order). With m the mean of all their test ratings, an item is *relevant* if its
    rating is at least m, and *recommended* if it is listed and its score is at least m:

        precision = |relevant ∩ recommended| / |recommended|, 0 if nothing is recommended
        recall    = |relevant ∩ recommended| / |relevant|

    Both are averaged over users; F1 = 2·P·R / (P + R) of the averages, 0 if both are 0. What falls
    short of m by no more than float32 rounding is at least m.

    Args:
        user_rows: int (n,), rows of users, 0 or more, in any order.
        stars: (n,) test ratings.
        scores: (n,) predicted stars.
        max_k: longest list.
    Returns: the curves.
    Raises: ValueError: no rows, columns that do not fit, a negative row, or a score or rating that
        is not finite.
    Source: the 2018 system, whose precision was 1 for a user to whom nothing was recommended.
        Deviation: it is 0 here, since an empty list helps nobody and a model must not gain by
        predicting low.

    >>> curves = held_out_curves(
    ...     np.array([0, 0]), np.array([5.0, 1.0]), np.array([3.5, 4.0]), max_k=2)
    >>> curves.precision.tolist(), curves.recall.tolist()
    ([0.0, 0.5], [0.0, 1.0])
    """
    return held_out_sums(user_rows, stars, scores, max_k).curves()


def held_out_sums(
    user_rows: NDArray[np.integer[Any]],
    stars: NDArray[np.floating[Any]],
    scores: NDArray[np.floating[Any]],
    max_k: int = 100,
) -> HeldOutSums:
    """What `held_out_curves` are made of; those of some users and of others add up.

    Args, Raises: as there.
    """
    from starcast.evaluation.metrics.held_out_kernel import group_by_user, sum_over_users

    check_columns(user_rows=user_rows, stars=stars, scores=scores)
    check_finite(stars=stars, scores=scores)
    check_positive(max_k=max_k)
    if user_rows.min() < 0:
        raise ValueError(f"user_rows holds {user_rows.min()}; rows are 0 or more")
    users = np.asarray(user_rows, np.int64)
    starts, order = group_by_user(users)
    precision, recall, n_users = sum_over_users(
        starts,
        order,
        np.asarray(stars, np.float64),
        np.asarray(scores, np.float64),
        mean_thresholds(users, stars),
        max_k,
    )
    return HeldOutSums(precision, recall, n_users)


def _curves(precision: Curve, recall: Curve, n_users: NDArray[np.int64]) -> HeldOutCurves:
    both = precision + recall
    f1 = np.divide(2 * precision * recall, both, out=both.copy(), where=both != 0)
    return HeldOutCurves(precision, recall, f1, n_users)
