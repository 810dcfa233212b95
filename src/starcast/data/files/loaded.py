"""Recognised tables, what their columns are, and their rows as they were written."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, final

from starcast.data.files import binary, columns, faults, guess, layouts, naming, text, values, wide
from starcast.data.files.delimited import Delimited
from starcast.data.files.naming import ITEM, RATING, RATING_TABLE, TIMESTAMP, USER, Kinds
from starcast.data.files.options import RECOGNISED, ReadingOptions
from starcast.data.files.part import Part
from starcast.data.files.table import Table
from starcast.errors import DataError

if TYPE_CHECKING:
    import polars as pl

NEEDED = (USER, ITEM, RATING)
Needed = tuple[str, ...]


@final
@dataclass(slots=True)
class Loaded:
    """A table, what its columns are, and its rows as they were written.

    Attributes:
        table: what was recognised.
        places: kind of column to where it stands.
        frame: its columns by kind, as text (`values.stripped`) or of the type they had, without
            blank rows; None when they have been handed on, so that no column is held twice.
        is_test: whether its rows were handed over as test rows.
    """

    table: Table
    places: Mapping[str, int]
    frame: "pl.DataFrame | None"
    is_test: bool = False

    def taken(self) -> "pl.DataFrame":
        """The frame, which is not kept here any longer."""
        frame, self.frame = self.frame, None
        if frame is None:
            raise ValueError(f"the rows of {self.table.label} have been taken")
        return frame


def load_part(
    part: Part, options: ReadingOptions, first: Table | None = None, needed: Needed = NEEDED
) -> Loaded:
    """The table in a file.

    Args:
        part: the file.
        options: what is said of it.
        first: the first part of the same table, whose columns count if this one has no header.
        needed: the kinds of columns that it must have.
    Raises: DataError: there is no such table, or it cannot be read.
    """
    table = named_as(layouts.recognise(part, RATING_TABLE, needed, options), first)
    try:
        return _loaded(table, options, needed)
    except _MisreadError as misread:
        return load_part(misread.body.requoted(), options, first, needed)
    except _RefusedError as refused:
        encoding = options.encoding or text.detect(part) if table.is_text else text.UTF_8
        if not options.encoding and encoding != text.UTF_8:
            return load_part(part, replace(options, encoding=encoding), first, needed)
        raise refused.explained(options) from None


def named_as(table: Table, first: Table | None) -> Table:
    """A part of a table with the names of the first, where it has none of its own."""
    if first and first.has_header and not table.has_header and len(first.names) == len(table.names):
        return replace(table, names=first.names, has_header=True)
    return table


def load_table(table: Table, options: ReadingOptions, needed: Needed = NEEDED) -> Loaded:
    """The rows of a table that is no text.

    Raises: DataError: it has no such columns, or cannot be read.
    """
    try:
        return _loaded(table, options, needed)
    except _RefusedError as refused:
        raise refused.explained(options) from None


class _RefusedError(Exception):
    """A table that the fast reader cannot read.

    Args:
        table, places: as in `Loaded`.
        why: what the fast reader says.
    """

    def __init__(self, table: Table, places: Mapping[str, int], why: str) -> None:
        super().__init__(why)
        self._table, self._places, self._why = table, places, why

    def explained(self, options: ReadingOptions) -> DataError:
        """What is wrong."""
        if not self._table.is_text:
            return binary.damaged(self._table.label, self._table.form, self._why)
        return faults.unreadable(self._table, self._places, options, self._why)


class _MisreadError(Exception):
    """A table whose quotation marks the fast reader took for others.

    Args:
        body: its rows.
    """

    def __init__(self, body: Delimited) -> None:
        super().__init__()
        self.body = body


def _kinds(needed: Needed) -> Kinds:
    """What to look for: those that are needed, and times where ratings are."""
    return RATING_TABLE if RATING in needed else {kind: RATING_TABLE[kind] for kind in needed}


def _loaded(table: Table, options: ReadingOptions, needed: Needed) -> Loaded:
    """Raises: _RefusedError: the rows cannot be read."""
    import polars as pl

    written, places = table, dict[str, int]()
    try:
        if RATING in needed:
            table = wide.unpivoted(written, options.columns) or written
        places = places_of(table, options, needed)
        if table.is_text and _is_plain(table, places):
            frame = _plain(table, places).collect(engine="streaming")
            if not any(column.has_nulls() for column in frame):
                _check_quotes(table, places, frame)
                return Loaded(table, places, frame)
        frame = values.stripped(table.body.scan(places)).collect(engine="streaming")
        if table.has_blank_lines:
            frame = _without_blank_lines(frame, table, places)
        _check_quotes(table, places, frame)
        if table.is_text and table.has_header:
            table, frame = _without_headers(table, frame, places)
    except pl.exceptions.PolarsError as error:
        told = places if table is written else {}  # of a wide table the shape alone can be told
        raise _RefusedError(written, told, str(error).splitlines()[0]) from None
    return Loaded(table, places, frame)


def places_of(table: Table, options: ReadingOptions, needed: Needed) -> dict[str, int]:
    """Where each kind of column stands, by what is said, by name, by form, or else by order."""
    chosen = {} if options.columns.get(RATING) == naming.EVERY_OTHER else options.columns
    if table.has_header:
        names, roles = table.names, table.roles
    elif any(chosen.values()):
        names, roles = tuple(str(at + 1) for at in range(len(table.names))), {}
    else:
        found, kinds = guess.places(table), _kinds(needed)
        if len(needed) == 1:  # an id a line, whatever it is of
            found = {needed[0]: 0}
        return {kind: at for kind, at in found.items() if kind in kinds and kind not in chosen}
    return columns.positions(names, _kinds(needed), needed, table.label, chosen, roles)


def _is_plain(table: Table, places: Mapping[str, int]) -> bool:
    """Whether the quick way is worth trying, by a row."""
    return not any(column.has_nulls() for column in _plain(table, places).head(1).collect())


def _plain(table: Table, places: Mapping[str, int]) -> "pl.LazyFrame":
    """The quick way, for tables with plain integers as ids and times; null where not so."""
    import polars as pl

    def plain_integer(kind: str) -> pl.Expr:
        text = pl.col(kind)  # whatever begins with "+", "-" or a leading "0" sorts before "1"
        is_plain = (text >= "1") | (text == "0")
        return pl.when(is_plain).then(text.cast(pl.Int64, strict=False)).alias(kind)

    others = {RATING: pl.Float32(), TIMESTAMP: pl.Int64()}
    ids = (plain_integer(kind) for kind in (USER, ITEM) if kind in places)
    numbers = (pl.col(kind).cast(others[kind], strict=False) for kind in places if kind in others)
    return table.body.scan(places).select(*ids, *numbers)


def _check_quotes(table: Table, places: Mapping[str, int], frame: "pl.DataFrame") -> None:
    """Find out whether rows were taken together. Raises: _MisreadError: they were."""
    body = table.body
    has_texts = len(table.names) > len(places) or any(not one.dtype.is_numeric() for one in frame)
    if isinstance(body, Delimited) and has_texts and body.is_misread(len(frame)):
        raise _MisreadError(body)


def _without_headers(
    table: Table, frame: "pl.DataFrame", places: Mapping[str, int]
) -> "tuple[Table, pl.DataFrame]":
    """The rows but those that name the columns again, as where files were put together."""
    import polars as pl

    names = {kind: table.names[at].strip() for kind, at in places.items()}
    if not all(names.values()) or any(frame[kind].dtype != pl.String for kind in names):
        return table, frame
    again = pl.all_horizontal(pl.col(kind) == name for kind, name in names.items())
    kept = frame.filter(~again.fill_null(False))
    n = len(frame) - len(kept)
    if not n:
        return table, frame
    note = f"left out: {n:,} row{'s' * (n > 1)} with the names of the columns again"
    return replace(table, notes=(*table.notes, note)), kept


def _without_blank_lines(
    frame: "pl.DataFrame", table: Table, places: Mapping[str, int]
) -> "pl.DataFrame":
    """The rows of text in which something stands.

    Raises: DataError: a row is blank in the columns that count, and not in another.
    """
    import polars as pl

    def is_told(names: Iterable[str]) -> pl.Expr:
        return pl.any_horizontal(pl.col(name).is_not_null() for name in names)

    if not all(column.has_nulls() for column in frame):
        return frame
    told = frame.filter(is_told(places))
    others = {f"other {at}": at for at in range(len(table.names)) if at not in places.values()}
    if len(told) < len(frame) and others:
        whole = values.stripped(table.body.scan({**places, **others}))
        if len(whole.filter(~is_told(places) & is_told(others)).collect(engine="streaming")):
            raise faults.unreadable(table, places, RECOGNISED, "a row is blank in parts")
    return told
