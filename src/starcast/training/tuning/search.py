"""A search: which model is tried next, until the budget is spent; what was found."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, final

from starcast import models
from starcast.artifacts.artifact import Artifact
from starcast.data.split import Split
from starcast.errors import ConfigError, InterruptedTrainingError, TrainingError
from starcast.training.tuning.records import COMPLETE, FAILED, PRUNED, Searched, Trial
from starcast.training.tuning.sampling import How
from starcast.training.tuning.space import Space
from starcast.training.tuning.study import Study, open_storage
from starcast.training.tuning.workers import Bench, Job, Workers, workers_for

FILE = "study.db"
_HOPELESS = 3  # failures of a model without a trial that went well
_COUNTED = (COMPLETE, PRUNED, FAILED)


@final
class Budget(NamedTuple):
    """What all models of a search may take together, earlier runs of it included.

    Attributes:
        trials: how many; None for no bound.
        minutes: of the clock; None for no bound.
    """

    trials: int | None
    minutes: float | None

    def check(self) -> None:
        """Refuse none. Raises: ConfigError."""
        if self.trials is not None and self.trials < 1:
            raise ConfigError(f"a search takes at least one trial, got {self.trials}")
        if self.minutes is not None and not 0 < self.minutes < math.inf:
            raise ConfigError(f"a search takes more than 0 minutes, got {self.minutes:g}")


Tell = Callable[[str, Trial, Searched], None]
"""A model, a trial of it that has ended, and all of its trials so far."""


def silent(model: str, trial: Trial, searched: Searched) -> None:
    """Tell nobody."""


def search(
    split: Split,
    spaces: Mapping[str, Space],
    budget: Budget,
    how: How,
    folder: Path,
    *,
    jobs: int = 1,
    parents: Mapping[str, Artifact] | None = None,
    tell: Tell = silent,
) -> list[Searched]:
    """Try settings, and judge each by validation rows; the test rows are not looked at.

    By trials the models take turns; by minutes the one that has had the least time is next. Each
    begins with its defaults, so that what is found is never worse on the validation rows. With one
    job and no minutes a search repeats itself, ended in between or not.

    Args:
        split: which rows train and which validate.
        spaces: where to look, by model, all of one objective.
        budget: when to end.
        how: to propose and prune; its seed is that of the trainings, too.
        folder: that keeps the study, which an earlier search may have begun.
        jobs: how many trials at a time, in processes of their own if more than one.
        parents: trained ones, by name, of models that start from some.
        tell: told of every trial that has ended.
    Returns: what was found of each model, in the order of the spaces.
    Raises:
        ConfigError: the folder has another search, or cannot be written.
        InterruptedTrainingError: a signal ended it; the same call goes on.
        TrainingError: no trial went well.
    """
    budget.check()
    how.check()
    if jobs < 1:
        raise ConfigError(f"a search takes at least one job, got {jobs}")
    storage = open_storage(folder / FILE)
    studies = [
        Study(storage, name, models.find(name).objective, space, how, _terms(split, space, how))
        for name, space in spaces.items()
    ]
    for study in studies:
        study.forget_unfinished()
    spending = _Spending(studies, budget, tell)
    bench = Bench(split, folder / FILE, how.seed, how.pruner, parents or {})
    if spending.next() is not None:
        with workers_for(bench, min(jobs, budget.trials or jobs)) as workers:
            _run(spending, workers)
    found = [study.searched() for study in studies]
    if not any(one.best for one in found):
        raise TrainingError(_nothing(found, budget))
    return found


def best_of(found: Sequence[Searched]) -> Searched:
    """The model whose best trial is the best, the first of equals."""
    sign = 1 if found[0].objective.lower_is_better else -1
    known = [one for one in found if one.best]
    return min(known, key=lambda one: sign * (one.best.value or 0.0) if one.best else 0.0)


@final
class _Spending:
    """The budget, and who spends it next."""

    def __init__(self, studies: Sequence[Study], budget: Budget, tell: Tell) -> None:
        self._studies, self._budget, self._tell = studies, budget, tell
        self._earlier, self._began = max(one.seconds for one in studies), time.monotonic()
        self._under_way = dict.fromkeys((one.model for one in studies), 0)

    def next(self) -> Study | None:
        """Whose trial is next; None if the budget is spent."""
        found = {one.model: one.so_far() for one in self._studies}
        n_trials = sum(one.count(*_COUNTED) for one in found.values())
        n_trials += sum(self._under_way.values())
        if self._budget.trials is not None and n_trials >= self._budget.trials:
            return None
        left = self.seconds_left
        if left is not None and left <= 0:
            return None
        hopeful = [one for one in self._studies if not _is_hopeless(found[one.model])]
        return min(hopeful, key=lambda one: self._spent(found[one.model]), default=None)

    @property
    def seconds_left(self) -> float | None:
        """Of the minutes; None where these have no bound."""
        if self._budget.minutes is None:
            return None
        return 60 * self._budget.minutes - self._seconds

    def begin(self, study: Study) -> Job:
        """Propose a trial."""
        number, proposed = study.propose()
        self._under_way[study.model] += 1
        config = replace(study.space.fixed, **proposed)
        return Job(study.model, number, config, study.objective, self.seconds_left)

    def end(self, job: Job, state: str, **how: Any) -> None:
        """Note how a trial has ended."""
        study = next(one for one in self._studies if one.model == job.model)
        study.finish(job.number, state, **how)
        self._under_way[job.model] -= 1
        self._studies[0].seconds = self._seconds
        found = study.so_far()
        self._tell(job.model, found.trials[job.number], found)

    @property
    def _seconds(self) -> float:
        return self._earlier + time.monotonic() - self._began

    def _spent(self, found: Searched) -> tuple[float, int]:
        """What decides whose turn it is: seconds, or else trials."""
        n_trials = found.count(*_COUNTED) + self._under_way[found.model]
        by_trials = self._budget.trials is not None
        return (0.0 if by_trials else sum(one.seconds for one in found.trials)), n_trials


def _run(spending: _Spending, workers: Workers) -> None:
    """Begin trials while there is a budget, and note how they end."""
    n_under_way = 0
    while True:
        while workers.idle and (study := spending.next()) is not None:
            workers.begin(spending.begin(study))
            n_under_way += 1
        if not n_under_way:
            return
        try:
            job, ended = workers.next_ended()
        except (InterruptedTrainingError, KeyboardInterrupt) as error:
            what = str(error) or "interrupted"
            raise InterruptedTrainingError(
                f"{what}; the trials so far are kept, and the same command goes on"
            ) from None
        n_under_way -= 1
        spending.end(job, ended.state, value=ended.value, why=ended.why, seconds=ended.seconds)


def _is_hopeless(found: Searched) -> bool:
    return found.count(FAILED) >= _HOPELESS and not found.count(COMPLETE, PRUNED)


def _terms(split: Split, space: Space, how: How) -> dict[str, Any]:
    """What the figures of trials depend on, and how these are proposed."""
    fixed = {
        name: value for name, value in space.fixed.written().items() if name not in space.parameters
    }
    return {
        "split": split.fingerprint,
        "settings": fixed,
        "space": space.told(),
        "sampler": how.sampler,
        "pruner": how.pruner,
        "seed": how.seed,
    }


def _nothing(found: Sequence[Searched], budget: Budget) -> str:
    """Why there is no result."""
    failed = [one.why for searched in found for one in searched.trials if one.state == FAILED]
    if failed:
        return f"no trial went well; the last one: {failed[-1]}"
    return f"no trial came to its end in {budget.minutes:g} minutes; give it more --minutes"
