"""RatingScale: the stars that exist."""

import math
from dataclasses import dataclass
from typing import Any, Self, final

import numpy as np
from numpy.typing import NDArray

from starcast.display import quoted
from starcast.errors import DataError

_RESOLUTION = 1_000_000  # steps are found among ratings rounded to a millionth of a star
_LARGEST = 2.0**62  # millionths of a star; their differences fit 64 bits
MOST_LEVELS = 100  # different ratings: of more, none can be expected to be hit exactly
_TOLERANCE = 0.001  # of a step: decimal steps such as 0.1 are not exact in binary


@final
@dataclass(frozen=True, slots=True)
class RatingScale:
    """Lowest and highest rating and the step between neighbours, in stars.

    >>> RatingScale(0.5, 5.0, 0.5).nearest(np.array([4.3, 9.0]))
    array([4.5, 5. ], dtype=float32)
    """

    lowest: float
    highest: float
    step: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.lowest) and self.lowest < self.highest < math.inf):
            raise DataError(
                f"a rating scale needs lowest < highest, got {self.lowest} and {self.highest}"
            )
        n_steps = (self.highest - self.lowest) / self.step if self.step > 0 else 0.0
        if n_steps < 0.5 or abs(n_steps - round(n_steps)) > _TOLERANCE:
            raise DataError(
                f"no whole number of steps of {self.step:g} leads from {self.lowest:g} to "
                f"{self.highest:g} stars"
            )

    @classmethod
    def infer(cls, stars: NDArray[np.floating[Any]]) -> Self:
        """The smallest scale that holds every rating; the step is their common divisor.

        Raises: DataError: a rating is not a finite number or beyond 4 · 10¹², or all ratings are
            equal, so that there is nothing to learn.
        """
        if not np.all(np.isfinite(stars)):
            raise DataError("every rating must be a finite number")
        as_written = np.unique(stars).astype(str).astype(np.float64)  # float32 99.9 is 99.9000015
        levels = np.unique(np.round(as_written * _RESOLUTION))
        if len(levels) < 2:
            only = f"{levels[0] / _RESOLUTION:g}" if len(levels) else "missing"
            raise DataError(f"every rating is {only}: there is nothing to learn from")
        if max(-levels[0], levels[-1]) > _LARGEST:
            raise DataError(
                f"ratings reach from {levels[0] / _RESOLUTION:g} to {levels[-1] / _RESOLUTION:g}, "
                "which no model can tell apart; leave out or correct what is no rating"
            )
        step = math.gcd(*np.diff(levels).astype(np.int64).tolist())
        lowest, highest = levels[[0, -1]] / _RESOLUTION + 0.0  # -0 is 0
        return cls(float(lowest), float(highest), step / _RESOLUTION)

    @classmethod
    def parse(cls, text: str) -> Self:
        """A scale from "LOWEST:HIGHEST" or "LOWEST:HIGHEST:STEP" (step 1 unless said)."""
        try:
            lowest, highest, *step = (float(part) for part in text.split(":"))
            return cls(lowest, highest, *(step or [1.0]))
        except (ValueError, TypeError):
            raise DataError(
                f"{quoted(text)} is no scale; write LOWEST:HIGHEST:STEP, as 0.5:5:0.5"
            ) from None

    @property
    def is_fine(self) -> bool:
        """Whether it has more ratings than can be expected to be hit exactly."""
        return round((self.highest - self.lowest) / self.step) >= MOST_LEVELS

    def clip(self, predictions: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
        """Predictions pulled into [lowest, highest]; float32, any shape."""
        clipped: NDArray[np.float32] = np.clip(
            predictions, self.lowest, self.highest, dtype=np.float32
        )
        return clipped

    def nearest(self, predictions: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
        """The rating on the scale that is closest to each prediction; halves go up."""
        exact = self.clip(predictions).astype(np.float64)  # in float32, 1 + 7 · 0.1 is not 1.7
        steps = np.floor((exact - self.lowest) / self.step + 0.5)
        levels: NDArray[np.float32] = (self.lowest + steps * self.step).astype(np.float32)
        return levels

    def __str__(self) -> str:
        return f"{self.lowest:g} to {self.highest:g} stars in steps of {self.step:g}"
