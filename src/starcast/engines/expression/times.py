"""When a rating is made, as networks read it; and networks that do without.

The date is a timestamp with mean 0 and standard deviation 1 among the training rows. A user's drift
is sign(δ) |δ|^0.4, δ how much later that is than the user's mean date. Where no time is asked
for, the date is that mean and the drift 0. Of a user without training rows no date is known: the
drift is 0.

Source: Koren 2010, section 3.2 (dev_u(t), β = 0.4), in units of the standard deviation.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from starcast.engines.expression.kinds import TIME
from starcast.engines.expression.layers import constant
from starcast.engines.expression.node import Expression, made
from starcast.engines.expression.rewrite import rewritten

_POWER = 0.4

Array = NDArray[np.float32]


def scale_of(timestamps: NDArray[np.int64]) -> Array:
    """Mean and standard deviation of training times; float32 (2,)."""
    return np.array([timestamps.mean(), timestamps.std() or 1], np.float32)


def mean_dates(
    user_rows: NDArray[np.int32], timestamps: NDArray[np.int64], scale: Array, n_users: int
) -> Array:
    """Every user's mean date, 0 of those without training rows; float32 (n_users, 1)."""
    dates = _dates(timestamps, scale)
    counts = np.bincount(user_rows, minlength=n_users)
    sums = np.bincount(user_rows, dates, n_users)
    return (sums / np.maximum(counts, 1)).astype(np.float32)[:, np.newaxis]


def at_times(
    weights: Mapping[str, NDArray[Any]], user_rows: NDArray[Any], timestamps: NDArray[np.int64]
) -> Array:
    """Date and drift of n ratings; float32 (n, 2)."""
    dates = _dates(timestamps, weights["time_scale"])
    means = weights["user_time"][user_rows, 0]
    late = np.where(means == 0, 0, dates - means)
    drift = np.sign(late) * np.abs(late) ** _POWER
    return np.column_stack([dates, drift]).astype(np.float32)


def without_times(network: Expression) -> Expression:
    """The network where no time is asked for."""

    def replace(part: Expression, inputs: tuple[Expression, ...]) -> Expression | None:
        if part.kind != TIME:
            return None
        mean = made("user_row", shape=(1,), weights=part.weights[:1], start="given")
        return mean * constant([1.0, 0.0])

    return rewritten(network, replace)


def _dates(timestamps: NDArray[np.int64], scale: NDArray[Any]) -> NDArray[np.float64]:
    return (timestamps - np.float64(scale[0])) / np.float64(scale[1])
