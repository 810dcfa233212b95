"""Ratings packed into cells: blocks that are visited, rows that judge, rows that are kept."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.units import Units
from starcast.engines.factorization.grid import VISIT
from starcast.engines.spark.cells import ROWS, VISITS, Cell, batches_of

if TYPE_CHECKING:
    import pyarrow as pa

RATED_ROW = np.dtype(
    [("user", np.uint32), ("side", np.uint32), ("item", np.uint32), ("stars", np.float32)]
)
JUDGED_ROW = np.dtype([*RATED_ROW.descr, ("part", np.uint8)])
KEPT_ROW = np.dtype([*JUDGED_ROW.descr, ("when", np.int64)])
_PER_CELL = 1 << 22  # ratings; a cell is well below two gigabytes
_PER_TILE, _MOST_TILES = 10_000, 16  # ratings of a part of a block at least; parts of each side


@final
@dataclass(frozen=True, slots=True)
class PackVisits:
    """Training ratings of a block, in the order in which they are visited.

    Tile after tile, so that the rows of a tile stay in a near cache; in random order within each.

    Attributes:
        units: what models are trained in.
        mean: of the training ratings, in units.
        seed: of the order.
    """

    units: Units
    mean: float
    seed: int

    def __call__(self, batches: "Iterator[pa.RecordBatch]") -> "Iterator[pa.RecordBatch]":
        """Cells of visits."""
        found = _columns(batches, "user", "item", "stars", "user_side", "item_side")
        if not found:
            return iter(())
        user_side, item_side = int(found["user_side"][0]), int(found["item_side"][0])
        visits = np.empty(len(found["stars"]), VISIT)
        visits["user"], visits["item"] = found["user"], found["item"]
        visits["stars"] = self.units.values(found["stars"]) - np.float32(self.mean)
        visits = np.sort(visits, order=["user", "item"])  # however they came
        rng = np.random.default_rng([self.seed, 2, user_side, item_side])
        visits = visits[_order(visits, rng)]
        return batches_of(
            Cell(user_side, VISITS, item_side, n, 0.0, 0.0, visits[at : at + _PER_CELL].tobytes())
            for n, at in enumerate(range(0, len(visits), _PER_CELL))
        )


@final
@dataclass(frozen=True, slots=True)
class PackRows:
    """Ratings of the users of a side, or of the items, of any part.

    Attributes:
        row: RATED_ROW, JUDGED_ROW or KEPT_ROW; its side is that of the others.
        kind: "user" or "item", whose ratings they are.
    """

    row: np.dtype[Any]
    kind: str = "user"

    def __call__(self, batches: "Iterator[pa.RecordBatch]") -> "Iterator[pa.RecordBatch]":
        """Cells of rows, sorted by user, side and item; of items, by item, side and user."""
        own, other = self.kind, "item" if self.kind == "user" else "user"
        names = {name: f"{other}_side" if name == "side" else name for name in self.row.names or ()}
        found = _columns(batches, f"{own}_side", *names.values())
        if not found:
            return iter(())
        rows = np.empty(len(found["stars"]), self.row)
        for name, column in names.items():
            rows[name] = found[column]
        rows = rows[np.lexsort((rows[other], rows["side"], rows[own]))]
        side = int(found[f"{own}_side"][0])
        return batches_of(
            Cell(side, ROWS, side, n, 0.0, 0.0, rows[at : at + _PER_CELL].tobytes())
            for n, at in enumerate(range(0, len(rows), _PER_CELL))
        )


def _columns(batches: "Iterator[pa.RecordBatch]", *names: str) -> dict[str, NDArray[Any]]:
    """Columns of all batches; nothing where there are no rows."""
    import pyarrow as pa

    every = [batch for batch in batches if batch.num_rows]
    if not every:
        return {}
    table = pa.Table.from_batches(every)
    return {name: table[name].fill_null(0).to_numpy() for name in names}  # times may be unknown


def _order(visits: NDArray[np.void], rng: np.random.Generator) -> NDArray[np.intp]:
    """Visits of a block: its tiles in random order, each in random order."""
    n = min(_MOST_TILES, max(1, int(np.sqrt(len(visits) / _PER_TILE))))
    user, item = (_share(visits[side], n) for side in ("user", "item"))
    tile = rng.permutation(n * n)[user * n + item]
    shuffled = rng.permutation(len(visits))
    return shuffled[np.argsort(tile[shuffled], kind="stable")]


def _share(rows: NDArray[np.uint32], n: int) -> NDArray[np.int64]:
    """Which of n shares with about equally many ratings each is in, neighbours together."""
    counts = np.bincount(rows)
    before = np.cumsum(counts) - counts
    return (before * n // max(1, len(rows)))[rows]
