"""Searches over real trainings: what trials give, what ends them, and that test rows stay shut."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from starcast.data.ratings import Ratings
from starcast.data.split import TEST, Split
from starcast.engines.settings import GibbsSettings, ItemItemSettings, Settings, SgdSettings
from starcast.errors import ConfigError, InterruptedTrainingError, TrainingError
from starcast.models import find
from starcast.training.fit import fit
from starcast.training.tuning import search as searching
from starcast.training.tuning.plan import spaces_of, trained_parents
from starcast.training.tuning.records import COMPLETE, ENDED, FAILED, PRUNED, Searched, Trial
from starcast.training.tuning.sampling import How
from starcast.training.tuning.search import Budget, best_of, search
from starcast.training.tuning.trial import Ended, run_trial
from starcast.training.tuning.workers import Bench, Job

FACTOR, BAYES, ITEMS = "latent-factor-model", "bayesian-factorization-model", "item-item-model"
QUICK = SgdSettings(dimension=3, epochs=4, learning_rate=0.02)
SHORT = GibbsSettings(dimension=2, samples=6, burn_in=1, chains=1, kept=3)


def tried(split: Split, model: str, config: Settings, **more: Any) -> Ended:
    how: dict[str, Any] = {"seed": 3, "parents": {}, "report": lambda epoch, figure: False, **more}
    return run_trial(split, model, config, find(model).objective, **how)


@pytest.mark.parametrize(
    ("model", "config", "n_epochs"),
    [(FACTOR, QUICK, 4), (BAYES, SHORT, 7), (ITEMS, ItemItemSettings(), 1)],
)
def test_a_trial_is_worth_what_training_reaches_and_is_given_up_between_epochs(
    planted_split: Split, model: str, config: Settings, n_epochs: int
) -> None:
    told: list[tuple[int, float]] = []

    def note(epoch: int, figure: float) -> bool:
        told.append((epoch, figure))
        return False

    ended = tried(planted_split, model, config, report=note)
    artifact = fit(planted_split, model, config, seed=3)
    metric = find(model).objective.metric
    reached = artifact.history[artifact.best_epoch - 1]["validation"][metric]
    assert (ended.state, ended.value) == (COMPLETE, reached)
    assert told == [(one["epoch"], one["validation"][metric]) for one in artifact.history]
    assert len(told) == n_epochs
    hopeless = tried(planted_split, model, config, report=lambda epoch, figure: epoch >= 2)
    late = tried(planted_split, model, config, out_of_time=lambda: "the minutes are over")
    if n_epochs == 1:  # nothing is saved by giving up what has ended
        assert hopeless.state == late.state == COMPLETE
    else:
        assert (hopeless.state, hopeless.value) == (PRUNED, None)
        assert (late.state, late.why) == (ENDED, "the minutes are over")


def test_trainings_that_fail_are_told_of(planted_split: Split) -> None:
    ended = tried(planted_split, FACTOR, replace(QUICK, learning_rate=1e9))
    assert (ended.state, ended.value) == (FAILED, None)
    assert "no longer a number" in ended.why


def test_a_signal_ends_the_search_not_the_trial_alone(planted_split: Split) -> None:
    def interrupt(epoch: int, figure: float) -> bool:
        raise KeyboardInterrupt

    for config in (QUICK, SHORT):
        model = FACTOR if config is QUICK else BAYES
        with pytest.raises(InterruptedTrainingError, match="interrupted"):
            tried(planted_split, model, config, report=interrupt)


def poisoned(split: Split) -> Split:
    """The same split, but for its test rows: whoever looks at their stars learns the opposite."""
    stars = split.ratings.stars.copy()
    stars[split.parts == TEST] = 5.5 - stars[split.parts == TEST]
    return replace(split, ratings=replace(split.ratings, stars=stars))


def found_with(split: Split, folder: Path, **more: Any) -> list[Searched]:
    folder.mkdir()
    names = [FACTOR, "deep-neural-network-model"]
    given = {"epochs": 3, "layers": (4, 1), "dimension": 3}
    return search(split, spaces_of(names, given, {}), Budget(6, None), How(seed=2), folder, **more)


def test_test_rows_are_not_looked_at(
    planted_split: Split, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = found_with(planted_split, tmp_path / "a")

    def opened(split: Split) -> Ratings:
        raise AssertionError("the test rows were opened")

    monkeypatch.setattr(Split, "test", property(opened))
    second = found_with(poisoned(planted_split), tmp_path / "b")
    for one, other in zip(first, second, strict=True):
        assert [trial.value for trial in one.trials] == [trial.value for trial in other.trials]
        assert [trial.settings for trial in one.trials] == [t.settings for t in other.trials]
        assert [trial.curve for trial in one.trials] == [trial.curve for trial in other.trials]


def test_models_take_turns_and_the_same_search_goes_on(
    planted_split: Split, tmp_path: Path
) -> None:
    told: list[tuple[str, int]] = []

    def tell(model: str, trial: Trial, searched: Searched) -> None:
        told.append((model, trial.number))

    found = found_with(planted_split, tmp_path / "a", tell=tell)
    deep = "deep-neural-network-model"
    assert told == [(FACTOR, 0), (deep, 0), (FACTOR, 1), (deep, 1), (FACTOR, 2), (deep, 2)]
    assert best_of(found).best == min(
        (one.best for one in found if one.best), key=lambda one: one.value or 0
    )
    assert best_of(found).best.value <= min(one.start.value for one in found if one.start)  # type: ignore[union-attr, operator, type-var]
    given = {"epochs": 3, "layers": (4, 1), "dimension": 3}
    spaces = spaces_of([FACTOR, deep], given, {})
    again = search(planted_split, spaces, Budget(6, None), How(seed=2), tmp_path / "a", tell=tell)
    assert again == found
    assert len(told) == 6  # nothing was left to do
    more = search(planted_split, spaces, Budget(7, None), How(seed=2), tmp_path / "a", tell=tell)
    assert told[6:] == [(FACTOR, 3)]
    assert more[0].trials[:3] == found[0].trials
    with pytest.raises(ConfigError, match="begun with other seed"):
        search(planted_split, spaces, Budget(7, None), How(seed=3), tmp_path / "a")


class Clock:
    """A clock that trials set forward."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def pretended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trials that take pretended seconds: one of the deep network 50, of others 10."""
    clock = Clock()
    monkeypatch.setattr("starcast.training.tuning.search.time.monotonic", clock)
    ends = {FACTOR: (COMPLETE, 10.0), "deep-neural-network-model": (COMPLETE, 50.0)}

    class Pretended:
        def __init__(self, bench: Bench) -> None:
            self._jobs: list[Job] = []

        @property
        def idle(self) -> bool:
            return not self._jobs

        def begin(self, job: Job) -> None:
            self._jobs.append(job)

        def next_ended(self) -> tuple[Job, Ended]:
            job = self._jobs.pop()
            state, seconds = ends.get(job.model, (FAILED, 0.0))
            clock.now += seconds
            why = "it fails" if state == FAILED else ""
            return job, Ended(state, 1.0 if state == COMPLETE else None, why, seconds)

    monkeypatch.setattr("starcast.training.tuning.workers.Here", Pretended)


@pytest.mark.usefixtures("pretended")
def test_minutes_are_shared_evenly_and_count_earlier_runs(
    planted_split: Split, tmp_path: Path
) -> None:
    spaces = spaces_of([FACTOR, "deep-neural-network-model"], {}, {})
    found = search(planted_split, spaces, Budget(None, 3), How(), tmp_path)
    assert [len(one.trials) for one in found] == [8, 2]  # 80 and 100 s
    again = search(planted_split, spaces, Budget(None, 3), How(), tmp_path)
    assert [len(one.trials) for one in again] == [8, 2]
    more = search(planted_split, spaces, Budget(None, 4), How(), tmp_path)
    assert [len(one.trials) for one in more] == [10, 3]  # the last began in time
    by_both = search(planted_split, spaces, Budget(14, 400), How(), tmp_path)
    assert [len(one.trials) for one in by_both] == [10, 4]


@pytest.mark.usefixtures("pretended")
def test_a_model_that_fails_from_the_start_does_not_take_all_minutes(
    planted_split: Split, tmp_path: Path
) -> None:
    spaces = spaces_of([FACTOR, "autoencoder-model"], {}, {})
    found = search(planted_split, spaces, Budget(None, 1), How(), tmp_path)
    assert [len(one.trials) for one in found] == [6, 3]
    alone = spaces_of(["autoencoder-model"], {}, {})
    (tmp_path / "b").mkdir()
    with pytest.raises(TrainingError, match="no trial went well; the last one: it fails"):
        search(planted_split, alone, Budget(None, 1), How(), tmp_path / "b")


def test_without_minutes_for_a_trial_there_is_no_result(
    planted_split: Split, tmp_path: Path
) -> None:
    spaces = spaces_of([FACTOR], {"dimension": 3}, {})
    with pytest.raises(TrainingError, match="no trial came to its end in 1e-05 minutes"):
        search(planted_split, spaces, Budget(None, 1e-5), How(), tmp_path)
    for budget in (Budget(0, None), Budget(None, 0), Budget(None, float("nan"))):
        with pytest.raises(ConfigError, match="a search takes"):
            search(planted_split, spaces, budget, How(), tmp_path)


def test_parents_are_trained_once(planted_split: Split, tmp_path: Path) -> None:
    model, given = "ensemble-transfer-learning", {"epochs": 2, "layers": (4, 1), "dimension": 3}
    spaces = spaces_of([model], given, {})
    trained: list[str] = []
    parents = trained_parents(
        planted_split, spaces, 2, trained=lambda artifact: trained.append(artifact.model)
    )
    assert trained == list(parents) == [FACTOR, "deep-neural-network-model"]
    again = trained_parents(
        planted_split, spaces, 2, find=parents.get, trained=lambda one: pytest.fail("again")
    )
    assert again == parents
    assert searching.FILE == "study.db"
    found = search(planted_split, spaces, Budget(2, None), How(seed=2), tmp_path, parents=parents)
    config = replace(spaces[model].fixed, **found[0].trials[0].settings)
    artifact = fit(planted_split, model, config, seed=2, parents=list(parents.values()))
    told = artifact.history[artifact.best_epoch - 1]["validation"]["rmse"]
    assert artifact.best_epoch
    assert found[0].trials[0].value == told
    assert np.isfinite(told)
