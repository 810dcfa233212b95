"""What is known of users and items beside their ratings, from the files that tell their titles."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from starcast.data.ids import Vocabulary
from starcast.data.ratings import Attribute

_YEARS = 5  # per group of ages, and of years of release
_RELEASED = re.compile(r"\((\d{4})\)\s*$", re.ASCII)
_NO_GENRE = {"", "(no genres listed)"}

# The flags of ML-100K's u.item, in its order.
FLAGS = (
    "unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary",
    "Drama", "Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi",
    "Thriller", "War", "Western",
)  # fmt: skip


class Item(NamedTuple):
    """What a line tells of an item: its title, and its genres, as "Drama|War"."""

    title: str
    genres: str = ""


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
    """Genre, and year of release where titles end in it, by groups of five years."""
    genres = {one: listed(item.genres) for one, item in known.items()}
    years = {one: _period(item.title) for one, item in known.items()}
    return _any(Attribute.of(items, "genre", genres), Attribute.of(items, "year", years))


def of_users(
    users: Vocabulary, names: Sequence[str], lines: Sequence[Sequence[str]]
) -> tuple[Attribute, ...]:
    """What lines of user files tell: an id, then a field for each name; ages by groups of five.

    Raises: ValueError: a line with too few fields, or an id or age that is no number.
    """
    fields: dict[str, dict[int, list[str]]] = {name: {} for name in names}
    for user, *cells in lines:
        for name, cell in zip(names, cells[: len(names)], strict=True):
            fields[name][int(user)] = [_five(cell) if name == "age" else cell]
    return _any(*(Attribute.of(users, name, known) for name, known in fields.items()))


def _any(*attributes: Attribute) -> tuple[Attribute, ...]:
    """Those that anybody has."""
    return tuple(one for one in attributes if len(one.values))


def _period(title: str) -> list[str]:
    released = _RELEASED.search(title)
    return [_five(released[1])] if released else []


def _five(number: str) -> str:
    return str(int(number) // _YEARS * _YEARS)
