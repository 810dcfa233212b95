"""Recognised tables as one frame of sound values, or the reason why that cannot be."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, final

import numpy as np

from starcast.data.files import binary, columns, faults, guess, layouts, naming, text, values, wide
from starcast.data.files.naming import ITEM, RATING, RATING_TABLE, TIMESTAMP, USER
from starcast.data.files.options import RECOGNISED, ReadingOptions
from starcast.data.files.part import Part
from starcast.data.files.table import Table
from starcast.data.files.values import Writing
from starcast.data.scale import RatingScale
from starcast.errors import DataError

if TYPE_CHECKING:
    import polars as pl

NEEDED = (USER, ITEM, RATING)


@final
@dataclass(frozen=True, slots=True)
class Loaded:
    """A table, what its columns are, and its rows as they were written.

    Attributes:
        table: what was recognised.
        places: kind of column to where it stands.
        frame: its columns by kind, as text or of the type they had; no blank rows.
    """

    table: Table
    places: Mapping[str, int]
    frame: "pl.DataFrame"


@final
class Sound(NamedTuple):
    """Values that are all as they should be.

    Attributes:
        frame: user and item (Int64 or text), rating (Float32) and perhaps timestamp (Int64).
        n_rows: how many there were before some were left out.
        left_out: why, to how many.
    """

    frame: "pl.DataFrame"
    n_rows: int
    left_out: dict[str, int]


def load_part(part: Part, options: ReadingOptions, first: Table | None = None) -> Loaded:
    """The table in a file.

    Args:
        part: the file.
        options: what is said of it.
        first: the first part of the same table, whose columns count if this one has no header.
    Raises: DataError: there is no table of ratings, or it cannot be read.
    """
    table = layouts.recognise(part, RATING_TABLE, NEEDED, options)
    if first and first.has_header and not table.has_header and len(first.names) == len(table.names):
        table = replace(table, names=first.names, has_header=True)
    try:
        return _loaded(table, options)
    except _RefusedError as refused:
        encoding = options.encoding or text.detect(part) if table.is_text else text.UTF_8
        if not options.encoding and encoding != text.UTF_8:
            return load_part(part, replace(options, encoding=encoding), first)
        raise refused.explained() from None


def load_table(table: Table, options: ReadingOptions) -> Loaded:
    """The rows of a table.

    Raises: DataError: it has no such columns, or cannot be read.
    """
    try:
        return _loaded(table, options)
    except _RefusedError as refused:
        raise refused.explained() from None


class _RefusedError(Exception):
    """A table that the fast reader cannot read.

    Args:
        table, places: as in `Loaded`.
        why: what the fast reader says.
    """

    def __init__(self, table: Table, places: Mapping[str, int], why: str) -> None:
        super().__init__(why)
        self._table, self._places, self._why = table, places, why

    def explained(self) -> DataError:
        if not self._table.is_text:
            return binary.damaged(self._table.label, self._table.form, self._why)
        return faults.unreadable(self._table, self._places, RECOGNISED, self._why)


def _loaded(table: Table, options: ReadingOptions) -> Loaded:
    """Raises: _RefusedError: the rows cannot be read."""
    import polars as pl

    places: Mapping[str, int] = {}
    try:
        table = wide.unfolded(table, options.columns) or table
        places = _places(table, options)
        if table.is_text:
            frame = _plain(table, places)
            if not any(column.has_nulls() for column in frame):
                return Loaded(table, places, frame)
        frame = table.body.scan(places).collect(engine="streaming")
        if table.has_blank_lines:
            frame = _without_blank_lines(frame, table, places)
    except pl.exceptions.PolarsError as error:
        raise _RefusedError(table, places, str(error).splitlines()[0]) from None
    return Loaded(table, places, frame)


def sound(parts: Sequence[Loaded], options: ReadingOptions, scale: RatingScale | None) -> Sound:
    """The rows of all parts, of which none is bad.

    Args:
        parts: with the same kinds of columns.
        options: which ratings are missing.
        scale: the stars that are allowed; None for any.
    Raises: DataError: the first bad value, with its place and what to do.
    """
    import polars as pl

    raw = pl.concat(_alike([part.frame for part in parts]))
    label = parts[0].table.label
    writing = values.writing_of(raw, label)
    frame, left_out = values.normal(raw, writing, label), {}
    if options.missing:
        marks = values.missing(raw[RATING], frame[RATING], options.missing)
        left_out = {_said(mark): n for mark, n in marks.drop_nulls().value_counts(sort=True).rows()}
        frame = frame.filter(marks.is_null())
    if not _is_sound(frame, scale):
        raise _first_fault(parts, writing, options, scale)
    return Sound(frame, len(raw), left_out)


def _places(table: Table, options: ReadingOptions) -> dict[str, int]:
    """Where each kind of column stands, by what is said, by name, by form, or else by order."""
    chosen = {} if options.columns.get(RATING) == naming.EVERY_OTHER else options.columns
    if table.has_header:
        names, roles = table.names, table.roles
    elif any(chosen.values()):
        names, roles = tuple(str(at + 1) for at in range(len(table.names))), {}
    else:
        found = guess.places(table)
        return {kind: at for kind, at in found.items() if kind not in chosen}
    return columns.positions(names, RATING_TABLE, NEEDED, table.label, chosen, roles)


def _plain(table: Table, places: Mapping[str, int]) -> "pl.DataFrame":
    """The quick way, for tables with plain integers as ids and times; null where not so."""
    import polars as pl

    def plain_integer(kind: str) -> pl.Expr:
        text = pl.col(kind)  # whatever begins with "+", "-" or a leading "0" sorts before "1"
        is_plain = (text >= "1") | (text == "0")
        return pl.when(is_plain).then(text.cast(pl.Int64, strict=False)).alias(kind)

    others = {RATING: pl.Float32(), TIMESTAMP: pl.Int64()}
    numbers = (pl.col(kind).cast(others[kind], strict=False) for kind in places if kind in others)
    wanted = table.body.scan(places).select(plain_integer(USER), plain_integer(ITEM), *numbers)
    return wanted.collect(engine="streaming")


def _without_blank_lines(
    frame: "pl.DataFrame", table: Table, places: Mapping[str, int]
) -> "pl.DataFrame":
    """The rows of text in which something stands.

    Raises: DataError: a row is blank in the columns that count, and not in another.
    """
    import polars as pl

    def is_told(names: Iterable[str]) -> pl.Expr:
        return pl.any_horizontal(
            pl.col(name).str.strip_chars().fill_null("") != "" for name in names
        )

    told = frame.filter(is_told(places))
    others = {f"other {at}": at for at in range(len(table.names)) if at not in places.values()}
    if len(told) < len(frame) and others:
        whole = table.body.scan({**places, **others})
        if len(whole.filter(~is_told(places) & is_told(others)).collect(engine="streaming")):
            raise faults.unreadable(table, places, RECOGNISED, "a row is blank in parts")
    return told


def _alike(frames: Sequence["pl.DataFrame"]) -> list["pl.DataFrame"]:
    """Frames of the same columns and types: as text where the types differ.

    Columns that not all have are left out.
    """
    import polars as pl
    from polars import selectors

    if all(frame.schema == frames[0].schema for frame in frames):
        return list(frames)
    kinds = [kind for kind in frames[0].columns if all(kind in frame.columns for frame in frames)]
    alike = [kind for kind in kinds if len({frame.schema[kind] for frame in frames}) == 1]
    texts = [
        frame.select(kinds)
        .with_columns((selectors.temporal() - selectors.by_name(alike)).dt.epoch("s"))
        .with_columns(pl.all().exclude(alike).cast(pl.String))
        for frame in frames
    ]
    return texts


def _is_sound(frame: "pl.DataFrame", scale: RatingScale | None) -> bool:
    if any(column.has_nulls() for column in frame):
        return False
    stars = frame[RATING].to_numpy()
    if not np.all(np.isfinite(stars)):
        return False
    return not scale or bool(np.all((stars >= scale.lowest) & (stars <= scale.highest)))


def _first_fault(
    parts: Sequence[Loaded], writing: Writing, options: ReadingOptions, scale: RatingScale | None
) -> DataError:
    for part in parts:
        if fault := faults.first(part.table, part.places, writing, options, scale):
            return fault
    label = parts[0].table.label
    return DataError(f"{label} has user or item ids that are neither integers nor text")


def _said(mark: str) -> str:
    return f"with the rating {mark}, which means missing" if mark else "without a rating"
