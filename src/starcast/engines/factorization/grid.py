"""The ratings cut into a grid of blocks: some of the users by some of the items.

Blocks that share neither a row nor a column of the grid share neither a user nor an item, so
threads may work on them at once. A block's rows lie together in the tables, so they fit a near
cache, and threads do not write to one cache line.

Source: Gemulla, Nijkamp, Haas, Sismanis 2011, section 4 (interchangeable blocks, strata).
"""

from typing import Any, NamedTuple, Self

import numba
import numpy as np
from numpy.typing import NDArray

from starcast.data.ratings import Ratings
from starcast.engines.compiled import parallel, serial
from starcast.engines.factorization.tables import FactorTables

N_SIDES = 16  # of users, and of items: no fewer than threads, no more than keeps blocks long
_N_BLOCKS = N_SIDES * N_SIDES
_N_RUNS = 16  # of ratings that are dealt out side by side
VISIT = np.dtype([("user", np.uint32), ("item", np.uint32), ("stars", np.float32)])


class Grid(NamedTuple):
    """Ratings, block after block, each block in random order.

    Attributes:
        visits: VISIT (n,), rows of the tables and stars above the mean.
        starts: int64 (N_SIDES² + 1,), where block `user_side · N_SIDES + item_side` begins.
    """

    visits: NDArray[np.void]
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, train: Ratings, tables: FactorTables, rng: np.random.Generator) -> Self:
        """The grid of the training rows, with sides of about equally many ratings."""
        visits = np.empty(len(train), VISIT)
        chances = rng.integers(0, 2**32, len(train), np.uint32)
        starts = _deal(
            train.user_rows,
            train.item_rows,
            train.stars,
            np.float32(tables.mean),
            _sides(tables.user.counts),
            _sides(tables.item.counts),
            visits,
        )
        _shuffle(visits, starts, chances)
        return cls(visits, starts)


def _sides(counts: NDArray[np.int64]) -> NDArray[np.uint16]:
    """The side of each row: neighbours together, cut where the ratings are shared out evenly."""
    before = np.cumsum(counts) - counts
    return (before * N_SIDES // max(1, counts.sum())).astype(np.uint16)


@parallel
def _deal(
    users: Any, items: Any, stars: Any, mean: Any, user_side: Any, item_side: Any, visits: Any
) -> Any:
    """Put every rating into its block, in the order given, and return the starts of the blocks."""
    n = len(users)
    places = np.zeros((_N_RUNS, _N_BLOCKS), np.int64)
    for run in numba.prange(_N_RUNS):
        for at in range(run * n // _N_RUNS, (run + 1) * n // _N_RUNS):
            places[run, user_side[users[at]] * N_SIDES + item_side[items[at]]] += 1
    starts = np.zeros(_N_BLOCKS + 1, np.int64)
    taken = 0
    for block in range(_N_BLOCKS):
        for run in range(_N_RUNS):
            places[run, block], taken = taken, taken + places[run, block]
        starts[block + 1] = taken
    for run in numba.prange(_N_RUNS):
        for at in range(run * n // _N_RUNS, (run + 1) * n // _N_RUNS):
            block = user_side[users[at]] * N_SIDES + item_side[items[at]]
            visit = visits[places[run, block]]
            visit.user, visit.item, visit.stars = users[at], items[at], stars[at] - mean
            places[run, block] += 1
    return starts


@parallel
def _shuffle(visits: Any, starts: Any, chances: Any) -> None:
    for block in numba.prange(_N_BLOCKS):
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
