"""Columns of whatever type a file has, as ids, stars and seconds."""

from pathlib import Path
from typing import TYPE_CHECKING

from starcast.data.files import columns
from starcast.data.files.columns import ITEM, RATING, TIMESTAMP, USER
from starcast.errors import DataError

if TYPE_CHECKING:
    import polars as pl


def normal_frame(table: "pl.LazyFrame", path: Path) -> "pl.DataFrame":
    """Ids as Int64 or text, ratings as Float32, timestamps as Int64 seconds; null where bad.

    Args:
        table: user, item, rating and perhaps timestamp, of any type.
        path: where it comes from, for messages.
    Raises: DataError: a type that can hold no such thing.
    """
    import polars as pl

    schema = table.collect_schema()
    wanted = [
        normal_ids(table, USER, path),
        normal_ids(table, ITEM, path),
        _stars(schema[RATING], path),
    ]
    if TIMESTAMP in schema:
        wanted.append(_when(schema[TIMESTAMP], path))
    frame = table.select(wanted).collect(engine="streaming")
    if TIMESTAMP in schema and frame[TIMESTAMP].dtype == pl.String:
        frame = frame.with_columns(_seconds(frame[TIMESTAMP]))
    return frame


def normal_ids(table: "pl.LazyFrame", kind: str, path: Path) -> "pl.Expr":
    """A column of ids as Int64 or as text without spaces around it; null where it is neither.

    Raises: DataError: a type that can hold no ids.
    """
    import polars as pl

    dtype, column = table.collect_schema()[kind], pl.col(kind)
    if dtype.is_integer():
        return column if dtype == pl.Int64 else column.cast(pl.Int64, strict=False)
    if dtype.is_float():  # what a data frame makes of integers when one is missing
        return pl.when(column == column.floor()).then(column.cast(pl.Int64, strict=False))
    if dtype in (pl.String, pl.Categorical, pl.Enum):
        return _stripped(kind)
    raise _wrong_type(path, kind, dtype, "integers or text")


def _stars(dtype: "pl.DataType", path: Path) -> "pl.Expr":
    import polars as pl

    if dtype.is_numeric() or dtype == pl.String:
        column = _stripped(RATING) if dtype == pl.String else pl.col(RATING)
        return column.cast(pl.Float32, strict=False)
    raise _wrong_type(path, RATING, dtype, "numbers")


def _when(dtype: "pl.DataType", path: Path) -> "pl.Expr":
    import polars as pl

    column = pl.col(TIMESTAMP)
    if dtype in (pl.Date, pl.Datetime):
        return column.dt.epoch("s")
    if dtype.is_numeric():
        return (column.floor() if dtype.is_float() else column).cast(pl.Int64, strict=False)
    if dtype == pl.String:
        return _stripped(TIMESTAMP)
    raise _wrong_type(path, TIMESTAMP, dtype, "seconds or dates")


def _seconds(texts: "pl.Series") -> "pl.Series":
    """Unix seconds of texts, null where they are none."""
    import polars as pl

    whole = texts.cast(pl.Int64, strict=False)
    if not whole.has_nulls():
        return whole
    known = {text: columns.seconds(text) for text in texts.unique().drop_nulls().to_list()}
    return texts.replace_strict(known, default=None, return_dtype=pl.Int64)


def _stripped(kind: str) -> "pl.Expr":
    """Text without spaces around it, null where nothing is left."""
    import polars as pl

    text = pl.col(kind).cast(pl.String).str.strip_chars()
    return pl.when(text != "").then(text)


def _wrong_type(path: Path, kind: str, dtype: "pl.DataType", wanted: str) -> DataError:
    return DataError(f"{path}: the {kind} column holds {dtype}; it needs {wanted}")
