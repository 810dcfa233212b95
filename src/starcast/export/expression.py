"""A model's scores as an expression of nine operations, which every exported format has.

The first axis of a value is the pairs of a batch. Operations act on the last axis or on every
number; a value that lacks leading axes is repeated along them, as in NumPy.
"""

from dataclasses import dataclass, field
from typing import Literal, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Kind = Literal[
    "user_rows", "item_rows", "array", "gather", "add", "multiply", "matmul", "concatenate",
    "total", "column", "relu", "erf",
]  # fmt: skip


@final
@dataclass(frozen=True, eq=False, slots=True)
class Expression:
    """One operation and what it is applied to.

    Attributes:
        kind: "user_rows" and "item_rows" are the batch, int64 (n,), and "array" is weights.
        inputs: what it reads.
        array: float32, of the kind "array".

    >>> bias = table(np.zeros((5, 2)), USER_ROWS)
    >>> [part.kind for part in (bias + 3.0).parts()]
    ['array', 'user_rows', 'gather', 'array', 'add']
    """

    kind: Kind
    inputs: "tuple[Expression, ...]" = ()
    array: NDArray[np.float32] = field(default_factory=lambda: np.empty(0, np.float32))

    @staticmethod
    def of(value: "Expression | ArrayLike") -> "Expression":
        """Weights as an expression; an expression as it is."""
        if isinstance(value, Expression):
            return value
        return Expression("array", (), np.asarray(value, np.float32, order="C"))

    def __add__(self, other: "Expression | ArrayLike") -> "Expression":
        return Expression("add", (self, Expression.of(other)))

    def __mul__(self, other: "Expression | ArrayLike") -> "Expression":
        return Expression("multiply", (self, Expression.of(other)))

    def __matmul__(self, kernel: ArrayLike) -> "Expression":
        return Expression("matmul", (self, Expression.of(kernel)))

    def total(self) -> "Expression":
        """The sum over the last axis, which is gone afterwards."""
        return Expression("total", (self,))

    def column(self) -> "Expression":
        """The same numbers with a last axis of length 1."""
        return Expression("column", (self,))

    def relu(self) -> "Expression":
        """Every number, or 0 where it is less."""
        return Expression("relu", (self,))

    def erf(self) -> "Expression":
        """The error function of every number."""
        return Expression("erf", (self,))

    def parts(self) -> "list[Expression]":
        """Every expression this one is made of, each once and after its inputs; itself last."""
        found: dict[Expression, None] = {}

        def visit(part: Expression) -> None:
            for below in part.inputs:
                visit(below)
            found.setdefault(part)

        visit(self)
        return list(found)


USER_ROWS, ITEM_ROWS = Expression("user_rows"), Expression("item_rows")


def table(weights: ArrayLike, rows: Expression) -> Expression:
    """The rows of a table that the batch asks for; (n, …)."""
    return Expression("gather", (Expression.of(weights), rows))


def concatenation(*parts: Expression) -> Expression:
    """Its parts end to end, along the last axis."""
    return Expression("concatenate", parts)
