"""What ratings say of predictors: where predictors are in stars, and where stars are steps of them.

Source: Albert & Chib 1993, section 4 (the ordered probit model).
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from starcast.engines.normal import FARTHEST, cdf, pdf
from starcast.engines.protocol import Scores

Doubles = NDArray[np.float64]
Array = NDArray[np.floating[Any]]


class LogLikelihood(NamedTuple):
    """What ratings say of predictors (S, n): the log-likelihood and how it moves with each.

    Attributes:
        fit: float64 (S,), log-likelihood up to a constant.
        gradient: float64 (S, n), its derivative.
        curvature: float64 (S, n), its negative second derivative, ≥ 0.
    """

    fit: Doubles
    gradient: Doubles
    curvature: Doubles


def gaussian_log_likelihood(
    predictors: Array, stars: Scores, noise: Array | float
) -> LogLikelihood:
    """Ratings are predictors with normal noise about them, of a standard deviation () or (S, 1)."""
    errors = stars - predictors
    gradient = errors / noise**2
    fit = -0.5 * np.einsum("sn,sn->s", errors, gradient)
    return LogLikelihood(fit, gradient, np.ones_like(errors) / noise**2)


def ordered_probit_log_likelihood(low: Doubles, high: Doubles) -> LogLikelihood:
    """What ratings say of predictors about which unit normal noise fell between two cut points.

    Args:
        low, high: (S, n), the cut points less the predictor; ±∞ at the ends of the scale.
    """
    low, high = np.clip(low, -FARTHEST, FARTHEST), np.clip(high, -FARTHEST, FARTHEST)
    is_above = low + high > 0  # mirrored into the lower tail, where small shares are exact
    nearer, farther = np.where(is_above, -low, high), np.where(is_above, -high, low)
    share = np.maximum(cdf(nearer) - cdf(farther), np.finfo(np.float64).tiny)
    at_low, at_high = pdf(low), pdf(high)
    gradient = (at_low - at_high) / share
    curvature = gradient**2 + (high * at_high - low * at_low) / share
    return LogLikelihood(np.log(share).sum(axis=1), gradient, np.maximum(curvature, 0))
