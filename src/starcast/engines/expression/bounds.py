"""How large the values of an expression can become, whatever users and items it is asked about."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from starcast.engines.expression.kinds import ACTIVATIONS, POOLS, TIME
from starcast.engines.expression.node import Expression

Sizes = Mapping[str, float]
"""The largest absolute value of each of the weights, by name."""


def largest(array: NDArray[np.float32]) -> float:
    """The largest absolute value; 0 if there is none, NaN if one is."""
    with np.errstate(invalid="ignore"):
        return float(np.maximum(array.max(initial=0), -array.min(initial=0)))


def bound(
    expression: Expression, weights: Mapping[str, NDArray[np.float32]], sizes: Sizes
) -> float:
    """No absolute value of an expression is larger.

    Args:
        expression: any, with a value for each pair.
        weights: that it reads; they may have more axes in front, such as draws.
        sizes: of them.

    >>> from starcast.engines.expression import item, user
    >>> product = user("factors", 2) * item("factors", 2)
    >>> bound(product.total() + 1, {}, {"user_factors": 1.0, "item_factors": 3.0})
    7.0
    """
    found: dict[Expression, float] = {}
    for part in expression.parts():
        below = [found[one] for one in part.inputs]
        if part.kind == "dense":
            found[part] = below[0] * _column_sum(weights[part.weights[0]])
            found[part] += sum(sizes[name] for name in part.weights[1:])
        elif part.kind in POOLS:
            table = part.weights[0]
            found[part] = sizes[table] * float(np.sqrt(len(weights[table])))
        elif part.kind == TIME:
            found[part] = _time(part, weights, sizes)
        elif part.kind == "batch_normalization":
            found[part] = _normalized(part, below[0], weights, sizes)
        else:
            found[part] = _RULES[part.kind](part, below, sizes)
    return found[expression]


def _column_sum(kernel: NDArray[np.float32]) -> float:
    """Of absolute values, that of the largest column."""
    return float(np.abs(kernel).sum(axis=-2, dtype=np.float64).max(initial=0))


def _own(part: Expression, below: Sequence[float], sizes: Sizes) -> float:
    return sizes[part.weights[0]]


def _constant(part: Expression, below: Sequence[float], sizes: Sizes) -> float:
    return max(map(abs, part.numbers))


def _total(part: Expression, below: Sequence[float], sizes: Sizes) -> float:
    return below[0] * part.inputs[0].shape[-1]


def _product(part: Expression, below: Sequence[float], sizes: Sizes) -> float:
    return below[0] * below[1]


def _sum(part: Expression, below: Sequence[float], sizes: Sizes) -> float:
    return sum(below)


def _most(part: Expression, below: Sequence[float], sizes: Sizes) -> float:
    return max(below)


def _time(part: Expression, weights: Mapping[str, NDArray[np.float32]], sizes: Sizes) -> float:
    """Of any time that there is; none where the scale is no deviation."""
    means, scale = part.weights
    deviation = float(weights[scale][-1])
    return (2.0**64 + sizes[scale]) / deviation + sizes[means] if deviation > 0 else np.inf


def _normalized(
    part: Expression, below: float, weights: Mapping[str, NDArray[np.float32]], sizes: Sizes
) -> float:
    """Of what running averages normalize; none where these are no variances."""
    gamma, beta, mean, variance = part.weights
    least = float(weights[variance].min(initial=1)) + part.numbers[0]
    if not least > 0:
        return np.inf
    return (below + sizes[mean]) * sizes[gamma] / float(np.sqrt(least)) + sizes[beta]


def _standardized(part: Expression, below: Sequence[float], sizes: Sizes) -> float:
    """A number lies no more than √width deviations from the mean of its vector."""
    gamma, beta = part.weights
    return float(np.sqrt(part.shape[-1])) * sizes[gamma] + sizes[beta]


def _activated(part: Expression, below: Sequence[float], sizes: Sizes) -> float:
    return below[0] + 1  # softplus(0) is 0.7, sigmoid(0) is 0.5; else none grows faster


_RULES: Mapping[str, Callable[[Expression, Sequence[float], Sizes], float]] = {
    "user_row": _own,
    "item_row": _own,
    "weight": _own,
    "constant": _constant,
    "concatenate": _most,
    "add": _sum,
    "multiply": _product,
    "total": _total,
    "column": _most,
    "dropout": _most,
    "layer_normalization": _standardized,
    **dict.fromkeys(ACTIVATIONS, _activated),
}
