"""One Gibbs sweep over all coordinates of the factor model, in compiled loops.

A user's row of one factor is P = v + Σ scale·w: its own coordinate v and those of its features w;
an item's row Q likewise. Errors e = y - ŷ are kept per rating. Given everything else, a change of P
moves the errors of the user's ratings by the other side's Q, so all that the draws need are two
sums over them, Σ e·Q and Σ Q². Hence a factor costs two visits to every rating and, for every
(member, feature) pair, one look and one update.

Factor 0 is the linear part: the other side is 1 throughout, and P and Q are biases.

Sources: Rendle 2012, section 4.1.3; Rendle 2013. Deviations: features of one side do not interact
among themselves; a row's own coordinate is integrated out while its features are drawn (Liu 1994),
so that the chain need not creep along the directions in which either can explain the ratings.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from starcast.engines.bayesian.draws import draw_side
from starcast.engines.bayesian.sessions import draw_sessions
from starcast.engines.compiled import serial


class Observed(NamedTuple):
    """The ratings of each user, or of each session, one after the other.

    Attributes:
        starts: int64 (n_rows + 1,), where those of a row begin.
        items: int32 (n,), item rows.
        errors: float32 (n,), y - ŷ; a sweep keeps them up to date.
        alpha: precision of the noise, float32.
    """

    starts: NDArray[np.int64]
    items: NDArray[np.int32]
    errors: NDArray[np.float32]
    alpha: np.float32


@serial
def sweep(
    observed: Any, user: Any, item: Any, user_noise: Any, item_noise: Any, sessions: Any,
    session_noise: Any,
) -> Any:  # fmt: skip
    """Draw every coordinate once, factor by factor, users before items.

    Args:
        observed: Observed.
        user, item: Side, changed in place.
        user_noise, item_noise: Noise.
        sessions, session_noise: SessionSide, changed in place, and the Noise of its side; or None.
    Returns: the sum of squared errors after the sweep; μ and λ of every group, as drawn in it,
        float32 (d + 1, 1 + n_groups, 2), of users, items and sessions (none of these if there are
        no sessions).
    """
    starts, items, errors, alpha = observed
    if sessions is None:  # noqa: SIM108 - decided as it is compiled: one of them has no type
        rows = user
    else:
        rows = sessions.side
    n_factors, n_rows = rows.total.shape
    user_priors, item_priors = _room(n_factors, user), _room(n_factors, item)
    row_priors = _room(n_factors if sessions is not None else 0, rows)
    n_items = item.total.shape[1]
    ones_row, ones_item = np.ones(n_rows, np.float32), np.ones(n_items, np.float32)
    row_change, item_change = np.zeros(n_rows, np.float32), np.zeros(n_items, np.float32)
    row_sums = np.empty(n_rows, np.float32), np.empty(n_rows, np.float32)
    item_sums = np.empty(n_items, np.float32), np.empty(n_items, np.float32)
    across_row = ones_row
    for f in range(n_factors):
        across_item = item.total[f] if f else ones_item
        _sum_by_user(starts, items, errors, across_row, item_change, across_item, row_sums)
        if sessions is None:
            user_priors[f] = draw_side(user, f, row_sums, alpha, user_noise, row_change)
        else:
            row_priors[f], user_priors[f] = draw_sessions(
                sessions, f, row_sums, alpha, session_noise, row_change, user, user_noise
            )
        across_row = rows.total[f] if f else ones_row
        _sum_by_item(starts, items, errors, across_row, row_change, across_item, item_sums)
        item_priors[f] = draw_side(item, f, item_sums, alpha, item_noise, item_change)
    squared_error = _finish(starts, items, errors, across_row, item_change)
    return squared_error, user_priors, item_priors, row_priors


@serial
def _room(n_factors: int, side: Any) -> Any:
    """For the priors of a side."""
    return np.empty((n_factors, len(side.groups.bounds), 2), np.float32)


@serial
def _sum_by_user(
    starts: Any, items: Any, errors: Any, user: Any, item_change: Any, item: Any, sums: Any
) -> None:
    """Carry the items' last change into the errors; Σ e·q and Σ q² of every user."""
    for u in range(len(user)):
        p, error_sum, square_sum = user[u], np.float32(0), np.float32(0)
        for n in range(starts[u], starts[u + 1]):
            i = items[n]
            error = errors[n] - p * item_change[i]
            errors[n] = error
            error_sum += error * item[i]
            square_sum += item[i] * item[i]
        sums[0][u], sums[1][u] = error_sum, square_sum


@serial
def _sum_by_item(
    starts: Any, items: Any, errors: Any, user: Any, user_change: Any, item: Any, sums: Any
) -> None:
    """Carry the users' last change into the errors; Σ e·p and Σ p² of every item.

    The ratings stay in the order of users: the sums of all items fit the first-level cache, where
    a second copy of the errors in the order of items would have to be fetched.
    """
    error_sums, square_sums = sums
    error_sums[:] = 0
    square_sums[:] = 0
    for u in range(len(user)):
        p, change = user[u], user_change[u]
        square = p * p
        for n in range(starts[u], starts[u + 1]):
            i = items[n]
            error = errors[n] - change * item[i]
            errors[n] = error
            error_sums[i] += error * p
            square_sums[i] += square


@serial
def _finish(starts: Any, items: Any, errors: Any, user: Any, item_change: Any) -> float:
    """Carry the last change of all into the errors; the sum of their squares."""
    total = 0.0
    for u in range(len(user)):
        p, squared = user[u], np.float32(0)
        for n in range(starts[u], starts[u + 1]):
            error = errors[n] - p * item_change[items[n]]
            errors[n] = error
            squared += error * error
        total += float(squared)
    return total
