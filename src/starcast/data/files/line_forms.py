"""Forms of text whose lines are no records: Netflix Prize's, SNAP's, and libFM's."""

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from starcast.data.files import text
from starcast.data.files.cells import COMMENTS
from starcast.data.files.naming import ITEM, RATING, TIMESTAMP, USER
from starcast.data.files.part import Part
from starcast.data.files.table import PLACE, FrameBody, Table, names_of
from starcast.display import quoted
from starcast.errors import DataError

if TYPE_CHECKING:
    import polars as pl

_ITEM_LINE = re.compile(r"\S+:")
_KEY_LINE = re.compile(r"([\w.-]+/[\w.-]+):(?: |$)")
_FEATURES = re.compile(r"\S+(\s+(\d+:)?\d+:[\d.]+)+(\s*#.*)?")
_PAIR = r"^(\S+)\s+(?:\d+:)?(\d+):1(?:\.0*)?\s+(?:\d+:)?(\d+):1(?:\.0*)?\s*(?:#.*)?$"
_LINE, _RECORD = "line", "record"
_MOST = 50  # lines looked at


def recognise(part: Part, head: text.Head) -> Table | None:
    """The table in a file of one of these forms; None if it is something else.

    Args:
        part: the file.
        head: its beginning.
    Raises: DataError: it is of one of these forms, and holds no ratings that can be read.
    """
    told = [line.strip() for line in head.lines if line.strip() and line[0] not in COMMENTS]
    lines = told[:_MOST]
    make = next((make for is_of_form, make in _FORMS if lines and is_of_form(lines)), None)
    if make is None:
        return None
    if head.encoding != text.UTF_8 or not head.is_plain:
        part = text.rewritten(part, head.encoding)
    return make(part, lines)


def _is_netflix(lines: Sequence[str]) -> bool:
    """Whether an item and a colon stand alone, and its rows below."""
    return bool(_ITEM_LINE.fullmatch(lines[0])) and any("," in line for line in lines[1:3])


def _netflix(part: Part, lines: Sequence[str]) -> Table:
    import polars as pl

    row = next(line for line in lines if not _ITEM_LINE.fullmatch(line)).split(",")
    if len(row) not in (2, 3) or "-" in row[1]:
        raise DataError(
            f"{part.label} is laid out as Netflix Prize's files, but {quoted(','.join(row))} is "
            "no user, rating and date; the files of the quiz hold no ratings"
        )
    kinds = [USER, RATING, TIMESTAMP][: len(row)]
    is_item = pl.col(_LINE).str.ends_with(":")
    item = pl.when(is_item).then(pl.col(_LINE).str.strip_suffix(":")).forward_fill()
    rows = _lines(part).with_columns(item.alias(ITEM)).filter(~is_item)
    cells = pl.col(_LINE).str.splitn(",", len(kinds)).struct.rename_fields(kinds)
    frame = rows.select(PLACE, ITEM, cells.alias(_LINE)).unnest(_LINE)
    return _table(part, "Netflix Prize's layout", frame)


def _is_snap(lines: Sequence[str]) -> bool:
    """Whether records are lines such as "review/score: 5.0"."""
    named = [key[1] for line in lines if (key := _KEY_LINE.match(line))]
    return len(named) > len(lines) // 2 and bool(_KEY_LINE.match(lines[0]))


def _snap(part: Part, lines: Sequence[str]) -> Table:
    import polars as pl

    names = list(dict.fromkeys(key[1] for line in lines if (key := _KEY_LINE.match(line))))
    told = _lines(part).select(
        PLACE,
        pl.col(_LINE).str.starts_with(f"{names[0]}:").cum_sum().alias(_RECORD),
        pl.col(_LINE).str.extract(_KEY_LINE.pattern, 1).alias("key"),
        pl.col(_LINE).str.replace(_KEY_LINE.pattern, "").alias("value"),
    )
    values = (pl.col("value").filter(pl.col("key") == one).first().alias(one) for one in names)
    records = told.group_by(_RECORD, maintain_order=True).agg(pl.col(PLACE).first(), *values)
    return _table(part, "records of lines 'key: value'", records.drop(_RECORD))


def _is_libfm(lines: Sequence[str]) -> bool:
    """Whether every line is a target and features with their values."""
    return all(map(_FEATURES.fullmatch, lines))


def _libfm(part: Part, lines: Sequence[str]) -> Table:
    import polars as pl

    odd = next((line for line in lines if not re.match(_PAIR, line)), None)
    if odd:
        raise DataError(
            f"{part.label} holds features as libFM takes them, and {quoted(odd)} has others than "
            "one user and one item; write rows of user, item and rating"
        )
    cells = {kind: pl.col(_LINE).str.extract(_PAIR, at)
             for at, kind in enumerate((RATING, USER, ITEM), 1)}  # fmt: skip
    cells[RATING] = pl.coalesce(cells[RATING], _LINE)  # a line like no other is no blank one
    frame = _lines(part).select(PLACE, **cells)
    return _table(part, "libFM's features", frame)


_FORMS: tuple[tuple[Callable[[Sequence[str]], bool], Callable[[Part, Sequence[str]], Table]], ...]
_FORMS = ((_is_netflix, _netflix), (_is_snap, _snap), (_is_libfm, _libfm))


def _lines(part: Part) -> "pl.LazyFrame":
    """The lines of a file without blanks about them, but for comments, and their numbers."""
    import polars as pl

    lines = pl.scan_lines(part.path, name=_LINE, row_index_name=PLACE, row_index_offset=1)
    bare = lines.with_columns(pl.col(_LINE).str.strip_chars()).filter(pl.col(_LINE) != "")
    return bare.filter(~pl.col(_LINE).str.contains(f"^[{COMMENTS}]"))


def _table(part: Part, form: str, frame: "pl.LazyFrame") -> Table:
    return Table(label=part.label, form=form, names=names_of(frame), body=FrameBody(frame, "line"),
                 is_text=True)  # fmt: skip
