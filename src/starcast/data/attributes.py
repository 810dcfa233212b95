"""What is known of users and items beside their ratings, from the files that tell their titles."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from starcast.data.ids import Vocabulary
from starcast.data.ratings import Attribute

_YEARS = 5  # per group of ages, and of years of release
_RELEASED = re.compile(r"\((\d{4})\)\s*$", re.ASCII)
_NO_GENRE = {"", "(no genres listed)"}
_MOST_COLUMNS = 100  # of an items file beside id, title and genres
_LONGEST = 200  # characters of a value in one: longer text is a description, and large in memory
UNUSABLE = (
    f"cannot be filtered by: only {_MOST_COLUMNS} columns can, of values of up to {_LONGEST} "
    "characters"
)

# The flags of ML-100K's u.item, in its order.
FLAGS = (
    "unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary",
    "Drama", "Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi",
    "Thriller", "War", "Western",
)  # fmt: skip


class Item(NamedTuple):
    """What a line tells of an item: title, genres, as "Drama|War", and other cells by column."""

    title: str
    genres: str = ""
    others: Mapping[str, str] = MappingProxyType({})


def listed(genres: str) -> list[str]:
    """The genres of text such as "Drama|War".

    >>> listed("Drama | War"), listed("(no genres listed)")
    (['Drama', 'War'], [])
    """
    parts = (part.strip() for part in genres.split("|"))
    return [part for part in parts if part not in _NO_GENRE]


def flagged(flags: Sequence[str]) -> str:
    """The genres of ML-100K's columns of 0 and 1, as "Drama|War".

    Raises: ValueError: other columns than those.
    """
    if not set(flags) <= {"0", "1"}:
        raise ValueError(f"{flags} are no flags")
    return "|".join(genre for genre, flag in zip(FLAGS, flags, strict=True) if flag == "1")


def of_items(items: Vocabulary, known: Mapping[Any, Item]) -> tuple[Attribute, ...]:
    """Genre, and year of release where titles end in it, by groups of five years; other columns."""
    genres = {one: listed(item.genres) for one, item in known.items()}
    years = {one: period_of(item.title) for one, item in known.items()}
    return with_features(items, genres, years, _columns(items, known))


def with_features(
    items: Vocabulary,
    genres: Mapping[Any, Sequence[str]],
    periods: Mapping[Any, Sequence[str]],
    others: Iterable[Attribute],
) -> tuple[Attribute, ...]:
    """What models may learn from of items, and other columns, which are there to filter by."""
    features = Attribute.of(items, "genre", genres), Attribute.of(items, "year", periods)
    return _any(*features, *others)


def cells_of(attribute: Attribute) -> dict[int, list[str]]:
    """The values of each row of a user or item that has any."""
    cells: dict[int, list[str]] = {}
    texts = attribute.values[attribute.value_rows].tolist()
    for row, text in zip(attribute.member_rows.tolist(), texts, strict=True):
        cells.setdefault(row, []).append(text)
    return cells


def unusable(known: Mapping[Any, Item]) -> list[str]:
    """The other columns that are not kept: those with long text, and those after the hundredth."""
    cells = [cell for item in known.values() for cell in item.others.items()]
    long = {name for name, cell in cells if max(len(name), len(cell)) > _LONGEST}
    names = dict.fromkeys(name for name, _ in cells)
    short = [name for name in names if name not in long]
    return [name for name in names if name in long or name in short[_MOST_COLUMNS:]]


def _columns(items: Vocabulary, known: Mapping[Any, Item]) -> Iterator[Attribute]:
    """Other columns, whose cells are a value each, or several between bars."""
    left_out = set(unusable(known))
    for name in dict.fromkeys(name for item in known.values() for name in item.others):
        if name not in left_out:
            cells = {one: listed(item.others.get(name, "")) for one, item in known.items()}
            yield Attribute.of(items, name, cells, is_feature=False)


def of_users(
    users: Vocabulary, names: Sequence[str], lines: Sequence[Sequence[str]]
) -> tuple[Attribute, ...]:
    """What lines of user files tell: an id, then a field for each name; ages by groups of five.

    Raises: ValueError: a line with too few fields, or an id or age that is no number.
    """
    fields: dict[str, dict[int, list[str]]] = {name: {} for name in names}
    for user, *cells in lines:
        for name, cell in zip(names, cells[: len(names)], strict=True):
            fields[name][int(user)] = [five(cell) if name == "age" else cell]
    return _any(*(Attribute.of(users, name, known) for name, known in fields.items()))


def plain(attribute: Attribute) -> list[Any]:
    """An attribute as JSON can hold it."""
    columns = attribute.values, attribute.value_rows, attribute.member_rows
    told = [attribute.side, attribute.name, *(column.tolist() for column in columns)]
    return told if attribute.is_feature else [*told, False]


def of_plain(side: str, name: str, values: list[str], *rows_and_kind: Any) -> Attribute:
    """What `plain` told. Raises: TypeError, ValueError: it is none."""
    value_rows, member_rows = (np.array(rows, np.int32) for rows in rows_and_kind[:2])
    is_feature = rows_and_kind[2:] != (False,)
    return Attribute(side, name, np.array(values, np.str_), value_rows, member_rows, is_feature)


def _any(*attributes: Attribute) -> tuple[Attribute, ...]:
    """Those that anybody has."""
    return tuple(one for one in attributes if len(one.values))


def year_of(title: str) -> int | None:
    """The year that ends a title such as "Alien (1979)", None if there is none.

    >>> year_of("Alien (1979)"), year_of("2001: A Space Odyssey")
    (1979, None)
    """
    released = _RELEASED.search(title)
    return int(released[1]) if released else None


def period_of(title: str) -> list[str]:
    """The first of the five years that the year of a title lies in; none if it has none.

    >>> period_of("Alien (1979)")
    ['1975']
    """
    year = year_of(title)
    return [] if year is None else [five(str(year))]


def five(number: str) -> str:
    """The group of five that a number lies in, by its least."""
    return str(int(number) // _YEARS * _YEARS)
