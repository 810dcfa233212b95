"""Expressions from expressions: quicker ones, of other names, without dropout, and smoother."""

from collections.abc import Callable, Mapping
from typing import Any

from numpy.typing import NDArray

from starcast.engines.expression.layers import weight
from starcast.engines.expression.node import Expression, made

Inputs = tuple[Expression, ...]
Replace = Callable[[Expression, Inputs], Expression | None]
"""A part and what has become of its inputs to what takes its place; None lets it be."""


def rewritten(expression: Expression, replace: Replace) -> Expression:
    """An expression with some of its parts replaced, from the rows up."""
    fresh: dict[Expression, Expression] = {}
    for part in expression.parts():
        inputs = tuple(fresh[below] for below in part.inputs)
        fresh[part] = replace(part, inputs) or _over(part, inputs, part.weights)
    return fresh[expression]


def without_dropout(expression: Expression) -> Expression:
    """The network as it predicts."""
    return rewritten(expression, lambda part, inputs: inputs[0] if part.kind == "dropout" else None)


def renamed(expression: Expression, prefix: str) -> Expression:
    """The same over weights whose names begin with a prefix."""
    return rewritten(
        expression,
        lambda part, inputs: _over(part, inputs, tuple(prefix + name for name in part.weights)),
    )


def softened(expression: Expression, kinks: Mapping[Expression, float]) -> Expression:
    """The same with a parabola in the place of each ReLU's kink.

    Args:
        expression: the network.
        kinks: half the width of the parabola for each of the parts that are ReLUs, > 0.
    """

    def replace(part: Expression, inputs: Inputs) -> Expression | None:
        if part not in kinks:
            return None
        x, kink = inputs[0], float(kinks[part])
        steps = x * (0.5 / kink)
        slope = (steps + 0.5).apply("relu") - (steps - 0.5).apply("relu")  # from 0 to 1
        return slope * slope * kink + (x - kink).apply("relu")

    return rewritten(expression, replace)


def divided(
    expression: Expression, weights: Mapping[str, NDArray[Any]]
) -> tuple[Expression, dict[str, NDArray[Any]]]:
    """The same scores, with what depends on the user or the item alone kept apart for longer.

    A dense layer over [a ; b] is the sum of one over a and one over b, and where a or b is of one
    side, its term has to be reckoned but once for a user or an item.

    Returns: the expression, and its weights, of which some are views of the given ones.
    """
    views = dict(weights)

    def replace(part: Expression, inputs: Inputs) -> Expression | None:
        is_over_pieces = part.kind == "dense" and inputs[0].kind == "concatenate"
        pieces = inputs[0].inputs if is_over_pieces else ()
        if len({piece.sides for piece in pieces}) < 2:
            return None
        kernel, *bias = part.weights
        terms: dict[frozenset[str], list[Expression]] = {}
        stop = 0
        for piece in pieces:
            start, stop = stop, stop + piece.shape[-1]
            view = f"{kernel}[{start}:{stop}]"
            views[view] = weights[kernel][start:stop]
            term = made("dense", (piece,), shape=part.shape[-1:], weights=(view,))
            terms.setdefault(piece.sides, []).append(term)
        next(iter(terms.values())).extend(weight(name, *part.shape[-1:]) for name in bias)
        sums = [each[0] if len(each) == 1 else made("add", tuple(each)) for each in terms.values()]
        return made("add", tuple(sorted(sums, key=lambda term: len(term.sides))))

    return rewritten(expression, replace), views


def _over(part: Expression, inputs: Inputs, weights: tuple[str, ...]) -> Expression:
    """A part over other inputs and weights."""
    if inputs == part.inputs and weights == part.weights:
        return part
    shape = part.shape[-1:] if part.kind == "dense" else part.shape
    return made(
        part.kind, inputs, shape=shape, weights=weights, numbers=part.numbers, start=part.start
    )
