"""Tables of ratings as Ratings: loaded, checked, joined, each pair once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from starcast.data import attributes
from starcast.data.attributes import Item
from starcast.data.files import figures, guess, source, times
from starcast.data.files.checked import check_rows
from starcast.data.files.encode import Encoded, encode, latest, with_ratings, without_test_pairs
from starcast.data.files.items import read_items
from starcast.data.files.loaded import NEEDED, Loaded, Needed, load_part
from starcast.data.files.naming import TIMESTAMP, spoken
from starcast.data.files.options import RECOGNISED, ReadingOptions
from starcast.data.files.source import Place
from starcast.data.files.table import Table
from starcast.data.ratings import Ratings
from starcast.data.reading import Reading
from starcast.data.scale import RatingScale
from starcast.display import quoted
from starcast.errors import DataError

VERSION = 4
"""Of what is recognised as what. Raise it when a table may be read otherwise than before."""

REPEATED = "of pairs that were rated again later"
TESTED = "training rows of pairs that are test rows, too"


def load_place(
    place: Place,
    options: ReadingOptions,
    scratch: Path,
    first: Table | None = None,
    needed: Needed = NEEDED,
) -> list[Loaded]:
    """The tables that lie at a place, each read.

    Args:
        place: of a file with a row per rating, or of several with the same columns: a folder of
            parts, a pattern, an archive, or "-" for what is piped in.
        options: what is not to be left to recognition.
        scratch: a folder that is there until the ratings are made.
        first: the table whose columns count where another has no header.
        needed: the kinds of columns that each must have.
    Raises: DataError: a file that cannot be used, with line and reason.
    """
    tables: list[Loaded] = []
    parts = source.parts(place, scratch)
    for part in parts:
        before = tables[0].table if tables else first
        try:
            tables.append(load_part(part, options, before, needed))
        except DataError as error:
            if len(parts) == 1 or ", line " in str(error):
                raise
            raise DataError(
                f"{error}; if it holds no ratings, name those that do, as {parts[0].label}"
            ) from None
    return tables


def of_tables(
    tables: Sequence[Loaded],
    label: str,
    items_path: Place | None = None,
    *,
    options: ReadingOptions = RECOGNISED,
    scale: RatingScale | None = None,
    name: str = "ratings",
) -> Ratings:
    """Ratings from tables, joined, each pair once; what was taken for what is their `reading`.

    What is recognised, and what is refused, is in docs/data.md. Ids are integers if every one of a
    column is written as one, and text otherwise, so that "007" stays "007"; blanks around values
    do not count. Of several ratings of one pair the latest timestamp wins, then the later row.

    Args:
        tables: one at least.
        label: where they come from, for messages.
        items_path: a row per item, with its title and perhaps its genres, as "Drama|War".
        options: what is not to be left to recognition.
        scale: the stars that are allowed; inferred if not given.
        name: the data set's name.
    Raises: DataError: a value that cannot be used, with its place and reason.
    """
    told = check_rows(tables, options, scale)
    if not len(told.frame):
        every = (
            "every rating is left out as missing" if told.n_rows else "it needs a row per rating"
        )
        raise DataError(f"{label} holds no ratings; {every}")
    rows = encode(told.frame, label, told.is_test)
    if not tables[0].table.has_header and not any(options.columns.values()):
        guess.check(rows, tables[0].places, tables[0].table)
    rows, left_out = _kept(rows, options, label)
    is_exact = all(one.table.is_exact for one in tables)
    rows, unit_of_time = (rows, None) if is_exact else _in_seconds(rows)
    known = known_items(rows, items_path)
    try:
        ratings = Ratings.from_rows(
            *rows[:6],
            titles={one: item.title for one, item in known.items()},
            scale=scale,
            name=name,
            attributes=attributes.of_items(rows.items, known),
        )
    except DataError as error:
        raise DataError(f"{label}: {error}") from None
    reading = replace(
        reading_of(tables, label, told.n_rows),
        left_out=told.left_out | left_out,
        scale=str(ratings.scale),
        notes=(
            *_notes(tables, rows.is_test),
            *unit_notes(told.unit, unit_of_time),
            *titled_notes(known, rows, items_path),
        ),
    )
    return replace(ratings, reading=reading, given_test=rows.is_test)


def reading_of(tables: Sequence[Loaded], label: str, n_rows: int) -> Reading:
    """What tables were taken for, and which of their columns for what."""
    return Reading(
        source=label,
        form=_form(tables),
        columns={spoken(kind): _column(tables[0], at) for kind, at in tables[0].places.items()},
        unused=_unused(tables[0]),
        n_rows=n_rows,
        notes=tuple(_notes(tables)),
    )


def _in_seconds(rows: Encoded) -> tuple[Encoded, str | None]:
    """Rows with times in seconds, and in what they were written if that was something else."""
    if rows.timestamps is None:
        return rows, None
    when, unit = times.in_seconds(rows.timestamps, are_a_column=True)
    return rows._replace(timestamps=when), unit


def known_items(rows: Encoded, items_path: Place | None) -> dict[Any, Item]:
    """What is told of the items that were rated."""
    known = read_items(items_path) if items_path else {}
    return {one: known[str(one)] for one in rows.items.ids.tolist() if str(one) in known}


def _kept(rows: Encoded, options: ReadingOptions, label: str) -> tuple[Encoded, dict[str, int]]:
    """One row per pair, of users and items with enough; and how many others there were."""
    apart = without_test_pairs(rows)
    once = latest(apart)
    left_out = {
        TESTED: len(rows.stars) - len(apart.stars),
        REPEATED: len(apart.stars) - len(once.stars),
    }
    if options.min_ratings > 1:
        enough = with_ratings(once, options.min_ratings)
        if not len(enough.stars):
            raise DataError(
                f"{label}: no users and items have {options.min_ratings} ratings of each other; "
                "give a smaller --min-ratings"
            )
        fewer = f"of users or items with fewer than {options.min_ratings} ratings"
        left_out[fewer] = len(once.stars) - len(enough.stars)
        once = enough
    return once, {why: n for why, n in left_out.items() if n}


def unit_notes(of_ratings: str | None, of_times: str | None) -> Iterator[str]:
    """What is to be said of the units in which ratings and times are written."""
    if line := figures.said(of_ratings):
        yield line
    if of_times:
        yield f"times are written in {of_times}, and kept in seconds"


def _notes(tables: Sequence[Loaded], is_test: NDArray[np.bool_] | None = None) -> Iterator[str]:
    for one in tables:
        label = f"{one.table.label}: " if len(tables) > 1 else ""
        yield from (f"{label}{note}" for note in one.table.notes)
    if is_test is not None:
        yield f"{np.count_nonzero(is_test):,} of these ratings are test rows"
    if any(TIMESTAMP in one.places for one in tables):
        without = [one.table.label for one in tables if TIMESTAMP not in one.places]
        if without:
            yield f"times are left out, because {without[0]} has none"


def titled_notes(
    known: Mapping[Any, Item], rows: Encoded, items_path: Place | None
) -> Iterator[str]:
    """What is to be said of items without a title."""
    if items_path and len(known) < len(rows.items):
        yield f"{items_path} has titles of {len(known):,} of {len(rows.items):,} items"
    if left_out := attributes.unusable(known):
        named = ", ".join(map(quoted, left_out[:3])) + ", …" * (len(left_out) > 3)
        yield f"{items_path}: {named} {attributes.UNUSABLE}"


def _form(tables: Sequence[Loaded]) -> str:
    more = f" ({len(tables):,} files)" if len(tables) > 1 else ""
    return tables[0].table.form + more


def _column(part: Loaded, at: int) -> str:
    name = part.table.names[at].strip()
    return quoted(name) if part.table.has_header and name else f"column {at + 1}"


def _unused(part: Loaded) -> tuple[str, ...]:
    places = part.places.values()
    return tuple(
        name.strip()
        for at, name in enumerate(part.table.names)
        if at not in places and name.strip()
    )
