"""Columns of whatever type a table has, as ids, stars and times."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, final

import numpy as np

from starcast.data.files import figures, times
from starcast.data.files.cells import NOTHING, is_number
from starcast.data.files.naming import ITEM, RATING, TIMESTAMP, USER
from starcast.display import quoted
from starcast.errors import DataError

if TYPE_CHECKING:
    import polars as pl

_INTEGER = r"^-?(0|[1-9]\d*)$"
_FLOATING = r"^-?(0|[1-9]\d*)[.,]0+$"  # what data frames make of integers where one is missing
_COMMA = r"^([+-]?\d*),(\d+)$"


@final
class Writing(NamedTuple):
    """How a whole column writes its values, which no value alone can tell.

    Attributes:
        has_commas: ratings have decimal commas.
        unit: what ratings are written in, as `figures.Figure` has it; None for plain numbers.
        pattern: of times that are neither numbers nor ISO dates.
    """

    has_commas: bool = False
    unit: str | None = None
    pattern: str | None = None


def stripped(table: "pl.LazyFrame") -> "pl.LazyFrame":
    """Columns of text without blanks around it, null where nothing is left; others as they are."""
    import polars as pl

    texts = [
        pl.col(name).cast(pl.String, strict=False).str.strip_chars()
        for name, dtype in table.collect_schema().items()
        if dtype in (pl.String, pl.Categorical, pl.Enum, pl.Binary)
    ]
    return table.with_columns(pl.when(text != "").then(text) for text in texts)


def writing_of(raw: "pl.DataFrame", label: str) -> Writing:
    """How the columns of a table write their values.

    Args:
        raw: columns by kind, of any type, `stripped`.
        label: the file, for messages.
    Raises: DataError: dates, or numbers with commas, that can be read in two ways.
    """
    import polars as pl

    has_commas, unit, pattern = False, None, None
    if RATING in raw.columns and raw[RATING].dtype == pl.String:
        told = _told(raw[RATING].unique())
        odd = told.filter(told.cast(pl.Float64, strict=False).is_null())
        has_points = told.str.contains(".", literal=True).any()
        has_commas = len(odd) > 0 and not has_points and bool(odd.str.contains(_COMMA).all())
        if has_commas and all(map(figures.has_thousands, odd)):
            raise DataError(
                f"{label}: the rating {quoted(odd[0])} may be {odd[0].replace(',', '')} or "
                f"{odd[0].replace(',', '.')}; write it as one of these"
            )
        if len(odd) and not has_commas:
            unit = figures.common_unit(_told(raw[RATING]).value_counts().iter_rows())
    if TIMESTAMP in raw.columns and raw[TIMESTAMP].dtype == pl.String:
        try:
            written = _pointed(raw[TIMESTAMP], Writing(has_commas))
            if not _are_integers(written):
                pattern = times.pattern_of(_told(written.unique(maintain_order=True)))
        except times.AmbiguousDatesError as error:
            raise DataError(
                f"{label}: the dates cannot be told: {error}; write them as 2013-07-31, or leave "
                "them out: --columns time="
            ) from None
    return Writing(has_commas, unit, pattern)


def normal(
    raw: "pl.DataFrame", writing: Writing, label: str, *, is_exact: bool = False
) -> "pl.DataFrame":
    """Ids as Int64 or text, ratings as Float32, times as Int64; null where a value is none.

    Args:
        raw: columns by kind, of any type, `stripped`.
        writing: how they write values.
        label: the file, for messages.
        is_exact: whether text of ids is to stay as it is.
    Raises: DataError: a type that can hold no such thing.
    """
    id_columns = [raw[kind] for kind in (USER, ITEM) if kind in raw.columns]
    wanted = id_columns if is_exact else [ids(column, label) for column in id_columns]
    if RATING in raw.columns:
        wanted.append(stars(raw[RATING], writing, label))
    if TIMESTAMP in raw.columns:
        wanted.append(_when(raw[TIMESTAMP], writing, label))
    return type(raw)(wanted)


def ids(column: "pl.Series", label: str) -> "pl.Series":
    """A column of ids, `stripped`, as Int64 or as text; null where it is neither.

    Numbers that were written as "101.0" are 101 if every id of the column is a number.

    Raises: DataError: a type that can hold no ids.
    """
    import polars as pl

    dtype = column.dtype
    if dtype.is_integer():
        too_long = dtype == pl.UInt64 and (column > 2**63 - 1).any()
        return column.cast(pl.String if too_long else pl.Int64)
    if dtype.is_float() or dtype.is_decimal():  # what a frame makes of integers if one is missing
        whole = column.cast(pl.Float64)
        return whole.set(whole != whole.floor(), None).cast(pl.Int64, strict=False)
    if dtype == pl.String:
        return _without_points(column)
    raise _wrong_type(label, column.name, dtype, "integers or text")


def are_plain_integers(texts: "pl.Series") -> bool:
    """Whether each text is how its number is written: "007" and "+7" are not."""
    import polars as pl

    return texts.cast(pl.Int64, strict=False).cast(pl.String).eq_missing(texts).all()


def missing(column: "pl.Series", numbers: "pl.Series", marks: Sequence[str]) -> "pl.Series":
    """Which mark says that a rating is missing; "" for an empty cell, null where nothing does.

    Args:
        column: ratings as they were read, `stripped`.
        numbers: the same as stars.
        marks: what means that there is none.
    """
    import polars as pl

    is_text = column.dtype == pl.String
    texts = column if is_text else None
    nothing = numbers.is_null() | numbers.is_nan().fill_null(True)
    if texts is not None:
        nothing &= texts.fill_null("").str.to_lowercase().is_in(sorted(NOTHING))
    found = pl.Series([None], dtype=pl.String).new_from_index(0, len(column)).set(nothing, "")
    for mark in marks:
        said = nothing & (mark == "")
        if is_number(mark):
            said = (numbers == float(np.float32(mark))).fill_null(False)
        if texts is not None and mark:
            said |= (texts.str.to_lowercase() == mark.lower()).fill_null(False)
        found = found.set(said, mark)
    return found


def stars(column: "pl.Series", writing: Writing, label: str) -> "pl.Series":
    """A column of ratings, `stripped`, as Float32; null where it is no number.

    Raises: DataError: a type that can hold no ratings.
    """
    import polars as pl

    if column.dtype == pl.String:
        text = _pointed(column, writing)
        if writing.unit is not None:
            known = {one: figures.in_unit(one, writing.unit) for one in text.unique().drop_nulls()}
            return text.replace_strict(known, default=None, return_dtype=pl.Float32)
        return text.cast(pl.Float32, strict=False)
    if column.dtype.is_numeric() or column.dtype == pl.Boolean:
        return column.cast(pl.Float32, strict=False)
    raise _wrong_type(label, RATING, column.dtype, "numbers")


def _when(column: "pl.Series", writing: Writing, label: str) -> "pl.Series":
    import polars as pl

    if column.dtype in (pl.Date, pl.Datetime):
        return column.dt.epoch("us") // 1_000_000
    if column.dtype.is_numeric():
        whole = column.floor() if column.dtype.is_float() else column
        return whole.cast(pl.Int64, strict=False)
    if column.dtype == pl.String:
        return times.seconds(_pointed(column, writing), writing.pattern)
    raise _wrong_type(label, TIMESTAMP, column.dtype, "seconds or dates")


def _pointed(texts: "pl.Series", writing: Writing) -> "pl.Series":
    """Numbers with decimal points."""
    return texts.str.replace(_COMMA, "$1.$2") if writing.has_commas else texts


def _told(texts: "pl.Series") -> "pl.Series":
    """Those that are no word for nothing."""
    told = texts.drop_nulls()
    return told.filter(~told.str.to_lowercase().is_in(sorted(NOTHING)))


def _are_integers(texts: "pl.Series") -> bool:
    import polars as pl

    return texts.cast(pl.Int64, strict=False).null_count() == texts.null_count()


def _without_points(texts: "pl.Series") -> "pl.Series":
    """Texts that are all integers, though some are written as "101.0", as integers are."""
    known = texts.drop_nulls()
    if not len(known) or not known.head(1).str.contains(f"{_FLOATING}|{_INTEGER}").all():
        return texts
    is_floating = known.str.contains(_FLOATING)
    if is_floating.any() and (is_floating | known.str.contains(_INTEGER)).all():
        return texts.str.replace(r"[.,]0+$", "")
    return texts


def _wrong_type(label: str, kind: str, dtype: "pl.DataType", wanted: str) -> DataError:
    return DataError(f"{label}: the {kind} column holds {dtype}; it needs {wanted}")
