"""How far predicted stars are from the ratings."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from starcast.evaluation.metrics.checks import check_columns, check_finite

Numbers = NDArray[np.floating[Any]]


def rmse(stars: Numbers, predictions: Numbers) -> float:
    """Root mean squared error, √(Σ (r − r̂)² / n), in stars.

    Args:
        stars: (n,) ratings r.
        predictions: (n,) predicted stars r̂.
    Returns: the error, 0 or more; accumulated in float64.
    Raises: ValueError: no rows, columns that do not fit, or a value that is not finite.
    Source: Herlocker, Konstan, Terveen, Riedl 2004, section 4.1.

    >>> rmse(np.array([4.0, 2.0]), np.array([3.0, 2.0]))
    0.7071067811865476
    """
    return float(np.sqrt(np.mean(np.square(_errors(stars, predictions)))))


def mae(stars: Numbers, predictions: Numbers) -> float:
    """Mean absolute error, Σ |r − r̂| / n, in stars.

    Args:
        stars: (n,) ratings r.
        predictions: (n,) predicted stars r̂.
    Returns: the error, 0 or more and never above the RMSE; accumulated in float64.
    Raises: ValueError: no rows, columns that do not fit, or a value that is not finite.
    Source: Herlocker, Konstan, Terveen, Riedl 2004, section 4.1.

    >>> mae(np.array([4.0, 2.0]), np.array([3.0, 2.0]))
    0.5
    """
    return float(np.mean(np.abs(_errors(stars, predictions))))


def accuracy(stars: Numbers, nearest: Numbers) -> float:
    """Exact-star accuracy: the share of predictions whose nearest rating is the one given.

    Args:
        stars: (n,) ratings.
        nearest: (n,) predictions already rounded to the scale, as by `RatingScale.nearest`.
    Returns: a share in [0, 1].
    Raises: ValueError: no rows, columns that do not fit, or a value that is not finite.
    Source: the accuracy of the 2018 system, which rounded to whole stars on every scale.

    >>> accuracy(np.array([4.0, 2.0]), np.array([4.0, 3.0]))
    0.5
    """
    check_columns(stars=stars, nearest=nearest)
    check_finite(stars=stars, nearest=nearest)
    # float32, the type ratings are kept in: 3.3 reached by 0.1 + 32 · 0.1 is still 3.3
    return float(np.mean(np.asarray(stars, np.float32) == np.asarray(nearest, np.float32)))


def _errors(stars: Numbers, predictions: Numbers) -> NDArray[np.float64]:
    check_columns(stars=stars, predictions=predictions)
    check_finite(stars=stars, predictions=predictions)
    return np.subtract(stars, predictions, dtype=np.float64)
