"""The factors of some users, or of some items, as a cell holds them and as loops take them."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Self, final

import numpy as np
from numpy.typing import NDArray

from starcast.engines.factorization.tables import Factors, Side
from starcast.engines.simd import VectorTable, zeros

Matrix = NDArray[np.float32]


@final
class SideTable(NamedTuple):
    """What the model holds of a side.

    Attributes:
        rows: a table (n,) as `simd.zeros` makes it.
        bias: float32 (n,).
        counts: float32 (n,), training ratings of each.
    """

    rows: VectorTable
    bias: Matrix
    counts: Matrix

    @classmethod
    def initial(cls, counts: NDArray[np.int64], dimension: int, rng: np.random.Generator) -> Self:
        """First weights; rows without a training rating stay zero."""
        side = Side.initial(counts, dimension, rng, 1)
        return cls(side.rows, side.bias.copy(), counts.astype(np.float32))

    @classmethod
    def of(cls, data: Any, dimension: int) -> Self:
        """Of what `packed` made; a copy."""
        return cls.joined([data], dimension)[0]

    @classmethod
    def joined(cls, every: Sequence[Any], dimension: int) -> tuple[Self, NDArray[np.int64]]:
        """Several as one table, and where each begins in it."""
        row = _width(dimension) + 2
        parts = [np.frombuffer(one, np.float32).reshape(-1, row) for one in every]
        starts = np.cumsum([0, *map(len, parts)])
        n = int(starts[-1])
        table = cls(zeros(n, dimension), np.empty(n, np.float32), np.empty(n, np.float32))
        for part, start in zip(parts, starts[:-1], strict=True):
            here = slice(start, start + len(part))
            _matrix(table.rows)[here] = part[:, :-2]
            table.bias[here], table.counts[here] = part[:, -2], part[:, -1]
        return table, starts

    def packed(self) -> bytes:
        """Row by row: factors with the zeros behind them, bias, count."""
        return np.column_stack([_matrix(self.rows), self.bias, self.counts]).tobytes()

    @property
    def arrays(self) -> Factors:
        """As loops take them."""
        return Factors(self.rows, self.bias)

    def factors(self, dimension: int) -> Matrix:
        """float32 (n, d), a view."""
        return _matrix(self.rows)[:, :dimension]

    def penalty(self) -> float:
        """Squared norms, each row's counted once per training rating."""
        matrix = _matrix(self.rows)
        squares = np.einsum("nd,nd->n", matrix, matrix) + self.bias**2
        return float(self.counts.astype(np.float64) @ squares.astype(np.float64))

    def averaged(self, before: "SideTable", beta: float) -> "SideTable":
        """β · before + (1 - β) · this."""
        now, kept = np.float32(1 - beta), np.float32(beta)
        rows = zeros(len(self.bias), _matrix(self.rows).shape[1])
        _matrix(rows)[:] = kept * _matrix(before.rows) + now * _matrix(self.rows)
        return SideTable(rows, kept * before.bias + now * self.bias, self.counts)


def _matrix(rows: VectorTable) -> Matrix:
    parts: Matrix = rows["parts"]
    return parts.reshape(len(rows), parts.shape[1] * parts.shape[2])


def _width(dimension: int) -> int:
    """Of a row in memory."""
    return int(_matrix(zeros(1, dimension)).shape[1])
