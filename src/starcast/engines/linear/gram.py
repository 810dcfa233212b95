"""The weighted Gram matrix of items: how often, how gladly and how near in time two were rated."""

from dataclasses import replace
from typing import Any, NamedTuple, final

import numba
import numpy as np
from numpy.typing import NDArray

from starcast.data.ids import Rows
from starcast.data.ratings import Ratings
from starcast.engines.compiled import parallel, serial
from starcast.engines.interest import Interest, weighted
from starcast.engines.rows import SparseRows, sorting


@final
class Pairs(NamedTuple):
    """What pairs of items are summed from, as compiled loops take it.

    Attributes:
        user_offsets, items, interest, places: by user; the core items of each, as numbers in the
            core, how much the user cared, and twice the place in the user's order.
        item_offsets, raters, weighted, item_places: by item, core or not; the users, their weight
            times interest, and the same places.
        decay: float32, weight of a pair by the difference of places.
    """

    user_offsets: NDArray[np.int64]
    items: Rows
    interest: NDArray[np.float32]
    places: NDArray[np.int32]
    item_offsets: NDArray[np.int64]
    raters: Rows
    weighted: NDArray[np.float32]
    item_places: NDArray[np.int32]
    decay: NDArray[np.float32]


@final
class Told(NamedTuple):
    """What every training rating says, user by user.

    Attributes:
        interest: of the user in what they rated, x.
        weighted: float32 (n,), interest times the user's weight.
        places: int32 (n,), see `places_in_time`.
    """

    interest: SparseRows
    weighted: NDArray[np.float32]
    places: NDArray[np.int32]

    @classmethod
    def of(cls, train: Ratings, interest: Interest, activity_exponent: float) -> "Told":
        """Of the training rows.

        Args:
            interest: what a rating says.
            activity_exponent: b; a user of n ratings weighs n^-b, 1 in the mean.
        """
        cared = interest.histories(SparseRows.by_user(train))
        return cls(cared, weighted(cared, activity_exponent).values, places_in_time(train))

    def take(self, chosen: NDArray[np.bool_]) -> "Told":
        """Some of the ratings (n,), which say what they said; rows and columns stay whole."""
        at, all_rows = np.flatnonzero(chosen), self.interest
        offsets = np.searchsorted(at, all_rows.offsets)
        rows = replace(
            all_rows, offsets=offsets, columns=all_rows.columns[at], values=all_rows.values[at]
        )
        return Told(rows, self.weighted[at], self.places[at])


def pairs(told: Told, core: Rows, nearness: float) -> Pairs:
    """What G_ij = Σ_u w_u x_ui x_uj max(0, 1 - |t_ui - t_uj| / h) is summed from, t in places.

    A triangle, as an exponential, leaves G positive definite, and it ends.

    Args:
        told: what ratings say.
        core: int32 (m,), ascending, the items j.
        nearness: h, in ratings; infinite where order does not count.
    """
    of_users, places = told.interest, told.places
    of_items = replace(of_users, values=told.weighted).transposed()
    numbers = np.full(of_users.n_columns, -1, np.int32)
    numbers[core] = np.arange(len(core), dtype=np.int32)
    kept = np.flatnonzero(numbers[of_users.columns] >= 0)
    decay = 1 - np.arange(places.max(initial=0) + 1) / (2 * nearness)
    return Pairs(
        np.searchsorted(kept, of_users.offsets),
        numbers[of_users.columns[kept]],
        of_users.values[kept],
        places[kept],
        of_items.offsets,
        of_items.columns,
        of_items.values,
        places[sorting(of_users.columns, of_users.n_columns)],
        np.maximum(decay, 0).astype(np.float32),
    )


def gram(summed: Pairs, items: Rows, n_core: int) -> NDArray[np.float32]:
    """G of some items with all core items; float32 (len(items), n_core)."""
    found = np.zeros((len(items), n_core), np.float32)
    _fill(found, items, summed)
    return found


def places_in_time(train: Ratings) -> NDArray[np.int32]:
    """Twice the place (0, 1, …) of each row among its user's, by time; of equal times the mean.

    Without times all places are 0: no two ratings are nearer than others.

    Returns: int32 (n,).
    """
    n = len(train)
    if train.timestamps is None or not n:
        return np.zeros(n, np.int32)
    order = _by_user_and_time(train.user_rows, train.timestamps)
    users, times = train.user_rows[order], train.timestamps[order]
    place = np.arange(n) - np.searchsorted(users, np.arange(train.n_users))[users]
    is_new = np.concatenate([[True], (users[1:] != users[:-1]) | (times[1:] != times[:-1])])
    first = np.flatnonzero(is_new)
    last = np.concatenate([first[1:], [n]]) - 1
    places = np.empty(n, np.int32)
    places[order] = (place[first] + place[last])[np.cumsum(is_new) - 1]
    return places


def _by_user_and_time(users: Rows, times: NDArray[np.int64]) -> NDArray[np.intp]:
    """The order of rows by user, then by time; of equal times in no order."""
    first, last = int(times.min()), int(times.max())
    if (int(users.max()) + 1) * (last - first + 1) > np.iinfo(np.int64).max:
        return np.lexsort((times, users))
    return np.argsort(users * np.int64(last - first + 1) + (times - first))


@parallel
def _fill(found: Any, items: Any, summed: Any) -> None:
    for n in numba.prange(len(items)):
        fill_row(found[n], items[n], summed)


@serial
def fill_row(row: Any, item: Any, summed: Any) -> None:
    """Add to a row (m,) of zeros what the raters of an item rated beside it."""
    for n in range(summed.item_offsets[item], summed.item_offsets[item + 1]):
        user, weight, place = summed.raters[n], summed.weighted[n], summed.item_places[n]
        for m in range(summed.user_offsets[user], summed.user_offsets[user + 1]):
            near = summed.decay[abs(summed.places[m] - place)]
            row[summed.items[m]] += weight * summed.interest[m] * near
