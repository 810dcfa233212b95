"""One trial: a training with proposed settings, watched, and given up where others do better."""

import time
import warnings
from collections.abc import Callable, Mapping
from typing import NamedTuple, final

from starcast.artifacts.artifact import Artifact
from starcast.artifacts.description import validation_of
from starcast.data.split import Split
from starcast.engines.protocol import Weights
from starcast.engines.settings import Settings
from starcast.errors import InterruptedTrainingError, SettingWarning
from starcast.evaluation.metrics import Objective
from starcast.training.fit import Run
from starcast.training.loop import EpochRecord, Observer
from starcast.training.plan import Recipe, in_words, train_all
from starcast.training.tuning.records import COMPLETE, ENDED, FAILED, PRUNED

Report = Callable[[int, float], bool]
"""An epoch's number and validation figure, to whether the trial had better be given up."""


@final
class Ended(NamedTuple):
    """How a trial has ended; as `Trial` has it.

    Attributes:
        state, value, why, seconds: of it.
    """

    state: str
    value: float | None
    why: str
    seconds: float


class _GivenUp(Exception):
    """Ends a training between two epochs."""

    def __init__(self, state: str, why: str) -> None:
        super().__init__(why)
        self.state, self.why = state, why


@final
class Pruning:
    """An observer that reports epochs, and ends trainings that are not worth their time.

    The last epoch ends a training anyway, so that what has but one is never given up.

    Args:
        objective: whose figure is reported.
        report: what says whether to go on.
        out_of_time: why the training has to end by now; "" while it has not.
    """

    def __init__(
        self, objective: Objective, report: Report, out_of_time: Callable[[], str]
    ) -> None:
        self._objective, self._report, self._out_of_time = objective, report, out_of_time
        self._last = 0

    def started(self, n_epochs: int) -> None:
        """Note which epoch is the last."""
        self._last = n_epochs

    def epoch(self, record: EpochRecord, weights: Weights, is_best: bool) -> None:
        """Report its validation figure."""
        if record.validation is None:
            return
        is_hopeless = self._report(record.epoch, record.validation[self._objective.metric])
        if record.epoch >= self._last:
            return
        if why := self._out_of_time():
            raise _GivenUp(ENDED, why)
        if is_hopeless:
            raise _GivenUp(PRUNED, "")

    def ended(self) -> None:
        """Say nothing."""


def run_trial(
    split: Split,
    model: str,
    config: Settings,
    objective: Objective,
    *,
    seed: int,
    parents: Mapping[str, Artifact],
    report: Report,
    out_of_time: Callable[[], str] = lambda: "",
) -> Ended:
    """Train a model once; its validation rows judge it, its test rows are not looked at.

    Args:
        split: which rows train and which validate.
        model, config, objective: what is trained, how, and for what.
        seed: of the training.
        parents: trained ones, by name, of a model that starts from some.
        report: told of every epoch.
        out_of_time: why the training has to end by now; "" while it has not.
    Raises: InterruptedTrainingError: Ctrl-C, or a signal like it.
    """
    began = time.perf_counter()

    def ended(state: str, value: float | None = None, why: str = "") -> Ended:
        return Ended(state, value, why, time.perf_counter() - began)

    def observe(run: Run) -> list[Observer]:
        return [Pruning(objective, report, out_of_time)] if run.model.name == model else []

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SettingWarning)  # told when the best is trained
            recipe = Recipe(seed, observe=observe)
            artifact = train_all(split, {model: config}, recipe, find=parents.get)[model]
    except _GivenUp as error:
        return ended(error.state, why=error.why)
    except InterruptedTrainingError:
        raise
    except Exception as error:  # whatever it is, other settings may do better
        return ended(FAILED, why=in_words(error))
    if "interrupted" in artifact.broken_off:
        raise InterruptedTrainingError(artifact.broken_off)
    if artifact.broken_off:
        return ended(FAILED, why=artifact.broken_off)
    quality = validation_of(artifact)
    if quality is None:
        return ended(FAILED, why="no epoch was better than what it started from")
    return ended(COMPLETE, float(quality[objective.metric]))
