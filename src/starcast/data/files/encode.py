"""Columns of ids turned into rows of vocabularies, and duplicates resolved."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from starcast.data.columns import ascending
from starcast.data.files import values
from starcast.data.files.naming import ITEM, RATING, TIMESTAMP, USER
from starcast.data.ids import Rows, Vocabulary
from starcast.data.ratings import Stars
from starcast.errors import DataError

if TYPE_CHECKING:
    import polars as pl


class Encoded(NamedTuple):
    """The arguments of `Ratings.from_rows`, in its order."""

    users: Vocabulary
    items: Vocabulary
    user_rows: Rows
    item_rows: Rows
    stars: Stars
    timestamps: NDArray[np.int64] | None


def encode(frame: "pl.DataFrame", label: str) -> Encoded:
    """The rows of a frame, which is emptied on the way so that no column is held twice.

    Args:
        frame: user and item (integers of any width or text), rating (Float32) and perhaps
            timestamp (Int64), without nulls.
        label: where it was read, for messages.
    Raises: DataError: an id that holds a zero byte, which ends a text in NumPy.
    """
    users, user_rows = _vocabulary(frame.drop_in_place(USER), USER, label)
    items, item_rows = _vocabulary(frame.drop_in_place(ITEM), ITEM, label)
    stars = _whole(frame.drop_in_place(RATING))
    when = _whole(frame.drop_in_place(TIMESTAMP)) if TIMESTAMP in frame.columns else None
    return Encoded(users, items, user_rows, item_rows, stars, when)


def latest(rows: Encoded) -> Encoded:
    """One row per (user, item), sorted by it: the latest timestamp wins, then the later row."""
    if ascending(rows.user_rows, rows.item_rows):
        return rows
    keys = rows.user_rows.astype(np.int64) * len(rows.items) + rows.item_rows
    by_time = () if rows.timestamps is None else (rows.timestamps,)
    order = np.lexsort((*by_time, keys))  # stable, so that the file's order decides in the end
    keys = keys[order]
    kept = order[np.append(keys[:-1] < keys[1:], True)]
    when = None if rows.timestamps is None else rows.timestamps[kept]
    return rows._replace(
        user_rows=rows.user_rows[kept],
        item_rows=rows.item_rows[kept],
        stars=rows.stars[kept],
        timestamps=when,
    )


def with_ratings(rows: Encoded, least: int) -> Encoded:
    """The rows of users and items that have at least so many, each counted among those rows.

    That is the `least`-core of the graph of users and items (Seidman 1983), found by leaving out
    again and again who has fewer.
    """
    kept = np.arange(len(rows.stars))
    while len(kept):
        users, items = rows.user_rows[kept], rows.item_rows[kept]
        enough = (np.bincount(users)[users] >= least) & (np.bincount(items)[items] >= least)
        if enough.all():
            break
        kept = kept[enough]
    when = None if rows.timestamps is None else rows.timestamps[kept]
    by_user, by_item = (
        _used(rows.users, rows.user_rows[kept]),
        _used(rows.items, rows.item_rows[kept]),
    )
    return Encoded(by_user[0], by_item[0], by_user[1], by_item[1], rows.stars[kept], when)


def _used(members: Vocabulary, rows: Rows) -> tuple[Vocabulary, Rows]:
    """The members that have rows, and the rows of these."""
    seen = np.zeros(len(members), bool)
    seen[rows] = True
    fresh = np.cumsum(seen, dtype=np.int32) - np.int32(1)
    return Vocabulary(members.ids[seen], members.kind), fresh[rows]


def _vocabulary(column: "pl.Series", kind: str, label: str) -> tuple[Vocabulary, Rows]:
    import polars as pl

    if column.dtype == pl.String:
        known = column.unique().sort()  # by code point, as NumPy sorts
        if not values.are_plain_integers(known):
            if known.str.contains("\0", literal=True).any():
                raise DataError(f"{label} has {kind} ids with a zero byte in them; remove it")
            rows = column.cast(pl.Enum(known)).to_physical().cast(pl.Int32).to_numpy()
            return Vocabulary(np.array(known.to_list(), np.str_), kind), rows
        column = column.cast(pl.Int64)
    return Vocabulary.encode(_whole(column), kind)


def _whole(column: "pl.Series") -> NDArray[Any]:
    """A column without nulls in one piece, in memory of NumPy's, which comes in large pages."""
    pieces = [piece.to_numpy() for piece in column.get_chunks()]
    return np.concatenate(pieces)
