"""The operations of expressions in Keras, on whichever backend: one function for each kind.

A kind that `expression.kinds` gains needs a line in `OPERATIONS` here.
"""

from collections.abc import Callable, Mapping
from functools import reduce
from types import MappingProxyType
from typing import Any

import numpy as np
from keras import ops

from starcast.engines.expression import Expression
from starcast.engines.expression.kinds import NORMALIZATIONS, ROWS

Tensor = Any
"""Of Keras's backend."""

Dropout = Callable[[Tensor, float, int], Tensor]
"""Values, a rate and which dropout of the network this is, to values some of which are 0."""

Moments = Callable[[Expression, Tensor], tuple[Tensor, Tensor]]
"""A batch normalization and what it reads to means and variances over the batch."""


def _concatenated(*parts: Tensor) -> Tensor:
    front = np.broadcast_shapes(*(tuple(part.shape[:-1]) for part in parts))
    whole = [ops.broadcast_to(part, (*front, part.shape[-1])) for part in parts]
    return ops.concatenate(whole, axis=-1)


def _normalized_by_itself(x: Tensor, gamma: Tensor, beta: Tensor, epsilon: float) -> Tensor:
    mean = ops.mean(x, axis=-1, keepdims=True)
    variance = ops.mean(ops.square(x - mean), axis=-1, keepdims=True)
    return (x - mean) / ops.sqrt(variance + epsilon) * gamma + beta


OPERATIONS: dict[str, Callable[..., Tensor]] = {
    "weight": lambda own: own,
    "dense": lambda below, kernel, *bias: reduce(ops.add, bias, ops.matmul(below, kernel)),
    "concatenate": _concatenated,
    "add": lambda *terms: reduce(ops.add, terms),
    "multiply": ops.multiply,
    "total": lambda values: ops.sum(values, axis=-1),
    "column": lambda values: ops.expand_dims(values, axis=-1),
    "relu": ops.relu,
    "elu": ops.elu,
    "tanh": ops.tanh,
    "sigmoid": ops.sigmoid,
    "softplus": ops.softplus,
    "erf": ops.erf,
    "layer_normalization": _normalized_by_itself,
    "batch_normalization": lambda x, gamma, beta, mean, variance, epsilon, momentum: (
        (x - mean) / ops.sqrt(variance + epsilon) * gamma + beta
    ),
}
"""What each kind makes of its inputs' values, then its own weights; a normalization also of its
numbers. A batch normalization is that of use, by its running averages."""


def evaluate(
    expression: Expression,
    weights: Mapping[str, Tensor],
    rows: Mapping[str, Tensor],
    besides: Mapping[Expression, Tensor] = MappingProxyType({}),
    *,
    dtype: str = "float32",
    dropout: Dropout | None = None,
    moments: Moments | None = None,
) -> dict[Expression, Tensor]:
    """What the parts of an expression come to for n pairs, itself among them; it can be
    differentiated, and compiled.

    Args:
        expression: any.
        weights: by name, those that are no tables.
        rows: by the name of a table, each pair's own row of it, (n, …).
        besides: the values of pools and times, (n, …).
        dtype: of constants; that of weights and rows.
        dropout: in training; left out if it is not given.
        moments: in training; running averages if they are not given.
    Returns: (n, …) each, or without the axis of pairs where a part reads no row.
    """
    values = dict(besides)
    n_dropped = 0
    for part in expression.parts():
        if part in values:
            continue
        if part.kind in ROWS:
            values[part] = rows[part.weights[0]]
        elif part.kind == "constant":
            numbers = np.array(part.numbers, np.float32).reshape(part.shape)
            values[part] = ops.convert_to_tensor(numbers, dtype)
        elif part.kind == "dropout":
            below = values[part.inputs[0]]
            values[part] = dropout(below, part.numbers[0], n_dropped) if dropout else below
            n_dropped += 1
        else:
            own = [weights[name] for name in part.weights]
            if part.kind == "batch_normalization" and moments:
                own[2:] = moments(part, values[part.inputs[0]])
            own += part.numbers if part.kind in NORMALIZATIONS else ()
            values[part] = OPERATIONS[part.kind](*(values[one] for one in part.inputs), *own)
    return values
