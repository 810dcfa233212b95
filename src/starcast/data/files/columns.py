"""Which column is which, and what a cell of text means."""

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from starcast.data.scale import RatingScale
from starcast.display import quoted
from starcast.errors import DataError

USER, ITEM, RATING, TIMESTAMP = "user", "item", "rating", "timestamp"
TITLE, GENRES = "title", "genres"
NEEDED = (USER, ITEM, RATING)

# In order of preference: where a table has "user_id" and "user", the first one counts. Case, "-",
# "_" and spaces do not, so that "User-ID" is "user_id".
RATING_TABLE: dict[str, tuple[str, ...]] = {
    USER: ("user_id", "user", "uid", "reviewer_id", "customer_id"),
    ITEM: ("item_id", "item", "iid", "movie_id", "movie", "product_id", "asin", "book_id", "isbn"),
    RATING: ("rating", "ratings", "stars", "star_rating", "book_rating", "score", "value"),
    TIMESTAMP: ("timestamp", "unix_time", "time", "ts", "datetime", "date"),
}
ITEM_TABLE = {
    ITEM: (*RATING_TABLE[ITEM], "id"),
    TITLE: ("title", "name", "movie_title", "product_title", "book_title"),
    GENRES: ("genres", "genre", "categories", "category"),
}

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def is_number(text: str) -> bool:
    """Whether a cell holds a plain decimal number."""
    return _NUMBER.fullmatch(text.strip()) is not None


def decimal_comma(cell: str) -> str:
    """Advice for a cell such as "4,5", and "" for all others."""
    point = cell.strip().replace(",", ".")
    return f" (write it with a decimal point: {point})" if is_number(point) else ""


def key(name: str) -> str:
    """A column's name without what people write differently.

    >>> key(" User-ID"), key("user_id")
    ('userid', 'userid')
    """
    return re.sub(r"[-_\s]", "", name).lower()


def positions(
    header: Sequence[str], aliases: dict[str, tuple[str, ...]], needed: Sequence[str], path: Path
) -> dict[str, int]:
    """Where each kind of column stands in a header.

    Args:
        header: the column names, compared by their `key`.
        aliases: kind of column to the names it goes by, the preferred first.
        needed: the kinds that must be there.
        path: the file, for messages.
    Raises: DataError: a needed column is missing, or two have the name that counts.

    >>> positions(["userId", "movieId", "rating"], RATING_TABLE, NEEDED, Path("ratings.csv"))
    {'user': 0, 'item': 1, 'rating': 2}
    """
    keys = [key(name) for name in header]
    found = {}
    for kind, known in aliases.items():
        wanted = next((key(name) for name in known if key(name) in keys), None)
        if wanted is not None:
            if keys.count(wanted) > 1:
                both = " and ".join(quoted(name.strip()) for name in header if key(name) == wanted)
                raise DataError(f"{path} has the {kind} columns {both}; rename all but one")
            found[kind] = keys.index(wanted)
    missing = [kind for kind in needed if kind not in found]
    if missing:
        shown = ", ".join(quoted(name.strip()) for name in header[:12])
        raise DataError(
            f"{path} has no {missing[0]} column among {shown}; call it '{aliases[missing[0]][0]}'"
        )
    return found


def seconds(text: str) -> int | None:
    """Unix seconds of an integer, a decimal number or an ISO 8601 date; None for all else.

    A date without an offset is taken as UTC.

    >>> seconds("964982703"), seconds("964982703.9"), seconds("2000-07-30T18:45:03Z")
    (964982703, 964982703, 964982703)
    """
    try:
        when = int(text) if text.lstrip("+-").isdecimal() else _floor_seconds(text)
    except (ValueError, OverflowError):
        return None
    return when if -(2**63) <= when < 2**63 else None


def _floor_seconds(text: str) -> int:
    if is_number(text):
        return math.floor(float(text))
    moment = datetime.fromisoformat(text)
    return math.floor((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def fault(row: dict[str, str | None], scale: RatingScale | None) -> str | None:
    """What is wrong with a row of cells, or None.

    Args:
        row: kind of column to its cell, None or "" where it is empty.
        scale: the stars that are allowed, where that is known.
    """
    cells = {kind: (cell or "").strip() for kind, cell in row.items()}
    for kind, cell in cells.items():
        if not cell:
            return f"the {kind} is missing"
        if "\0" in cell:
            return f"the {kind} holds a zero byte"
    if TIMESTAMP in cells and seconds(cells[TIMESTAMP]) is None:
        return f"the timestamp {quoted(cells[TIMESTAMP])} is neither seconds nor an ISO date"
    return _rating_fault(cells[RATING], scale)


def _rating_fault(cell: str, scale: RatingScale | None) -> str | None:
    if cell.lower().lstrip("+-") in ("nan", "inf", "infinity"):
        return f"the rating is {cell}, which is no number of stars"
    if not is_number(cell):
        return f"the rating {quoted(cell)} is not a number{decimal_comma(cell)}"
    with np.errstate(over="ignore"):
        stars = np.float32(cell)
    if not np.isfinite(stars):
        return f"the rating {cell} is too large"
    if scale and not np.float32(scale.lowest) <= stars <= np.float32(scale.highest):
        return f"the rating {cell} lies outside {scale}"
    return None
