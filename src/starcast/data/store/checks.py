"""Ids, stars, times and texts that a store takes, and what it has for them."""

import json
import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from starcast.data.scale import RatingScale
from starcast.data.store.records import Id
from starcast.display import shown
from starcast.errors import DataError

MOST_ID = 500  # characters, which an index of PostgreSQL takes whatever they are
MOST_TEXT = 100_000  # characters of a title, or of attributes as JSON
FARTHEST = 10**11 - 1  # seconds from 1970; more are milliseconds to the reader of files, too
_LARGEST = 2**63 - 1
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,18}")


def key(given: object, kind: str) -> str:
    """An id as the text that a store has for it.

    42 and "42" are one id and "042" is another: as everywhere in Starcast, text that is written as
    an integer is.

    Args:
        given: an integer or text.
        kind: "user" or "item", for messages.
    Raises: DataError: it can be no id.

    >>> key(42, "user"), key("042", "user")
    ('42', '042')
    """
    if isinstance(given, bool) or not isinstance(given, int | str | np.integer):
        raise DataError(f"{shown(given)} is no {kind} id; give an integer or text")
    if isinstance(given, int) and abs(given) > 10**MOST_ID:
        raise DataError(f"a number of more than {MOST_ID} digits is no {kind} id")
    text = str(given)
    if not text or text != text.strip():
        raise DataError(f"{shown(text)} is no {kind} id: it is empty, or blank at an end")
    if len(text) > MOST_ID:
        raise DataError(f"the {kind} id {shown(text)} has more than {MOST_ID} characters")
    return storable(text, f"the {kind} id")


def external(text: str) -> Id:
    """The id that a text of a store stands for: an integer if that is how it is written.

    >>> external("42"), external("042"), external("9223372036854775808")
    (42, '042', '9223372036854775808')
    """
    if _INTEGER.fullmatch(text) and -_LARGEST - 1 <= int(text) <= _LARGEST:
        return int(text)
    return text


def storable(text: str, what: str) -> str:
    """Text that every database can hold. Raises: DataError: a zero byte, or half a character."""
    if "\0" in text or not _is_unicode(text):
        raise DataError(f"{what} {shown(text)} holds a zero byte or half a character; remove it")
    return text


def checked_stars(stars: float, scale: RatingScale) -> float:
    """Stars that lie on the scale, as the shortest number that float32 does not tell apart.

    Raises: DataError: they do not, or are no number.
    """
    if not isinstance(stars, int | float | np.number) or isinstance(stars, bool):
        raise DataError(f"{shown(stars)} is no rating; give a number")
    if not (math.isfinite(stars) and scale.lowest <= stars <= scale.highest):
        raise DataError(f"a rating of {stars:g} is outside {scale}")
    return float(str(np.float32(stars)))


def checked_time(given: int | None, what: str = "a time") -> int | None:
    """Seconds since 1970, as files are read: what is further away is of a smaller unit.

    Milliseconds that counted as seconds would make every later rating an older one.

    Raises: DataError: others.
    """
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int | np.integer):
        raise DataError(f"{what} must be whole seconds since 1970, got {shown(given)}")
    if abs(given) > FARTHEST:
        raise DataError(
            f"{what} of {given:.15g} is thousands of years from 1970; give seconds, not "
            "milliseconds"
        )
    return int(given)


def checked_attributes(given: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes that a store takes.

    Raises: DataError: a value is something else than a number, a truth value, a text, or a list of
        texts; or they are too long.
    """
    for name, value in given.items():
        texts = [name, *(value if isinstance(value, list | tuple) else [value])]
        for one in texts:
            if isinstance(one, str):
                storable(one, "the attribute")
            elif one is name or isinstance(value, list | tuple) or not _is_number(one):
                raise DataError(
                    f"the attribute {shown(name)} is {shown(value)}; give a text, a list of texts, "
                    "a number or a truth value"
                )
    plain = {name: list(one) if isinstance(one, tuple) else one for name, one in given.items()}
    if len(json.dumps(plain)) > MOST_TEXT:
        raise DataError(f"attributes have more than {MOST_TEXT:,} characters")
    return plain


def checked_title(title: str) -> str:
    """A title that a store takes. Raises: DataError: it is no text, or too long."""
    if not isinstance(title, str) or len(title) > MOST_TEXT:
        raise DataError(
            f"{shown(title)} is no title; give a text of at most {MOST_TEXT:,} characters"
        )
    return storable(title, "the title")


def _is_number(value: object) -> bool:
    is_small = isinstance(value, int) and abs(value) <= _LARGEST
    return is_small or (isinstance(value, float) and math.isfinite(value))


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
