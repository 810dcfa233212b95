"""The operations of expressions in Keras, on whichever backend: one function for each kind.

A kind that `expression.node` gains needs a line in `OPERATIONS` here.
"""

from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import numpy as np
from keras import ops

from starcast.engines.expression import Expression
from starcast.engines.expression.node import ROWS

Tensor = Any
"""Of Keras's backend."""

Dropout = Callable[[Tensor, float, int], Tensor]
"""Values, a rate and which dropout of the network this is, to values some of which are 0."""


def _concatenated(*parts: Tensor) -> Tensor:
    front = np.broadcast_shapes(*(tuple(part.shape[:-1]) for part in parts))
    whole = [ops.broadcast_to(part, (*front, part.shape[-1])) for part in parts]
    return ops.concatenate(whole, axis=-1)


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
}
"""What each kind makes of its inputs' values and then its own weights."""


def evaluate(
    expression: Expression,
    weights: Mapping[str, Tensor],
    rows: Mapping[str, Tensor],
    *,
    dtype: str = "float32",
    dropout: Dropout | None = None,
) -> Tensor:
    """What an expression comes to for n pairs; it can be differentiated, and compiled.

    Args:
        expression: any.
        weights: by name, those that are no tables.
        rows: by the name of a table, each pair's own row of it, (n, …).
        dtype: of constants; that of weights and rows.
        dropout: in training; what is not given is left out.
    Returns: (n, …), or without the axis of pairs where the expression reads no row.
    """
    values: dict[Expression, Tensor] = {}
    n_dropped = 0
    for part in expression.parts():
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
            values[part] = OPERATIONS[part.kind](*(values[one] for one in part.inputs), *own)
    return values[expression]
