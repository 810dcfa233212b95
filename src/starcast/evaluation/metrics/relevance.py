"""Which ratings count as liked: the relevant items of lists."""

import math
from dataclasses import dataclass
from typing import Any, Self, final

import numpy as np
from numpy.typing import NDArray

from starcast.errors import ConfigError, UnknownNameError
from starcast.evaluation.metrics.checks import check_columns

_ALL, _ABOVE_MEAN, _STARS = "all", "above-mean", "stars"


@final
@dataclass(frozen=True, slots=True)
class Relevance:
    """A rule that says which held-out ratings a good list would hold.

    Attributes:
        rule: "all", "above-mean" or "stars".
        stars: for "stars", the fewest stars of a relevant rating.

    >>> Relevance.parse("4").of(np.array([0, 0]), np.array([5.0, 3.5])).tolist()
    [True, False]
    """

    rule: str = _ABOVE_MEAN
    stars: float = 0.0

    @classmethod
    def parse(cls, text: str) -> Self:
        """A rule from "all", "above-mean", or a number of stars such as "4" or "3.5".

        Raises: UnknownNameError: anything else. ConfigError: stars that are no finite number.
        """
        text = text.strip()
        if text in (_ALL, _ABOVE_MEAN):
            return cls(text)
        try:
            stars = float(text)
        except ValueError:
            known = (_ALL, _ABOVE_MEAN, "a number of stars such as 4")
            raise UnknownNameError("rule of relevance", text, known) from None
        if not math.isfinite(stars):
            raise ConfigError(f"relevant are {text} stars or more; it must be a finite number")
        return cls(_STARS, stars)

    def of(
        self, user_rows: NDArray[np.integer[Any]], stars: NDArray[np.floating[Any]]
    ) -> NDArray[np.bool_]:
        """Which of some ratings are relevant; bool (n,).

        Args:
            user_rows: int (n,), rows of users, 0 or more, in any order.
            stars: (n,) ratings.
        Raises: ValueError: no ratings, or columns that do not fit.
        """
        if self.rule == _ABOVE_MEAN:
            return at_or_above_mean(user_rows, stars)
        check_columns(user_rows=user_rows, stars=stars)
        if self.rule == _ALL:
            return np.ones(len(stars), np.bool_)
        return np.asarray(stars >= self.stars - _rounding(stars))

    def require_reachable(self, highest: float) -> None:
        """Refuse more stars than there are on the scale. Raises: ConfigError."""
        if self.rule == _STARS and self.stars > highest:
            raise ConfigError(
                f"relevant are {self} stars or more, but the scale ends at {highest:g}; give fewer"
            )

    def __str__(self) -> str:
        """The rule as it is given: "all", "above-mean" or "4"."""
        return f"{self.stars:g}" if self.rule == _STARS else self.rule

    @property
    def in_words(self) -> str:
        """What is relevant, in words."""
        if self.rule == _ALL:
            return "every test item"
        if self.rule == _ABOVE_MEAN:
            return "test items rated at or above the user's own mean test rating"
        return f"test items rated {self.stars:g} stars or more"


ABOVE_MEAN = Relevance()


def at_or_above_mean(
    user_rows: NDArray[np.integer[Any]], stars: NDArray[np.floating[Any]]
) -> NDArray[np.bool_]:
    """Which ratings are at or above the mean of their user's ratings.

    What falls short of the mean by no more than float32 rounding is at least the mean.

    Args:
        user_rows: int (n,), rows of users, 0 or more, in any order.
        stars: (n,) ratings.
    Returns: bool (n,).

    >>> at_or_above_mean(np.array([0, 0, 1]), np.array([5.0, 1.0, 2.0])).tolist()
    [True, False, True]
    """
    check_columns(user_rows=user_rows, stars=stars)
    relevant: NDArray[np.bool_] = stars >= mean_thresholds(user_rows, stars)[user_rows]
    return relevant


def mean_thresholds(
    user_rows: NDArray[np.integer[Any]], stars: NDArray[np.floating[Any]]
) -> NDArray[np.float64]:
    """Each user's mean, less the rounding errors of a mean; NaN for a user without ratings."""
    with np.errstate(invalid="ignore"):  # 0 / 0 is the NaN of a user without ratings
        mean = np.bincount(user_rows, stars) / np.bincount(user_rows)
    return mean - _rounding(stars)


def _rounding(stars: NDArray[np.floating[Any]]) -> float:
    """Rounding of float32 ratings: 3.3 must not fall below 3.3, nor below a mean of 3.3s."""
    return 2 * float(np.finfo(np.float32).eps) * float(np.abs(stars).max())
