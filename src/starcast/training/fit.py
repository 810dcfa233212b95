"""From a split and a model's name to an artifact: the loop, then perhaps a refit."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from importlib import metadata
from typing import NamedTuple, final

import numpy as np

from starcast import models
from starcast.artifacts.artifact import Arrays, Artifact
from starcast.data.ratings import Ratings
from starcast.data.split import TEST, Split
from starcast.data.units import Units
from starcast.engines.protocol import Engine, Weights
from starcast.engines.rows import SparseRows
from starcast.engines.settings import Settings
from starcast.errors import SettingWarning, TrainingError
from starcast.evaluation.metrics import Quality
from starcast.models import Model
from starcast.training.loop import Observer, Trained, Validate, train
from starcast.training.parents import check_parents, inherited
from starcast.training.quality import judge_for
from starcast.training.support import choose_support

_TRAIN_SAMPLE = 100_000  # training rows scored after each epoch; enough for a curve
_VERSIONED = ("starcast", "numpy", "numba", "scipy")


class Run(NamedTuple):
    """One run of the loop, as its observers are told of it."""

    model: Model
    config: Settings
    seed: int
    is_refit: bool
    rows: Ratings
    units: Units
    engine: Engine

    @property
    def title(self) -> str:
        """The model's title, and whether this is the refit."""
        refit = ", refit (figures of training rows)"
        return self.model.title + (refit if self.is_refit else "")


Observe = Callable[[Run], Sequence[Observer]]
"""Makes the observers of a run."""


def unobserved(run: Run) -> Sequence[Observer]:
    """No observers."""
    return ()


def fit(
    split: Split,
    name: str,
    config: Settings | None = None,
    *,
    seed: int = 42,
    refit: bool = False,
    final: bool = False,
    parents: Sequence[Artifact] = (),
    leak: str = "",
    observe: Observe = unobserved,
) -> Artifact:
    """Train a model; validation rows alone decide when it is best.

    Args:
        split: which rows train and which validate; the test rows are not looked at.
        name: of the model in the registry.
        config: settings; the model's defaults if not given.
        seed: of everything random.
        refit: train again on training and validation rows, for the epochs that validation chose.
        final: train again on all rows instead, the test rows among them.
        parents: trained parents of a warm-started model, in any order; `plan` trains them first.
        leak: why the caller lets parents of another split in; stamps the artifact. "" refuses them.
        observe: makes the observers of each run of the loop.
    Raises:
        SplitMismatchError: a parent was trained on another split.
        ConfigError: a parent does not fit, with what differs.
        TrainingError: nothing could be learned.
    """
    model = models.find(name)
    config = config or model.settings()
    model.solvers.require(config)
    known = split.ratings if final else split.ratings.take(split.parts != TEST)
    config, given_up = model.suit(config, known)
    if given_up:
        warnings.warn(given_up, SettingWarning, stacklevel=2)
    check_parents(model, config, split, parents, leaky=bool(leak), final=final)
    units = Units.of(split.train)
    recipe = _Recipe(model, config, seed, units, parents, observe)

    chosen = recipe.run(split.train, split.validation)
    deployed: Arrays = chosen.weights
    broken_off = chosen.broken_off
    if (refit or final) and not broken_off:
        try:
            deployed = recipe.run_again(known, chosen.best_epoch).weights
        except (TrainingError, OSError, KeyboardInterrupt) as error:  # what was learned is kept
            broken_off = f"the refit broke off: {str(error) or 'interrupted'}"
    blind = model.deployed(chosen.weights, SparseRows.by_user(split.train), config, units)
    return Artifact(
        model=name,
        config=config,
        seed=seed,
        weights=deployed,
        weights_before_refit=chosen.weights,
        split=split,
        best_epoch=chosen.best_epoch,
        history=tuple(record._asdict() for record in chosen.history),
        refit=deployed is not chosen.weights,
        final=final and deployed is not chosen.weights,
        leak=leak or next((p.leak for p in parents if p.leak), ""),
        broken_off=broken_off,
        versions=library_versions(),
        units=units,
        support=choose_support(blind, split.train, split.validation, units),
    )


@final
class _Recipe:
    """One model with one set of settings, ready to be run on any rows of its split."""

    def __init__(
        self,
        model: Model,
        config: Settings,
        seed: int,
        units: Units,
        parents: Sequence[Artifact],
        observe: Observe,
    ) -> None:
        self._model, self._config, self._seed, self._units = model, config, seed, units
        self._parents, self._observe = parents, observe

    def run(self, rows: Ratings, validation: Ratings) -> Trained:
        """Train on rows, let validation rows choose the epoch."""
        engine = self._engine(rows, {p.model: p.weights_before_refit for p in self._parents})
        return train(
            engine,
            self._validate(rows, validation),
            objective=self._model.objective,
            epochs=self._config.epochs,
            patience=self._config.patience,
            averaging=self._config.averaging,
            stars_per_unit=self._units.factor,
            observers=self._observe(self._run(rows, engine, is_refit=False)),
            warm=bool(self._parents),
        )

    def run_again(self, rows: Ratings, epochs: int) -> Trained:
        """Train on more rows for a known number of epochs."""
        engine = self._engine(rows, {p.model: p.weights for p in self._parents})
        if not epochs:
            return Trained(engine.weights(), 0, (), "")
        trained = train(
            engine,
            self._validate(rows, None),
            objective=self._model.objective,
            epochs=epochs,
            patience=epochs,
            averaging=self._config.averaging,
            stars_per_unit=self._units.factor,
            observers=self._observe(self._run(rows, engine, is_refit=True)),
            warm=bool(self._parents),
        )
        if trained.broken_off:
            raise TrainingError(trained.broken_off)
        return trained

    def _run(self, rows: Ratings, engine: Engine, *, is_refit: bool) -> Run:
        return Run(self._model, self._config, self._seed, is_refit, rows, self._units, engine)

    def _engine(self, rows: Ratings, weights: Mapping[str, Weights]) -> Engine:
        """A fresh engine; a warm-started model's begins with these weights of its parents."""
        engine = self._model.engine(self._config, rows, self._seed, units=self._units)
        if self._model.transfer and self._parents:
            theirs = dict(
                inherited(parent, weights[parent.model], self._config) for parent in self._parents
            )
            engine.load(self._model.transfer(theirs, self._config))
        return engine

    def _validate(self, rows: Ratings, validation: Ratings | None) -> Validate:
        chosen = np.random.default_rng(self._seed).permutation(len(rows))[:_TRAIN_SAMPLE]
        objective, sampled = self._model.objective, rows.take(np.sort(chosen))
        sample = judge_for(objective, rows.take(chosen[:0]), sampled)
        held_out = judge_for(objective, rows, validation) if validation else None
        histories = SparseRows.by_user(rows)

        def validate(weights: Weights, share: float) -> tuple[Quality, Quality | None]:
            scorer = self._model.deployed(weights, histories, self._config, self._units)
            return sample(scorer, share), held_out(scorer, share) if held_out else None

        return validate


def library_versions() -> dict[str, str]:
    """What an artifact tells of the libraries that made it."""
    found = {}
    for package in _VERSIONED:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found
