"""The operations that networks are made of.

A value has an axis of pairs, the (user, item) pairs of a batch, and behind it its shape: () is a
number for each pair, (width,) a vector. Weights and constants have no axis of pairs. Operations act
on the last axis or on every number; shapes meet as in NumPy.
"""

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import NamedTuple, final

from starcast.engines.expression.checks import Shape, check_shape, check_values
from starcast.errors import ConfigError, UnknownNameError

ACTIVATIONS = ("relu", "elu", "tanh", "sigmoid", "softplus", "erf")
LINEAR = "linear"  # the word for none of them


@final
@dataclass(frozen=True, eq=False, repr=False, slots=True)
class Expression:
    """One operation and what it is applied to; to be made by `made`, which checks it.

    Attributes:
        kind: one of `KINDS`.
        inputs: what it reads.
        shape: of what it hands on for each pair.
        weights: names of the weights it reads itself: a table, or kernel and perhaps bias.
        numbers: a constant's, or the rate of a dropout.
        start: "mean" where the last of its weights starts at the mean of the training ratings.
        sides: "user" and "item", as far as it depends on their rows.
    """

    kind: str
    inputs: "tuple[Expression, ...]" = ()
    shape: Shape = ()
    weights: tuple[str, ...] = ()
    numbers: tuple[float, ...] = ()
    start: str = ""
    sides: frozenset[str] = frozenset()

    def __add__(self, other: "Expression | float") -> "Expression":
        """A sum; a sum and more is one sum."""
        terms = self.inputs if self.kind == "add" else (self,)
        return made("add", _aligned(*terms, _expression(other)))

    def __mul__(self, other: "Expression | float") -> "Expression":
        return made("multiply", _aligned(self, _expression(other)))

    def __neg__(self) -> "Expression":
        return self * -1.0

    def __sub__(self, other: "Expression | float") -> "Expression":
        return self + -_expression(other)

    def __rsub__(self, other: float) -> "Expression":
        return -self + other

    __radd__, __rmul__ = __add__, __mul__

    def total(self) -> "Expression":
        """The sum over the last axis, which is gone afterwards."""
        return made("total", (self,))

    def column(self) -> "Expression":
        """The same numbers with a last axis of length 1."""
        return made("column", (self,))

    def apply(self, activation: str) -> "Expression":
        """An activation of every number: one of `ACTIVATIONS`, or "linear", which changes none.

        Raises: UnknownNameError.
        """
        if activation not in (*ACTIVATIONS, LINEAR):
            raise UnknownNameError("activation", activation, (*ACTIVATIONS, LINEAR))
        return self if activation == LINEAR else made(activation, (self,))

    def dropout(self, rate: float) -> "Expression":
        """In training a random share `rate` of the numbers is 0, and the others are scaled up."""
        return made("dropout", (self,), numbers=(rate,)) if rate else self

    def parts(self, known: "Collection[Expression]" = ()) -> "list[Expression]":
        """Every expression this one is made of, each once and after its inputs; itself last.

        What is known is left out, and so is what only the known is made of.
        """
        found: dict[Expression, None] = {}
        waiting = [(self, False)]
        while waiting:
            part, is_ready = waiting.pop()
            if is_ready:
                found[part] = None
            elif part not in found and part not in known:
                waiting.append((part, True))
                waiting += [(below, False) for below in reversed(part.inputs)]
        return list(found)

    @property
    def name(self) -> str:
        """What it is called by its weights, as "user_factors" or "hidden_0"; "" without any."""
        return self.weights[0].removesuffix("_kernel") if self.weights else ""

    def __str__(self) -> str:
        size = f"width {self.shape[0]}" if len(self.shape) == 1 else f"shape {self.shape}"
        return f"'{self.name or self.kind}' ({size if self.shape else 'one number'})"

    __repr__ = __str__  # what it is made of is a graph, which as text may be endless


def made(
    kind: str,
    inputs: tuple[Expression, ...] = (),
    *,
    shape: Shape = (),
    weights: tuple[str, ...] = (),
    numbers: tuple[float, ...] = (),
    start: str = "",
) -> Expression:
    """An expression of any kind, checked: it may have been written by a stranger.

    Args:
        shape: asked for, of the kinds that have a choice; a dense layer's is (width,).
        kind, inputs, weights, numbers, start: as in `Expression`.
    Raises: ConfigError, UnknownNameError: in one line.
    """
    if kind not in KINDS:
        raise UnknownNameError("operation", str(kind), KINDS)
    rule = KINDS[kind]
    check_shape(kind, shape)
    wanted = (rule.inputs, rule.weights, rule.numbers or (math.prod(shape),) * 2)
    for given, (fewest, most) in zip((inputs, weights, numbers), wanted, strict=True):
        if not fewest <= len(given) <= most:
            raise ConfigError(f"'{kind}' takes no {len(given)} inputs, weights or numbers")
    check_values(kind, weights, numbers, start)
    handed_on = rule.shape(kind, inputs, shape)
    check_shape(kind, handed_on)
    sides = frozenset([kind.removesuffix("_row")] if kind in ROWS else [])
    sides = sides.union(*(part.sides for part in inputs))
    return Expression(kind, inputs, handed_on, weights, numbers, start, sides)


Inputs = tuple[Expression, ...]


class Kind(NamedTuple):
    """What an operation takes.

    Attributes:
        inputs, weights, numbers: fewest and most; numbers of None are as many as its shape holds.
        shape: of what it hands on, from its kind, its inputs and the shape asked for.
        has_shape: whether one is asked for.
    """

    inputs: tuple[int, int]
    shape: Callable[[str, Inputs, Shape], Shape]
    weights: tuple[int, int] = (0, 0)
    numbers: tuple[int, int] | None = (0, 0)
    has_shape: bool = False


def _given(kind: str, inputs: Inputs, shape: Shape) -> Shape:
    return shape


def _same(kind: str, inputs: Inputs, shape: Shape) -> Shape:
    return inputs[0].shape


def _column(kind: str, inputs: Inputs, shape: Shape) -> Shape:
    return (*inputs[0].shape, 1)


def _total(kind: str, inputs: Inputs, shape: Shape) -> Shape:
    _require_vectors(kind, inputs)
    return inputs[0].shape[:-1]


def _dense(kind: str, inputs: Inputs, shape: Shape) -> Shape:
    _require_vectors(kind, inputs)
    if len(shape) != 1:
        raise ConfigError("a dense layer hands on a vector: give it a width")
    return (*inputs[0].shape[:-1], *shape)


def _concatenation(kind: str, inputs: Inputs, shape: Shape) -> Shape:
    _require_vectors(kind, inputs)
    fronts = {part.shape[:-1] for part in inputs}
    if len(fronts) > 1:
        raise ConfigError(f"'{kind}': {_listed(inputs)} do not fit each other")
    return (*fronts.pop(), sum(part.shape[-1] for part in inputs))


def _broadcast(kind: str, inputs: Inputs, shape: Shape) -> Shape:
    """NumPy's rule, but values of pairs bring all axes: else pairs would meet another axis."""
    rank = max(len(part.shape) for part in inputs)
    fits = all(len(part.shape) == rank for part in inputs if part.sides)
    whole = []
    for axis in range(-rank, 0):
        sizes = {part.shape[axis] for part in inputs if len(part.shape) >= -axis} - {1}
        fits = fits and len(sizes) <= 1
        whole.append(max(sizes, default=1))
    if not fits:
        raise ConfigError(f"'{kind}': {_listed(inputs)} do not fit each other")
    return tuple(whole)


def _require_vectors(kind: str, inputs: Inputs) -> None:
    for part in inputs:
        if not part.shape:
            raise ConfigError(f"'{kind}' takes vectors, not {part}")


def _listed(inputs: Inputs) -> str:
    return " and ".join(map(str, inputs))


ROWS = ("user_row", "item_row")
_ONE = (1, 1)
KINDS: dict[str, Kind] = {
    "user_row": Kind((0, 0), _given, weights=_ONE, has_shape=True),
    "item_row": Kind((0, 0), _given, weights=_ONE, has_shape=True),
    "weight": Kind((0, 0), _given, weights=_ONE, has_shape=True),
    "constant": Kind((0, 0), _given, numbers=None, has_shape=True),
    "dense": Kind(_ONE, _dense, weights=(1, 2), has_shape=True),
    "concatenate": Kind((1, 10_000), _concatenation),
    "add": Kind((2, 10_000), _broadcast),
    "multiply": Kind((2, 2), _broadcast),
    "total": Kind(_ONE, _total),
    "column": Kind(_ONE, _column),
    "dropout": Kind(_ONE, _same, numbers=_ONE),
    **dict.fromkeys(ACTIVATIONS, Kind(_ONE, _same)),
}
"""Every operation by its name."""


def _expression(value: Expression | float) -> Expression:
    return value if isinstance(value, Expression) else made("constant", numbers=(value,))


def _aligned(*parts: Expression) -> Inputs:
    """The same, with single numbers of pairs made columns beside vectors."""
    rank = max(len(part.shape) for part in parts)
    return tuple(
        part.column() if part.sides and not part.shape and rank == 1 else part for part in parts
    )
