"""Tables a piece at a time, for those that are larger than memory.

What the whole of a column must be known for, such as dates as text, decimal commas or marks of what
is missing, is not read like this: such a table is said to be none of these.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from starcast.data.files import guess, layouts, values, wide
from starcast.data.files.delimited import Delimited
from starcast.data.files.encode import encode
from starcast.data.files.loaded import NEEDED, Loaded, named_as, places_of
from starcast.data.files.naming import ITEM, RATING, RATING_TABLE, TIMESTAMP, USER
from starcast.data.files.options import ReadingOptions
from starcast.data.files.part import Part
from starcast.data.files.table import Table

if TYPE_CHECKING:
    import polars as pl

AT_ONCE = 1 << 20  # rows
_TYPES = (RATING, "Float32"), (TIMESTAMP, "Int64")


class NotPlainError(Exception):
    """A table that must be read whole, and why."""


@runtime_checkable
class _Fetched(Protocol):
    """Rows that come a piece at a time."""

    def fetched(self, places: dict[str, int]) -> "Iterator[pl.DataFrame]":
        """Columns by kind."""
        ...


def recognised(part: Part | Table, options: ReadingOptions, first: Table | None = None) -> Loaded:
    """A table whose rows are not read.

    Args: as of `loaded.load_part`.

    Raises:
        NotPlainError: it must be read whole.
        DataError: it is none.
    """
    if given := options.given("missing", "min_ratings"):
        raise NotPlainError(f"{given[0]} needs all ratings at once")
    table = (
        part
        if isinstance(part, Table)
        else named_as(layouts.recognise(part, RATING_TABLE, NEEDED, options), first)
    )
    if wide.unpivoted(table, options.columns):
        raise NotPlainError(f"{table.label} has a column for each item")
    return Loaded(table, places_of(table, options, NEEDED), None)


def batches(loaded: Loaded, options: ReadingOptions) -> "Iterator[pl.DataFrame]":
    """Its rows: user and item as Int64 or text, rating as Float32, and perhaps timestamp as Int64.

    Raises: NotPlainError: a value can be read in a whole table alone, or in none.
    """
    import polars as pl

    n_rows = 0
    try:
        for raw in _raw(loaded):
            if not len(raw):
                continue
            frame = _plain(raw, loaded.table.label)
            if n_rows == 0 and not loaded.table.has_header and not any(options.columns.values()):
                guess.check(encode(frame.clone(), loaded.table.label), loaded.places, loaded.table)
            n_rows += len(frame)
            yield frame
    except pl.exceptions.PolarsError as error:
        raise NotPlainError(str(error).splitlines()[0]) from None
    body = loaded.table.body
    if isinstance(body, Delimited) and body.is_misread(n_rows):
        raise NotPlainError(f"{loaded.table.label} has quotation marks within fields")


def _raw(loaded: Loaded) -> "Iterator[pl.DataFrame]":
    body = loaded.table.body
    if isinstance(body, _Fetched):
        for frame in body.fetched(dict(loaded.places)):
            yield values.stripped(frame.lazy()).collect()
        return
    lazy = values.stripped(body.scan(loaded.places))
    yield from lazy.collect_batches(chunk_size=AT_ONCE, maintain_order=True, engine="streaming")


def _plain(raw: "pl.DataFrame", label: str) -> "pl.DataFrame":
    """Columns of which each value says what it is."""
    import polars as pl

    wanted = [_ids(raw[kind], label) for kind in (USER, ITEM)]
    for kind, name in _TYPES:
        if kind in raw.columns:
            wanted.append(_numbers(raw[kind], getattr(pl, name)()))
    frame = pl.DataFrame(wanted)
    if any(column.has_nulls() for column in frame) or not np.all(
        np.isfinite(frame[RATING].to_numpy())
    ):
        raise NotPlainError(
            f"{label} has values that are missing, or written in a way of their own"
        )
    return frame


def _ids(column: "pl.Series", label: str) -> "pl.Series":
    import polars as pl

    if column.dtype == pl.String:
        text = column.to_frame().select(
            pl.when((pl.col(column.name) >= "1") | (pl.col(column.name) == "0")).then(
                pl.col(column.name).cast(pl.Int64, strict=False)
            )
        )[column.name]
        return column if text.has_nulls() else text
    if column.dtype.is_integer() and column.dtype != pl.UInt64:
        return column.cast(pl.Int64)
    raise NotPlainError(f"{label} has ids of the type {column.dtype}")


def _numbers(column: "pl.Series", dtype: "pl.DataType") -> "pl.Series":
    import polars as pl

    if column.dtype == pl.String or column.dtype.is_numeric():
        if dtype == pl.Int64 and column.dtype.is_float():
            column = column.floor()
        return column.cast(dtype, strict=False)
    raise NotPlainError(f"a column holds {column.dtype}")


def all_batches(tables: Sequence[Loaded], options: ReadingOptions) -> "Iterator[pl.DataFrame]":
    """The rows of several tables, with the columns that all of them have."""
    kinds = [kind for kind in (USER, ITEM, RATING, TIMESTAMP)
             if all(kind in one.places for one in tables)]  # fmt: skip
    for one in tables:
        for frame in batches(one, options):
            yield frame.select(kinds)
