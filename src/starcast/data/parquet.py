"""Ratings in one small Parquet file: the form of the embedded set.

A row per rating holds the item's row, the bits of the stars and the seconds since the first rating.
All are whole numbers: of the few that a column has, Parquet keeps each once and then tells them in
few bits. The file's metadata, JSON under "starcast", has the rest: ids, titles, attributes, scale,
and the ratings of each user, by whom the rows are sorted. The last word of the metadata is a
checksum of the file: what does not match it never reaches a decoder.
"""

import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from starcast.data import attributes
from starcast.data.ids import Ids, Vocabulary
from starcast.data.ratings import Ratings
from starcast.data.scale import RatingScale
from starcast.disk import panics
from starcast.disk.parquet_size import sizes
from starcast.disk.reading import open_regular
from starcast.disk.replacement import replace_file
from starcast.disk.seal import UNSEALED, is_sealed, seal
from starcast.errors import DataError

FORMAT = 4
_WORDS, _SUM = "starcast", "starcast.crc32"
_ITEM, _STARS, _WHEN = "item_row", "star_bits", "seconds"
_UNREADABLE = (
    pl.exceptions.PolarsError,
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
)


def write(path: Path, ratings: Ratings) -> None:
    """Store ratings in full, whole or not at all.

    Raises:
        BusyError: another run is writing it.
        OSError: the file cannot be written.
    """
    text = json.dumps(_words(ratings), ensure_ascii=False, separators=(",", ":"))
    content = io.BytesIO()
    pl.DataFrame(_columns(ratings)).write_parquet(
        content,
        compression="zstd",
        compression_level=22,
        row_group_size=len(ratings),  # in one piece, columns are arrays as they are read
        statistics=False,
        metadata={_WORDS: text, _SUM: UNSEALED},
    )
    with replace_file(path) as fresh, content.getbuffer() as whole:
        seal(whole, _SUM)
        fresh.write_bytes(whole)


def read(path: Path, name: str) -> Ratings:
    """The ratings of a file, exactly as they were written, under the name of a data set.

    Raises: DataError: it is missing, damaged, or not one that this version wrote.
    """
    try:
        with open_regular(path) as file:
            if not is_sealed(file, _SUM):
                raise ValueError("it does not match its checksum")
            words = json.loads(pl.read_parquet_metadata(file)[_WORDS])
            if words["format"] != FORMAT:
                raise ValueError("it was not written by this version of Starcast")
            sizes(file, most_footer=os.fstat(file.fileno()).st_size)
            file.seek(0)
            with panics.as_errors():
                frame = pl.read_parquet(file)
        return _ratings(frame, words, name)
    except (*_UNREADABLE, DataError) as error:
        raise _damaged(path, error) from None


def _words(ratings: Ratings) -> dict[str, Any]:
    """What is told once, as JSON can hold it."""
    scale, when = ratings.scale, ratings.timestamps
    return {
        "format": FORMAT,
        "scale": [scale.lowest, scale.highest, scale.step],
        "users": ratings.users.ids.tolist(),
        "ratings_per_user": np.bincount(ratings.user_rows, minlength=ratings.n_users).tolist(),
        "items": ratings.items.ids.tolist(),
        "titles": ratings.titles.tolist(),
        "attributes": [attributes.plain(one) for one in ratings.attributes],
        "first_second": None if when is None else int(when.min()),
    }


def _columns(ratings: Ratings) -> dict[str, NDArray[Any]]:
    """What is told of each rating."""
    columns: dict[str, NDArray[Any]] = {
        _ITEM: ratings.item_rows,
        _STARS: ratings.stars.view(np.uint32),
    }
    when = ratings.timestamps
    return columns if when is None else columns | {_WHEN: _since(when)}


def _ratings(frame: pl.DataFrame, words: dict[str, Any], name: str) -> Ratings:
    """What a file tells. Raises: ValueError and what wrong types and places raise: no ratings."""
    columns, first = {column.name: column.to_numpy() for column in frame}, words["first_second"]
    users, when = _vocabulary(words["users"], "user"), columns.get(_WHEN)
    return Ratings.checked(
        _user_rows(words["ratings_per_user"], len(users), len(frame)),
        columns[_ITEM],
        columns[_STARS].view(np.float32),
        None if when is None else np.add(when, first, dtype=np.int64, casting="unsafe"),
        users,
        _vocabulary(words["items"], "item"),
        RatingScale(*words["scale"]),
        np.array(words["titles"], np.str_),
        name,
        tuple(attributes.of_plain(*one) for one in words["attributes"]),
    )


def _user_rows(counts: list[int], n_users: int, n: int) -> NDArray[np.int32]:
    """Each user's row as often as the user has ratings, n in all."""
    if len(counts) != n_users or min(counts) < 0 or sum(counts) != n:
        raise ValueError(f"it does not share out {n:,} ratings among {n_users:,} users")
    return np.repeat(np.arange(n_users, dtype=np.int32), counts)


def _vocabulary(ids: list[int] | list[str], kind: str) -> Vocabulary:
    array: Ids = np.array(ids, np.str_ if ids and isinstance(ids[0], str) else np.int64)
    read = Vocabulary(array, kind)
    if not read.ascends:
        raise ValueError(f"{kind} ids out of order")
    return read


def _since(when: NDArray[np.int64]) -> NDArray[np.unsignedinteger[Any]]:
    """Seconds since the first one, in as few bytes as hold them; wraps round and back again."""
    first, last = int(when.min()), int(when.max())
    since = np.empty(len(when), np.min_scalar_type(last - first))
    return np.subtract(when, first, out=since, casting="unsafe")


def _damaged(path: Path, error: BaseException) -> DataError:
    first_line = (str(error) or type(error).__name__).splitlines()[0]
    return DataError(f"{path} cannot be read as ratings: {first_line}")
