"""What executors do in an epoch: visit a block, and close the epoch.

Users and items are dealt out to as many sides as there are tasks. In a step of the epoch each task
has the users of one side, the items of another, and the block of ratings between the two, so that
no two tasks share a user or an item; then the items move on. After as many steps as sides every
rating was visited once.

Source: Gemulla, Nijkamp, Haas, Sismanis 2011, section 4 (strata) and 5 (distributed).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np

from starcast.engines.factorization.grid import VISIT
from starcast.engines.factorization.sgd import visit_block
from starcast.engines.spark.cells import (
    AVERAGE,
    ITEMS,
    USERS,
    VISITS,
    Cell,
    batches_of,
    cells_of,
    of_kind,
)
from starcast.engines.spark.side_table import SideTable

if TYPE_CHECKING:
    import pyarrow as pa


@final
@dataclass(frozen=True, slots=True)
class Step:
    """A step of an epoch.

    Attributes:
        dimension: number of factors.
        rate, penalty: of the descent.
        next_shift: items of a side go to the task of that side less this.
        n_sides: how many there are.
    """

    dimension: int
    rate: float
    penalty: float
    next_shift: int
    n_sides: int

    def __call__(self, batches: "Iterator[pa.RecordBatch]") -> "Iterator[pa.RecordBatch]":
        """Visit a block: a cell of users, one of items, and cells of visits, in order."""
        cells = cells_of(batches)
        if not cells:
            return iter(())
        (of_user,), (of_item,) = of_kind(cells, USERS), of_kind(cells, ITEMS)
        user = SideTable.of(of_user.data, self.dimension)
        item = SideTable.of(of_item.data, self.dimension)
        rate, penalty = np.float32(self.rate), np.float32(self.penalty)
        squared = of_user.squared
        for cell in of_kind(cells, VISITS):
            visits = cell.array(VISIT)
            squared += float(visit_block(user.arrays, item.arrays, visits, rate, penalty))
        target = (of_item.side - self.next_shift) % self.n_sides
        return batches_of(
            [
                of_user._replace(data=user.packed(), squared=squared),
                of_item._replace(data=item.packed(), target=target),
            ]
        )


@final
@dataclass(frozen=True, slots=True)
class Close:
    """The end of an epoch.

    Attributes:
        dimension: number of factors.
        averaging: β of the running average.
    """

    dimension: int
    averaging: float

    def __call__(self, batches: "Iterator[pa.RecordBatch]") -> "Iterator[pa.RecordBatch]":
        """Average tables with what their averages were, and sum up penalties."""
        cells = cells_of(batches)
        return batches_of(
            one for kind in (USERS, ITEMS) for one in self._closed(of_kind(cells, kind))
        )

    def _closed(self, cells: list[Cell]) -> Iterator[Cell]:
        by_side: dict[int, list[Cell]] = {}
        for cell in cells:
            by_side.setdefault(cell.side, []).append(cell)
        for now, *before in by_side.values():
            table = SideTable.of(now.data, self.dimension)
            average = table
            if before and self.averaging:
                average = table.averaged(
                    SideTable.of(before[0].data, self.dimension), self.averaging
                )
            yield now._replace(penalty=table.penalty(), data=table.packed())
            yield now._replace(part=AVERAGE, data=average.packed(), squared=0.0, penalty=0.0)
