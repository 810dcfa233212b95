"""Where a table goes wrong: the slow second look, taken only when the fast reader refused."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from starcast.data.files import figures, values
from starcast.data.files.cells import NOTHING, is_number
from starcast.data.files.naming import RATING, TIMESTAMP
from starcast.data.files.options import ReadingOptions
from starcast.data.files.table import Cells, Table, is_utf8
from starcast.data.files.values import Writing
from starcast.data.scale import RatingScale
from starcast.display import quoted, shortened
from starcast.errors import DataError

if TYPE_CHECKING:
    import polars as pl

Row = Mapping[str, str]
_AT_ONCE = 10_000  # rows
_FEW = 3  # rows, of which most say nothing of the others


def first(
    table: Table,
    places: Mapping[str, int],
    writing: Writing | None,
    options: ReadingOptions,
    scale: RatingScale | None,
) -> DataError | None:
    """The error for the first bad row of a table; None if every row looks right here.

    Args:
        table: the table.
        places: kind of column to where it stands.
        writing: how its columns write values; to be found out if None.
        options: how it is to be read.
        scale: the stars that are allowed, where that is known.
    Raises: DataError: the table cannot be read to its end.
    """
    rows_of = table.body.records()
    if table.has_blank_lines:
        rows_of = (one for one in rows_of if any(cell and cell.strip() for cell in one[1]))
    if table.has_header:
        rows_of = (one for one in rows_of if tuple(one[1]) != table.names)
    while block := list(islice(rows_of, _AT_ONCE)):
        shapes = [_misshapen(cells, table, places) for _, cells in block]
        first_odd = next((at for at, reason in enumerate(shapes) if reason), len(block))
        rows = [
            {kind: cells[at] or "" for kind, at in places.items()} for _, cells in block[:first_odd]
        ]
        if rows and places:
            writing = writing or _writing(rows, table.label)
            reasons = list(_reasons(rows, writing, options, scale))
            if fault := _first_of(reasons, block, table):
                return fault
        if fault := _first_of(shapes, block, table):
            return fault
    return None


def _first_of(
    reasons: Sequence[str | None], block: Sequence[tuple[str, Cells]], table: Table
) -> DataError | None:
    """The error for the first of some rows that has something wrong; None if none has."""
    told = [(where, reason) for (where, _), reason in zip(block, reasons, strict=False) if reason]
    if not told:
        return None
    where, reason = told[0]
    kind = reason.split(" ")[1] if reason.startswith("the ") else ""
    like = sum(other.startswith(f"the {kind} ") for _, other in told) if kind else len(told)
    remedy = _remedy_of_all(kind) if like > max(len(reasons) // 2, _FEW) else None
    return _error(table, where, reason, remedy)


def unreadable(
    table: Table, places: Mapping[str, int], options: ReadingOptions, why: str
) -> DataError:
    """The error for a table that the fast reader refuses: the first bad row if it can be found.

    Args:
        table, places, options: as in `first`.
        why: what the fast reader says.
    """
    if fault := first(table, places, None, options, None):
        return fault
    rows = table.body.records()
    quoted = next((where for where, cells in rows if any('"' in (one or "") for one in cells)), "")
    near = f" (look for a stray quotation mark in {quoted})" if quoted else ""
    return DataError(f"{table.label} cannot be read as a table{near}: {why}")


def _writing(rows: Sequence[Row], label: str) -> Writing:
    import polars as pl

    cells = pl.DataFrame(rows, schema=dict.fromkeys(rows[0], pl.String))
    return values.writing_of(values.stripped(cells.lazy()).collect(), label)


def _remedy_of_all(kind: str) -> str:
    """What to do where most rows have something wrong, of which no single one can be corrected."""
    which = f"say which column is the {kind}, --columns {kind}=NAME"
    return {
        RATING: f"most others are like it: write numbers, or {which}",
        TIMESTAMP: "most others are like it: write 2013-07-31, or leave times out: --columns time=",
        "": "most others are like it: say how they are written, --separator, --header, --skip",
    }.get(kind, f"most others are like it: {which}")


def _error(table: Table, where: str, reason: str, remedy_of_all: str | None = None) -> DataError:
    what = where.split()[0]
    remedy = remedy_of_all or f"correct or remove that {what}"
    if reason.startswith("the rating is missing"):
        mark = reason.split("'")[1] if "'" in reason else ""
        remedy += f", or leave all such out: --missing '{mark}'"
    elif reason.startswith("the timestamp") and not remedy_of_all:
        remedy += ", or leave times out: --columns time="
    return DataError(f"{table.label}, {where}: {reason}; {remedy}")


def _misshapen(cells: Cells, table: Table, places: Mapping[str, int]) -> str | None:
    """What is wrong with a row before any value is looked at, or None."""
    if not is_utf8(cells):
        return "it is not UTF-8 text"
    needs, has = len(table.names), len(cells)
    if has > needs or has <= max(places.values(), default=-1):
        is_open = any("\n" in (cell or "") for cell in cells)
        hint = " (is a quotation mark left open?)" if is_open else ""
        return f"it has {has} of {needs} fields{hint}"
    return None


def _reasons(
    rows: Sequence[Row], writing: Writing, options: ReadingOptions, scale: RatingScale | None
) -> Iterator[str | None]:
    """What is wrong with each of some rows, or None."""
    import polars as pl

    cells = pl.DataFrame(rows, schema=dict.fromkeys(rows[0], pl.String))
    raw = values.stripped(cells.lazy()).collect()
    frame = values.normal(raw, writing, "")
    bad = frame.select(pl.any_horizontal(pl.all().is_null())).to_series()
    if RATING in frame.columns:
        left_out = values.missing(raw[RATING], frame[RATING], options.missing).is_not_null()
        bad |= ~frame[RATING].is_finite().fill_null(False)
        if scale:
            bad |= ~_inside(frame[RATING], scale)
        bad &= ~(left_out & bool(options.missing))
    zero = raw.select(pl.any_horizontal(pl.all().str.contains("\0", literal=True))).to_series()
    bad |= zero.fill_null(False)
    for row, values_of_row, is_bad in zip(rows, frame.iter_rows(named=True), bad, strict=True):
        yield _reason(row, values_of_row, scale) if is_bad else None


def _inside(stars: "pl.Series", scale: RatingScale) -> "pl.Series":
    lowest, highest = float(np.float32(scale.lowest)), float(np.float32(scale.highest))
    return stars.is_between(lowest, highest).fill_null(False)


def _reason(row: Row, known: Mapping[str, object], scale: RatingScale | None) -> str:
    """What is wrong with a row that is bad.

    Args:
        row: its cells by kind.
        known: what was made of them.
        scale: the stars that are allowed, where that is known.
    """
    for kind, cell in row.items():
        if not cell.strip():
            return f"the {kind} is missing"
        if "\0" in cell:
            return f"the {kind} holds a zero byte"
    if TIMESTAMP in row and known[TIMESTAMP] is None:
        return (
            f"the timestamp {quoted(row[TIMESTAMP].strip())} is neither seconds nor a date we know"
        )
    cell = row[RATING].strip()
    if cell.lower().lstrip("+-") in ("nan", "inf", "infinity"):
        return f"the rating is {cell}, which is no number of stars"
    if cell.lower() in NOTHING:
        return f"the rating is missing: it says {quoted(cell)}"
    if known[RATING] is None:
        point = cell.replace(",", ".")
        hint = f" (write it with a decimal point: {point})" if is_number(point) else ""
        if figures.has_thousands(cell):
            hint = " (write it without signs between thousands)"
        return f"the rating {quoted(cell)} is not a number{hint}"
    if scale:
        return f"the rating {shortened(cell)} lies outside {scale}"
    return f"the rating {shortened(cell)} is too large"
