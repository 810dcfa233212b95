"""How often a training is repeated: on how many splits, with how many seeds on each."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple, Self, final

from starcast.data.split import SplitPlan
from starcast.display import quoted
from starcast.errors import ConfigError

_FOLDS, _MOST = "kfold", 1000


@final
class Cell(NamedTuple):
    """One of the repeats: a split, counted from 0, and a training seed."""

    number: int
    plan: SplitPlan
    seed: int


@final
class Times(NamedTuple):
    """As many splits, and on each of them as many training seeds."""

    splits: int
    seeds: int = 1

    @classmethod
    def parse(cls, text: str) -> Self:
        """Times from "5" or "5x3".

        Raises: ConfigError: it is neither, or out of range.

        >>> Times.parse("5"), Times.parse("1x3")
        (Times(splits=5, seeds=1), Times(splits=1, seeds=3))
        """
        found = re.fullmatch(r"([0-9]{1,9})(?:[x×]([0-9]{1,9}))?", text.strip())
        times = cls(int(found[1]), int(found[2] or 1)) if found else cls(0)
        if not (1 <= min(times) <= max(times) <= _MOST and max(times) > 1):
            raise ConfigError(
                f"{quoted(text)} is no number of repeats; write SPLITS or SPLITSxSEEDS, as 5 or "
                f"5x3: up to {_MOST:,} each, and 2 or more of one of them"
            )
        return times

    def cells(self, plan: SplitPlan, seed: int) -> Iterator[Cell]:
        """Every repeat: split seeds count up from the plan's, training seeds from another.

        No two have a training seed in common. Folds count up in the place of split seeds.

        Raises: ConfigError: the same rows would be the test again and again.
        """
        self._check(plan)
        for number in range(self.splits):
            for again in range(self.seeds):
                of_training = (seed + number * self.seeds + again) % 2**32
                yield Cell(number, self._plan(plan, number), of_training)

    def _plan(self, plan: SplitPlan, number: int) -> SplitPlan:
        if plan.scheme == _FOLDS:
            return replace(plan, fold=(plan.fold - 1 + number) % plan.n_folds + 1)
        return replace(plan, seed=(plan.seed + number) % 2**32)

    def _check(self, plan: SplitPlan) -> None:
        if plan.scheme == _FOLDS and self.splits > plan.n_folds:
            raise ConfigError(f"{plan} has {plan.n_folds} folds; repeat it on no more splits")
        if self.splits > 1 and "seed" not in plan.parameters and plan.scheme != _FOLDS:
            raise ConfigError(
                f"no seed changes {plan}: {self.splits} splits would be the same; repeat its "
                f"training alone by --repeat 1x{self.splits}"
            )
