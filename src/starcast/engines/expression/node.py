"""The operations that networks are made of.

A value has an axis of pairs, the (user, item) pairs of a batch, and behind it its shape: () is a
number for each pair, (width,) a vector. Weights and constants have no axis of pairs. Operations act
on the last axis or on every number; shapes meet as in NumPy.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import final

from starcast.engines.expression.checks import GIVEN, Shape, check_shape, check_values
from starcast.engines.expression.kinds import ACTIVATIONS, KINDS, POOLS, ROWS, TIME
from starcast.errors import ConfigError, UnknownNameError

LINEAR = "linear"  # the word for none of them
_SIDES = {kind: kind.removesuffix("_row") for kind in ROWS}
_SIDES |= {kind: side for kind, (side, _) in POOLS.items()} | {TIME: "user"}


@final
@dataclass(frozen=True, eq=False, repr=False, slots=True)
class Expression:
    """One operation and what it is applied to; to be made by `made`, which checks it.

    Attributes:
        kind: one of `KINDS`.
        inputs: what it reads.
        shape: of what it hands on for each pair.
        weights: names of the weights it reads itself: a table, or kernel and perhaps bias.
        numbers: a constant's, the rate of a dropout, or ε and momentum of a normalization.
        start: "mean" where the last of its weights starts at the mean of the training ratings,
            "given" where they are what the data tell, and stay so; see `weights`.
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

    def normalized(self, name: str, epsilon: float, momentum: float | None = None) -> "Expression":
        """γ ⊙ (x - m) / √(v + ε) + β, with the weights <name>_gamma and <name>_beta.

        Args:
            name: of the layer.
            epsilon: ε.
            momentum: without one, m and v are those of the vector (a layer normalization). With
                one they are those of the batch in training; what predicts are their running
                averages <name>_mean and <name>_variance, of which each step keeps this share.
        Sources: Ba, Kiros, Hinton 2016, eq. 4; Ioffe, Szegedy 2015, algorithm 1.
        """
        kind = "layer_normalization" if momentum is None else "batch_normalization"
        names = ("gamma", "beta") if momentum is None else ("gamma", "beta", "mean", "variance")
        weights = tuple(f"{name}_{each}" for each in names)
        numbers = (epsilon,) if momentum is None else (epsilon, momentum)
        return made(kind, (self,), weights=weights, numbers=numbers)

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
        if not self.weights:
            return ""
        return self.weights[0].removesuffix("_kernel").removesuffix("_gamma")

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
    if start == GIVEN and kind not in (*ROWS, TIME):
        raise ConfigError(f"'{kind}' has no weights that data tell: rows of tables may be told")
    handed_on = rule.shape(kind, inputs, shape)
    check_shape(kind, handed_on)
    sides = frozenset(own for own in [_SIDES.get(kind, "")] if own)
    sides = sides.union(*(part.sides for part in inputs))
    return Expression(kind, inputs, handed_on, weights, numbers, start, sides)


def _expression(value: Expression | float) -> Expression:
    return value if isinstance(value, Expression) else made("constant", numbers=(value,))


def _aligned(*parts: Expression) -> tuple[Expression, ...]:
    """The same, with single numbers of pairs made columns beside vectors."""
    rank = max(len(part.shape) for part in parts)
    return tuple(
        part.column() if part.sides and not part.shape and rank == 1 else part for part in parts
    )
