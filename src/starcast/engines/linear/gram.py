"""The weighted Gram matrix of items: how often, how gladly and how near in time two were rated."""

from dataclasses import replace
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.ids import Rows
from starcast.data.ratings import Ratings
from starcast.disk.mapped import room_like
from starcast.engines.blocks import in_blocks
from starcast.engines.compiled import serial
from starcast.engines.interest import Interest, weighted
from starcast.engines.rows import SparseRows

BLOCK = 64  # items that a thread takes at a time


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
    places: NDArray[Any]
    item_offsets: NDArray[np.int64]
    raters: Rows
    weighted: NDArray[np.float32]
    item_places: NDArray[Any]
    decay: NDArray[np.float32]


@final
class Told(NamedTuple):
    """What every training rating says, user by user.

    Attributes:
        interest: of the user in what they rated, x.
        weighted: interest times the user's weight.
        places: int32, see `places_in_time`.
    """

    interest: SparseRows
    weighted: SparseRows
    places: SparseRows

    @classmethod
    def of(cls, train: Ratings, interest: Interest, activity_exponent: float) -> "Told":
        """Of the training rows.

        Args:
            interest: what a rating says.
            activity_exponent: b; a user of n ratings weighs n^-b, 1 in the mean.
        """
        rated = SparseRows.by_user(train)
        cared, places = interest.histories(rated), places_in_time(rated, train.timestamps)
        return cls(cared, weighted(cared, activity_exponent), replace(rated, values=places))

    def masked(self, chosen: NDArray[np.bool_]) -> "Told":
        """Some of the ratings (n,), which say what they said; rows and columns stay whole."""
        return Told(*(one.masked(chosen) for one in self))


def pairs(told: Told, core: Rows, nearness: float) -> Pairs:
    """What G_ij = Σ_u w_u x_ui x_uj max(0, 1 - |t_ui - t_uj| / h) is summed from, t in places.

    A triangle, as an exponential, leaves G positive definite, and it ends.

    Args:
        told: what ratings say.
        core: int32 (m,), ascending, the items j.
        nearness: h, in ratings; infinite where order does not count.
    """
    numbers = np.full(told.interest.n_columns, -1, np.int32)
    numbers[core] = np.arange(len(core), dtype=np.int32)
    of_users, places = (one.renumbered(numbers, len(core)) for one in (told.interest, told.places))
    of_items, item_places = told.weighted.transposed(), told.places.transposed()
    decay = 1 - np.arange(told.places.values.max(initial=0) + 1) / (2 * nearness)
    return Pairs(
        of_users.offsets,
        of_users.columns,
        of_users.values,
        places.values,
        of_items.offsets,
        of_items.columns,
        of_items.values,
        item_places.values,
        np.maximum(decay, 0).astype(np.float32),
    )


def gram(summed: Pairs, items: Rows, n_core: int) -> NDArray[np.float32]:
    """G of some items with all core items; float32 (len(items), n_core)."""
    found = np.zeros((len(items), n_core), np.float32)
    in_blocks(lambda some: _fill(found[some], items[some], summed), len(items), BLOCK)
    return found


def places_in_time(rated: SparseRows, times: NDArray[np.int64] | None) -> NDArray[Any]:
    """Twice the place (0, 1, …) of each rating among its user's, by time; of equal times the mean.

    Without times all places are 0: no two ratings are nearer than others.

    Args:
        rated: by user.
        times: int64 (n,), of each rating.
    Returns: int32 (n,).
    """
    found = room_like(rated.columns, len(rated.columns), np.int32)
    if times is None:
        found[:] = 0
        return found
    for some, entries in rated.pieces():
        counts = np.diff(rated.offsets[some.start : some.stop + 1])
        found[entries] = _places(np.repeat(np.arange(len(counts)), counts), times[entries])
    return found


def _places(users: NDArray[np.int64], times: NDArray[np.int64]) -> NDArray[np.int32]:
    """The same of some users, whose numbers ascend."""
    if not len(users):
        return np.empty(0, np.int32)
    places = np.empty(len(users), np.int32)
    _number(users, times, _by_user_and_time(users, times), places)
    return places


@serial
def _number(users: Any, times: Any, order: Any, places: Any) -> None:
    """Twice the place of each row, where all are visited by user, then by time."""
    start = at = 0
    while at < len(order):
        user, time = users[order[at]], times[order[at]]
        if user != users[order[start]]:
            start = at
        end = at
        while end < len(order) and users[order[end]] == user and times[order[end]] == time:
            end += 1
        for n in range(at, end):
            places[order[n]] = (at - start) + (end - 1 - start)
        at = end


def _by_user_and_time(users: NDArray[np.int64], times: NDArray[np.int64]) -> NDArray[np.intp]:
    """The order of rows by user, then by time; of equal times in no order."""
    first, last = int(times.min()), int(times.max())
    if (int(users[-1]) + 1) * (last - first + 1) > np.iinfo(np.int64).max:
        return np.lexsort((times, users))
    return np.argsort(users * (last - first + 1) + (times - first))


@serial
def _fill(found: Any, items: Any, summed: Any) -> None:
    for n in range(len(items)):
        fill_row(found[n], items[n], summed)


@serial
def fill_row(row: Any, item: Any, summed: Any) -> None:
    """Add to a row (m,) of zeros what the raters of an item rated beside it."""
    for n in range(summed.item_offsets[item], summed.item_offsets[item + 1]):
        user, weight, place = summed.raters[n], summed.weighted[n], summed.item_places[n]
        for m in range(summed.user_offsets[user], summed.user_offsets[user + 1]):
            near = summed.decay[abs(summed.places[m] - place)]
            row[summed.items[m]] += weight * summed.interest[m] * near
