"""Predicted stars judged by held-out rows, some users after the others."""

import math
from collections.abc import Sequence
from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.columns import distinct
from starcast.data.ratings import Ratings
from starcast.data.scale import MOST_LEVELS
from starcast.engines.protocol import Scorer, score_ratings
from starcast.engines.rows import SparseRows
from starcast.evaluation import metrics


@final
class StarFigures(NamedTuple):
    """What rows say of a scorer.

    Attributes:
        rmse, mae: stars, of predictions clipped to the scale.
        accuracy: share of predictions that round to the exact rating; NaN where there is none.
        sums: of the curves over users' own rows.
        squared_errors: float64 (n_users,), Σ of squared errors over each user's rows.
    """

    rmse: float
    mae: float
    accuracy: float
    sums: metrics.HeldOutSums
    squared_errors: NDArray[np.float64]


def judge_stars(scorer: Scorer, test: Ratings, whole: Ratings, max_k: int) -> StarFigures:
    """What test rows say; they, and what is made of them, need not all fit in memory.

    Args:
        scorer: of the model.
        test: the rows, one at least.
        max_k: longest list of the curves.
        whole: all rows, whose ratings tell what is exact on a fine scale.
    """
    levels = distinct(whole.stars) if whole.scale.is_fine else None
    squared, found, sizes = np.zeros(test.n_users), list[StarFigures](), list[int]()
    for users, rows in SparseRows.by_user(test).pieces():
        if part := test.take(rows):
            one = _judged(part, score_ratings(scorer, part), levels, max_k)
            squared[users] = one.squared_errors[users]
            found.append(one)
            sizes.append(len(part))
    return found[0] if len(found) == 1 else _together(found, sizes, squared)


def _judged(
    test: Ratings, raw: NDArray[np.float32], levels: NDArray[np.float32] | None, max_k: int
) -> StarFigures:
    """What rows say of raw scores (n,)."""
    shown = test.scale.clip(raw)
    errors = np.square(np.subtract(shown, test.stars, dtype=np.float64))
    return StarFigures(
        metrics.rmse(test.stars, shown),
        metrics.mae(test.stars, shown),
        _accuracy(test, shown, levels),
        metrics.held_out_sums(test.user_rows, test.stars, raw, max_k),
        np.bincount(test.user_rows, errors, test.n_users).astype(np.float64),
    )


def _together(
    parts: Sequence[StarFigures], sizes: Sequence[int], squared: NDArray[np.float64]
) -> StarFigures:
    """What all of them say."""

    def mean(values: Sequence[float]) -> float:
        return float(np.average(values, weights=sizes))

    precision, recall, n_users = zip(*(one.sums for one in parts), strict=True)
    return StarFigures(
        math.sqrt(mean([one.rmse**2 for one in parts])),
        mean([one.mae for one in parts]),
        mean([one.accuracy for one in parts]),
        metrics.HeldOutSums(np.sum(precision, 0), np.sum(recall, 0), np.sum(n_users, 0)),
        squared,
    )


def _accuracy(
    test: Ratings, shown: NDArray[np.float32], levels: NDArray[np.float32] | None
) -> float:
    """By the steps of the scale; where these are too fine, by the ratings that the data show."""
    if levels is None:
        return metrics.accuracy(test.stars, test.scale.nearest(shown))
    if len(levels) > MOST_LEVELS:
        return math.nan
    halfway = (levels[:-1].astype(np.float64) + levels[1:]) / 2
    return metrics.accuracy(test.stars, levels[np.searchsorted(halfway, shown, side="right")])
