"""Without a header, the order of columns is a guess. Here it is checked against their values."""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from starcast.data.files.encode import Encoded
from starcast.data.files.naming import ITEM, RATING, TIMESTAMP, USER, spoken
from starcast.data.files.table import Table
from starcast.data.ids import Ids, Rows
from starcast.errors import DataError

_ENOUGH = 20  # rows; fewer tell nothing
_MOST_LEVELS = 200  # different whole ratings
_FEW_LEVELS = 21  # different ratings, such as half stars up to 10
_LATEST = 1e8  # no stars; seconds since 1970 are more since 1973
_ORDER = (USER, ITEM, RATING, TIMESTAMP)


def places(table: Table) -> dict[str, int]:
    """User, item, rating and perhaps time in this order, the only one that is guessed.

    Raises: DataError: there are more columns, so that it is anybody's guess.
    """
    filled = [at for at in range(len(table.names)) if at not in table.empty]
    if len(filled) > len(_ORDER):
        named = [at for at in filled if at != 0 or not _counts_rows(table)]
        raise DataError(
            f"{table.label} has no header and {len(filled)} columns; say which is which by their "
            f"numbers, as {_example(named)}, or as --columns user=1,rating=* if every other column "
            "is an item"
        )
    return dict(zip(_ORDER, filled, strict=False))


def check(rows: Encoded, found: Mapping[str, int], table: Table) -> None:
    """Refuse columns that can hardly be what their order makes them.

    Args:
        rows: what was read, in the order of the table.
        found: kind of column to where it stands.
        table: the table.
    Raises: DataError: the ratings look like times, ids or row numbers, or the users like row
        numbers, with what to do.
    """
    if len(rows.stars) < _ENOUGH:
        return
    filled = [at for at in range(len(table.names)) if at not in table.empty]
    reason: str | None
    remedy = "--columns user=N,item=N,rating=N, with the number of a column for each N"
    if _are_row_numbers(rows.users.ids, rows.user_rows):
        reason = "its first column looks like row numbers, not like users"
        remedy = _example(filled[1:])
    else:
        reason = _doubt(rows.stars, rows.users.ids, rows.items.ids, rows.timestamps)
    if reason:
        at = found[RATING] + 1
        raise DataError(
            f"{table.label} has no header, and {reason} (column {at} was taken for the rating); "
            f"say which column is which: {remedy}"
        )


def _doubt(
    stars: NDArray[np.float32], users: Ids, items: Ids, when: NDArray[np.int64] | None
) -> str | None:
    """Why ratings can hardly be some, or None."""
    import polars as pl

    if max(float(stars.max()), -float(stars.min())) >= _LATEST:
        return "the ratings look like times or ids"
    if not np.all(stars == np.floor(stars)):
        return None
    levels = pl.Series(stars).n_unique()
    if levels == len(stars):
        return "the ratings look like row numbers: each is another whole number"
    if levels > _MOST_LEVELS:
        return f"the ratings look like ids: {levels:,} different whole numbers"
    others = [column for column in (users, items, when) if column is not None]
    if any(_size(column) < _size(stars) for column in others if _are_few(column)):
        return "the ratings look like ids, and another column like ratings"
    return None


def _are_few(values: NDArray[Any]) -> bool:
    """Whether values are as few and as small as ratings."""
    if values.dtype.kind != "i" or values.min() < 0 or values.max() > 100:
        return False
    return len(np.unique(values)) <= _FEW_LEVELS


def _size(values: NDArray[Any]) -> int:
    """0 for values up to 10, as most ratings are; 1 up to 100, 2 beyond."""
    largest = max(float(values.max()), -float(values.min()))
    return int(largest > 10) + int(largest > 100)


def _are_row_numbers(users: Ids, user_rows: Rows) -> bool:
    """Whether every row has a user of its own, each one more than the one before."""
    if len(users) != len(user_rows) or users.dtype.kind != "i":
        return False
    return bool(np.all(np.diff(users) == 1) and np.all(np.diff(user_rows) == 1))


def _counts_rows(table: Table) -> bool:
    """Whether the first column of a table counts its rows."""
    first = [cells[0] or "" for _, cells in islice(table.body.records(), _ENOUGH) if any(cells)]
    numbers = [int(cell) for cell in first if cell.strip().isdecimal()]
    return len(numbers) == len(first) > 1 and set(np.diff(numbers).tolist()) == {1}


def _example(filled: Sequence[int]) -> str:
    said = (f"{spoken(kind)}={at + 1}" for kind, at in zip(_ORDER, filled, strict=False))
    return f"--columns {','.join(said)}"
