"""The values of an expression, and its gradient: reverse-mode differentiation in plain NumPy.

Source: Griewank & Walther 2008, section 3.2.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from starcast.engines.expression.kinds import NORMALIZATIONS, POOLS, ROWS, TIME
from starcast.engines.expression.node import Expression
from starcast.engines.expression.operations import IN_TRAINING, OPERATIONS, Array

Given = Mapping[str, NDArray[Any]]
Values = dict[Expression, Array]
Masks = Mapping[Expression, Array]
"""What dropout multiplies values by, in training; None outside of it."""


def scores(
    expression: Expression, weights: Given, user_rows: NDArray[Any], item_rows: NDArray[Any]
) -> Array:
    """What an expression comes to for n pairs; (n,), as exact as the weights."""
    values = rows_of(expression, weights, user_rows, item_rows)
    evaluate(expression.parts(), weights, values)
    return np.broadcast_to(values[expression], len(user_rows))


def rows_of(
    expression: Expression, weights: Given, user_rows: NDArray[Any], item_rows: NDArray[Any]
) -> Values:
    """The values of its table rows for n pairs."""
    rows = {"user_row": user_rows, "item_row": item_rows}
    return {
        part: weights[part.weights[0]][rows[part.kind]]
        for part in expression.parts()
        if part.kind in ROWS
    }


def evaluate(
    parts: Sequence[Expression], weights: Given, values: Values, masks: Masks | None = None
) -> None:
    """Add the values of the parts that have none, each after those it reads.

    Args:
        parts: in the order of `Expression.parts`.
        weights: by name, of one type.
        values: of table rows, pools and times, and of whatever else is known. A first axis of 1 is
            repeated along the pairs: what depends on a user alone has to be found but once.
        masks: of every dropout, in training.
    """
    operations = OPERATIONS if masks is None else IN_TRAINING
    dtype = next(iter(weights.values())).dtype
    for part in parts:
        if part in values:
            continue
        if part.kind == "constant":
            values[part] = np.array(part.numbers, dtype).reshape(part.shape)
        elif part.kind == "dropout":
            below = values[part.inputs[0]]
            values[part] = below * masks[part] if masks else below
        else:
            values[part] = operations[part.kind].value(*_read(part, weights, values))


def gradient(
    parts: Sequence[Expression],
    weights: Given,
    values: Values,
    slope: Array,
    masks: Masks | None = None,
) -> dict[str, Array]:
    """How Σ slope · (value of the last part) moves with the weights.

    Args:
        parts, weights, masks: as `evaluate` had them.
        values: as it left them.
        slope: (n,).
    Returns: by name; of a table (n, …), the gradient of every pair's own row, or of what it pools;
        of other weights the sum over the pairs.
    """
    operations = OPERATIONS if masks is None else IN_TRAINING
    found: dict[str, Array] = {}
    slopes: Values = {parts[-1]: slope}
    for part in reversed(parts):
        above = slopes.pop(part, None)
        if above is None or part.kind in ("constant", TIME):
            continue
        if part.kind in (*ROWS, *POOLS):
            _add(found, part.weights[0], above)
            continue
        if part.kind == "dropout":
            each: tuple[Array, ...] = (above * masks[part] if masks else above,)
        else:
            each = operations[part.kind].slopes(above, values[part], *_read(part, weights, values))
        for target, own in zip((*part.inputs, *part.weights), each, strict=True):
            _add(found if isinstance(target, str) else slopes, target, own)
    return found


def _read(part: Expression, weights: Given, values: Values) -> list[Any]:
    read = [*(values[below] for below in part.inputs), *(weights[name] for name in part.weights)]
    return [*read, *part.numbers] if part.kind in NORMALIZATIONS else read


def _add(to: dict[Any, Array], target: Any, slope: Array) -> None:
    to[target] = to[target] + slope if target in to else slope
