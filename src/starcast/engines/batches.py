"""The order in which mini-batches visit the ratings."""

from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.ids import Rows
from starcast.data.ratings import Ratings

_RUNS_PER_BATCH = 16  # at least: so many places of the shuffled ratings meet in one batch
_LONGEST_RUN = 64  # ratings; they fill a few cache lines, longer runs would gain nothing


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

    Attributes:
        rated: the training rows as they were shuffled.
    """

    def __init__(self, train: Ratings, batch_size: int, rng: np.random.Generator) -> None:
        order = rng.permutation(len(train))
        self.rated = Rated(train.user_rows[order], train.item_rows[order], train.stars[order])
        self._run = max(1, min(_LONGEST_RUN, batch_size // _RUNS_PER_BATCH))
        self._rng = rng

    def fresh_order(self) -> NDArray[np.int32]:
        """Every place once, int32 (n,): runs in random order, what fills no run at the end."""
        n_runs = len(self.rated.stars) // self._run
        starts = self._rng.permutation(n_runs).astype(np.int32) * np.int32(self._run)
        order = np.arange(len(self.rated.stars), dtype=np.int32)
        order[: n_runs * self._run] = np.add.outer(
            starts, np.arange(self._run, dtype=np.int32)
        ).ravel()
        return order
