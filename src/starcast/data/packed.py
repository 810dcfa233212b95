"""Ratings in one compact Parquet file: the form of the cache and of the embedded set.

A row per rating holds the item's row, the star level and the seconds since the first rating. The
rest is in the file's metadata: ids, titles, scale, and the ratings of each user, by whom the rows
are sorted.
"""

import base64
import json
import os
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from starcast.errors import DataError
from starcast.ids import Ids, Vocabulary
from starcast.ratings import Ratings, Stars
from starcast.scale import RatingScale

if TYPE_CHECKING:
    import polars as pl

FORMAT = "1"
_FORMAT_KEY, _HEADER_KEY = "starcast.format", "starcast.header"
_ITEM, _LEVEL, _STARS, _WHEN = "item_row", "level", "stars", "seconds"
_MOST_LEVELS = 256  # what one byte tells apart
_BLOCK = 1 << 17

Compression = Literal["uncompressed", "zstd"]


def write(
    path: Path, ratings: Ratings, notes: dict[str, str], compression: Compression = "uncompressed"
) -> None:
    """Store ratings in full, whole or not at all.

    Args:
        path: the Parquet file.
        ratings: what to store.
        notes: texts to keep beside them, under names of your own.
        compression: "zstd" to be small, "uncompressed" to be fast; the rows are compact either way.
    Raises: OSError: the file cannot be written.
    """
    import polars as pl

    frame = _pack_rows(ratings)
    header = json.dumps(_header(ratings, frame), ensure_ascii=False).encode()
    is_small = compression == "zstd"
    packed = zlib.compress(header, 9 if is_small else 1)
    metadata = {_FORMAT_KEY: FORMAT, _HEADER_KEY: base64.b64encode(packed).decode(), **notes}
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        frame.write_parquet(
            part, compression=compression, compression_level=19 if is_small else None,
            statistics=False, metadata=metadata,
        )  # fmt: skip
        part.replace(path)
    except pl.exceptions.PolarsError as error:
        raise OSError(f"{path} cannot be written: {error}") from None
    finally:
        part.unlink(missing_ok=True)


def read_notes(path: Path) -> dict[str, str]:
    """The notes of a packed file, without its ratings.

    Raises: DataError: the file is missing, damaged, or not one that this version wrote.
    """
    import polars as pl

    try:
        notes = pl.read_parquet_metadata(path)
    except (OSError, ValueError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise _damaged(path, error) from None
    if notes.get(_FORMAT_KEY) != FORMAT:
        raise DataError(f"{path} was not written by this version of Starcast")
    return notes


def read(path: Path, name: str) -> Ratings:
    """The ratings of a packed file, exactly as they were written.

    Args:
        path: the file.
        name: the data set's name.
    Raises: DataError: the file is missing, damaged, or not one that this version wrote.
    """
    import polars as pl

    try:
        header = json.loads(zlib.decompress(base64.b64decode(read_notes(path)[_HEADER_KEY])))
        frame = pl.read_parquet(path, glob=False)
        if _checksum(frame) != header["checksum"]:
            raise ValueError("its checksum differs")
        return _unpack(header, frame, name)
    except (OSError, ValueError, LookupError, TypeError, zlib.error) as error:
        raise _damaged(path, error) from None
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise _damaged(path, error) from None


def _header(ratings: Ratings, frame: "pl.DataFrame") -> dict[str, Any]:
    scale, when = ratings.scale, ratings.timestamps
    return {
        "scale": [scale.lowest, scale.highest, scale.step],
        "users": ratings.users.ids.tolist(),
        "ratings_per_user": np.bincount(ratings.user_rows, minlength=ratings.n_users).tolist(),
        "items": ratings.items.ids.tolist(),
        "titles": ratings.titles.tolist(),
        "first_second": None if when is None else int(when.min()),
        "checksum": _checksum(frame),
    }


def _pack_rows(ratings: Ratings) -> "pl.DataFrame":
    import polars as pl

    columns: dict[str, NDArray[Any]] = {
        _ITEM: ratings.item_rows.astype(np.min_scalar_type(ratings.n_items)),
    }
    steps = _steps(ratings.stars, ratings.scale)
    columns |= {_STARS: ratings.stars} if steps is None else {_LEVEL: steps}
    if ratings.timestamps is not None:
        columns[_WHEN] = _since(ratings.timestamps)
    return pl.DataFrame(columns)


def _unpack(header: dict[str, Any], frame: "pl.DataFrame", name: str) -> Ratings:
    scale = RatingScale(*header["scale"])
    users, items = _vocabulary(header["users"], "user"), _vocabulary(header["items"], "item")
    user_rows = np.repeat(np.arange(len(users), dtype=np.int32), header["ratings_per_user"])
    item_rows = _joined(frame[_ITEM], np.int32, lambda part: part)
    if _LEVEL in frame.columns:
        levels = _levels(scale)
        stars = _joined(frame[_LEVEL], np.float32, lambda part: levels[part])
    else:
        stars = frame[_STARS].to_numpy()
    when, first = None, header["first_second"]
    if first is not None:
        add = partial(np.add, first, dtype=np.int64, casting="unsafe")
        when = _joined(frame[_WHEN], np.int64, add)
    titles = np.array(header["titles"], np.str_)
    return Ratings(user_rows, item_rows, stars, when, users, items, scale, titles, name)


def _joined(
    column: "pl.Series", dtype: type[np.generic], convert: Callable[[NDArray[Any]], NDArray[Any]]
) -> NDArray[Any]:
    """A column in another form, made piece by piece so that it is copied only once."""
    whole, at = np.empty(len(column), dtype), 0
    for piece in column.get_chunks():
        whole[at : at + len(piece)] = convert(piece.to_numpy())
        at += len(piece)
    return whole


def _steps(stars: Stars, scale: RatingScale) -> NDArray[np.uint8] | None:
    """The number of each rating's level; None if some are no level of a scale given by hand."""
    levels = _levels(scale)
    if len(levels) > _MOST_LEVELS:
        return None
    steps = np.empty(len(stars), np.uint8)
    for start in range(0, len(stars), _BLOCK):  # blocks that stay in the processor's cache
        block = stars[start : start + _BLOCK]
        part = np.rint((block - levels[0]) / scale.step).astype(np.uint8)
        if not np.array_equal(levels[np.minimum(part, len(levels) - 1)], block):
            return None
        steps[start : start + _BLOCK] = part
    return steps


def _levels(scale: RatingScale) -> Stars:
    n_levels = round((scale.highest - scale.lowest) / scale.step) + 1
    levels = scale.lowest + np.arange(min(n_levels, _MOST_LEVELS + 1)) * scale.step
    return levels.astype(np.float32)


def _vocabulary(ids: list[int] | list[str], kind: str) -> Vocabulary:
    array: Ids = np.array(ids, np.str_ if ids and isinstance(ids[0], str) else np.int64)
    return Vocabulary(array, kind)


def _since(when: NDArray[np.int64]) -> NDArray[np.unsignedinteger[Any]]:
    """Seconds since the first one, in as few bytes as hold them; wraps round and back again."""
    first, last = int(when.min()), int(when.max())
    since = np.empty(len(when), np.min_scalar_type(last - first))
    return np.subtract(when, first, out=since, casting="unsafe")


def _checksum(frame: "pl.DataFrame") -> int:
    """CRC-32 over the columns; Parquet readers do not look for flipped bits."""
    total = 0
    for column in frame:
        for piece in column.get_chunks():
            total = zlib.crc32(piece.to_numpy().data, total)
    return total


def _damaged(path: Path, error: BaseException) -> DataError:
    first_line = (str(error) or type(error).__name__).splitlines()[0]
    return DataError(f"{path} cannot be read as packed ratings: {first_line}")
