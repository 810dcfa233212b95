"""Users, items and ratings on disk: three tables in Parquet, with the part of each row."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import polars as pl
from numpy.typing import NDArray

from starcast.artifacts import attribute_columns
from starcast.data.ids import Ids, Vocabulary
from starcast.data.ratings import Attribute, Ratings
from starcast.data.scale import RatingScale
from starcast.data.split import TEST, Split
from starcast.disk import panics
from starcast.disk.mapped import room_like
from starcast.disk.parquet_size import check_unpacked, sizes

USERS, ITEMS, RATINGS = "users.parquet", "items.parquet", "ratings.parquet"
_IDS = (pl.Int64, pl.String)
_COLUMNS: Mapping[str, Mapping[str, tuple[Any, ...]]] = {
    USERS: {"user_id": _IDS},
    ITEMS: {"item_id": _IDS, "title": (pl.String,)},
    RATINGS: {
        "user_row": (pl.Int32,),
        "item_row": (pl.Int32,),
        "rating": (pl.Float32,),
        "part": (pl.UInt8,),
        "timestamp": (pl.Int64,),
    },
}
_MOST_COLUMNS = 1000
_OPTIONAL = "timestamp"  # as large as all the others, and not of use to every model


def save(split: Split, folder: Path, *, timed: bool, by_reference: bool = False) -> None:
    """Write the tables; times only where they are of use, of ratings elsewhere the parts alone."""
    ratings = split.ratings
    users: dict[str, Any] = {"user_id": ratings.users.ids}
    items: dict[str, Any] = {"item_id": ratings.items.ids, "title": ratings.titles}
    items |= attribute_columns.to_columns(ratings)
    rows: dict[str, Any] = {
        "user_row": ratings.user_rows,
        "item_row": ratings.item_rows,
        "rating": ratings.stars,
        "part": split.parts,
    }
    if by_reference:
        rows = {"part": split.parts}
    elif timed and ratings.timestamps is not None:
        rows[_OPTIONAL] = ratings.timestamps
    for name, columns in zip((USERS, ITEMS, RATINGS), (users, items, rows), strict=True):
        frame = pl.DataFrame(columns)
        # In one piece, columns are arrays as they are read; several would have to be put together.
        frame.write_parquet(folder / name, row_group_size=len(frame))


def check_size(file: BinaryIO, name: str, n_users: int, n_items: int) -> None:
    """Refuse a table with more rows, or larger when it is unpacked, than it can be.

    Raises: ValueError: with what is wrong.
    """
    found = sizes(file)
    n_rows = {USERS: n_users, ITEMS: n_items}.get(name, found.n_rows)
    if found.n_rows != n_rows or found.n_rows > n_users * n_items:
        raise ValueError(f"{found.n_rows:,} rows for {n_users:,} users and {n_items:,} items")
    if found.n_columns > _MOST_COLUMNS:
        raise ValueError(f"{found.n_columns:,} columns")


def load(
    contents: Mapping[str, NDArray[np.uint8]],
    scale: RatingScale,
    name: str,
    scheme: str,
    elsewhere: Ratings | None = None,
) -> Split:
    """The split that three tables hold.

    Args:
        contents: of the files, whose sizes have been checked.
        scale: of the ratings.
        name: of the data set.
        scheme: of the split.
        elsewhere: the ratings, where the tables have the parts alone.
    Raises:
        ValueError, PolarsError: a table is not what it should be.
        DataError, ConfigError: the tables do not hold ratings, or not in parts.
    """
    if elsewhere is not None:
        return _divided(contents[RATINGS], elsewhere, scheme)
    frames = {table: _frame(table, content) for table, content in contents.items()}
    sizes_of = {table: len(content) for table, content in contents.items()}
    rows = frames[RATINGS]
    ratings = Ratings.checked(
        rows["user_row"].to_numpy(),
        rows["item_row"].to_numpy(),
        rows["rating"].to_numpy(),
        rows[_OPTIONAL].to_numpy() if _OPTIONAL in rows else None,
        Vocabulary(_ids(frames[USERS]["user_id"], sizes_of[USERS]), "user"),
        Vocabulary(_ids(frames[ITEMS]["item_id"], sizes_of[ITEMS]), "item"),
        scale,
        _texts(frames[ITEMS]["title"], sizes_of[ITEMS]),
        name,
        _attributes(frames[ITEMS], sizes_of[ITEMS]),
    )
    return Split(ratings, _checked_parts(rows["part"].to_numpy()), scheme)


def _divided(content: NDArray[np.uint8], ratings: Ratings, scheme: str) -> Split:
    """Ratings that lie elsewhere, in the parts that a table has."""
    with panics.as_errors():
        column = pl.read_parquet(io.BytesIO(content.data), columns=["part"])["part"]
    if column.dtype != pl.UInt8 or column.null_count() or len(column) != len(ratings):
        raise ValueError(f"{RATINGS} has no part for each of {len(ratings):,} ratings")
    parts = room_like(ratings.item_rows, len(ratings), np.uint8)
    parts[:] = _checked_parts(column.to_numpy())
    return Split(ratings, parts, scheme)


def _checked_parts(parts: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if parts.max(initial=0) > TEST:
        raise ValueError(f"part {parts.max()} of a split")
    return parts


def _frame(table: str, content: NDArray[np.uint8]) -> pl.DataFrame:
    """A table of the columns that it should have."""
    with panics.as_errors():
        frame = pl.read_parquet(io.BytesIO(content.data))
    wanted = _COLUMNS[table]
    is_free = attribute_columns.is_one if table == ITEMS else lambda name: False
    own = {name for name in frame.columns if not is_free(name)}
    if not set(wanted) - {_OPTIONAL} <= own <= set(wanted):
        raise ValueError(f"{table} has the columns {', '.join(frame.columns)[:80]}")
    for column in frame.select(own):
        if column.dtype not in wanted[column.name] or column.null_count():
            what = "nothing in some rows" if column.null_count() else str(column.dtype)[:40]
            raise ValueError(f"{table} has {what} for {column.name}")
    return frame


def _attributes(items: pl.DataFrame, size: int) -> tuple[Attribute, ...]:
    """What is known of items; values that would be too large as an array are refused."""
    columns = {name: items[name] for name in items.columns if attribute_columns.is_one(name)}
    for column in columns.values():
        if column.dtype == pl.List(pl.String):
            _check_texts(column.explode(), size)
    return attribute_columns.from_columns(columns)


def _ids(column: pl.Series, size: int) -> Ids:
    return column.to_numpy() if column.dtype.is_integer() else _texts(column, size)


def _texts(column: pl.Series, size: int) -> NDArray[np.str_]:
    _check_texts(column, size)
    return column.to_numpy().astype(np.str_)


def _check_texts(column: pl.Series, size: int) -> None:
    """Refuse texts that are no array: its cells would all be as long as the longest."""
    longest = column.str.len_chars().max() or 0
    check_unpacked(4 * len(column) * int(longest), size)  # type: ignore[arg-type]  # of lengths it is a number
