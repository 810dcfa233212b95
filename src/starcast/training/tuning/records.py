"""What a search has found, as plain values: trials, and what they say of settings."""

from collections.abc import Mapping
from typing import Any, NamedTuple, final

from starcast.evaluation.metrics import Objective
from starcast.training.tuning.space import Parameter

COMPLETE, PRUNED, FAILED, ENDED = "complete", "pruned", "failed", "ended"
"""States of a trial: run to its end; given up as others did better by then; a training that failed;
and one that was ended from outside, which counts for nothing and is run again."""


@final
class Trial(NamedTuple):
    """One training with settings that a search proposed.

    Attributes:
        number: counted from 0, those that were ended among them.
        state: one of the above.
        settings: of the space, by name.
        value: the validation figure of its best epoch; None unless it is complete.
        curve: the validation figure of every epoch.
        seconds: it took.
        why: it failed, or was ended; else "".
        is_start: whether it has the settings that the search started from.
    """

    number: int
    state: str
    settings: Mapping[str, Any]
    value: float | None
    curve: tuple[float, ...]
    seconds: float
    why: str
    is_start: bool


@final
class Searched(NamedTuple):
    """All trials of one model.

    Attributes:
        model: its name.
        objective: what decides.
        space: where it was looked, by setting.
        left_out: why the other settings are not, by setting.
        trials: in the order in which they began.
        importances: shares of what settings do to the figure, that sum to 1, the largest first;
            empty where too few trials were complete to tell.
    """

    model: str
    objective: Objective
    space: Mapping[str, Parameter]
    left_out: Mapping[str, str]
    trials: tuple[Trial, ...]
    importances: Mapping[str, float]

    def count(self, *states: str) -> int:
        """How many trials are in one of these states."""
        return sum(one.state in states for one in self.trials)

    @property
    def best(self) -> Trial | None:
        """The best that is complete, the first of equals; None if none is."""
        sign = 1 if self.objective.lower_is_better else -1
        known = [one for one in self.trials if one.value is not None]
        return min(known, key=lambda one: sign * (one.value or 0.0), default=None)

    @property
    def start(self) -> Trial | None:
        """The one with the settings that the search started from, if it is complete."""
        known = (one for one in self.trials if one.is_start and one.value is not None)
        return next(known, None)
