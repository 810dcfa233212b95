"""Ratings of one's own, read without the cache."""

from pathlib import Path
from typing import Any

from starcast.data.files import source, tabular
from starcast.data.files.options import ReadingOptions
from starcast.data.ratings import Ratings
from starcast.data.scale import RatingScale


def read_own(
    place: str | Path,
    items_path: Path | None = None,
    *,
    scale: RatingScale | None = None,
    **options: Any,
) -> Ratings:
    """The ratings at a place, with options as `ReadingOptions.of` takes them."""
    given = ReadingOptions.of(**options)
    with source.scratch_folder() as scratch:
        tables = tabular.load_place(place, given, scratch)
        return tabular.of_tables(tables, str(place), items_path, options=given, scale=scale)


def n_repeated(ratings: Ratings) -> int:
    """How many older ratings of a pair were left out."""
    assert ratings.reading
    return ratings.reading.left_out.get(tabular.REPEATED, 0)
