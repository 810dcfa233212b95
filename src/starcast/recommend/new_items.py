"""What items that a model does not know may be worth, until it is trained anew.

An item's worth is estimated from its own ratings, as far as there are any, and from the items that
share values of its attributes:

    m_j = μ + mean over the values v of j of  Σ_(r with v) (r - μ) / (n_v + κ)
    b_j = (n_j r̄_j + κ m_j) / (n_j + κ)

with κ = 10 ratings' worth of belief in what stands in: shrinkage as in Bell and Koren 2007,
"Scalable collaborative filtering with jointly derived neighborhood interpolation weights", section
3. To a person it is worth b_j + b_u + the mean over v of t_uv, where b_u is how much more they give
than others, and t_uv how much more to items with v than to others, each damped likewise.
"""

from collections.abc import Sequence
from typing import final

import numpy as np
from numpy.typing import NDArray

from starcast.data.ids import Rows
from starcast.data.ratings import Ratings
from starcast.engines.protocol import Scores

DAMPING = 10.0  # ratings
Values = Sequence[frozenset[str]]
_Numbers = NDArray[np.float64]


@final
class NewItems:
    """Items unknown to a model, and what they may be worth.

    Args:
        train: the model's training rows.
        known: the values of the attributes of each of its items, (n_items,).
        new: those of each new item, (n,).
        counts, means: (n,), how many ratings each new item has, and their mean in stars; the mean
            of an item without ratings does not matter.

    Attributes:
        worth: float64 (n,), b_j in stars.
    """

    def __init__(
        self, train: Ratings, known: Values, new: Values, counts: _Numbers, means: _Numbers
    ) -> None:
        value_of = {value: at for at, value in enumerate(sorted(frozenset().union(*new)))}
        self._n, self._n_values = len(new), len(value_of)
        self._offsets, self._values = _pairs(known, value_of)
        offsets, self._new_values = _pairs(new, value_of)
        self._n_new_values = np.diff(offsets)
        self._new_rows = np.repeat(np.arange(len(new)), self._n_new_values)

        self._mean = mean = float(train.stars.mean(dtype=np.float64))
        total = np.bincount(train.item_rows, train.stars - mean, train.n_items)
        n_raters = np.bincount(train.item_rows, minlength=train.n_items)
        self._of_item = mean + total / (n_raters + DAMPING)
        per_value = np.repeat(np.arange(train.n_items), np.diff(self._offsets))
        of_value = self._summed(total[per_value]) / (self._summed(n_raters[per_value]) + DAMPING)
        stands_in = mean + self._over_values(of_value)
        n_own = np.asarray(counts, np.float64)
        own = np.where(n_own > 0, means, 0.0)
        self.worth: _Numbers = (n_own * own + DAMPING * stands_in) / (n_own + DAMPING)

    def for_person(self, item_rows: Rows, stars: Scores) -> tuple[_Numbers, float]:
        """What they may be worth to a person, and what the average item is.

        Args:
            item_rows: int32 (m,), rows of the items of the model that they have rated.
            stars: float32 (m,), with how many stars.
        Returns: float64 (n,), and the average; stars, not clipped.
        """
        more = stars - self._of_item[item_rows]
        bias = more.sum() / (len(more) + DAMPING)
        lengths = np.diff(self._offsets)[item_rows]
        starts = np.repeat(self._offsets[item_rows] - np.cumsum(lengths) + lengths, lengths)
        values = self._values[starts + np.arange(len(starts))]
        total = np.bincount(values, np.repeat(more - bias, lengths), self._n_values)
        n_rated = np.bincount(values, minlength=self._n_values)
        taste = self._over_values(total / (n_rated + DAMPING))
        return np.asarray(self.worth + bias + taste), float(self._mean + bias)

    def _summed(self, numbers: NDArray[np.number]) -> _Numbers:
        """Numbers of pairs of item and value, added up by value."""
        return np.asarray(np.bincount(self._values, numbers, self._n_values), np.float64)

    def _over_values(self, of_value: _Numbers) -> _Numbers:
        """The mean over the values of each new item; 0 for one without."""
        total = np.bincount(self._new_rows, of_value[self._new_values], self._n)
        return np.asarray(total / np.maximum(self._n_new_values, 1))


def _pairs(values: Values, value_of: dict[str, int]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which values each has, of those that have a number: offsets (n + 1,), and the numbers."""
    numbers = [[value_of[one] for one in own if one in value_of] for own in values]
    offsets = np.concatenate([[0], np.cumsum([len(own) for own in numbers])]).astype(np.int64)
    flat = np.fromiter((one for own in numbers for one in sorted(own)), np.int64, offsets[-1])
    return offsets, flat
