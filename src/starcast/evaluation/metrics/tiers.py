"""Thirds: users by how much they rated, items by how often they are rated."""

from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from starcast.evaluation.metrics.checks import check_columns

NONE, N_TIERS = 3, 3  # the tier beside the three, of those who have no rating at all


@final
class Tier(NamedTuple):
    """Some of the users, or of the items, who have about as many training ratings.

    Attributes:
        members: bool (n,), who is in it.
        fewest, most: training ratings of its members.
    """

    members: NDArray[np.bool_]
    fewest: int
    most: int


def tiers(counts: NDArray[np.integer[Any]], *, by_ratings: bool = False) -> dict[int, Tier]:
    """Three tiers of rising counts, and those with none.

    Sorted by count and laid end to end, members who have a count each are cut into thirds: of the
    members, or of what they count for together. All with the same count are in the same tier, the
    one in which their middle lies; a tier may therefore be empty, and is then left out.

    Args:
        counts: int (n,), training ratings of each user, or of each item.
        by_ratings: thirds of all ratings rather than of the members.
    Returns: by number: 0 the fewest ratings, 1, 2 the most; `NONE` those without any.
    Raises: ValueError: no members, or a negative count.

    >>> {number: tier.members.tolist() for number, tier in tiers(np.array([7, 0, 9, 1])).items()}
    {0: [False, False, False, True], 1: [True, False, False, False], 2: [False, False, True, False], 3: [False, True, False, False]}
    """  # noqa: E501  # what it gives reads best as one line
    check_columns(counts=counts)
    if counts.min() < 0:
        raise ValueError(f"counts holds {counts.min()}; counts are 0 or more")
    numbers = _numbers(np.asarray(counts, np.int64), by_ratings)
    found = {}
    for number in range(N_TIERS + 1):
        members = numbers == number
        if members.any():
            own = counts[members]
            found[number] = Tier(members, int(own.min()), int(own.max()))
    return found


def _numbers(counts: NDArray[np.int64], by_ratings: bool) -> NDArray[np.int64]:
    values, place, n_members = np.unique(counts, return_inverse=True, return_counts=True)
    weights = np.where(values > 0, n_members * (values if by_ratings else 1), 0)
    total = max(int(weights.sum()), 1)  # nobody may have any
    # twice the middle of each value's stretch, in whole numbers: rounding decides nothing
    middles = 2 * np.cumsum(weights) - weights
    numbers = np.minimum(N_TIERS * middles // (2 * total), N_TIERS - 1)
    return np.asarray(np.where(values > 0, numbers, NONE)[place])
