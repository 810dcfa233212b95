"""The update rules of `engines.optimizers` in Keras: they move whole arrays, by the same formulas.

Sources: as there.
"""

from collections.abc import Callable
from typing import Any

from keras import ops

from starcast.engines.optimizers import BETA_1, BETA_2, EPSILON, RHO

Tensor = Any
Moved = tuple[Tensor, Tensor, Tensor]


def _adam(weight: Tensor, first: Tensor, second: Tensor, slope: Tensor, rate: Tensor) -> Moved:
    first = BETA_1 * first + (1 - BETA_1) * slope
    second = BETA_2 * second + (1 - BETA_2) * slope * slope
    return weight - rate * first / (ops.sqrt(second) + EPSILON), first, second


def _rmsprop(weight: Tensor, first: Tensor, second: Tensor, slope: Tensor, rate: Tensor) -> Moved:
    second = RHO * second + (1 - RHO) * slope * slope
    return weight - rate * slope / ops.sqrt(second + EPSILON), first, second


def _descent(weight: Tensor, first: Tensor, second: Tensor, slope: Tensor, rate: Tensor) -> Moved:
    return weight - rate * slope, first, second


RULES: dict[str, Callable[[Tensor, Tensor, Tensor, Tensor, Tensor], Moved]] = {
    "Adam": _adam,
    "RMSProp": _rmsprop,
    "GradientDescent": _descent,
}
"""Weights, their two moments, the gradient and the rate of a step to weights and moments."""
