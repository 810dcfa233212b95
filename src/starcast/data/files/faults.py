"""Where a table goes wrong: the slow second look, taken only when the fast reader refused."""

from pathlib import Path
from typing import TYPE_CHECKING

from starcast.data.files import columns
from starcast.data.files.delimited import Layout, is_utf8
from starcast.data.scale import RatingScale
from starcast.errors import DataError

if TYPE_CHECKING:
    import polars as pl

_ADVICE = "correct or remove that line"


def in_text(layout: Layout, scale: RatingScale | None, why: str) -> DataError:
    """The error for the first bad line of a text table.

    Args:
        layout: how the table is cut.
        scale: the stars that are allowed, where that is known.
        why: what the fast reader said, in case every line looks right here.
    """
    blank = quoted = 0
    for line, record in layout.records():
        quoted = quoted or line * any('"' in field for field in record)
        if not any(record):
            blank = blank or line
        elif reason := fault_of(record, layout, scale):
            return DataError(f"{layout.path}, line {line}: {reason}; {_ADVICE}")
    if blank:
        return DataError(f"{layout.path}, line {blank} is blank; remove it")
    near = f" (look for a stray quotation mark in line {quoted})" if quoted else ""
    return DataError(f"{layout.path} cannot be read as a table{near}: {why.splitlines()[0]}")


def in_parquet(path: Path, table: "pl.LazyFrame", scale: RatingScale | None) -> DataError:
    """The error for the first bad row of a Parquet table, counted from 1.

    Args:
        path: the file.
        table: its columns, named by kind.
        scale: the stars that are allowed, where that is known.
    """
    import polars as pl
    from polars import selectors

    texts = table.with_columns(selectors.temporal().dt.epoch("s")).select(pl.all().cast(pl.String))
    for number, row in enumerate(texts.collect().iter_rows(named=True), start=1):
        if reason := columns.fault(row, scale):
            return DataError(f"{path}, row {number}: {reason}; correct or remove that row")
    return DataError(f"{path} has user or item ids that are neither integers nor text")


def fault_of(record: list[str], layout: Layout, scale: RatingScale | None) -> str | None:
    """What is wrong with a record of a text table, or None."""
    text = "".join(record)
    if not is_utf8(text):
        return "it is not UTF-8 text"
    if len(record) > layout.n_fields or len(record) <= max(layout.places.values()):
        has, needs = (
            n // layout.stride + n % layout.stride for n in (len(record), layout.n_fields)
        )
        hint = " (is a quotation mark left open?)" if "\n" in text else ""
        return f"it has {has} of {needs} fields{hint}"
    return columns.fault({kind: record[at] for kind, at in layout.places.items()}, scale)
