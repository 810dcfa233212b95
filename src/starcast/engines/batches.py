"""The order in which mini-batches visit the ratings."""

from collections.abc import Iterator
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.columns import AT_ONCE, blocks_of
from starcast.data.ids import Rows
from starcast.data.ratings import Ratings
from starcast.disk.mapped import room_like

_RUNS_PER_BATCH = 16  # at least: so many places of the shuffled ratings meet in one batch
_LONGEST_RUN = 64  # ratings; they fill a few cache lines, longer runs would gain nothing

Places = NDArray[Any]
"""int32, or int64 where there are more than that counts."""


class Rated(NamedTuple):
    """Who rated what, in any order.

    Attributes:
        users, items: int32 (n,), rows of the tables.
        stars: float32 (n,).
    """

    users: Rows
    items: Rows
    stars: NDArray[np.float32]


@final
class ShuffledRatings:
    """Training rows in random order, to be visited in a fresh order every epoch.

    The rows are shuffled once, which makes neighbours strangers; an epoch then shuffles runs of
    neighbours instead of single rows. What is read together lies together, however many there are.

    Args:
        train: the training rows.
        batch_size: ratings per batch; decides how long a run may be.
        rng: of the one shuffle and of every epoch's order.
        with_times: whether their times are wanted.

    Attributes:
        rated: the training rows as they were shuffled; on disk where they are.
        run: how many of them stay neighbours.
        timestamps: int64 (n,), likewise, if they are wanted and known.
    """

    def __init__(
        self,
        train: Ratings,
        batch_size: int,
        rng: np.random.Generator,
        *,
        with_times: bool = False,
    ) -> None:
        columns: list[NDArray[Any]] = [train.user_rows, train.item_rows, train.stars]
        if with_times and train.timestamps is not None:
            columns.append(train.timestamps)
        shuffled = _shuffled(columns, rng)
        self.rated = Rated._make(shuffled[:3])
        self.timestamps = shuffled[3] if len(shuffled) > 3 else None
        self.run = max(1, min(_LONGEST_RUN, batch_size // _RUNS_PER_BATCH))
        self._batch_size, self._rng = batch_size, rng

    def fresh_runs(self) -> Places:
        """Where each run begins, in random order, (n // run,)."""
        n = len(self.rated.stars)
        kind = np.int32 if n <= np.iinfo(np.int32).max else np.int64
        starts = self._rng.permutation(n // self.run).astype(kind)
        np.multiply(starts, self.run, out=starts)
        return starts

    def fresh_order(self) -> Places:
        """Every place once, (n,): runs in random order, what fills no run at the end."""
        return np.concatenate(list(self.fresh_orders()))

    def fresh_orders(self) -> Iterator[Places]:
        """The same in pieces of whole batches, about `AT_ONCE` places each."""
        n, run, starts = len(self.rated.stars), self.run, self.fresh_runs()
        size = max(AT_ONCE // (self._batch_size * run), 1) * self._batch_size * run
        for block in blocks_of(n, size):
            some = starts[block.start // run : block.stop // run]
            places = np.arange(block.start, block.stop, dtype=starts.dtype)
            each = np.add.outer(some, np.arange(run, dtype=starts.dtype))
            places[: len(some) * run] = each.ravel()
            yield places


def _shuffled(columns: list[NDArray[Any]], rng: np.random.Generator) -> list[NDArray[Any]]:
    """Rows in random order: dealt out to heaps at random, and each heap shuffled.

    So no more than a heap has to be at hand at once, and few rows make one heap.

    Source: Sandelius 1962.
    """
    n = len(columns[0])
    n_heaps = max(-(-n // AT_ONCE), 1)
    if n_heaps == 1:
        order = rng.permutation(n)
        return [column[order] for column in columns]
    shuffled = [room_like(column, n, column.dtype) for column in columns]
    seed = int(rng.integers(1 << 63))
    counts = np.zeros(n_heaps, np.int64)
    for _, heaps in _dealt(n, n_heaps, seed):
        counts += np.bincount(heaps, minlength=n_heaps)
    ends = np.cumsum(counts)
    next_of = ends - counts
    for block, heaps in _dealt(n, n_heaps, seed):
        order = np.argsort(heaps, kind="stable")
        of_each = np.bincount(heaps, minlength=n_heaps)
        at = 0
        for heap, here in enumerate(of_each.tolist()):
            chosen = order[at : at + here]
            place = slice(int(next_of[heap]), int(next_of[heap]) + here)
            for whole, column in zip(shuffled, columns, strict=True):
                whole[place] = column[block][chosen]
            at += here
        next_of += of_each
    for start, end in zip((ends - counts).tolist(), ends.tolist(), strict=True):
        order = rng.permutation(end - start)
        for whole in shuffled:
            whole[start:end] = whole[start:end][order]
    return shuffled


def _dealt(n: int, n_heaps: int, seed: int) -> Iterator[tuple[slice, NDArray[np.uint16]]]:
    """A heap for each of [0, n), some after the others; of one seed the same every time."""
    rng = np.random.default_rng(seed)
    for block in blocks_of(n, AT_ONCE):
        yield block, rng.integers(n_heaps, size=block.stop - block.start, dtype=np.uint16)
