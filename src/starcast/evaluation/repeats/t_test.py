"""The corrected resampled t-test: are two models apart, over splits that share rows."""

import math
from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

Doubles = NDArray[np.float64]


@final
class Spread(NamedTuple):
    """A mean over splits.

    Attributes:
        mean: of all.
        error: its standard error; NaN of one split.
        low, high: 95 % interval.
        p_value: two-sided, that the mean is 0.
    """

    mean: float
    error: float
    low: float
    high: float
    p_value: float


def spread_of(values: Doubles, ratio: float) -> Spread:
    """The mean of figures, or of differences between two models, and how far it can be trusted.

    Test rows of one split train in another, so that splits are no independent samples: the variance
    of their mean is (1/J + n_test/n_train) σ̂², where the usual 1/J would call chance real.

    Args:
        values: (J,), one for each split.
        ratio: test rows for each training row.
    Returns: NaN where one split tells nothing; p is 0 where all differ alike, and 1 where none do.
    Source: Nadeau, Bengio 2003, section 3.2 (corrected resampled t-test), J - 1 degrees of freedom.

    >>> told = spread_of(np.array([0.01, 0.02, 0.03, 0.02]), ratio=0.25)
    >>> round(told.error, 5), round(told.p_value, 4)
    (0.00577, 0.0405)
    """
    n, mean = len(values), float(np.mean(values))
    if n < 2:
        return Spread(mean, *[math.nan] * 4)
    error = math.sqrt((1 / n + ratio) * float(np.var(values, ddof=1)))
    if error <= 1e-12 * abs(mean) or error == 0:
        return Spread(mean, 0.0, mean, mean, float(mean == 0))
    reach = error * float(stdtrit(n - 1, 0.975))
    p_value = 2 * float(stdtr(n - 1, -abs(mean) / error))
    return Spread(mean, error, mean - reach, mean + reach, p_value)
