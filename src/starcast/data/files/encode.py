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
    """Rows over vocabularies; the first six are the arguments of `Ratings.from_rows`."""

    users: Vocabulary
    items: Vocabulary
    user_rows: Rows
    item_rows: Rows
    stars: Stars
    timestamps: NDArray[np.int64] | None
    is_test: NDArray[np.bool_] | None

    def keys(self) -> NDArray[np.int64]:
        """A number for each pair; int64 (n,)."""
        return self.user_rows.astype(np.int64) * len(self.items) + self.item_rows

    def take(self, kept: NDArray[Any]) -> "Encoded":
        """Some rows, by a mask or by their numbers; the vocabularies stay whole."""
        columns: dict[str, Any] = {name: getattr(self, name) for name in self._fields[2:]}
        taken: dict[str, Any] = {
            name: None if one is None else one[kept] for name, one in columns.items()
        }
        return self._replace(**taken)


def encode(frame: "pl.DataFrame", label: str, is_test: NDArray[np.bool_] | None = None) -> Encoded:
    """The rows of a frame, which is emptied on the way so that no column is held twice.

    Args:
        frame: user and item (integers of any width or text), rating (Float32) and perhaps
            timestamp (Int64), without nulls.
        label: where it was read, for messages.
        is_test: of `CheckedRows`.
    Raises: DataError: an id that holds a zero byte, which ends a text in NumPy.
    """
    users, user_rows = vocabulary(frame.drop_in_place(USER), USER, label)
    items, item_rows = vocabulary(frame.drop_in_place(ITEM), ITEM, label)
    stars = _whole(frame.drop_in_place(RATING))
    when = _whole(frame.drop_in_place(TIMESTAMP)) if TIMESTAMP in frame.columns else None
    return Encoded(users, items, user_rows, item_rows, stars, when, is_test)


def without_test_pairs(rows: Encoded) -> Encoded:
    """The rows without those training rows whose pair is rated in a test row."""
    if rows.is_test is None:
        return rows
    keys = rows.keys()
    return rows.take(rows.is_test | ~np.isin(keys, keys[rows.is_test]))


def latest(rows: Encoded) -> Encoded:
    """One row per (user, item), sorted by it: the latest timestamp wins, then the later row."""
    if ascending(rows.user_rows, rows.item_rows):
        return rows
    keys = rows.keys()
    by_time = () if rows.timestamps is None else (rows.timestamps,)
    order = np.lexsort((*by_time, keys))  # stable, so that the file's order decides in the end
    keys = keys[order]
    return rows.take(order[np.append(keys[:-1] < keys[1:], True)])


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
    rest = rows.take(kept)
    by_user, by_item = _used(rows.users, rest.user_rows), _used(rows.items, rest.item_rows)
    return rest._replace(
        users=by_user[0], items=by_item[0], user_rows=by_user[1], item_rows=by_item[1]
    )


def _used(members: Vocabulary, rows: Rows) -> tuple[Vocabulary, Rows]:
    """The members that have rows, and the rows of these."""
    seen = np.zeros(len(members), bool)
    seen[rows] = True
    fresh = np.cumsum(seen, dtype=np.int32) - np.int32(1)
    return Vocabulary(members.ids[seen], members.kind), fresh[rows]


def vocabulary(column: "pl.Series", kind: str, label: str) -> tuple[Vocabulary, Rows]:
    """The vocabulary of a column of ids, Int64 or text, and the row of each of them.

    Raises: DataError: an id that holds a zero byte, which ends a text in NumPy.
    """
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
