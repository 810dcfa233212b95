"""The ratings cut into a grid of blocks: some of the users by some of the items.

Blocks that share neither a row nor a column of the grid share neither a user nor an item, so
threads may work on them at once. A block's rows lie together in the tables, so they fit a near
cache, and threads do not write to one cache line.

Source: Gemulla, Nijkamp, Haas, Sismanis 2011, section 4 (interchangeable blocks, strata).
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from starcast.data.ratings import Ratings
from starcast.disk.mapped import room_like
from starcast.engines.blocks import in_blocks
from starcast.engines.compiled import serial
from starcast.engines.factorization.tables import FactorTables

VISIT = np.dtype([("user", np.uint32), ("item", np.uint32), ("stars", np.float32)])
_FEWEST, _MOST = 16, 256  # sides
_PER_BLOCK = 10_000  # ratings at least, on an average, where there are more sides than the fewest
_N_RUNS = 64  # of ratings that are dealt out side by side
_AT_A_TIME = 64  # blocks that a thread shuffles
_AT_ONCE = 1 << 22  # ratings that are shuffled at a time, or one block


def n_sides(n_ratings: int) -> int:
    """Into how many sides users and items are cut: by the size of the data and nothing else.

    So the result of a training does not depend on the machine. As many threads work at once: blocks
    are long enough to keep them busy, and the more there are, the smaller a block's rows.

    >>> [n_sides(n) for n in (100_000, 16_000_000, 100_000_000, 1_000_000_000)]
    [16, 32, 64, 256]
    """
    sides = _FEWEST
    while sides < _MOST and n_ratings >= _PER_BLOCK * (2 * sides) ** 2:
        sides *= 2
    return sides


class Grid(NamedTuple):
    """Ratings, block after block, each block in random order.

    Attributes:
        visits: VISIT (n,), rows of the tables and stars above the mean; on disk where the ratings
            are.
        starts: int64 (n_sides² + 1,), where block `user_side · n_sides + item_side` begins.
        n_sides: of users, and of items.
    """

    visits: NDArray[np.void]
    starts: NDArray[np.int64]
    n_sides: int

    @classmethod
    def of(cls, train: Ratings, tables: FactorTables, rng: np.random.Generator) -> Self:
        """The grid of the training rows, with sides of about equally many ratings."""
        visits, n = room_like(train.item_rows, len(train), VISIT), n_sides(len(train))
        sides = _Sides(_cut(tables.user.counts, n), _cut(tables.item.counts, n), n)
        columns = train.user_rows, train.item_rows, train.stars
        starts = _deal(columns, np.float32(tables.mean), sides, visits)
        _shuffle(visits, starts, rng)
        return cls(visits, starts, n)


class _Sides(NamedTuple):
    """The side of each user and of each item, uint16 (n_rows,), and how many there are of each."""

    of_users: NDArray[np.uint16]
    of_items: NDArray[np.uint16]
    n: int


def _cut(counts: NDArray[np.int64], n: int) -> NDArray[np.uint16]:
    """The side of each row: neighbours together, cut where the ratings are shared out evenly."""
    before = np.cumsum(counts) - counts
    return (before * n // max(1, counts.sum())).astype(np.uint16)


def _shuffle(visits: NDArray[np.void], starts: NDArray[np.int64], rng: np.random.Generator) -> None:
    """Put each block into random order, some blocks at a time.

    However many at a time, the random numbers are those that all together would get.
    """
    first, n_blocks = 0, len(starts) - 1
    while first < n_blocks:
        most = starts[first] + _AT_ONCE
        last = max(int(np.searchsorted(starts, most, side="right")) - 1, first + 1)
        begin, end = starts[first], starts[last]
        chances = rng.integers(0, 2**32, end - begin, np.uint32)
        _shuffle_side_by_side(visits[begin:end], starts[first : last + 1] - begin, chances)
        first = last


def _shuffle_side_by_side(
    visits: NDArray[np.void], starts: NDArray[np.int64], chances: NDArray[np.uint32]
) -> None:
    def shuffle(some: slice) -> None:
        _shuffle_blocks(visits, starts[some.start : some.stop + 1], chances)

    in_blocks(shuffle, len(starts) - 1, _AT_A_TIME)


def _deal(
    columns: Sequence[NDArray[Any]], mean: np.float32, sides: _Sides, visits: NDArray[np.void]
) -> NDArray[np.int64]:
    """Put every rating into its block, in the order given, and return the starts of the blocks.

    Args:
        columns: users, items and stars, (n,) each.
        mean: that stars are told above.
        sides: of the grid.
        visits: VISIT (n,), filled in.
    """
    n = len(visits)
    places = np.zeros((_N_RUNS, sides.n * sides.n), np.int64)

    def ratings_of(run: slice) -> list[NDArray[Any]]:
        return [column[run.start * n // _N_RUNS : run.stop * n // _N_RUNS] for column in columns]

    in_blocks(lambda run: _count(*ratings_of(run)[:2], sides, places[run.start]), _N_RUNS, 1)
    ends = np.cumsum(places.T).reshape(-1, _N_RUNS)  # block after block, in each run after run
    places = np.ascontiguousarray(ends.T) - places
    in_blocks(
        lambda run: _place(*ratings_of(run), mean, sides, places[run.start], visits), _N_RUNS, 1
    )
    return np.concatenate([[0], ends[:, -1]])


@serial
def _count(users: Any, items: Any, sides: Any, counts: Any) -> None:
    """Count the ratings of each block."""
    for at in range(len(users)):
        counts[sides.of_users[users[at]] * sides.n + sides.of_items[items[at]]] += 1


@serial
def _place(
    users: Any, items: Any, stars: Any, mean: Any, sides: Any, places: Any, visits: Any
) -> None:
    """Put each rating where its block goes on."""
    for at in range(len(users)):
        block = sides.of_users[users[at]] * sides.n + sides.of_items[items[at]]
        visit = visits[places[block]]
        visit.user, visit.item, visit.stars = users[at], items[at], stars[at] - mean
        places[block] += 1


@serial
def _shuffle_blocks(visits: Any, starts: Any, chances: Any) -> None:
    for block in range(len(starts) - 1):
        _shuffle_block(visits[starts[block] : starts[block + 1]], chances[starts[block] :])


@serial
def _shuffle_block(visits: Any, chances: Any) -> None:
    """Source: Durstenfeld 1964 (Fisher-Yates), with a random 32-bit number per step."""
    for last in range(len(visits) - 1, 0, -1):
        chosen = (np.uint64(chances[last]) * np.uint64(last + 1)) >> np.uint64(32)
        one, other = visits[last], visits[chosen]
        user, item, stars = one.user, one.item, one.stars
        one.user, one.item, one.stars = other.user, other.item, other.stars
        other.user, other.item, other.stars = user, item, stars
