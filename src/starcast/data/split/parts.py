"""Split: which rows train, which choose, and which are opened once at the end."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.columns import blocks_of, compared
from starcast.data.ratings import Ratings
from starcast.data.split.fingerprint import (
    RowSum,
    fingerprint,
    first_fingerprint,
    times_fingerprint,
)
from starcast.disk.mapped import room_like
from starcast.errors import ConfigError

TRAIN, VALIDATION, TEST = 0, 1, 2
Parts = NDArray[np.uint8]


@final
@dataclass(frozen=True, eq=False, repr=False)
class Split:
    """Ratings and the part each row belongs to.

    Attributes:
        ratings: every rating of the data set.
        parts: uint8 (n,), TRAIN, VALIDATION or TEST for each row.
        scheme: how the rows were assigned, e.g. "random test=0.2 validation=0.1 seed=42".
        recorded_times: the fingerprint of times that are not kept with the ratings, or None.
        extends: fingerprints of the splits that it was before later ratings came, the first first.
    """

    ratings: Ratings
    parts: Parts
    scheme: str
    recorded_times: str | None = None
    extends: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for part, name in ((TRAIN, "training"), (VALIDATION, "validation"), (TEST, "test")):
            if not _holds(self.parts, part):
                raise ConfigError(
                    f"the split '{self.scheme}' of {len(self.ratings)} ratings leaves no {name} "
                    "rows; use more data or other shares"
                )

    @cached_property
    def fingerprint(self) -> str:
        """What every artifact of this split carries: see `RowSum`."""
        return fingerprint(RowSum.of_parts(self.ratings, self.parts), self.ratings.scale)

    @cached_property
    def test_fingerprint(self) -> str:
        """What tells the test rows alone: equal where models are judged by the same."""
        parts = np.full(len(self.test), TEST, np.uint8)
        return fingerprint(RowSum.of_parts(self.test, parts), self.ratings.scale)

    def shares_test_with(self, other: Self) -> bool:
        """Whether both have the same test rows, and neither trains on one: they are one split, or
        one extends the other."""
        if self.fingerprint == other.fingerprint:
            return True
        lines = ({*one.extends, one.fingerprint} for one in (self, other))
        is_of_one_line = bool(set.intersection(*lines))
        return is_of_one_line and self.test_fingerprint == other.test_fingerprint

    @cached_property
    def times_fingerprint(self) -> str | None:
        """That of the times, which is no part of the other; None where none are known."""
        if self.ratings.timestamps is None:
            return self.recorded_times
        return times_fingerprint(RowSum.of_times(self.ratings))

    def has_fingerprint(self, told: str) -> bool:
        """Whether that is its fingerprint, or the one that Starcast gave it at first (format 1)."""
        return told == self.fingerprint or told == self._first_fingerprint

    @cached_property
    def _first_fingerprint(self) -> str:
        return first_fingerprint(self.ratings.content_hash(), self.parts)

    @cached_property
    def train(self) -> Ratings:
        """The rows models learn from."""
        return self._taken(np.equal, TRAIN)

    @cached_property
    def validation(self) -> Ratings:
        """The rows every choice looks at."""
        return self._taken(np.equal, VALIDATION)

    @cached_property
    def test(self) -> Ratings:
        """The rows opened once, when all choices are made."""
        return self._taken(np.equal, TEST)

    @property
    def known(self) -> Ratings:
        """The rows of training and validation, all but those of the test; made anew each time."""
        return self._taken(np.less, TEST)

    def _taken(self, compare: Callable[..., Any], part: int) -> Ratings:
        return self.ratings.take(compared(compare, self.parts, part))

    @classmethod
    def of(cls, ratings: Ratings, is_test: NDArray[np.bool_], is_validation: NDArray[np.bool_],
           scheme: str) -> Self:  # fmt: skip
        """A split from two masks; what is in neither is training data."""
        parts = room_like(ratings.item_rows, len(ratings), np.uint8)
        for block in blocks_of(len(ratings)):
            parts[block] = np.where(is_validation[block], VALIDATION, TRAIN)
            parts[block][is_test[block]] = TEST
        return cls(ratings, parts, scheme)

    @property
    def counts(self) -> tuple[int, int, int]:
        """How many rows train, validate and test."""
        blocks = (np.bincount(self.parts[one], minlength=3) for one in blocks_of(len(self.parts)))
        train, validation, test = sum(blocks, start=np.zeros(3, np.int64)).tolist()
        return train, validation, test

    def __repr__(self) -> str:
        n_train, n_validation, n_test = self.counts
        return (
            f"Split({self.ratings.name!r}, {self.scheme}: {n_train:,} train, {n_validation:,} "
            f"validation, {n_test:,} test; fingerprint {self.fingerprint[:12]})"
        )


def _holds(parts: Parts, part: int) -> bool:
    return any(bool(np.any(parts[block] == part)) for block in blocks_of(len(parts)))
