"""The factors of some users, or of some items, as a cell holds them and as loops take them."""

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
    def initial(cls, counts: NDArray[np.int64], dimension: int, seed: list[int]) -> Self:
        """First weights; rows without a training rating stay zero."""
        side = Side.initial(counts, dimension, np.random.default_rng(seed), 1)
        return cls(side.rows, side.bias.copy(), counts.astype(np.float32))

    @classmethod
    def of(cls, data: Any, dimension: int) -> Self:
        """Of what `packed` made; a copy."""
        row = _width(dimension) + 2
        values = np.frombuffer(data, np.float32)
        values = values.reshape(len(values) // row, row)
        rows = zeros(len(values), dimension)
        _matrix(rows)[:] = values[:, :-2]
        return cls(rows, values[:, -2].copy(), values[:, -1].copy())

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
