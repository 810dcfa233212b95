"""What executors do in half an epoch of alternating least squares.

Each task has the users of one side, all their ratings, and the items of every side, or the other
way round: ridge regressions do not depend on each other once the others' rows are fixed.

Source: Zhou, Wilkinson, Schreiber, Pan 2008, section 3.2.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.units import Units
from starcast.engines.compiled import one_thread
from starcast.engines.factorization.ridge import Penalty, solve_all, systems
from starcast.engines.rows import N_SHARES, SharedRows, SparseRows, offsets_of
from starcast.engines.spark.cells import (
    ITEMS,
    ROWS,
    USERS,
    Cell,
    batches_of,
    cells_of,
    of_kind,
)
from starcast.engines.spark.packing import RATED_ROW
from starcast.engines.spark.side_table import SideTable

if TYPE_CHECKING:
    import pyarrow as pa


@final
@dataclass(frozen=True, slots=True)
class Solve:
    """The best rows of a side for those of the other sides as they are.

    Attributes:
        kind: USERS or ITEMS, whose rows are solved for.
        dimension: number of factors.
        penalty: λ, of each rating.
        units: what models are trained in.
        mean: of the training ratings, in units.
    """

    kind: int
    dimension: int
    penalty: float
    units: Units
    mean: float

    def __call__(self, batches: "Iterator[pa.RecordBatch]") -> "Iterator[pa.RecordBatch]":
        """A cell of the side and its ratings, and cells of all sides of the others, of which the
        one of the same number is handed on, so that each is once."""
        cells = cells_of(batches)
        if not cells:
            return iter(())
        (own,) = of_kind(cells, self.kind)
        others = of_kind(cells, ITEMS if self.kind == USERS else USERS)
        solved = SideTable.of(own.data, self.dimension)
        fixed, starts = SideTable.joined([one.data for one in others], self.dimension)
        rated = self._shared(of_kind(cells, ROWS), len(solved.bias), starts)
        space, penalty = systems(N_SHARES, solved.rows), Penalty(np.float32(self.penalty))
        handed_on = others[own.side]
        with one_thread():  # cores are shared out among tasks
            squared = solve_all(solved.arrays, fixed.arrays, rated, space, penalty)
        return batches_of(
            [
                own._replace(data=solved.packed(), squared=float(squared.sum())),
                handed_on._replace(data=bytes(handed_on.data), squared=0.0),
            ]
        )

    def _shared(self, cells: Sequence[Cell], n: int, starts: NDArray[np.int64]) -> SharedRows:
        """Ratings above the mean of n rows, and the others' rows where all sides are one table."""
        names = ("user", "item") if self.kind == USERS else ("item", "user")
        parts: list[NDArray[Any]] = [np.empty(0, RATED_ROW)]
        rows = np.concatenate(parts + [cell.array(RATED_ROW) for cell in cells])
        own, other = (rows[name].astype(np.int64) for name in names)
        columns = (starts[rows["side"]] + other).astype(np.int32)
        values = self.units.values(rows["stars"]) - np.float32(self.mean)
        sparse = SparseRows(offsets_of(own, n), columns, values, int(starts[-1]))
        return sparse.shared(per_row=self.dimension)
