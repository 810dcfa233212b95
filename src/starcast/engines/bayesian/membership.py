"""What a pair's own rating would make of its user and its item, once it is there.

With histories as features, the user of every training rating is among its item's raters, and the
item among the user's rated items. A pair that is predicted has no training rating: taken as it
stands, it would be unlike every pair that was learned from, most of all where the item has few
raters. So a prediction is made as for a rating of that pair: what it adds to both histories is the
fact that it is asked for, never its stars.

An item with m raters, whose features add up to R, would have √(m/(m+1)) R + z_u/√(m+1) with user
u among them, and a user with n rated items likewise. That is an inner product again, with two more
factors: 1/√(m+1) meets p_u · z_u, and 1/√(n+1) meets q_i · w_i. What the two shares make of each
other, of the order 1/√(mn), is left out.

Of a user without a rating the asked item would be the whole history, at full weight, as perhaps of
no user that was learned from; and their row would have nothing of what histories add up to on
average. Instead their row is the mean of all others', and the asked item is one of as many as the
tenth of users with the fewest ratings has. So it is with items.
"""

import numpy as np
from numpy.typing import NDArray

from starcast.engines.bayesian.design import feature_sums
from starcast.engines.bayesian.draws import Columns, Side

_FEWEST = 0.95  # quantile of 1/√m: the middle of the tenth with the fewest ratings

Lines = NDArray[np.float32]


def as_rated(users: Columns, user: Side, item: Side) -> tuple[Columns, Columns]:
    """The lines of users and items (d + 1, n) as for a pair that has a rating.

    Args:
        users: float32 (d + 1, n_users), those of users as they are deployed.
        user, item: both sides, with histories.
    Returns: float32 (d + 3, n_users), (d + 3, n_items).
    """
    users, user_share = _one_more(users, user)
    items, item_share = _one_more(item.total, item)
    return (
        np.vstack([users, _meeting(users, item, user.seen), user_share]),
        np.vstack([items, item_share, _meeting(items, user, item.seen)]),
    )


def _one_more(lines: Columns, side: Side) -> tuple[Columns, Lines]:
    """Lines (d + 1, n) with room for one more in each history, and that one's share, (n,)."""
    scale = side.groups.scales[0]  # 1/√m, or 0 for none
    scale = np.where(side.seen, scale, np.quantile(scale[side.seen], _FEWEST))
    share = scale / np.sqrt(1 + scale**2)
    history = side.total - side.own - feature_sums(side.groups, side.features, first=1)
    lines = lines - (1 - np.sqrt(1 - share**2)) * history
    lines[:, ~side.seen] = lines[:, side.seen].mean(axis=1, keepdims=True)
    return lines, share


def _meeting(lines: Columns, other: Side, seen: NDArray[np.bool_]) -> Lines:
    """What rows add, as features of the other side, to the scores of those they meet, (n,).

    A feature that no training rating has is worth what they are on average.
    """
    features = other.features[:, : len(seen)]
    features = np.where(seen, features, features[:, seen].mean(axis=1, keepdims=True))
    return np.asarray(features[0] + np.einsum("fn,fn->n", lines[1:], features[1:]))
