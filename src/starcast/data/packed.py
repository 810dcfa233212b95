"""Ratings in one compact .npz file: the form of the cache and of the embedded set.

It is a zip archive of plain NumPy arrays, whose sums find every flipped bit. A row per rating holds
the item's row, the star level and the seconds since the first rating. `header.json` has the rest:
ids, titles, attributes, scale, and the ratings of each user, by whom the rows are sorted.
"""

import io
import json
import struct
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from starcast.data.ids import Ids, Vocabulary
from starcast.data.movielens.unpack import DAMAGE
from starcast.data.ratings import Attribute, Ratings, Stars
from starcast.data.scale import RatingScale
from starcast.disk.replacement import replace_file
from starcast.errors import DataError

FORMAT = "3"
_FORMAT_KEY, _NOTES, _HEADER = "starcast.format", "notes.json", "header.json"
_ITEM, _LEVEL, _STARS, _WHEN = "item_row", "level", "stars", "seconds"
_MOST_LEVELS = 256  # what one byte tells apart
_BLOCK = 1 << 17  # rows; a block stays in the processor's cache
_UNREADABLE = (*DAMAGE, OSError, LookupError, TypeError, struct.error)


def write(path: Path, ratings: Ratings, notes: dict[str, str], *, small: bool = False) -> None:
    """Store ratings in full, whole or not at all.

    Args:
        path: the .npz file.
        ratings: what to store.
        notes: texts to keep beside them, under names of your own.
        small: compressed, at the price of time; the rows are compact either way.
    Raises:
        BusyError: another run is writing it.
        OSError: the file cannot be written.
    """
    method = zipfile.ZIP_LZMA if small else zipfile.ZIP_STORED
    with replace_file(path) as fresh, zipfile.ZipFile(fresh, "w") as archive:
        types = {}
        for kind, column in _packed_columns(ratings):
            types[kind] = column.dtype.str
            with archive.open(_member(f"{kind}.npy", method), "w", force_zip64=True) as file:
                file.write(_preamble(column.dtype, len(column)))
                file.write(column.data)
        header = _header(ratings) | {"columns": types}
        for name, texts in ((_HEADER, header), (_NOTES, {_FORMAT_KEY: FORMAT, **notes})):
            archive.writestr(_member(name, method), json.dumps(texts, ensure_ascii=False))


def read_notes(path: Path) -> dict[str, str]:
    """The notes of a packed file, without its ratings.

    Raises: DataError: the file is missing, damaged, or not one that this version wrote.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            notes: dict[str, str] = json.loads(archive.read(_NOTES))
            is_ours = notes[_FORMAT_KEY] == FORMAT
    except _UNREADABLE as error:
        raise _damaged(path, error) from None
    if not is_ours:
        raise DataError(f"{path} was not written by this version of Starcast")
    return notes


def read(path: Path, name: str) -> Ratings:
    """The ratings of a packed file, exactly as they were written.

    Args:
        path: the file.
        name: the data set's name.
    Raises: DataError: the file is missing, damaged, or not one that this version wrote.
    """
    read_notes(path)
    try:
        with zipfile.ZipFile(path) as archive:
            return _unpack(archive, json.loads(archive.read(_HEADER)), name)
    except _UNREADABLE as error:
        raise _damaged(path, error) from None


def _member(name: str, method: int) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name)  # without a time: the same ratings give the same bytes
    member.compress_type = method
    return member


def _header(ratings: Ratings) -> dict[str, Any]:
    scale, when = ratings.scale, ratings.timestamps
    begins = np.searchsorted(ratings.user_rows, np.arange(ratings.n_users + 1, dtype=np.int32))
    return {
        "scale": [scale.lowest, scale.highest, scale.step],
        "users": ratings.users.ids.tolist(),
        "ratings_per_user": np.diff(begins).tolist(),
        "items": ratings.items.ids.tolist(),
        "titles": ratings.titles.tolist(),
        "attributes": [_plain(one) for one in ratings.attributes],
        "first_second": None if when is None else int(when.min()),
    }


def _packed_columns(ratings: Ratings) -> Iterator[tuple[str, NDArray[Any]]]:
    """Each column in as few bytes as hold it; made one at a time, for they are large."""
    yield _ITEM, ratings.item_rows.astype(np.min_scalar_type(ratings.n_items))
    steps = _steps(ratings.stars, ratings.scale)
    yield (_STARS, ratings.stars) if steps is None else (_LEVEL, steps)
    if ratings.timestamps is not None:
        yield _WHEN, _since(ratings.timestamps)


def _unpack(archive: zipfile.ZipFile, header: dict[str, Any], name: str) -> Ratings:
    scale, titles = RatingScale(*header["scale"]), np.array(header["titles"], np.str_)
    users, items = _vocabulary(header["users"], "user"), _vocabulary(header["items"], "item")
    counts = np.array(header["ratings_per_user"])
    user_rows = np.repeat(np.arange(len(users), dtype=np.int32), counts)
    columns = _columns(archive, header, len(user_rows))
    stars = columns[_STARS] if _STARS in columns else columns[_LEVEL]
    when = columns.get(_WHEN)
    attributes = tuple(_attribute(*one) for one in header["attributes"])
    return Ratings(
        user_rows, columns[_ITEM], stars, when, users, items, scale, titles, name, attributes
    )


def _columns(archive: zipfile.ZipFile, header: dict[str, Any], n: int) -> dict[str, NDArray[Any]]:
    """The packed columns in the form that ratings have, all at once."""
    levels, first = _levels(RatingScale(*header["scale"])), header["first_second"]
    types = header["columns"]
    forms: dict[str, tuple[type[np.generic], Callable[[NDArray[Any]], NDArray[Any]]]] = {
        _ITEM: (np.int32, lambda rows: rows),
        _LEVEL: (np.float32, lambda steps: levels[steps]),
        _STARS: (np.float32, lambda stars: stars),
        _WHEN: (np.int64, lambda since: since.astype(np.int64) + first),
    }

    def column(kind: str, file: IO[bytes]) -> NDArray[Any]:
        return _column(file, np.dtype(types[kind]), n, *forms[kind])

    with ExitStack() as opened, ThreadPoolExecutor(len(types)) as pool:
        # Archives are opened and closed by one thread only; then many may read.
        files = [opened.enter_context(archive.open(f"{kind}.npy")) for kind in types]
        return dict(zip(types, pool.map(column, types, files), strict=True))


def _column(
    file: IO[bytes],
    packed: np.dtype[Any],
    n: int,
    unpacked: type[np.generic],
    unpack: Callable[[NDArray[Any]], NDArray[Any]],
) -> NDArray[Any]:
    """A column of `n` values, unpacked block by block, so that it crosses the memory once."""
    whole, preamble = np.empty(n, unpacked), _preamble(packed, n)
    if file.read(len(preamble)) != preamble:
        raise ValueError(f"it has another column than {n} values of {packed}")
    for start in range(0, n, _BLOCK):
        block = whole[start : start + _BLOCK]
        block[:] = unpack(np.frombuffer(file.read(len(block) * packed.itemsize), packed))
    return whole


def _preamble(dtype: np.dtype[Any], n: int) -> bytes:
    """What a .npy file of `n` values begins with."""
    preamble = io.BytesIO()
    form = {"descr": dtype.str, "fortran_order": False, "shape": (n,)}
    np.lib.format.write_array_header_1_0(preamble, form)
    return preamble.getvalue()


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


def _plain(attribute: Attribute) -> list[Any]:
    """An attribute as JSON can hold it."""
    columns = attribute.values, attribute.value_rows, attribute.member_rows
    return [attribute.side, attribute.name, *(column.tolist() for column in columns)]


def _attribute(side: str, name: str, values: list[str], value_rows: list[int],
               member_rows: list[int]) -> Attribute:  # fmt: skip
    rows = (np.array(column, np.int32) for column in (value_rows, member_rows))
    return Attribute(side, name, np.array(values, np.str_), *rows)


def _vocabulary(ids: list[int] | list[str], kind: str) -> Vocabulary:
    array: Ids = np.array(ids, np.str_ if ids and isinstance(ids[0], str) else np.int64)
    return Vocabulary(array, kind)


def _since(when: NDArray[np.int64]) -> NDArray[np.unsignedinteger[Any]]:
    """Seconds since the first one, in as few bytes as hold them; wraps round and back again."""
    first, last = int(when.min()), int(when.max())
    since = np.empty(len(when), np.min_scalar_type(last - first))
    return np.subtract(when, first, out=since, casting="unsafe")


def _damaged(path: Path, error: BaseException) -> DataError:
    first_line = (str(error) or type(error).__name__).splitlines()[0]
    return DataError(f"{path} cannot be read as packed ratings: {first_line}")
