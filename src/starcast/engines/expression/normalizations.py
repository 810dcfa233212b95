"""Normalizations in NumPy: of each vector by itself, and of each number over a batch.

Sources: Ba, Kiros, Hinton 2016, eq. 4 (layers); Ioffe, Szegedy 2015, algorithm 1 (batches).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]


def of_layer(x: Array, gamma: Array, beta: Array, epsilon: float) -> Array:
    """γ ⊙ (x - m) / √(v + ε) + β with the mean and variance of each vector; as x (n, width)."""
    return _standardized(x, epsilon, axis=-1)[0] * gamma + beta


def slopes_of_layer(
    slope: Array, value: Array, x: Array, gamma: Array, beta: Array, epsilon: float
) -> tuple[Array, ...]:
    """Of x, γ and β."""
    return _slopes(slope, x, gamma, epsilon, axis=-1)


def as_deployed(
    x: Array, gamma: Array, beta: Array, mean: Array, variance: Array, *numbers: float
) -> Array:
    """γ ⊙ (x - m) / √(v + ε) + β with running averages."""
    return (x - mean) / np.sqrt(variance + x.dtype.type(numbers[0])) * gamma + beta


def slopes_as_deployed(
    slope: Array, value: Array, x: Array, gamma: Array, beta: Array, mean: Array,
    variance: Array, *numbers: float,
) -> tuple[Array, ...]:  # fmt: skip
    """Of x, γ, β and the averages."""
    deviation = np.sqrt(variance + x.dtype.type(numbers[0]))
    of_x, standard = slope * gamma / deviation, (x - mean) / deviation
    of_variance = _summed(of_x * standard) / (-2 * deviation)
    return of_x, _summed(slope * standard), _summed(slope), -_summed(of_x), of_variance


def of_batch(
    x: Array, gamma: Array, beta: Array, mean: Array, variance: Array, *numbers: float
) -> Array:
    """The same in training: with the mean and variance of the batch."""
    return _standardized(x, numbers[0], axis=0)[0] * gamma + beta


def slopes_of_batch(
    slope: Array, value: Array, x: Array, gamma: Array, beta: Array, mean: Array,
    variance: Array, *numbers: float,
) -> tuple[Array, ...]:  # fmt: skip
    """Of x, whose mean and variance move with it, γ and β."""
    none = np.zeros_like(mean)
    return *_slopes(slope, x, gamma, numbers[0], axis=0), none, none


def moved(average: Array, batch: Array, momentum: float) -> Array:
    """A running average after one more batch."""
    share = average.dtype.type(momentum)
    return share * average + (1 - share) * batch


def _standardized(x: Array, epsilon: float, axis: int) -> tuple[Array, Array]:
    """Mean 0 and variance nearly 1 along an axis; and what was divided by."""
    centred = x - x.mean(axis=axis, keepdims=True)
    variance = np.square(centred).mean(axis=axis, keepdims=True)
    deviation = np.sqrt(variance + x.dtype.type(epsilon))
    return centred / deviation, deviation


def _slopes(
    slope: Array, x: Array, gamma: Array, epsilon: float, axis: int
) -> tuple[Array, Array, Array]:
    standard, deviation = _standardized(x, epsilon, axis)
    inner = slope * gamma
    held = inner.mean(axis=axis, keepdims=True)
    turned = standard * (inner * standard).mean(axis=axis, keepdims=True)
    return (inner - held - turned) / deviation, _summed(slope * standard), _summed(slope)


def _summed(slope: Array) -> Array:
    """Over the pairs."""
    return np.asarray(slope.sum(axis=0))
