"""A split that takes in ratings which come later: no row moves, and no test row is given away."""

from dataclasses import replace
from typing import NamedTuple, Self, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.columns import lie_on
from starcast.data.ids import Rows, Vocabulary
from starcast.data.ratings import Ratings
from starcast.data.split.arrivals import Arrivals
from starcast.data.split.described import attributes, titles
from starcast.data.split.draws import Mask
from starcast.data.split.parts import TEST, TRAIN, VALIDATION, Parts, Split
from starcast.data.split.plan import SplitPlan
from starcast.data.split.schemes import HASH
from starcast.display import quoted
from starcast.errors import DataError


@final
class Growth(NamedTuple):
    """A split with later ratings in it.

    Attributes:
        split: all rows; `split.extends` tells which split it was.
        is_fresh: bool (n,), the rows that are new or have other stars.
        arrivals: what became of the ratings, in numbers.
    """

    split: Split
    is_fresh: Mask
    arrivals: Arrivals


def grow(split: Split, arrived: Ratings, *, final: bool = False) -> Growth:
    """Take later ratings into a split.

    New pairs train, or, in a split by "hash", have the part that their ids say. New stars of a
    known pair take the place of the old ones, in their part, unless their time is an earlier one.
    Those of a test pair are left out: whoever is judged by it has not seen them, and must not.

    Args:
        split: its rows keep their parts, and its ids their rows.
        arrived: over vocabularies of their own.
        final: whether the test rows have trained the model already; then their stars change, too.
    Raises: DataError: stars outside the scale.
    """
    old, placed = split.ratings, _Placed.among(split.ratings, arrived)
    _require_scale(old, arrived)
    differs = placed.is_known & (arrived.stars != old.stars[placed.at])
    is_older = differs & _came_before(old, arrived, placed)
    differs &= ~is_older
    is_kept = differs & (split.parts[placed.at] == TEST) & (not final)
    is_changed = differs & ~is_kept
    ratings, order = _joined(old, arrived, placed, is_changed)
    is_fresh = np.arange(len(ratings)) >= len(old)
    is_fresh[placed.at[is_changed]] = True
    is_fresh = is_fresh[order]
    parts = np.concatenate([split.parts, np.full(len(ratings) - len(old), TRAIN, np.uint8)])[order]
    is_new = order >= len(old)
    parts[is_new] = _parts_of(split.scheme, ratings.take(is_new)) if is_new.any() else TRAIN
    extends = (*split.extends, split.fingerprint)
    arrivals = Arrivals(
        new=int(np.count_nonzero(is_new)),
        new_test=int(np.count_nonzero(parts[is_new] == TEST)),
        changed=int(np.count_nonzero(is_changed)),
        repeated=int(np.count_nonzero(placed.is_known & ~differs & ~is_older)),
        older=int(np.count_nonzero(is_older)),
        kept_unseen=int(np.count_nonzero(is_kept)),
        users=len(placed.users) - old.n_users,
        items=len(placed.items) - old.n_items,
        undated=_n_undated(old, arrived, placed),
        turned_to_text=tuple(
            now.kind
            for before, now in ((old.users, placed.users), (old.items, placed.items))
            if before.ids.dtype.kind != now.ids.dtype.kind
        ),
    )
    return Growth(Split(ratings, parts, split.scheme, extends=extends), is_fresh, arrivals)


class _Placed(NamedTuple):
    """Later ratings among those that were there.

    Attributes:
        users, items: grown.
        user_rows, item_rows: int32 (n,), in these.
        at: int (n,), the old row of the same pair, where there is one.
        is_known: bool (n,), whether there is one.
    """

    users: Vocabulary
    items: Vocabulary
    user_rows: Rows
    item_rows: Rows
    at: NDArray[np.intp]
    is_known: Mask

    @classmethod
    def among(cls, old: Ratings, arrived: Ratings) -> Self:
        """Ids that are new get rows in order of the time of their first rating."""
        order = np.arange(len(arrived))
        if arrived.timestamps is not None:
            order = np.argsort(arrived.timestamps, kind="stable")
        users = old.users.grown(arrived.users.ids[arrived.user_rows[order]])
        items = old.items.grown(arrived.items.ids[arrived.item_rows[order]])
        user_rows = users.find(arrived.users.ids)[arrived.user_rows]
        item_rows = items.find(arrived.items.ids)[arrived.item_rows]
        pairs = old.user_rows.astype(np.int64) * len(items) + old.item_rows
        wanted = user_rows.astype(np.int64) * len(items) + item_rows
        at = np.minimum(np.searchsorted(pairs, wanted), len(pairs) - 1)
        return cls(users, items, user_rows, item_rows, at, pairs[at] == wanted)


def _joined(
    old: Ratings, arrived: Ratings, placed: _Placed, is_changed: Mask
) -> tuple[Ratings, NDArray[np.intp]]:
    """All ratings by user and item, and the order that the old and then the new ones are put in."""
    is_new, at = ~placed.is_known, placed.at[is_changed]
    user_rows = np.concatenate([old.user_rows, placed.user_rows[is_new]])
    item_rows = np.concatenate([old.item_rows, placed.item_rows[is_new]])
    order = np.argsort(user_rows.astype(np.int64) * len(placed.items) + item_rows, kind="stable")
    stars = np.concatenate([old.stars, arrived.stars[is_new]])
    stars[at] = arrived.stars[is_changed]
    times = old.timestamps
    if times is not None:
        later = _times_beside(times, arrived)
        times = np.concatenate([times, later[is_new]])
        times[at] = later[is_changed]
    given = old.given_test
    if given is not None:
        given = np.concatenate([given, np.zeros(np.count_nonzero(is_new), bool)])[order]
    ratings = replace(
        old,
        user_rows=user_rows[order],
        item_rows=item_rows[order],
        stars=stars[order],
        timestamps=None if times is None else times[order],
        users=placed.users,
        items=placed.items,
        titles=titles(old, arrived, placed.items),
        attributes=attributes(old, arrived, placed.users, placed.items),
        reading=None,
        given_test=given,
    )
    return ratings, order


def _came_before(old: Ratings, arrived: Ratings, placed: _Placed) -> Mask:
    """Whether a rating is older than the known one of its pair; False where times are not known."""
    if old.timestamps is None or arrived.timestamps is None:
        return np.zeros(len(arrived), bool)
    return np.asarray(arrived.timestamps < old.timestamps[placed.at])


def _times_beside(times: NDArray[np.int64], arrived: Ratings) -> NDArray[np.int64]:
    """Those of later ratings; without any they are later than all that are known."""
    if arrived.timestamps is not None:
        return arrived.timestamps
    return np.full(len(arrived), times.max() + 1, np.int64)


def _n_undated(old: Ratings, arrived: Ratings, placed: _Placed) -> int:
    has_none = old.timestamps is not None and arrived.timestamps is None
    return int(np.count_nonzero(~placed.is_known)) if has_none else 0


def _parts_of(scheme: str, fresh: Ratings) -> Parts:
    """The parts of new rows."""
    parts = np.full(len(fresh), TRAIN, np.uint8)
    if scheme.partition(" ")[0] == HASH:
        plan = SplitPlan.told(scheme)
        is_test, is_validation = plan.masks(fresh)
        parts[is_validation], parts[is_test] = VALIDATION, TEST
    return parts


def _require_scale(old: Ratings, arrived: Ratings) -> None:
    if not lie_on(old.scale, arrived.stars):
        off = np.clip(arrived.stars, old.scale.lowest, old.scale.highest) != arrived.stars
        row = int(np.argmax(off | ~np.isfinite(arrived.stars)))
        user = quoted(arrived.users.ids[arrived.user_rows[row]])
        item = quoted(arrived.items.ids[arrived.item_rows[row]])
        raise DataError(
            f"{arrived.name}: {arrived.stars[row]:g} stars of user {user} for item {item} are "
            f"outside the model's scale, {old.scale}"
        )
