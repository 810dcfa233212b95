"""Studies on disk: what was tried, what was found, and what to try next.

A database holds a study for each model that is searched beside others.

Source: Akiba, Sano, Yanase, Ohta & Koyama 2019, "Optuna: a next-generation hyperparameter
optimization framework"; TPE by Bergstra, Bardenet, Bengio & Kégl 2011; asynchronous successive
halving by Li et al. 2020; importances by PED-ANOVA, Watanabe, Bansal & Hutter 2023.
"""

import math
import sqlite3
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, final

import optuna
from optuna.exceptions import StorageInternalError
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
from optuna.pruners import BasePruner
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState

from starcast.errors import ConfigError
from starcast.evaluation.metrics import Objective
from starcast.training.tuning.records import COMPLETE, ENDED, PRUNED, Searched, Trial
from starcast.training.tuning.sampling import (
    STATE,
    How,
    SeededSampler,
    distribution_of,
)
from starcast.training.tuning.space import Space

_BUSY = 120  # seconds that a process waits for another one that is writing
_FOR_IMPORTANCES = 8  # complete trials
_STATES = {COMPLETE: TrialState.COMPLETE, PRUNED: TrialState.PRUNED}  # else FAIL


class _Connection(sqlite3.Connection):
    """One that does not wait for the disk after every epoch: it writes ahead.

    A process that is killed loses nothing; a machine that is switched off the last seconds.
    """

    def __init__(self, *how: Any, **more: Any) -> None:
        super().__init__(*how, **more)
        self.execute("PRAGMA journal_mode = WAL")
        self.execute("PRAGMA synchronous = NORMAL")


def open_storage(file: Path) -> RDBStorage:
    """A database of studies; made if it is not there.

    Raises: ConfigError: it cannot be made, or is none.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    connecting = {"connect_args": {"timeout": _BUSY, "factory": _Connection}}
    try:
        return RDBStorage(f"sqlite:///{file}", engine_kwargs=connecting)
    except Exception as error:  # of the several libraries below
        raise ConfigError(
            f"{file} cannot be used for a search: {_first_line(error)}; --fresh starts over"
        ) from None


@final
class Study:
    """The trials of one model.

    Args:
        storage: from `open_storage`.
        model: its name.
        objective: what decides.
        space: where to look.
        how: to propose.
        terms: what the figures of trials depend on, as JSON can hold it.
    Raises: ConfigError: it has trials on other terms.
    """

    def __init__(
        self,
        storage: RDBStorage,
        model: str,
        objective: Objective,
        space: Space,
        how: How,
        terms: Mapping[str, Any],
    ) -> None:
        self.model, self.objective, self.space, self._storage = model, objective, space, storage
        directions = optuna.study.StudyDirection
        direction = directions.MINIMIZE if objective.lower_is_better else directions.MAXIMIZE
        with told_of(storage):
            self._study = optuna.create_study(
                storage=storage, study_name=model, sampler=SeededSampler(how),
                direction=direction, load_if_exists=True,
            )  # fmt: skip
            earlier = self._study.user_attrs.get("terms")
            if earlier is None:
                self._study.set_user_attr("terms", dict(terms))
            elif differing := [name for name in terms if earlier.get(name) != terms[name]]:
                raise ConfigError(
                    f"the search for {model} has been begun with other {', '.join(differing)}; "
                    "--name keeps both, --fresh starts over"
                )

    def forget_unfinished(self) -> None:
        """Count trials for nothing that were under way as an earlier process ended."""
        for one in self._all():
            if one.state == TrialState.RUNNING:
                self.finish(one.number, ENDED, why="its process was ended")

    def propose(self) -> tuple[int, dict[str, Any]]:
        """The number and the settings of a trial that now begins; the first has the defaults."""
        with told_of(self._storage):
            is_first = not any(one.user_attrs.get(STATE) != ENDED for one in self._all())
            if is_first:
                self._study.enqueue_trial(self.space.start())
            parameters = self.space.parameters
            trial = self._study.ask(
                {name: distribution_of(parameters[name]) for name in parameters}
            )
            settings = {name: parameters[name].value(trial.params[name]) for name in parameters}
            trial.set_user_attr("settings", settings)
            trial.set_user_attr(
                "is_start", "fixed_params" in self._all()[trial.number].system_attrs
            )
        return trial.number, settings

    def finish(
        self,
        number: int,
        state: str,
        *,
        value: float | None = None,
        why: str = "",
        seconds: float = 0.0,
    ) -> None:
        """Note how a trial has ended."""
        with told_of(self._storage):
            trial_id = self._all()[number]._trial_id
            for name, told in ((STATE, state), ("why", why), ("seconds", seconds)):
                self._storage.set_trial_user_attr(trial_id, name, told)
            found = _STATES.get(state, TrialState.FAIL)
            self._study.tell(number, value if state == COMPLETE else None, state=found)

    @property
    def seconds(self) -> float:
        """What the whole search has taken, as noted in this study."""
        return float(self._study.user_attrs.get("seconds", 0.0))

    @seconds.setter
    def seconds(self, seconds: float) -> None:
        with told_of(self._storage):
            self._study.set_user_attr("seconds", seconds)

    def so_far(self) -> Searched:
        """What was found so far, without importances; trials under way stand among the ended."""
        with told_of(self._storage):
            trials = tuple(map(_told, self._all()))
        where = self.space.parameters, self.space.left_out
        return Searched(self.model, self.objective, *where, trials, {})

    def searched(self) -> Searched:
        """What was found, and what mattered."""
        return self.so_far()._replace(importances=self._importances())

    def _importances(self) -> dict[str, float]:
        complete = [one.value for one in self._all() if one.state == TrialState.COMPLETE]
        if len(complete) < _FOR_IMPORTANCES or len(set(complete)) == 1:
            return {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = get_param_importances(self._study, evaluator=PedAnovaImportanceEvaluator())
        return {name: float(share) for name, share in found.items() if math.isfinite(share)}

    def _all(self) -> list[FrozenTrial]:
        return self._study.get_trials(deepcopy=False)


@final
class Reporter:
    """Tells a study of epochs, from whichever process a trial runs in.

    Args:
        storage: from `open_storage`, in this process.
        model: whose study it is.
        pruner: that says whether to go on.
        number: of the trial.
    """

    def __init__(self, storage: RDBStorage, model: str, pruner: BasePruner, number: int) -> None:
        self._storage = storage
        with told_of(storage):
            study = optuna.load_study(storage=storage, study_name=model, pruner=pruner)
            trial_id = study.get_trials(deepcopy=False)[number]._trial_id
            self._trial = optuna.trial.Trial(study, trial_id)

    def __call__(self, epoch: int, figure: float) -> bool:
        """Note the figure of an epoch, counted from 1; whether the trial had better be given up."""
        with told_of(self._storage):
            self._trial.report(figure, epoch)
            return bool(self._trial.should_prune())


@contextmanager
def told_of(storage: RDBStorage) -> Iterator[None]:
    """A context in which a database that fails is told of in a line. Raises: ConfigError."""
    try:
        yield
    except StorageInternalError as error:
        file = storage.url.removeprefix("sqlite:///")
        raise ConfigError(f"cannot write {file}: {_first_line(error.__cause__ or error)}") from None


def _told(one: FrozenTrial) -> Trial:
    """A trial as plain values."""
    attributes = one.user_attrs
    state = str(attributes.get(STATE, ENDED))
    curve = tuple(one.intermediate_values[epoch] for epoch in sorted(one.intermediate_values))
    return Trial(
        number=one.number,
        state=state,
        settings=attributes.get("settings", {}),
        value=one.value if state == COMPLETE and math.isfinite(one.value or 0.0) else None,
        curve=curve,
        seconds=float(attributes.get("seconds", 0.0)),
        why=str(attributes.get("why", "")),
        is_start=bool(attributes.get("is_start", False)),
    )


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
