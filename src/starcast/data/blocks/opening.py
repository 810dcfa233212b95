"""Blocks as `Ratings`: columns that lie on disk, checked before they are believed."""

import hashlib
import os
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from starcast.data import attributes
from starcast.data.blocks.columns import Columns
from starcast.data.blocks.header import (
    CODES,
    HEADER,
    ITEMS,
    MOST_BYTES,
    OFFSETS,
    TIMES,
    Header,
    damaged,
    is_blocks,
    reading_of,
)
from starcast.data.columns import blocks_of
from starcast.data.ids import Vocabulary
from starcast.data.ratings import Ratings
from starcast.disk.mapped import room_like, source_of
from starcast.disk.reading import read_at_most
from starcast.disk.replacement import standing
from starcast.errors import DataError

_AT_ONCE = 1 << 20  # rows


def open_blocks(folder: Path, name: str) -> Ratings:
    """The ratings of a folder, under the name of a data set; equal to those in memory.

    Items and times stay where they are. What is made of them, users and stars of each rating and
    all that `Ratings.take` takes, goes to files without a name beside the folder, or where the
    system keeps temporary files if nothing can be written there.

    Raises: DataError: it is missing, damaged, or not one that this version wrote; or the disk has
        no room.
    """
    try:
        return _open(standing(folder), name)
    except DataError as error:
        raise damaged(folder, error) from None
    except (OSError, ValueError, LookupError, TypeError, ArithmeticError, RecursionError) as error:
        raise damaged(folder, error) from None


def read_blocks(folder: Path, name: str) -> Ratings:
    """The same in memory, where they are nobody's blocks. Raises: DataError: as `open_blocks`."""
    found = open_blocks(folder, name)
    when = found.timestamps
    return replace(
        found,
        user_rows=np.array(found.user_rows),
        item_rows=np.array(found.item_rows),
        stars=np.array(found.stars),
        timestamps=None if when is None else np.array(when),
    )


def home_of(ratings: Ratings) -> tuple[Path, str] | None:
    """The folder of blocks that ratings are, and the SHA-256 of its header.

    None where they are others, parts of some, or not there any more.
    """
    source = source_of(ratings.item_rows)
    if source is None or source.name != ITEMS:
        return None
    try:
        return source.parent, sum_of_header(source.parent)
    except OSError:
        return None


def sum_of_header(folder: Path) -> str:
    """SHA-256 (hex) of a header, which has the checksums of all else. Raises: OSError."""
    return hashlib.sha256(read_at_most(folder / HEADER, MOST_BYTES)).hexdigest()


def blocks_at(source: object) -> Path | None:
    """The folder of blocks that a source of ratings is; None if it is something else.

    Raises: DataError: blocks among other sources.
    """
    several = source if isinstance(source, list | tuple) else [source]
    found = [Path(str(one)) for one in several if is_blocks(one)]
    if found and len(several) > 1:
        raise DataError(f"{found[0]} holds blocks, which are not joined; name them alone")
    return found[0] if found else None


def _open(folder: Path, name: str) -> Ratings:
    header = Header.read(folder)
    above = folder.resolve().parent
    room = above if os.access(above, os.W_OK) else Path(tempfile.gettempdir())
    files = Columns(folder, dict(header.sums), room)
    known = {one: files.numbers(one, *of) for one, of in header.columns.items()}
    users = Vocabulary(files.ids("users", header.user_ids, header.n_users), "user")
    items = Vocabulary(files.ids("items.ids", header.item_ids, header.n_items), "item")
    return Ratings.checked(
        _users_of(known[OFFSETS], known[ITEMS]),
        known[ITEMS],
        _stars(known[CODES], np.array(header.levels, np.float32), known[ITEMS]),
        _times(known[TIMES], header.times[0]) if header.times else None,
        users,
        items,
        header.rating_scale(),
        files.ids("titles", "text", header.n_items),
        name,
        tuple(attributes.of_plain(*one) for one in header.attributes),
        reading_of(header),
    )


def _users_of(offsets: NDArray[np.int64], items: NDArray[np.int32]) -> NDArray[np.int32]:
    """The user's row of each rating."""
    n = len(items)
    if offsets[0] != 0 or offsets[-1] != n or np.any(offsets[:-1] > offsets[1:]):
        raise ValueError(f"{OFFSETS} do not share out {n:,} ratings")
    rows = room_like(items, n, np.int32)
    for block in blocks_of(n, _AT_ONCE):
        first = int(np.searchsorted(offsets, block.start, side="right")) - 1
        last = int(np.searchsorted(offsets, block.stop, side="left"))
        ends = np.clip(offsets[first : last + 1], block.start, block.stop)
        rows[block] = np.repeat(np.arange(first, last, dtype=np.int32), np.diff(ends))
    return rows


def _stars(
    codes: NDArray[np.unsignedinteger], levels: NDArray[np.float32], like: NDArray[np.int32]
) -> NDArray[np.float32]:
    if codes.max() >= len(levels):
        raise ValueError(f"{CODES} tell ratings that there are none of")
    stars = room_like(like, len(codes), np.float32)
    for block in blocks_of(len(codes), _AT_ONCE):
        stars[block] = levels[codes[block]]
    return stars


def _times(since: NDArray[np.unsignedinteger], first: int) -> NDArray[np.int64]:
    when = room_like(since, len(since), np.int64)
    for block in blocks_of(len(since), _AT_ONCE):
        np.add(since[block], first, out=when[block], dtype=np.int64, casting="unsafe")
    return when
