"""What is told of an item beside its title: genres, and where more of it is to be found."""

import re
from collections.abc import Iterator
from typing import Any, final

import numpy as np

from starcast.data.files.naming import GENRES, key
from starcast.data.ratings import Attribute, Ratings

_MOST_GENRES = 3
_LINKS = {  # what columns of ids are called, to the name and the address of the place that has them
    "imdbid": ("IMDb", "https://www.imdb.com/title/{}/"),
    "tmdbid": ("TMDb", "https://www.themoviedb.org/movie/{}"),
    "url": ("more", "{}"),
    "link": ("more", "{}"),
}
_IMDB = re.compile(r"(?:tt)?(\d{1,10})", re.ASCII)
_ADDRESS = re.compile(r"https?://[!-~]{1,500}")


@final
class ItemFacts:
    """Facts of the items of a data set, by row.

    Args:
        ratings: whose items these are.
    """

    def __init__(self, ratings: Ratings) -> None:
        own = [one for one in ratings.attributes if one.side == "item"]
        self._genres = next((one for one in own if one.name == "genre" and one.is_feature), None)
        self._linked = [(*_LINKS[key(one.name)], one) for one in own if key(one.name) in _LINKS]

    def of(self, row: int) -> dict[str, Any]:
        """Genres, the first three, and links by name, of what there is."""
        genres = _values(self._genres, row)[:_MOST_GENRES] if self._genres else []
        links = dict(self._links(row))
        return {name: told for name, told in ((GENRES, genres), ("links", links)) if told}

    @property
    def genres(self) -> list[str]:
        """Every genre that an item has."""
        return self._genres.values.tolist() if self._genres else []

    def _links(self, row: int) -> Iterator[tuple[str, str]]:
        for name, form, column in self._linked:
            for value in _values(column, row)[:1]:
                if address := _address(form, value):
                    yield name, address


def _address(form: str, value: str) -> str | None:
    """The address that an id makes; None of what is none."""
    if form == "{}":
        return value if _ADDRESS.fullmatch(value) else None
    found = _IMDB.fullmatch(value)
    if not found:
        return None
    return form.format(f"tt{found[1]:0>7}" if "imdb" in form else found[1])


def _values(column: Attribute, row: int) -> list[str]:
    first, last = np.searchsorted(column.member_rows, [row, row + 1])
    return list(map(str, column.values[column.value_rows[first:last]].tolist()))
