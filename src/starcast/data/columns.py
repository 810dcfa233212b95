"""Which column is which, and what a cell of text means."""

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from starcast.errors import DataError
from starcast.scale import RatingScale

USER, ITEM, RATING, TIMESTAMP, TITLE = "user", "item", "rating", "timestamp", "title"
NEEDED = (USER, ITEM, RATING)

# In order of preference: where a table has "user_id" and "user", the first one counts.
RATING_TABLE: dict[str, tuple[str, ...]] = {
    USER: ("user_id", "userid", "user", "uid", "reviewer_id", "reviewerid", "customer_id"),
    ITEM: (
        "item_id", "itemid", "item", "iid", "movie_id", "movieid", "movie",
        "product_id", "productid", "asin", "book_id", "bookid", "isbn",
    ),
    RATING: ("rating", "ratings", "stars", "star_rating", "score", "value"),
    TIMESTAMP: ("timestamp", "unixtime", "unix_time", "time", "ts", "datetime", "date"),
}  # fmt: skip
ITEM_TABLE = {ITEM: (*RATING_TABLE[ITEM], "id"), TITLE: ("title", "name")}

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def is_number(text: str) -> bool:
    """Whether a cell holds a plain decimal number."""
    return _NUMBER.fullmatch(text.strip()) is not None


def positions(
    header: Sequence[str], aliases: dict[str, tuple[str, ...]], needed: Sequence[str], path: Path
) -> dict[str, int]:
    """Where each kind of column stands in a header.

    Args:
        header: the column names, compared without case and surrounding spaces.
        aliases: kind of column to the names it goes by, the preferred first.
        needed: the kinds that must be there.
        path: the file, for messages.
    Raises: DataError: a needed column is missing, or a name that counts occurs twice.

    >>> positions(["userId", "movieId", "rating"], RATING_TABLE, NEEDED, Path("ratings.csv"))
    {'user': 0, 'item': 1, 'rating': 2}
    """
    names = [name.strip().lower() for name in header]
    found = {}
    for kind, known in aliases.items():
        name = next((name for name in known if name in names), None)
        if name is not None:
            if names.count(name) > 1:
                raise DataError(f"{path} has two columns called '{name}'; rename one of them")
            found[kind] = names.index(name)
    missing = [kind for kind in needed if kind not in found]
    if missing:
        shown = ", ".join(repr(name.strip()) for name in header[:12])
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
        return f"the timestamp '{cells[TIMESTAMP]}' is neither seconds nor an ISO date"
    return _rating_fault(cells[RATING], scale)


def _rating_fault(cell: str, scale: RatingScale | None) -> str | None:
    if cell.lower().lstrip("+-") in ("nan", "inf", "infinity"):
        return f"the rating is {cell}, which is no number of stars"
    if not is_number(cell):
        return f"the rating '{cell}' is not a number"
    with np.errstate(over="ignore"):
        stars = np.float32(cell)
    if not np.isfinite(stars):
        return f"the rating {cell} is too large"
    if scale and not np.float32(scale.lowest) <= stars <= np.float32(scale.highest):
        return f"the rating {cell} lies outside {scale}"
    return None
