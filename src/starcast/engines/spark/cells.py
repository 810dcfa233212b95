"""Cells: arrays as they travel between executors, rows of a data frame with bytes in them.

What is large (a side's table, a block of ratings) is one value of a binary column, so that Spark
moves it as it is, and NumPy sees it without a copy.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, final

import numpy as np
from numpy.typing import DTypeLike, NDArray

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA = "target int, kind int, side int, part int, squared double, penalty double, data binary"
USERS, ITEMS, VISITS, ROWS, RECORD = range(5)  # kinds
NOW, AVERAGE = range(2)  # parts of a table: as it is, and the running average


@final
class Cell(NamedTuple):
    """A row of such a frame.

    Attributes:
        target: the task that it goes to.
        kind: what it holds.
        side: of whom.
        part: which of several.
        squared, penalty: sums that go with it.
        data: bytes.
    """

    target: int
    kind: int
    side: int
    part: int
    squared: float
    penalty: float
    data: Any

    def array(self, dtype: DTypeLike) -> NDArray[Any]:
        """Its values, which are this process's own and may be written to."""
        return np.frombuffer(self.data, dtype).copy()


def cells_of(batches: "Iterator[pa.RecordBatch]") -> list[Cell]:
    """The rows that a task is given, in an order that does not depend on how they came."""
    found = []
    for batch in batches:
        for *plain, data in zip(*(batch.column(name) for name in Cell._fields), strict=True):
            found.append(Cell._make([*(value.as_py() for value in plain), data.as_buffer()]))
    return sorted(found, key=lambda cell: cell[:4])


def batches_of(cells: Iterable[Cell]) -> "Iterator[pa.RecordBatch]":
    """Rows as they are given back: one at a time, since a batch holds two gigabytes."""
    import pyarrow as pa

    types = [pa.int32()] * 4 + [pa.float64()] * 2 + [pa.binary()]
    for cell in cells:
        columns = [pa.array([value], kind) for value, kind in zip(cell, types, strict=True)]
        yield pa.RecordBatch.from_arrays(columns, names=list(Cell._fields))


def of_kind(cells: Sequence[Cell], kind: int) -> list[Cell]:
    """Those of a kind."""
    return [cell for cell in cells if cell.kind == kind]
