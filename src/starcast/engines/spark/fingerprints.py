"""The sum of the hashes of all rows, part by part: that of the same rows anywhere."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from starcast.data.split import RowSum

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame

_SCHEMA = "n bigint, first binary, second binary"


def row_sum(ratings: "DataFrame", are_numbers: dict[str, bool]) -> RowSum:
    """Of rows of user, item, stars and part.

    Args:
        ratings: ids as text.
        are_numbers: kind of id to whether each is an integer.
    """
    from pyspark.sql import functions as F

    ids = [
        F.col(kind).cast("bigint") if is_number else F.col(kind)
        for kind, is_number in are_numbers.items()
    ]
    sums = ratings.select(*ids, "stars", "part").mapInArrow(_sum_up, _SCHEMA).toArrow()
    total = RowSum()
    for row in sums.to_pylist():
        total = total + RowSum(
            row["n"], *(int.from_bytes(row[name], "little") for name in ("first", "second"))
        )
    return total


def _sum_up(batches: "Iterator[pa.RecordBatch]") -> "Iterator[pa.RecordBatch]":
    """That of the rows of a task."""
    import pyarrow as pa

    total = RowSum()
    for batch in batches:
        users, items, stars, parts = (
            np.asarray(column)
            if pa.types.is_primitive(column.type)
            else np.array(column.to_pylist())
            for column in batch.columns
        )
        if len(stars):
            total = total + RowSum.of_columns(users, items, stars, parts)
    told = [total.n_rows], *([one.to_bytes(8, "little")] for one in (total.first, total.second))
    yield pa.RecordBatch.from_arrays(
        [pa.array(told[0]), *(pa.array(one, pa.binary()) for one in told[1:])],
        names=["n", "first", "second"],
    )
