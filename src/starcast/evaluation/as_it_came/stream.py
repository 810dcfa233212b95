"""Ratings in order of their time, and what is known of them at a moment."""

from functools import cached_property
from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.ids import Ids
from starcast.data.ratings import Ratings
from starcast.engines.rows import offsets_of
from starcast.errors import ConfigError
from starcast.evaluation.metrics import at_or_above_mean

_DAY = 86_400

Places = NDArray[np.intp]


@final
class Sessions(NamedTuple):
    """What each user rated on a day of the replay: one list each is asked for, at its beginning.

    Attributes:
        first: int (n,), the place of each session's first rating; ascending.
        offsets: int64 (n + 1,), where the liked items of each begin.
        liked: int32 (n_liked,), rows of items rated at or above the mean of the session.
    """

    first: Places
    offsets: NDArray[np.int64]
    liked: NDArray[np.int32]


@final
class Stream:
    """Ratings in order of their time; a place is a number in this order.

    Args:
        ratings: with times.
        first: share of the ratings before the replay.
        delay: seconds after which a rating is known.

    Attributes:
        ratings: all of them.
        times, stars, user_rows, item_rows: of each place.
        start: the place that the replay begins at. Ratings of one moment are never parted.
    """

    def __init__(self, ratings: Ratings, first: float, delay: int) -> None:
        assert ratings.timestamps is not None  # which `about_times` has seen to
        self._order = np.argsort(ratings.timestamps, kind="stable")
        self.ratings, self._delay = ratings, delay
        self.times = ratings.timestamps[self._order]
        self.stars = ratings.stars[self._order]
        self.user_rows = ratings.user_rows[self._order]
        self.item_rows = ratings.item_rows[self._order]
        at = min(int(len(ratings) * first), len(ratings) - 1)
        self.start = int(np.searchsorted(self.times, self.times[at]))
        if not self.start:
            raise ConfigError(
                f"{first:.0%} of {ratings.name} are all of one moment: nothing comes before the "
                "replay"
            )

    def __len__(self) -> int:
        return len(self.times)

    def n_known(self, moment: int) -> int:
        """How many of the oldest ratings are known before a moment."""
        return int(np.searchsorted(self.times, moment - self._delay))

    def between(self, low: int, high: int) -> Ratings:
        """The ratings of some places, over ids of their own."""
        rows = np.sort(self._order[low:high])
        whole = self.ratings
        used = np.unique(whole.item_rows[rows])
        titles = zip(whole.items.ids[used].tolist(), whole.titles[used].tolist(), strict=True)
        assert whole.timestamps is not None
        return Ratings.from_columns(
            whole.users.ids[whole.user_rows[rows]],
            whole.items.ids[whole.item_rows[rows]],
            whole.stars[rows],
            whole.timestamps[rows],
            titles=dict(titles),
            scale=whole.scale,
            name=whole.name,
        )

    def user_ids(self, places: Places | slice) -> Ids:
        """Of the ratings at some places."""
        return self.ratings.users.ids[self.user_rows[places]]

    def item_ids(self, places: Places | slice) -> Ids:
        """Of the ratings at some places."""
        return self.ratings.items.ids[self.item_rows[places]]

    def own_known(self, place: int) -> Places:
        """The places of what a rating's user is known to have rated before its moment."""
        user = self.user_rows[place]
        own = self._of_user[self._offsets[user] : self._offsets[user + 1]]
        return np.asarray(own[: np.searchsorted(own, self.n_known(int(self.times[place])))])

    @cached_property
    def sessions(self) -> Sessions:
        """Of the replay; those without a liked item are left out."""
        places = np.arange(self.start, len(self))
        keys = self.user_rows[places].astype(np.int64) << 32 | (
            self.times[places] // _DAY - self.times[0] // _DAY
        )
        _, first, which = np.unique(keys, return_index=True, return_inverse=True)
        is_liked = at_or_above_mean(which, self.stars[places])
        order = np.argsort(first[which], kind="stable")  # session by session, in order of time
        liked = order[is_liked[order]]
        begins, counts = np.unique(first[which][liked], return_counts=True)
        offsets = np.concatenate([[0], np.cumsum(counts)])
        return Sessions(begins + self.start, offsets, self.item_rows[places[liked]])

    @cached_property
    def _of_user(self) -> Places:
        """Places user by user, each in order of time."""
        return np.argsort(self.user_rows, kind="stable")

    @cached_property
    def _offsets(self) -> NDArray[np.int64]:
        return offsets_of(self.user_rows, self.ratings.n_users)
