"""What users have rated, and who has rated items, pooled: sums over sparse rows."""

from typing import NamedTuple, Self, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.ratings import Ratings
from starcast.engines.expression import Expression
from starcast.engines.expression.kinds import POOLS
from starcast.engines.expression.node import made
from starcast.engines.expression.rewrite import rewritten
from starcast.engines.protocol import Weights
from starcast.engines.rows import SparseRows

Matrix = NDArray[np.float32]
_AT_ONCE = 1 << 18  # ratings: tens of MB of rows


@final
class Pooling(NamedTuple):
    """Of one side: what each of its rows pools.

    Attributes:
        offsets: int64 (n_rows + 1,), where each row's begin.
        columns: int32 (n,), rows of the other side.
        shares: float32 (n_rows,), 1/√(their number), 0 of none.
    """

    offsets: NDArray[np.int64]
    columns: NDArray[np.int32]
    shares: Matrix

    @classmethod
    def of(cls, rows: SparseRows) -> Self:
        """Of who rated what, by the rows that pool."""
        counts = np.diff(rows.offsets)
        shares = np.where(counts, 1 / np.sqrt(np.maximum(counts, 1)), 0)
        return cls(rows.offsets, rows.columns, shares.astype(np.float32))


def poolings(network: Expression, train: Ratings) -> dict[str, Pooling]:
    """What a network pools, by the kind of it."""
    kinds = {part.kind for part in network.parts()} & POOLS.keys()
    by = {"user": SparseRows.by_user, "item": SparseRows.by_item}
    return {kind: Pooling.of(by[POOLS[kind][0]](train)) for kind in sorted(kinds)}


def pooled_once(
    network: Expression, weights: Weights, histories: SparseRows, *, start: str = ""
) -> tuple[Expression, dict[str, Matrix]]:
    """The network with a row of its own in the place of each pool, and the tables of these rows.

    Args:
        histories: who rated what in training, by user.
        start: "given" where these rows are not to move.
    """
    found = dict(weights)

    def replace(part: Expression, inputs: tuple[Expression, ...]) -> Expression | None:
        if part.kind not in POOLS:
            return None
        side, other = POOLS[part.kind]
        name = f"{side}_pool_{part.weights[0].removeprefix(other + '_')}"
        rows = histories if side == "user" else histories.transposed()
        found[name] = _pooled(weights[part.weights[0]], rows)
        return made(f"{side}_row", shape=part.shape, weights=(name,), start=start)

    alone = rewritten(network, replace)  # which finds them
    pooled = {part.weights[0] for part in network.parts() if part.kind in POOLS}
    return alone, {name: table for name, table in found.items() if name not in pooled}


def _pooled(table: Matrix, rows: SparseRows) -> Matrix:
    """What every row pools of a table, by NumPy alone; float32 (n_rows, width)."""
    found = np.zeros((len(rows), table.shape[1]), np.float32)
    for some, entries in rows.pieces(_AT_ONCE):
        found[some] = rows.sums(table[rows.columns[entries]], np.float32, some)
    return found * Pooling.of(rows).shares[:, np.newaxis]
