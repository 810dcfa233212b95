"""How to divide a data set: a scheme by name, its shares and its seed."""

from dataclasses import dataclass, replace
from typing import Any, Self, final

from starcast.data.columns import MOST_IN_MEMORY, must_stay_on_disk
from starcast.data.ratings import Ratings
from starcast.data.split import moments
from starcast.data.split.draws import Mask
from starcast.data.split.parts import Split
from starcast.data.split.schemes import GIVEN, HASH, OFFICIAL, SCHEMES
from starcast.display import quoted
from starcast.errors import ConfigError, require_name

_SPOKEN = {"test": "test share", "validation": "validation share", "seed": "seed"}


@final
@dataclass(frozen=True, slots=True)
class SplitPlan:
    """How to divide a data set.

    Attributes:
        scheme: one of `SCHEMES`.
        test: share of all rows that are test rows, in (0, 1).
        validation: share of the remaining rows that are validation rows, in (0, 1).
        seed: of the random schemes, in [0, 2³²).
        fold, n_folds: which fold in 1..n_folds is the test, for "kfold".
        official: name of the split the data set ships, for "official".
        cuts: for "before", the moment from which on rows are test rows; with two, the first is
            that from which on they validate.
    """

    scheme: str = "random"
    test: float = 0.2
    validation: float = 0.1
    seed: int = 42
    fold: int = 1
    n_folds: int = 5
    official: str = ""
    cuts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        require_name("split", self.scheme, SCHEMES)
        for name, share in (("test", self.test), ("validation", self.validation)):
            if not 0 < share < 1:
                raise ConfigError(f"the {name} share must lie between 0 and 1, got {share}")
        if not 1 <= self.fold <= self.n_folds or self.n_folds < 2:
            raise ConfigError(
                f"fold {self.fold} of {self.n_folds} does not exist; folds count from 1"
            )
        if not 0 <= self.seed < 2**32:
            raise ConfigError(f"the seed must lie in [0, 2**32), got {self.seed}")
        if self.scheme == "before":
            moments.check_cuts(self.cuts)

    @classmethod
    def parse(
        cls,
        text: str | None,
        *,
        has_given: bool = False,
        test: float | None = None,
        validation: float | None = None,
        seed: int | None = None,
    ) -> Self:
        """A plan from text such as "random", "kfold:2/5" or "before:2016-01-01".

        Args:
            text: a scheme, with its detail after a colon; None for the usual one.
            has_given: whether test rows come with the ratings, which are the usual ones then.
            test, validation, seed: as the attributes; None for the default.
        Raises:
            UnknownNameError: there is no such scheme.
            ConfigError: the detail is none, or something is given that has no effect.
        """
        if text is None:
            text = GIVEN if has_given else "random"
        name, colon, detail = text.partition(":")
        read = SCHEMES[require_name("split", name, SCHEMES)].read
        given: dict[str, Any] = {"test": test, "validation": validation, "seed": seed}
        given = {one: value for one, value in given.items() if value is not None}
        if colon and not detail:
            raise ConfigError(f"the split {quoted(text)} says nothing after its colon")
        plan = cls(name, **read(text, detail), **given)
        if idle := [one for one in given if one not in plan.parameters]:
            raise ConfigError(
                f"the {_SPOKEN[idle[0]]} has no effect on the split {quoted(text)}; leave it out"
            )
        return plan

    @classmethod
    def told(cls, text: str) -> Self:
        """A plan from what `str` makes of it, such as "random test=0.2 validation=0.1 seed=42"."""
        head, *given = text.split()
        values = dict(one.split("=", 1) for one in given)
        seed = int(values.pop("seed", cls().seed))
        shares: dict[str, Any] = {name: float(value) for name, value in values.items()}
        return replace(cls.parse(head, **shares), seed=seed)

    @property
    def parameters(self) -> tuple[str, ...]:
        """Which of test, validation and seed have an effect."""
        own = SCHEMES[self.scheme].parameters
        return tuple(one for one in own if one != "validation" or len(self.cuts) < 2)

    def divide(self, ratings: Ratings, official_test: Mask | None = None) -> Split:
        """The split of `ratings` by this plan.

        Args:
            ratings: the data set.
            official_test: bool (n,), the shipped test rows; needed by, and only by, "official".
        Raises: ConfigError: a part would be empty, or the scheme needs what the ratings do not
            have, such as timestamps.
        """
        is_official = self.scheme == OFFICIAL
        if (official_test is None) == is_official:
            raise ConfigError(f"{ratings.name} ships no split called {quoted(self.official)}")
        if ratings.given_test is not None and self.scheme != GIVEN:
            raise ConfigError(
                f"test rows were given with {ratings.name}, so they cannot be divided by "
                f"{quoted(self.scheme)}; leave out one of both"
            )
        if must_stay_on_disk(ratings.item_rows) and self.scheme != HASH:
            raise ConfigError(
                f"{ratings.name} holds {len(ratings):,} ratings on disk, and only --split hash "
                f"divides more than {MOST_IN_MEMORY:,} of them there"
            )
        asked = replace(ratings, given_test=official_test) if is_official else ratings
        is_test, is_validation = self.masks(asked)
        return Split.of(ratings, is_test, is_validation, str(self))

    def masks(self, ratings: Ratings) -> tuple[Mask, Mask]:
        """The test rows and the validation rows, each bool (n,); `divide` asks first whether all is
        as it must be."""
        return SCHEMES[self.scheme].masks(self, ratings)

    def __str__(self) -> str:
        shares = {"test": self.test, "validation": self.validation}
        told = [f"{one}={share:g}" for one, share in shares.items() if one in self.parameters]
        detail = SCHEMES[self.scheme].detail(self)
        head = f"{self.scheme}:{detail}" if detail else self.scheme
        return " ".join([head, *told, f"seed={self.seed}"])
