"""Update rules as pure functions on tensors, the same for dense weights and for table rows.

A rule sees a weight, its slots (moments, of the weight's shape) and its gradient. On tables it is
given only the rows of the batch, so it is sparse and, for Adam, lazy: the moments of other rows
do not decay.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

BETA_1, BETA_2, RHO, EPSILON = 0.9, 0.999, 0.9, 1e-7

Slots = list[Any]


class Rule(NamedTuple):
    """How many slots a weight needs, and `update(weight, slots, gradient, rate, step)`."""

    n_slots: int
    update: Callable[[Any, Slots, Any, float, Any], tuple[Any, Slots]]


def _adam(weight: Any, slots: Slots, gradient: Any, rate: float, step: Any) -> tuple[Any, Slots]:
    """Source: Kingma & Ba 2015, algorithm 1, with the bias corrections folded into the rate."""
    first = BETA_1 * slots[0] + (1 - BETA_1) * gradient
    second = BETA_2 * slots[1] + (1 - BETA_2) * tf.square(gradient)
    corrected = rate * tf.sqrt(1 - BETA_2**step) / (1 - BETA_1**step)
    return weight - corrected * first / (tf.sqrt(second) + EPSILON), [first, second]


def _rmsprop(weight: Any, slots: Slots, gradient: Any, rate: float, step: Any) -> tuple[Any, Slots]:
    """Source: Tieleman & Hinton 2012, lecture 6.5."""
    mean_square = RHO * slots[0] + (1 - RHO) * tf.square(gradient)
    return weight - rate * gradient * tf.math.rsqrt(mean_square + EPSILON), [mean_square]


def _gradient_descent(
    weight: Any, slots: Slots, gradient: Any, rate: float, step: Any
) -> tuple[Any, Slots]:
    return weight - rate * gradient, []


RULES = {
    "Adam": Rule(2, _adam),
    "RMSProp": Rule(1, _rmsprop),
    "GradientDescent": Rule(0, _gradient_descent),
}
