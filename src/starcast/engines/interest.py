"""How much a rating says that its user picks, and likes, such items."""

from dataclasses import replace
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.columns import moments_of
from starcast.data.ratings import Ratings
from starcast.disk.mapped import room_like
from starcast.engines.protocol import Scores
from starcast.engines.rows import SparseRows

DAMPING = 5.0  # ratings' worth of belief in the mean of all, in a user's mean
LEAST = np.float32(0.05)  # interest of the worst rating: even that was picked


@final
class Interest(NamedTuple):
    """Interest x = max(1 + w · (r - r̄_u) / σ, 0.05) of a rating r by a user of damped mean r̄_u.

    That it was picked counts 1; stars above or below the user's own mean move it, in units of the
    standard deviation of all ratings, so that no scale is a special one.

    Attributes:
        mean: of all training ratings, stars.
        deviation: σ, their standard deviation, stars.
        weight: w, what a standard deviation above the mean adds.
    """

    mean: float
    deviation: float
    weight: float

    @classmethod
    def of(cls, train: Ratings, weight: float) -> "Interest":
        """Mean and deviation of training rows."""
        mean, deviation = moments_of(train.stars)
        return cls(mean, deviation or 1.0, weight)

    def values(self, stars: Scores, user_means: NDArray[np.float64] | float) -> Scores:
        """Interest of ratings (n,) by users of damped means (n,) or (); float32 (n,)."""
        moved = self.weight / self.deviation * (stars - user_means)
        return np.maximum(1 + moved, LEAST).astype(np.float32)

    def user_mean(self, stars: Scores) -> float:
        """The damped mean of one person's ratings (n,), stars."""
        total = float(stars.sum(dtype=np.float64))
        return (total + DAMPING * self.mean) / (len(stars) + DAMPING)

    def histories(self, ratings: SparseRows) -> SparseRows:
        """The same rows with interest in the place of stars."""
        values = room_like(ratings.values, len(ratings.values), np.float32)
        for some, entries in ratings.pieces():
            stars = ratings.values[entries]
            counts = np.diff(ratings.offsets[some.start : some.stop + 1])
            sums = ratings.sums(stars, some=some)
            means = (sums + DAMPING * self.mean) / (counts + DAMPING)
            values[entries] = self.values(stars, np.repeat(means, counts))
        return replace(ratings, values=values)

    def of_everybody(self, ratings: SparseRows) -> Scores:
        """Interest of all users together in each item: the list of somebody of whom nothing is
        known; float32 (n_items,)."""
        rows = self.histories(ratings)
        total = np.zeros(rows.n_columns)
        for _, entries in rows.pieces():
            total += np.bincount(rows.columns[entries], rows.values[entries], len(total))
        return total.astype(np.float32)


@final
class Activity(NamedTuple):
    """A user of n ratings weighs n^-b, over the mean of that over all users.

    Attributes:
        exponent: b ≥ 0; the higher, the less a user of many ratings counts for each.
        mean: of all users of the training rows.
    """

    exponent: float = 0.0
    mean: float = 1.0

    @classmethod
    def of(cls, counts: NDArray[np.integer[Any]], exponent: float) -> "Activity":
        """By the training ratings of each user (n_users,)."""
        return cls(exponent, float(cls(exponent).weights(counts).mean()))

    def weights(self, counts: NDArray[np.integer[Any]] | int) -> NDArray[np.float64]:
        """Of users of so many ratings (n,) or (); those of none weigh as those of one."""
        return np.asarray(np.maximum(counts, 1).astype(np.float64) ** -self.exponent / self.mean)


def weighted_histories(train: Ratings, interest: Interest, activity_exponent: float) -> SparseRows:
    """Interest by user, times the user's weight, which is 1 in the mean.

    Args:
        train: the training rows.
        interest: what a rating says.
        activity_exponent: see `Activity`.
    """
    return weighted(interest.histories(SparseRows.by_user(train)), activity_exponent)


def weighted(interest: SparseRows, activity_exponent: float) -> SparseRows:
    """The same of interest that is known by user."""
    counts = np.diff(interest.offsets)
    return interest.of_each(Activity.of(counts, activity_exponent).weights(counts))
