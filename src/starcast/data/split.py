"""Split: which rows train, which choose, and which are opened once at the end."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.ratings import Ratings
from starcast.display import quoted
from starcast.errors import ConfigError, UnknownNameError

TRAIN, VALIDATION, TEST = 0, 1, 2
Parts = NDArray[np.uint8]


def fingerprint(content_hash: str, parts: Parts) -> str:
    """SHA-256 (hex) over the data and every row's part: equal for the very same split only."""
    return hashlib.sha256(content_hash.encode() + parts.tobytes()).hexdigest()


@final
@dataclass(frozen=True, eq=False, repr=False)
class Split:
    """Ratings and the part each row belongs to.

    Attributes:
        ratings: every rating of the data set.
        parts: uint8 (n,), TRAIN, VALIDATION or TEST for each row.
        scheme: how the rows were assigned, e.g. "random test=0.2 validation=0.1 seed=42".
    """

    ratings: Ratings
    parts: Parts
    scheme: str

    def __post_init__(self) -> None:
        for part, name in ((TRAIN, "training"), (VALIDATION, "validation"), (TEST, "test")):
            if not np.any(self.parts == part):
                raise ConfigError(
                    f"the split '{self.scheme}' of {len(self.ratings)} ratings leaves no {name} "
                    "rows; use more data or other shares"
                )

    @cached_property
    def fingerprint(self) -> str:
        """What every artifact of this split carries."""
        return fingerprint(self.ratings.content_hash(), self.parts)

    @cached_property
    def train(self) -> Ratings:
        """The rows models learn from."""
        return self.ratings.take(self.parts == TRAIN)

    @cached_property
    def validation(self) -> Ratings:
        """The rows every choice looks at."""
        return self.ratings.take(self.parts == VALIDATION)

    @cached_property
    def test(self) -> Ratings:
        """The rows opened once, when all choices are made."""
        return self.ratings.take(self.parts == TEST)

    @classmethod
    def of(cls, ratings: Ratings, is_test: NDArray[np.bool_], is_validation: NDArray[np.bool_],
           scheme: str) -> Self:  # fmt: skip
        """A split from two masks; what is in neither is training data."""
        parts = np.full(len(ratings), TRAIN, np.uint8)
        parts[is_validation] = VALIDATION
        parts[is_test] = TEST
        return cls(ratings, parts, scheme)

    def __repr__(self) -> str:
        n_train, n_validation, n_test = np.bincount(self.parts, minlength=3)
        return (
            f"Split({self.ratings.name!r}, {self.scheme}: {n_train:,} train, {n_validation:,} "
            f"validation, {n_test:,} test; fingerprint {self.fingerprint[:12]})"
        )


@final
@dataclass(frozen=True, slots=True)
class SplitPlan:
    """How to divide a data set.

    Attributes:
        scheme: "random", "user-latest" (each user's last ratings are the test), "time" (everybody's
            last ratings), "kfold" or "official".
        test: share of all rows that are test rows, in (0, 1).
        validation: share of the remaining rows that are validation rows, in (0, 1).
        seed: of the random schemes.
        fold, n_folds: which fold in 1..n_folds is the test, for "kfold".
        official: name of the split the data set ships, for "official".
    """

    scheme: str = "random"
    test: float = 0.2
    validation: float = 0.1
    seed: int = 42
    fold: int = 1
    n_folds: int = 5
    official: str = ""

    def __post_init__(self) -> None:
        if self.scheme not in (*_SCHEMES, "official"):
            raise UnknownNameError("split", self.scheme, (*_SCHEMES, "official"))
        for name, share in (("test", self.test), ("validation", self.validation)):
            if not 0 < share < 1:
                raise ConfigError(f"the {name} share must lie between 0 and 1, got {share}")
        if not 1 <= self.fold <= self.n_folds or self.n_folds < 2:
            raise ConfigError(
                f"fold {self.fold} of {self.n_folds} does not exist; folds count from 1"
            )
        if not 0 <= self.seed < 2**32:
            raise ConfigError(f"the seed must lie in [0, 2**32), got {self.seed}")

    @classmethod
    def parse(
        cls, text: str, *, test: float = 0.2, validation: float = 0.1, seed: int = 42
    ) -> Self:
        """A plan from "random", "user-latest", "time", "kfold:FOLD/FOLDS" or "official:NAME"."""
        scheme, _, detail = text.partition(":")
        fold, n_folds = 1, 5
        if scheme == "kfold" and detail:
            try:
                fold, n_folds = (int(number) for number in detail.split("/"))
            except ValueError:
                raise ConfigError(f"{quoted(text)} names no fold; write kfold:1/5") from None
        elif detail and scheme != "official":
            raise ConfigError(
                f"the split {quoted(scheme)} takes nothing after a colon, got {quoted(text)}"
            )
        return cls(
            scheme, test, validation, seed, fold, n_folds, detail if scheme == "official" else ""
        )

    def divide(self, ratings: Ratings, official_test: NDArray[np.bool_] | None = None) -> Split:
        """The split of `ratings` by this plan.

        Args:
            ratings: the data set.
            official_test: bool (n,), the shipped test rows; needed by, and only by, "official".
        Raises: ConfigError: a part would be empty, or the scheme needs timestamps that are missing.
        """
        if (official_test is None) == (self.scheme == "official"):
            raise ConfigError(f"{ratings.name} ships no split called {quoted(self.official)}")
        is_test = _SCHEMES[self.scheme](self, ratings) if official_test is None else official_test
        rest = ~is_test
        is_validation = rest.copy()
        is_validation[rest] = _validation_of(self, ratings, rest)
        return Split.of(ratings, is_test, is_validation, str(self))

    def __str__(self) -> str:
        head = {
            "random": f"random test={self.test:g}",
            "user-latest": f"user-latest test={self.test:g}",
            "time": f"time test={self.test:g}",
            "kfold": f"kfold:{self.fold}/{self.n_folds}",
            "official": f"official:{self.official}",
        }[self.scheme]
        return f"{head} validation={self.validation:g} seed={self.seed}"


def _validation_of(plan: SplitPlan, ratings: Ratings, rest: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Validation rows are drawn as the test rows were: by time where it decides, else at random."""
    if plan.scheme in ("user-latest", "time"):
        return _SCHEMES[plan.scheme](SplitPlan(plan.scheme, plan.validation), ratings.take(rest))
    n_rest, rng = int(np.count_nonzero(rest)), np.random.default_rng([plan.seed, 1])
    return _random_mask(n_rest, plan.validation, rng)


def _random_mask(n: int, share: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    mask = np.zeros(n, bool)
    mask[rng.permutation(n)[: round(n * share)]] = True
    return mask


def _random(plan: SplitPlan, ratings: Ratings) -> NDArray[np.bool_]:
    return _random_mask(len(ratings), plan.test, np.random.default_rng([plan.seed, 0]))


def _k_fold(plan: SplitPlan, ratings: Ratings) -> NDArray[np.bool_]:
    n = len(ratings)
    turn = np.arange(min(plan.n_folds, n), dtype=np.min_scalar_type(plan.n_folds))
    folds = np.tile(turn, n // len(turn) + 1)[:n]  # of few bytes, which a shuffle feels
    np.random.default_rng([plan.seed, 0]).shuffle(folds)
    is_test: NDArray[np.bool_] = folds == plan.fold - 1
    return is_test


def _time(plan: SplitPlan, ratings: Ratings) -> NDArray[np.bool_]:
    return _latest(_timestamps(ratings), round(len(ratings) * plan.test))


def _user_latest(plan: SplitPlan, ratings: Ratings) -> NDArray[np.bool_]:
    when, mask = _timestamps(ratings), np.empty(len(ratings), bool)
    ends = np.searchsorted(ratings.user_rows, np.arange(1, ratings.n_users + 1, dtype=np.int32))
    counts = np.diff(ends, prepend=0)
    n_test = np.round(counts * plan.test).astype(int)
    for end, count, n in zip(ends.tolist(), counts.tolist(), n_test.tolist(), strict=True):
        mask[end - count : end] = _latest(when[end - count : end], n)
    return mask


def _latest(when: NDArray[Any], n: int) -> NDArray[np.bool_]:
    """The last `n` by time; of equal times the later rows. Finding a threshold beats sorting."""
    if not n:
        return np.zeros(len(when), bool)
    threshold = np.partition(when, -n)[-n]
    mask: NDArray[np.bool_] = when > threshold
    ties = np.flatnonzero(when == threshold)
    mask[ties[len(ties) - (n - np.count_nonzero(mask)) :]] = True
    return mask


def _timestamps(ratings: Ratings) -> NDArray[Any]:
    if ratings.timestamps is None:
        raise ConfigError(f"{ratings.name} has no timestamps; a split by time needs them")
    return ratings.timestamps


_SCHEMES: dict[str, Callable[[SplitPlan, Ratings], NDArray[np.bool_]]] = {
    "random": _random,
    "user-latest": _user_latest,
    "time": _time,
    "kfold": _k_fold,
}
