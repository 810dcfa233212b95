"""One person's ratings, by id or by title, from any table: a list of one's own, or an export."""

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, final

from starcast.data.files import columns, figures, frames, layouts, naming, source, text, values
from starcast.data.files.cells import is_nothing
from starcast.data.files.naming import ITEM, ITEM_TABLE, RATING, RATING_TABLE, TITLE, YEAR, Kinds
from starcast.data.files.options import RECOGNISED, ReadingOptions
from starcast.data.files.part import Part
from starcast.data.files.table import Cells, Table, is_utf8
from starcast.display import quoted
from starcast.errors import DataError

_KINDS: Kinds = {
    ITEM: ITEM_TABLE[ITEM],
    RATING: RATING_TABLE[RATING]._replace(
        names=("your_rating", "my_rating", "you_rated", *RATING_TABLE[RATING].names)
    ),
    TITLE: ITEM_TABLE[TITLE],
    YEAR: naming.Kind(("year", "release_year", "movie_year", "release_date")),
}
_EXPORTS = {  # a column that only they have, to their lowest and highest rating
    "letterboxduri": (0.5, 5.0),
    "yourrating": (1.0, 10.0),  # IMDb, The Movie Database
    "yourated": (1.0, 10.0),  # IMDb before 2018
    "movieidstrakt": (1.0, 10.0),
    "exclusiveshelf": (1.0, 5.0),  # Goodreads, which writes 0 where there is none
}
_YEAR = re.compile(r"(\d{4})(-\d\d-\d\d)?", re.ASCII)


@final
class Rated(NamedTuple):
    """A rating of a person's list.

    Attributes:
        item: the id as it is written, "" if there is none.
        title: "" if there is none.
        year: of release, None if it is not told.
        stars: the rating.
    """

    item: str
    title: str
    year: int | None
    stars: float


@final
class Listed(NamedTuple):
    """A person's ratings.

    Attributes:
        ratings: in the order of the file.
        n_without: rows without a rating, which are left out.
        ends: lowest and highest rating of whoever exported the list; None if that is not known.
    """

    ratings: list[Rated]
    n_without: int
    ends: tuple[float, float] | None


def read(place: object, options: ReadingOptions = RECOGNISED) -> Listed:
    """A person's ratings.

    Args:
        place: a path or a data frame, of a table with a column of ratings and one of item ids or
            titles, and perhaps of years, by name; or of ids or titles and of ratings in this order,
            without a header.
        options: what is not to be left to recognition.
    Raises: DataError: a table or a value that cannot be used, with file, line and reason.
    """
    if not isinstance(place, str | Path):
        return _of_table(frames.table_of(place), options)
    with source.scratch_folder() as scratch:
        parts = source.parts(place, scratch)
        if len(parts) != 1:
            raise DataError(f"{place} holds {len(parts)} tables; name the one with the ratings")
        return _read(parts[0], options)


def _read(part: Part, options: ReadingOptions) -> Listed:
    table = layouts.recognise(part, _KINDS, (ITEM, RATING), options)
    if options.encoding or all(is_utf8(cells) for _, cells in table.body.records()):
        return _of_table(table, options)
    encoding = text.detect(part)
    if encoding == text.UTF_8:
        raise text.not_text(part, encoding)
    return _read(part, replace(options, encoding=encoding))


def _of_table(table: Table, options: ReadingOptions) -> Listed:
    places = _places(table, options)
    rows = [(where, cells) for where, cells in table.body.records() if any(map(_is_told, cells))]
    told = [(where, cells) for where, cells in rows if not is_nothing(_cell(cells, places, RATING))]
    keys = set(map(naming.key, table.names))
    stars_of, best = _stars(told, places, table)
    ends = next((ends for name, ends in _EXPORTS.items() if name in keys), best)
    stars = zip(told, stars_of, strict=True)
    least = ends[0] if ends else -math.inf
    ratings = [_rated(cells, places, one) for (_, cells), one in stars if one >= least]
    if not ratings:
        raise DataError(f"{table.label} holds no ratings; it needs a row per rating")
    return Listed(ratings, len(rows) - len(ratings), ends)


def _places(table: Table, options: ReadingOptions) -> dict[str, int]:
    if not table.has_header and not any(options.columns.values()):
        filled = [at for at in range(len(table.names)) if at not in table.empty]
        return dict(zip((ITEM, RATING), filled, strict=False))
    names = table.names
    if not table.has_header:
        names = tuple(str(at + 1) for at in range(len(table.names)))
    found = columns.positions(names, _KINDS, (RATING,), table.label, options.columns)
    if ITEM not in found and TITLE not in found:
        columns.positions(names, _KINDS, (ITEM, RATING), table.label, options.columns)
    return found


def _stars(
    rows: list[tuple[str, Cells]], places: Mapping[str, int], table: Table
) -> tuple[list[float], tuple[float, float] | None]:
    """Ratings, and from where to where they go if they are written as "9/10" or "80%"."""
    import polars as pl

    written = pl.Series(
        RATING, [_cell(cells, places, RATING).strip() for _, cells in rows], pl.String
    )
    writing = values.writing_of(pl.DataFrame([written]), table.label)
    stars = values.stars(written, writing, table.label)
    for (where, cells), one in zip(rows, stars, strict=True):
        if one is None or not abs(one) < float("inf"):
            cell = quoted(_cell(cells, places, RATING).strip())
            raise _bad(table, where, f"the rating {cell} is not a number")
        if not any(_cell(cells, places, kind).strip() for kind in (ITEM, TITLE)):
            raise _bad(table, where, "the item is missing")
    most = figures.most(writing.unit)
    return stars.to_list(), (0.0, most) if most else None


def _bad(table: Table, where: str, reason: str) -> DataError:
    what = where.split()[0]
    return DataError(f"{table.label}, {where}: {reason}; correct or remove that {what}")


def _rated(cells: Cells, places: Mapping[str, int], stars: float) -> Rated:
    item, title, year = (_cell(cells, places, kind).strip() for kind in (ITEM, TITLE, YEAR))
    told = _YEAR.fullmatch(year)
    return Rated(item, title, int(told[1]) if told else None, stars)


def _cell(cells: Cells, places: Mapping[str, int], kind: str) -> str:
    at = places.get(kind, len(cells))
    return (cells[at] or "") if at < len(cells) else ""


def _is_told(cell: str | None) -> bool:
    return bool(cell and cell.strip())
