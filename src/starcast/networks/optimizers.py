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
    """An optimizer.

    Attributes:
        n_slots: how many slots a weight needs.
        update: weight, slots, gradient, rate and step (from 1) to the new weight and slots.
        assign: the same on variables in place, where TensorFlow has it as one fused kernel.
    """

    n_slots: int
    update: Callable[[Any, Slots, Any, float, Any], tuple[Any, Slots]]
    assign: Callable[[Any, Slots, Any, float, Any], None]


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


def _adam_assign(variable: Any, slots: Slots, gradient: Any, rate: float, step: Any) -> None:
    first, second = slots
    tf.raw_ops.ResourceApplyAdam(
        var=variable.handle,
        m=first.handle,
        v=second.handle,
        beta1_power=BETA_1**step,
        beta2_power=BETA_2**step,
        lr=rate,
        beta1=BETA_1,
        beta2=BETA_2,
        epsilon=EPSILON,
        grad=gradient,
    )


def _rmsprop_assign(variable: Any, slots: Slots, gradient: Any, rate: float, step: Any) -> None:
    weight, (mean_square,) = _rmsprop(variable, slots, gradient, rate, step)
    slots[0].assign(mean_square)
    variable.assign(weight)


def _gradient_descent_assign(
    variable: Any, slots: Slots, gradient: Any, rate: float, step: Any
) -> None:
    variable.assign_sub(rate * gradient)


RULES = {
    "Adam": Rule(2, _adam, _adam_assign),
    "RMSProp": Rule(1, _rmsprop, _rmsprop_assign),
    "GradientDescent": Rule(0, _gradient_descent, _gradient_descent_assign),
}
