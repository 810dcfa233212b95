"""`sc.tune`: settings that validate better, searched for."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, final

from starcast.artifacts.replacement import as_artifact_error
from starcast.data.split import Split
from starcast.disk.lock import alone
from starcast.disk.replacement import resolved
from starcast.engines.blas import spin_briefly
from starcast.errors import ConfigError
from starcast.recommend import Recommender
from starcast.training.plan import Recipe, train_all
from starcast.training.tuning.needs import require_optuna
from starcast.training.tuning.records import Searched, Trial

if TYPE_CHECKING:
    from starcast.evaluation.tuning.page import Told

Place = str | Path
_TRIALS = 30  # if nothing says how long


@final
@dataclass(frozen=True, repr=False)
class Tuned:
    """What a search has found.

    Attributes:
        model: the best, trained.
        settings: of it, those that were varied.
        value: its validation figure: RMSE of a model for stars, NDCG@10 of one for lists.
        searched: all trials, by model.
    """

    model: Recommender
    settings: Mapping[str, Any]
    value: float
    searched: Mapping[str, Searched]
    _told: "Told" = field(compare=False)

    def write(self, folder: Place) -> Path:
        """Write a page of charts and tables, and the same for programs; the page.

        Raises: ArtifactError: the folder cannot be written.
        """
        from starcast.evaluation.comparison import here
        from starcast.evaluation.tuning.page import write

        with as_artifact_error(Path(folder)):
            Path(folder).mkdir(parents=True, exist_ok=True)
            return write(self._told, Path(folder), here("sc.tune(…)"))

    def __repr__(self) -> str:
        named = ", ".join(f"{name}={value!r}" for name, value in self.settings.items())
        return f"Tuned({self.model.artifact.model}, {self.value:.4f}: {named})"


def tune(
    split: Split,
    models: str | Sequence[str] = "latent-factor-model",
    *,
    trials: int | None = None,
    minutes: float | None = None,
    jobs: int = 1,
    space: Mapping[str, str] | None = None,
    sampler: str = "tpe",
    pruner: str = "median",
    seed: int = 42,
    refit: bool = False,
    study: Place | None = None,
    on_trial: Callable[[str, Trial], object] | None = None,
    **settings: Any,
) -> Tuned:
    """Search for settings that validate better, and train the best model with them.

    Args:
        split: which rows train and which validate; the test rows are not looked at.
        models: a name, or several that share the budget.
        trials: how many, earlier ones of the same study included; 30 if nothing else ends it.
        minutes: how long, likewise.
        jobs: trials at a time, each in a process of its own; a script that asks for several needs
            `if __name__ == "__main__":` around what it does, as all of Python's processes do.
        space: where to look for a setting, as text: {"dimension": "8:64", "loss": "mse/huber"}.
        sampler: "tpe" or "random".
        pruner: "median", "halving" or "none".
        seed: of what is proposed and of the trainings.
        refit: train the best again on training and validation rows.
        study: a folder that keeps the trials: the same call with it goes on where the last ended.
        on_trial: called with a model's name and each trial that has ended.
        settings: that stay as they are.
    Raises:
        ConfigError: Optuna is missing, models of several objectives, or nothing to vary.
        UnknownNameError: no such model, setting, sampler or pruner.
        TrainingError: no trial went well.
    """
    require_optuna()
    from starcast.evaluation.tuning.page import Told
    from starcast.training.tuning.plan import spaces_of, trained_parents
    from starcast.training.tuning.sampling import How
    from starcast.training.tuning.search import Budget, best_of, search

    if not isinstance(split, Split):
        raise ConfigError("divide ratings before settings are tuned: sc.split(sc.load(…))")
    spin_briefly()
    is_open = trials is None and minutes is None
    budget, how = Budget(_TRIALS if is_open else trials, minutes), How(sampler, pruner, seed)
    names = [models] if isinstance(models, str) else list(models)
    spaces = spaces_of(names, settings, space or {})
    parents = trained_parents(split, spaces, seed)

    def tell(model: str, trial: Trial, searched: Searched) -> None:
        if on_trial:
            on_trial(model, trial)

    with _folder(study) as folder:
        found = search(split, spaces, budget, how, folder, jobs=jobs, parents=parents, tell=tell)
    searched = best_of(found)
    best = searched.best
    assert best is not None
    assert best.value is not None
    config = replace(spaces[searched.model].fixed, **best.settings)
    trained = train_all(split, {searched.model: config}, Recipe(seed, refit), find=parents.get)
    return Tuned(
        Recommender(trained[searched.model]),
        dict(best.settings),
        best.value,
        {one.model: one for one in found},
        Told(split, found, how),
    )


@contextmanager
def _folder(study: Place | None) -> Iterator[Path]:
    """A study's folder while a search writes it; one of its own if none is named."""
    if study is None:
        with TemporaryDirectory(prefix="starcast-tune-") as own:
            yield Path(own)
        return
    folder = Path(study)
    with as_artifact_error(folder), alone(resolved(folder)):
        folder.mkdir(exist_ok=True)
        yield folder
