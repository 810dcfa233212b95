"""Users and items: dealt out to sides by a hash of their ids, numbered within each.

So rows are dense without counting through all of them, and neither the driver nor a task ever holds
more than the ids of a side.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.ids import Ids, Vocabulary

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame

PARTS = ("train", "validation", "test")  # columns: ratings of each
_SCHEMA = "id string, side int, place int, train bigint, validation bigint, test bigint"


def numbered(ratings: "DataFrame", kind: str, n_sides: int) -> "DataFrame":
    """The users or the items of ratings: id, side, place within it, and ratings of each part.

    Args:
        ratings: with the columns user, item and part.
        kind: "user" or "item".
        n_sides: how many sides there are.
    """
    from pyspark.sql import functions as F

    counts = [
        F.sum((F.col("part") == n).cast("bigint")).alias(name) for n, name in enumerate(PARTS)
    ]
    each = ratings.groupBy(F.col(kind).alias("id")).agg(*counts)
    side = F.pmod(F.xxhash64("id"), F.lit(n_sides)).cast("int")
    dealt = each.withColumn("side", side).repartitionById(n_sides, "side")
    return dealt.mapInArrow(_number, _SCHEMA)


def _number(batches: "Iterator[pa.RecordBatch]") -> "Iterator[pa.RecordBatch]":
    """Those of a side, in the order of their ids."""
    import pyarrow as pa

    every = list(batches)
    if not every:
        return
    table = pa.Table.from_batches(every).sort_by("id")
    places = pa.array(np.arange(len(table), dtype=np.int32))
    columns = [
        table["id"],
        table["side"],
        places,
        *(table[name] for name in table.column_names[1:4]),
    ]
    names = ["id", "side", "place", *PARTS]
    yield from pa.table(columns, names=names).to_batches()


@final
class Members(NamedTuple):
    """Users or items that a model keeps.

    Attributes:
        vocabulary: their ids.
        rows: int32 (n_sides, most of a side), the row of each by its side and its place; −1 of
            those that are not kept.
    """

    vocabulary: Vocabulary
    rows: NDArray[np.int32]

    @classmethod
    def of(cls, kept: "pa.Table", kind: str, n_sides: int, *, are_numbers: bool) -> "Members":
        """Of rows of `numbered`.

        Args:
            kept: columns id, side and place.
            kind: "user" or "item".
            n_sides: how many sides there are.
            are_numbers: whether ids are integers.
        """
        texts = kept["id"].to_pylist()
        ids: Ids = np.array(list(map(int, texts)), np.int64) if are_numbers else np.array(texts)
        vocabulary, of_each = Vocabulary.encode(ids, kind)
        sides, places = (kept[name].to_numpy() for name in ("side", "place"))
        rows = np.full((n_sides, int(places.max(initial=0)) + 1), -1, np.int32)
        rows[sides, places] = of_each
        return cls(vocabulary, rows)

    def of_side(self, side: int, n: int) -> NDArray[np.int32]:
        """The rows of the first n places of a side."""
        rows = np.full(n, -1, np.int32)
        known = self.rows[side, :n]
        rows[: len(known)] = known
        return rows
