"""What users are like on a day, as the draws of a posterior tell it."""

from typing import Any, NamedTuple, Self, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.ids import Rows
from starcast.engines.protocol import Weights
from starcast.scoring.schema import Shape

Places = NDArray[np.int64]


class Occasions(NamedTuple):
    """Users on days.

    Attributes:
        users: int64 (n,), user rows.
        days: int64 (n,), rows of the days' tables, -1 where nobody rated on that day.
        sessions: int64 (n,), rows of the sessions' tables, -1 where this user did not.
    """

    users: Places
    days: Places
    sessions: Places


@final
class Days:
    """The days of the training rows, and what users are like on them.

    A day in common moves all users alike; a session is what one user is like on one day besides.
    The users' own tables hold an average over the days on which they rated; for a known day, that
    day takes the place of this average.

    Args:
        weights: day_length (), in the unit of timestamps; day_numbers (n_days,), ascending,
            counted from time 0; day_factors (S, n_days, d) and day_bias (S, n_days) for each of S
            draws; session_counts (n_users,), how many sessions each user has; session_days
            (n_sessions,), user after user, each an ascending row of day_numbers; session_shares
            (n_sessions,), of the user's ratings; session_factors (S, n_sessions, d' ≤ d), of the
            first d' factors, and session_bias (S, n_sessions).
    """

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._length = int(weights["day_length"])
        self._numbers = weights["day_numbers"].astype(np.int64)
        self._counts = weights["session_counts"].astype(np.int64)
        self._days = weights["session_days"].astype(np.int64)
        users = np.repeat(np.arange(len(self._counts)), self._counts)
        self._keys = users * len(self._numbers) + self._days

    @classmethod
    def among(cls, weights: Weights) -> Self | None:
        """Those that weights hold, if any."""
        return cls(weights) if "day_numbers" in weights else None

    def occasions(self, user_rows: Rows, timestamps: NDArray[np.int64]) -> tuple[Occasions, Rows]:
        """The different occasions among n users at times.

        Returns: the occasions; int32 (n,), which of them each is.
        """
        n_days = len(self._numbers)
        days = _places(self._numbers, timestamps // self._length)
        keys = user_rows.astype(np.int64) * (n_days + 1) + days + 1
        distinct, which = np.unique(keys, return_inverse=True)
        users, days = np.divmod(distinct, n_days + 1)
        days -= 1
        sessions = np.where(days < 0, -1, _places(self._keys, users * n_days + days))
        return Occasions(users, days, sessions), which.astype(np.int32)

    def tables(self, draw: int, occasions: Occasions) -> dict[str, NDArray[np.float32]]:
        """One draw's user_factors and user_bias, a row for each occasion."""
        tables = {}
        for part in ("factors", "bias"):
            user, day, session = (
                self._weights[f"{kind}_{part}"][draw] for kind in ("user", "day", "session")
            )
            table, known = user[occasions.users], occasions.days >= 0
            moved = day[occasions.days[known]] - self._average(day)[occasions.users[known]]
            _first(table, day)[known] += moved
            known = occasions.sessions >= 0
            _first(table, session)[known] += session[occasions.sessions[known]]
            tables[f"user_{part}"] = table
        return tables

    def _average(self, day: NDArray[np.float32]) -> NDArray[np.float32]:
        """What each user's days (n_days, …) have on average, each rating counting alike."""
        shares, has = self._weights["session_shares"], self._counts > 0
        average = np.zeros((len(has), *day.shape[1:]), np.float32)
        begins = np.cumsum(self._counts) - self._counts
        weighed = (day[self._days].T * shares).T
        average[has] = np.add.reduceat(weighed, begins[has])
        return average


def _first(table: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    """As many factors of a table as another has; all of it where there are none but a bias."""
    return table[..., : other.shape[1]] if other.ndim > 1 else table


def _places(known: Places, wanted: Places) -> Places:
    """Where each wanted value stands among known ones, ascending; -1 where it does not."""
    at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return np.where(known[at] == wanted, at, -1)


def calendar_shapes(n_users: int, dimension: int) -> dict[str, Shape]:
    """Of the weights that `Days` takes; see `schema.Schema`."""
    return {
        "day_length": (),
        "day_numbers": ("days",),
        "day_factors": ("draws", "days", dimension),
        "day_bias": ("draws", "days"),
        "session_counts": (n_users,),
        "session_days": ("sessions",),
        "session_shares": ("sessions",),
        "session_factors": ("draws", "sessions", "own"),
        "session_bias": ("draws", "sessions"),
    }


def calendar_fault(weights: Weights) -> str:
    """What is wrong with what finds days and sessions, if weights have it; "" if nothing is."""
    if "day_numbers" not in weights:
        return ""
    for name in ("day_length", "day_numbers", "session_counts", "session_days"):
        if np.any(weights[name] != np.floor(weights[name])):
            return f"'{name}' holds what is no whole number"
    if weights["day_length"] < 1 or not _ascend(weights["day_numbers"]):
        return "'day_length' and 'day_numbers' make no calendar"
    if weights["session_factors"].shape[2] > weights["day_factors"].shape[2]:
        return "'session_factors' are more than there are of a day"
    counts, days, shares = (weights[f"session_{name}"] for name in ("counts", "days", "shares"))
    if counts.min() < 0 or counts.sum(dtype=np.float64) != len(days):
        return f"'session_counts' do not make {len(days)} sessions"
    n_days = len(weights["day_numbers"])
    users = np.repeat(np.arange(len(counts)), counts.astype(np.int64))
    if not (
        days.min(initial=0) >= 0 and days.max(initial=0) < n_days and _ascend(users * n_days + days)
    ):
        return "'session_days' are not the days of users, one after the other"
    if not (shares.min() > 0 and shares.max() <= 1):
        return "'session_shares' are no shares"
    return ""


def _ascend(values: NDArray[Any]) -> bool:
    """Whether there are values, each greater than the one before."""
    return len(values) > 0 and bool(np.all(np.diff(values) > 0))
