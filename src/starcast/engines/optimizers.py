"""Update rules in compiled loops: rows of weights, their moments and their gradients, in place.

A row is a table's row or all the weights of a network's dense layers. Of a table only the rows of
a batch are given, so the rules are sparse and, for Adam, lazy: the moments of other rows do not
decay.

Sources: Kingma & Ba 2015, algorithm 1 with the corrections folded into the rate, as at the end of
section 2 (Adam); Tieleman & Hinton 2012, lecture 6.5 (RMSProp).
"""

import math
from typing import Any, NamedTuple

import numpy as np

from starcast.engines.compiled import serial
from starcast.engines.simd import load_vector, store_vector

BETA_1, BETA_2, RHO, EPSILON = 0.9, 0.999, 0.9, 1e-7
_ONE, _EPSILON = np.float32(1), np.float32(EPSILON)
_BETA_1, _BETA_2, _RHO = np.float32(BETA_1), np.float32(BETA_2), np.float32(RHO)
ADAM, RMSPROP, GRADIENT_DESCENT = 0, 1, 2  # Numba reads no dictionary of names
RULES = {"Adam": ADAM, "RMSProp": RMSPROP, "GradientDescent": GRADIENT_DESCENT}


class Descent(NamedTuple):
    """How a batch moves the weights.

    Attributes:
        rule: a value of `RULES`.
        learning_rate: before `step_rate`.
        penalty: λ, float32.
    """

    rule: int
    learning_rate: float
    penalty: np.float32


@serial
def step_rate(rule: int, rate: float, step: int) -> Any:
    """The learning rate of a step, counted from 1; float32, with Adam's corrections in it."""
    if rule == ADAM:
        rate *= np.sqrt(1 - BETA_2**step) / (1 - BETA_1**step)
    return np.float32(rate)


@serial
def update(rule: int, table: Any, rows: Any, gradients: Any, rate: Any) -> None:
    """Move rows of weights and their two moments.

    Args:
        rule: a value of `RULES`.
        table: float32 (n_rows, 3, n_vectors, VECTOR), weights and moments; changed in place.
        rows: int32 (n,), which of them, each once.
        gradients: float32 (≥ n, n_vectors, VECTOR), of the objective.
        rate: from `step_rate`.
    """
    n_vectors = gradients.shape[1]
    for n in range(len(rows)):
        weights = rows[n] * 3 * n_vectors
        firsts, seconds = weights + n_vectors, weights + 2 * n_vectors
        for vector in range(n_vectors):
            weight, first, second = moved(
                rule,
                load_vector(table, weights + vector),
                load_vector(table, firsts + vector),
                load_vector(table, seconds + vector),
                load_vector(gradients, n * n_vectors + vector),
                rate,
            )
            store_vector(table, weights + vector, weight)
            store_vector(table, firsts + vector, first)
            store_vector(table, seconds + vector, second)


@serial
def moved(rule: Any, weight: Any, first: Any, second: Any, gradient: Any, rate: Any) -> Any:
    """Weight and moments after a step; of numbers, or of vectors that reckon like numbers."""
    if rule == ADAM:
        return adam(weight, first, second, gradient, rate)
    if rule == RMSPROP:
        weight, second = rmsprop(weight, second, gradient, rate)
        return weight, first, second
    return weight - rate * gradient, first, second


@serial
def adam(weight: Any, first: Any, second: Any, gradient: Any, rate: Any) -> Any:
    """The new weight and its new moments; of numbers, or of vectors that reckon like numbers."""
    first = _BETA_1 * first + (_ONE - _BETA_1) * gradient
    second = _BETA_2 * second + (_ONE - _BETA_2) * gradient * gradient
    return weight - rate * first / (math.sqrt(second) + _EPSILON), first, second


@serial
def rmsprop(weight: Any, second: Any, gradient: Any, rate: Any) -> Any:
    """The new weight and its new second moment, as in `adam`."""
    second = _RHO * second + (_ONE - _RHO) * gradient * gradient
    return weight - rate * gradient / math.sqrt(second + _EPSILON), second
