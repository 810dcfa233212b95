"""Sessions: what a user is like on one day, and what a day does to all users.

At time t the user side of a rating is the user's vector, that of the day, and in the first few
factors a vector of this user on this day. Ratings belong to sessions, then, and sessions to users:
a session whose own coordinate is integrated out is to its user what a rating is to a row, one more
pair of sums. So the users' features are not expanded by sessions either.

Sources: Koren 2010 (users have their days); Rendle 2013 (relation blocks); Liu 1994.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from starcast.data.ids import Rows
from starcast.engines.bayesian.draws import (
    TRACE,
    Columns,
    Side,
    draw_groups,
    draw_own,
    draw_priors,
    draw_side,
    without_own,
)
from starcast.engines.compiled import serial


class Sessions(NamedTuple):
    """The days on which users rated, as (user, day) pairs, ascending.

    Attributes:
        users: int32 (n_sessions,), user rows.
        days: int32 (n_sessions,), places in `numbers`.
        numbers: int64 (n_days,), the days on which anybody rated, counted from 1970, ascending.
        of_ratings: int32 (n,), the session of every training row.
        shares: float32 (n_sessions,), of the user's ratings.
    """

    users: NDArray[np.int32]
    days: NDArray[np.int32]
    numbers: NDArray[np.int64]
    of_ratings: NDArray[np.int32]
    shares: NDArray[np.float32]


def sessions(user_rows: Rows, days: NDArray[np.int64]) -> Sessions:
    """The sessions of ratings.

    Args:
        user_rows: int32 (n,).
        days: int64 (n,), the day of each rating.

    >>> found = sessions(np.array([0, 0, 0, 2]), np.array([7, 9, 7, 7]))
    >>> found.users.tolist(), found.days.tolist(), found.numbers.tolist()
    ([0, 0, 2], [0, 1, 0], [7, 9])
    >>> found.of_ratings.tolist(), found.shares.astype(float).round(2).tolist()
    ([0, 1, 0, 2], [0.67, 0.33, 1.0])
    """
    numbers, day_of = np.unique(days, return_inverse=True)
    keys = user_rows.astype(np.int64) * len(numbers) + day_of
    keys, of_ratings, counts = np.unique(keys, return_inverse=True, return_counts=True)
    users, places = np.divmod(keys, len(numbers))
    shares = counts / np.bincount(users, counts)[users]
    return Sessions(
        users.astype(np.int32), places.astype(np.int32), numbers, of_ratings.astype(np.int32),
        shares.astype(np.float32),
    )  # fmt: skip


class SessionSide(NamedTuple):
    """The coordinates of all sessions; in `side.total`, those of their users are added.

    Attributes:
        side: Side of the sessions; its features are days.
        users: int32 (n_sessions,), user rows.
        days: int32 (n_sessions,), feature rows.
    """

    side: Side
    users: NDArray[np.int32]
    days: NDArray[np.int32]


def user_averages(columns: Columns, found: Sessions, n_users: int) -> Columns:
    """What the sessions of users have on average, each rating counting alike.

    Args:
        columns: float32 (n_columns, n_sessions).
    Returns: float32 (n_columns, n_users), 0 for users without sessions.
    """
    weighed = columns * found.shares
    return np.array([np.bincount(found.users, line, n_users) for line in weighed], np.float32)


@serial
def draw_sessions(
    sessions: Any, f: int, sums: Any, alpha: Any, noise: Any, change: Any, user: Any,
    user_noise: Any,
) -> Any:  # fmt: skip
    """Draw factor `f` of the sessions and of their users.

    Args:
        sessions: SessionSide, changed in place.
        sums, alpha, noise, change: as in `draw_side`, of the sessions.
        user, user_noise: Side of the users, changed in place, and its Noise.
    Returns: the priors of the sessions and of the users, as `draw_priors`.
    """
    side, users, days = sessions
    priors, has_own = draw_priors(side, f, noise), f < len(side.own)
    if has_own:
        weights, targets = without_own(side.own[f], sums, alpha, priors[0])
    else:
        weights, targets = np.maximum(alpha * sums[1], TRACE), alpha * sums[0]
    draw_groups(side, f, priors, noise, weights, targets)
    user_sums = np.zeros_like(user.own[f]), np.zeros_like(user.own[f])
    for n in range(len(users)):
        user_sums[0][users[n]] += targets[n]
        user_sums[1][users[n]] += weights[n]
    user_change = np.empty_like(user.own[f])
    user_priors = draw_side(user, f, user_sums, np.float32(1), user_noise, user_change)
    for n in range(len(users)):
        beside = user.total[f, users[n]] + side.features[f, days[n]]
        change[n] = beside - (side.total[f, n] - (side.own[f, n] if has_own else 0))
    if has_own:
        draw_own(side.own[f], side.seen, sums, alpha, priors[0], noise.own[f], change)
    side.total[f] += change
    return priors, user_priors
