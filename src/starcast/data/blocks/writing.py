"""Ratings to blocks, a piece at a time: a folder that is replaced whole or not at all."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from starcast.data import attributes
from starcast.data.blocks.columns import ColumnFile, write_ids
from starcast.data.blocks.header import (
    CODES,
    ITEMS,
    MOST_LEVELS,
    OFFSETS,
    TIMES,
    Header,
    is_blocks,
)
from starcast.data.columns import blocks_of, distinct
from starcast.data.ids import Rows, Vocabulary
from starcast.data.ratings import Attribute, Ratings
from starcast.data.reading import Reading
from starcast.data.scale import RatingScale
from starcast.disk.replacement import replace_folder
from starcast.errors import DataError

Told = Callable[[RatingScale], Reading | None]
_AT_ONCE = 1 << 20  # rows


@final
class Known(NamedTuple):
    """What is known before the ratings are written.

    Attributes:
        users, items: the vocabularies.
        titles: str (n_items,).
        levels: float32, every rating that may occur, ascending.
        attributes: of users and items.
        times: the first and the last, None where none are known.
        scale: the stars that exist; None to infer it from those that do.
    """

    users: Vocabulary
    items: Vocabulary
    titles: NDArray[np.str_]
    attributes: tuple[Attribute, ...]
    levels: NDArray[np.float32]
    times: tuple[int, int] | None
    scale: RatingScale | None


class Piece(NamedTuple):
    """Some ratings, sorted by user and item: columns (n,) as those of `Ratings`."""

    user_rows: Rows
    item_rows: Rows
    stars: NDArray[np.float32]
    timestamps: NDArray[np.int64] | None


def write_ratings(folder: Path, ratings: Ratings) -> None:
    """Ratings that are in memory, or in other blocks, as blocks.

    Raises: DataError: there are too many different ratings, or the folder cannot be written.
    """
    when = ratings.timestamps
    known = Known(
        ratings.users,
        ratings.items,
        ratings.titles,
        ratings.attributes,
        require_levels(distinct(ratings.stars), ratings.name),
        None if when is None else (int(when.min()), int(when.max())),
        ratings.scale,
    )

    def pieces() -> Iterator[Piece]:
        for block in blocks_of(len(ratings), _AT_ONCE):
            yield Piece(
                ratings.user_rows[block],
                ratings.item_rows[block],
                ratings.stars[block],
                None if when is None else when[block],
            )

    write(folder, known, pieces(), lambda scale: ratings.reading)


def write(folder: Path, known: Known, pieces: Iterable[Piece], reading: Told) -> None:
    """Pieces, in order, as blocks.

    Args:
        folder: where they go; other blocks there are replaced, and nothing else is.
        known: what holds of all of them.
        pieces: of the ratings, sorted by user and item.
        reading: the scale to what was taken for what, or None; asked when all is written.
    Raises: DataError: the folder cannot be written; BusyError: another run is writing it.
    """
    require_place(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with replace_folder(folder) as fresh:
            _fill(fresh, known, pieces, reading)
    except OSError as error:
        raise DataError(f"cannot write {folder}: {error.strerror or error}") from None


def require_place(folder: Path) -> None:
    """Refuse to put blocks in the place of anything else. Raises: DataError."""
    if folder.exists() and not is_blocks(folder) and not _is_empty(folder):
        raise DataError(f"{folder} is there and holds no blocks; name another place")


def require_levels(levels: NDArray[np.float32], label: str) -> NDArray[np.float32]:
    """The different ratings, if there are few enough. Raises: DataError."""
    if len(levels) > MOST_LEVELS:
        raise DataError(
            f"{label} has more than {MOST_LEVELS:,} different ratings, which blocks do not hold; "
            "round them"
        )
    return levels


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and not any(folder.iterdir())


def _fill(fresh: Path, known: Known, pieces: Iterable[Piece], reading: Told) -> None:
    counts = np.zeros(len(known.users), np.int64)
    used = np.zeros(len(known.levels), np.int64)
    width = "uint8" if len(known.levels) <= 1 << 8 else "uint16"
    types: dict[str, Any] = {ITEMS: "int32", CODES: width}
    if known.times:
        types[TIMES] = np.min_scalar_type(known.times[1] - known.times[0])
    with ExitStack() as stack:
        files = {
            name: stack.enter_context(ColumnFile(fresh / name, kind))
            for name, kind in types.items()
        }
        for piece in pieces:
            codes = np.searchsorted(known.levels, piece.stars)
            first, n = int(piece.user_rows[0]), int(piece.user_rows[-1] - piece.user_rows[0]) + 1
            counts[first : first + n] += np.bincount(piece.user_rows - first, minlength=n)
            used += np.bincount(codes, minlength=len(used))
            files[ITEMS].add(piece.item_rows)
            files[CODES].add(codes)
            if known.times and piece.timestamps is not None:
                files[TIMES].add(_since(piece.timestamps, known.times[0], types[TIMES]))
    sums = {name: file.sum for name, file in files.items()}
    with ColumnFile(fresh / OFFSETS, "int64") as offsets:
        offsets.add(np.concatenate([[0], np.cumsum(counts)]))
    scale = known.scale or RatingScale.infer(known.levels[used > 0])
    texts = {"users": known.users.ids, "items.ids": known.items.ids, "titles": known.titles}
    for name, ids in texts.items():
        sums |= write_ids(fresh, name, ids)
    told = reading(scale)
    Header(
        n_ratings=int(counts.sum()),
        n_users=len(known.users),
        n_items=len(known.items),
        scale=(scale.lowest, scale.highest, scale.step),
        levels=tuple(known.levels.astype(np.float64).tolist()),
        user_ids=_kind(known.users),
        item_ids=_kind(known.items),
        times=(known.times[0], str(types[TIMES])) if known.times else None,
        attributes=[attributes.plain(one) for one in known.attributes],
        reading=told.to_json() if told else None,
        sums=sums | {OFFSETS: offsets.sum},
    ).write(fresh)


def _kind(members: Vocabulary) -> str:
    return "text" if members.ids.dtype.kind == "U" else "int64"


def _since(when: NDArray[np.int64], first: int, dtype: Any) -> NDArray[Any]:
    """Times since the first one; wraps round, and back again."""
    return np.subtract(when, first, out=np.empty(len(when), dtype), casting="unsafe")
