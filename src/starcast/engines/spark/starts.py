"""The first tables, as executors make them: side by side, or all as the local engine draws them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np

from starcast.data.columns import blocks_of
from starcast.engines.spark.cells import NOW, Cell, batches_of
from starcast.engines.spark.members import Members
from starcast.engines.spark.side_table import SideTable

if TYPE_CHECKING:
    import pyarrow as pa


@final
@dataclass(frozen=True, slots=True)
class Begin:
    """The first table of a side, whose factors are drawn for this side alone.

    Attributes:
        kind: USERS or ITEMS.
        dimension: number of factors.
        seed: of the factors.
    """

    kind: int
    dimension: int
    seed: int

    def __call__(self, batches: "Iterator[pa.RecordBatch]") -> "Iterator[pa.RecordBatch]":
        """A cell.

        Args:
            batches: columns side, place and n, in any order, with a row of place −1 beside the
                members, who may be none.
        """
        import pyarrow as pa

        every = list(batches)
        if not every:
            return iter(())
        rows = pa.Table.from_batches(every).sort_by("place")
        side, counts = rows["side"][0].as_py(), rows["n"].to_numpy()[1:]
        rng = np.random.default_rng([self.seed, self.kind, side])
        table = SideTable.initial(counts, self.dimension, rng)
        return batches_of([Cell(side, self.kind, side, NOW, 0.0, 0.0, table.packed())])


@final
@dataclass(frozen=True, slots=True)
class BeginAsHere:
    """The first tables of all sides of items, whose factors are those of the local engine.

    It draws them in the order of ids, behind those of the users, as `FactorTables.initial` does.

    Attributes:
        kind: ITEMS.
        dimension: number of factors.
        seed: of the factors.
        n_before: users.
        n_sides: how many sides there are.
        are_numbers: whether ids are integers.
    """

    kind: int
    dimension: int
    seed: int
    n_before: int
    n_sides: int
    are_numbers: bool

    def __call__(self, batches: "Iterator[pa.RecordBatch]") -> "Iterator[pa.RecordBatch]":
        """A cell for each side; of columns id, side, place and n, in any order."""
        import pyarrow as pa

        every = list(batches)
        if not every:
            return iter(())
        found = pa.Table.from_batches(every)
        members = Members.of(found, "item", self.n_sides, are_numbers=self.are_numbers)
        sides, places, n = (found[name].to_numpy() for name in ("side", "place", "n"))
        counts = np.empty(len(n), np.int64)
        counts[members.rows[sides, places]] = n
        rng = np.random.default_rng(self.seed)
        for before in blocks_of(self.n_before):
            rng.standard_normal((before.stop - before.start, self.dimension), np.float32)
        packed = SideTable.initial(counts, self.dimension, rng).packed()
        rows = np.frombuffer(packed, np.float32).reshape(len(n), -1)
        return batches_of(
            Cell(side, self.kind, side, NOW, 0.0, 0.0, rows[of_side[of_side >= 0]].tobytes())
            for side, of_side in enumerate(members.rows)
        )
