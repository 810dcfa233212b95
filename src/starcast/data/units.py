"""Units: what models are trained in, so that rates and penalties mean the same on every scale.

Five stars are units already. The ratings of any other scale are moved and stretched until they are
like five stars, and predictions are moved back: a model of a·x + b is that of x, and its errors are
a times as large.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple, Self, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.columns import blocks_of, moments_of
from starcast.data.ratings import Ratings
from starcast.data.scale import RatingScale
from starcast.disk.mapped import room_like

_ENDS = {4: (1.0, 5.0), 9: (0.5, 5.0)}  # of five stars, by whole and by half, by number of steps
_MEAN, _DEVIATION = 3.5, 1.1  # of MovieLens's ratings, about
_GRID = 4096  # of x, to a unit: what rounding makes of a·x + b is no other x


@final
class Units(NamedTuple):
    """A rating in stars is factor · x + offset, where x is what models see.

    Attributes:
        factor: stars to a unit, more than 0.
        offset: the stars of x = 0.

    >>> Units(2.0, 0.0).stars(np.array([0.5, 5], np.float32)).tolist()
    [1.0, 10.0]
    """

    factor: float = 1.0
    offset: float = 0.0

    @classmethod
    def of(cls, train: Ratings) -> Self:
        """The units of training rows.

        A scale of as many steps as five stars have is laid on them, end to end, whatever is rated
        how often; of others the rows' mean and standard deviation become those of five stars.
        """
        return cls.fitted(train.scale, lambda: moments_of(train.stars))

    @classmethod
    def fitted(cls, scale: RatingScale, moments: Callable[[], tuple[float, float]]) -> Self:
        """The same, by the scale of the rows and what tells their mean and standard deviation."""
        ends = _ENDS.get(round((scale.highest - scale.lowest) / scale.step))
        if ends:
            return cls._between((ends[0], scale.lowest), (ends[1], scale.highest))
        mean, deviation = moments()
        if deviation <= 1e-6 * (scale.highest - scale.lowest):  # nothing but rounding
            return cls._between((1.0, scale.lowest), (5.0, scale.highest))
        factor = deviation / _DEVIATION
        return cls(factor, mean - _MEAN * factor)

    @classmethod
    def _between(cls, low: tuple[float, float], high: tuple[float, float]) -> Self:
        """By two ratings, each as x and in stars."""
        factor = (high[1] - low[1]) / (high[0] - low[0])
        return cls(factor, low[1] - factor * low[0])

    @property
    def are_stars(self) -> bool:
        """Whether models see ratings as they are."""
        return self == FIVE_STARS

    def stars(self, values: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
        """What models say, any shape, as stars; float32."""
        if self.are_stars:
            return np.asarray(values, np.float32)
        return np.asarray(values * np.float32(self.factor) + np.float32(self.offset), np.float32)

    def values(self, stars: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
        """Stars, any shape, as models see them; float32."""
        if self.are_stars:
            return np.asarray(stars, np.float32)
        exact = (stars.astype(np.float64) - self.offset) / self.factor
        return np.asarray(np.round(exact * _GRID) / _GRID, np.float32)

    def standardized(self, ratings: Ratings) -> Ratings:
        """Ratings as models see them."""
        if self.are_stars:
            return ratings
        ours = ratings.scale
        lowest, highest = ((end - self.offset) / self.factor for end in (ours.lowest, ours.highest))
        scale = RatingScale(lowest, highest, ours.step / self.factor)
        stars = room_like(ratings.stars, len(ratings), np.float32)
        for block in blocks_of(len(stars)):
            stars[block] = self.values(ratings.stars[block])
        return replace(ratings, stars=stars, scale=scale)


FIVE_STARS = Units()
