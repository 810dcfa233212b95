"""Columns of ratings: whether they are that, and what is taken of them, block by block.

Nothing that is read back is believed: a compiled loop trusts every row number that it is given, and
one outside its table is memory of others.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from starcast.data.ids import Rows, Vocabulary
from starcast.data.scale import RatingScale
from starcast.disk.mapped import is_mapped, room_like

AT_ONCE = 1 << 22  # rows; what is made of as many takes little memory
_BLOCK = 1 << 16  # rows; what is made of a block stays in the processor's cache


MOST_IN_MEMORY = 25_000_000
"""Ratings that lie on disk and are yet used by whatever needs them, or as much, in memory."""


def must_stay_on_disk(rows: NDArray[Any]) -> bool:
    """Whether ratings, by the rows of their items, lie on disk because they are too many."""
    return len(rows) > MOST_IN_MEMORY and is_mapped(rows)


def blocks_of(n: int, size: int = _BLOCK) -> Iterator[slice]:
    """The rows [0, n), so many at a time."""
    return (slice(start, min(start + size, n)) for start in range(0, n, size))


def columns_fault(
    user_rows: Rows,
    item_rows: Rows,
    stars: NDArray[np.float32],
    timestamps: NDArray[np.int64] | None,
    users: Vocabulary,
    items: Vocabulary,
    scale: RatingScale,
    titles: NDArray[np.str_],
) -> str:
    """What is wrong with the columns of `Ratings`; "" if nothing is."""
    columns: dict[str, tuple[NDArray[Any], type]] = {
        "user rows": (user_rows, np.int32),
        "item rows": (item_rows, np.int32),
        "ratings": (stars, np.float32),
    }
    if timestamps is not None:
        columns["timestamps"] = timestamps, np.int64
    n = len(stars)
    for name, (column, kind) in columns.items():
        if column.dtype != kind or column.shape != (n,):
            return f"has {name} of {column.dtype} {column.shape}, not {np.dtype(kind)} ({n},)"
    if not n:
        return "holds no ratings"
    for rows, known in ((user_rows, users), (item_rows, items)):
        if not lie_in(rows, len(known)):
            return f"has ratings of {known.kind}s that are none of its {len(known):,}"
    if not ascending(user_rows, item_rows):
        return "is not sorted by user and item, each pair once"
    if not lie_on(scale, stars):
        return f"has ratings outside {scale}"
    if titles.dtype.kind != "U" or titles.shape != (len(items),):
        return f"has titles that are not {len(items):,} texts"
    return ""


def lie_in(rows: Rows, n: int) -> bool:
    """Whether all rows are in [0, n)."""
    return bool(rows.min(initial=0) >= 0 and rows.max(initial=-1) < n)


def ascending(user_rows: Rows, item_rows: Rows) -> bool:
    """Whether every (user, item) pair is greater than the one before it."""
    for start in range(0, len(user_rows), _BLOCK):
        users = user_rows[start : start + _BLOCK + 1]  # the next block's first row, too
        items = item_rows[start : start + _BLOCK + 1]
        last = np.flatnonzero(items[:-1] >= items[1:])  # of a user, if all is well
        if np.any(users[:-1] > users[1:]) or np.any(users[last] == users[last + 1]):
            return False
    return True


def lie_on(scale: RatingScale, stars: NDArray[np.float32]) -> bool:
    """Whether all stars are numbers on a scale, as far as their resolution tells.

    A scale knows millionths of a star, float32 knows fewer of large ones; NaN is outside too.
    """
    largest = max(abs(scale.lowest), abs(scale.highest))
    margin = 1e-6 + float(np.finfo(np.float32).eps) * largest
    return bool(stars.min() >= scale.lowest - margin and stars.max() <= scale.highest + margin)


def chosen_of(columns: Sequence[NDArray[Any]], chosen: NDArray[Any] | slice) -> list[NDArray[Any]]:
    """`column[chosen]` of each; with a mask in a third of the time, and without large arrays."""
    n = len(columns[0])
    if isinstance(chosen, slice) or chosen.dtype != bool or len(chosen) != n:
        return [column[chosen] for column in columns]
    n_chosen, at = int(np.count_nonzero(chosen)), 0
    taken = [room_like(column, n_chosen, column.dtype) for column in columns]
    for block in blocks_of(n):
        rows = np.flatnonzero(chosen[block])
        for whole, column in zip(taken, columns, strict=True):
            whole[at : at + len(rows)] = column[block][rows]
        at += len(rows)
    return taken


def counts_of(
    rows: NDArray[Any], n: int, chosen: NDArray[np.bool_] | None = None
) -> NDArray[np.int64]:
    """How often each of [0, n) occurs among rows (m,), or among those that a mask chooses."""
    counts = np.zeros(n, np.int64)
    for block in blocks_of(len(rows), AT_ONCE):
        part = rows[block] if chosen is None else rows[block][chosen[block]]
        counts += np.bincount(part, minlength=n)
    return counts


def moments_of(stars: NDArray[np.float32]) -> tuple[float, float]:
    """The mean of stars, and their standard deviation from it."""
    mean = float(stars.mean(dtype=np.float64))
    if len(stars) <= AT_ONCE:
        return mean, float(stars.std(dtype=np.float64))
    blocks = (stars[block].astype(np.float64) - mean for block in blocks_of(len(stars), AT_ONCE))
    return mean, float(np.sqrt(sum(float(one @ one) for one in blocks) / len(stars)))


def compared(
    compare: Callable[..., NDArray[np.bool_]], values: NDArray[Any], other: object
) -> NDArray[np.bool_]:
    """A comparison of NumPy's, such as `np.equal`, of (n,) values with one; bool (n,)."""
    result: NDArray[np.bool_] = room_like(values, len(values), bool)
    compare(values, other, out=result)
    return result


def distinct(stars: NDArray[np.float32]) -> NDArray[np.float32]:
    """Every rating that occurs, once."""
    return np.unique(np.concatenate([np.unique(stars[block]) for block in blocks_of(len(stars))]))
