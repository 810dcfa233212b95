"""From a split and a model's name to an artifact: parents first, then the loop, then a refit."""

import math
from collections.abc import Callable, Mapping, Sequence
from importlib import metadata
from typing import Any, NamedTuple, final

import numpy as np

from starcast import models
from starcast.artifacts.artifact import Arrays, Artifact
from starcast.data.ratings import Ratings
from starcast.data.split import TEST, Split
from starcast.engines.protocol import Engine, Scorer, Weights, score_ratings
from starcast.engines.settings import Config
from starcast.errors import TrainingError
from starcast.evaluation import metrics
from starcast.models import Model
from starcast.training.loop import EpochRecord, Observer, Quality, Trained, Validate, train
from starcast.training.parents import check_parents, inherited, parent_config

_TRAIN_SAMPLE = 100_000  # training rows scored after each epoch; enough for a curve
_VERSIONED = ("starcast", "numpy", "numba", "scipy")


class Run(NamedTuple):
    """One run of the loop, as its observers are told of it."""

    model: Model
    config: Config
    seed: int
    is_refit: bool
    rows: Ratings
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
    config: Config | None = None,
    *,
    seed: int = 42,
    refit: bool = False,
    parents: Sequence[Artifact] | None = None,
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
        parents: trained parents of a warm-started model; trained here first if not given.
        leak: why the caller lets parents of another split in; stamps the artifact. "" refuses them.
        observe: makes the observers of each run of the loop.
    Raises:
        SplitMismatchError: a parent was trained on another split.
        ConfigError: a parent does not fit, with what differs.
        TrainingError: nothing could be learned.
    """
    model = models.find(name)
    config = config or model.config()
    model.require_optimizer(config.optimizer)
    if model.parents and parents is None:
        parents = [
            _fit_parent(split, parent_config(parent, config), parent, seed, refit, observe)
            for parent in model.parents
        ]
    check_parents(model, config, split, parents or (), leaky=bool(leak))
    recipe = _Recipe(model, config, seed, parents or (), observe)

    chosen = recipe.run(split.train, split.validation)
    deployed: Arrays = chosen.weights
    broken_off = chosen.broken_off
    if refit and not broken_off:
        known = split.ratings.take(split.parts != TEST)
        try:
            deployed = recipe.run_again(known, chosen.best_epoch).weights
        except (TrainingError, OSError, KeyboardInterrupt) as error:  # what was learned is kept
            broken_off = f"the refit broke off: {str(error) or 'interrupted'}"
    return Artifact(
        model=name,
        config=config,
        seed=seed,
        weights=deployed,
        weights_before_refit=chosen.weights,
        split=split,
        best_epoch=chosen.best_epoch,
        history=tuple(_plain(record) for record in chosen.history),
        refit=deployed is not chosen.weights,
        leak=leak or next((p.leak for p in parents or () if p.leak), ""),
        broken_off=broken_off,
        versions=library_versions(),
    )


def _fit_parent(
    split: Split, config: Config, name: str, seed: int, refit: bool, observe: Observe
) -> Artifact:
    parent = fit(split, name, config, seed=seed, refit=refit, observe=observe)
    if parent.broken_off:
        raise TrainingError(f"{name}: {parent.broken_off}")
    return parent


def quality(stars: np.ndarray, raw: np.ndarray, ratings: Ratings) -> Quality:
    """RMSE, MAE and exact-star accuracy of raw scores, clipped as they would be shown.

    All are NaN where a score is no finite number: clipping would make a rating of an overflow.
    """
    if not np.all(np.isfinite(raw)):
        return Quality(math.nan, math.nan, math.nan)
    shown = ratings.scale.clip(raw)
    return Quality(
        metrics.rmse(stars, shown),
        metrics.mae(stars, shown),
        metrics.accuracy(stars, ratings.scale.nearest(shown)),
    )


@final
class _Recipe:
    """One model with one set of settings, ready to be run on any rows of its split."""

    def __init__(
        self,
        model: Model,
        config: Config,
        seed: int,
        parents: Sequence[Artifact],
        observe: Observe,
    ) -> None:
        self._model, self._config, self._seed = model, config, seed
        self._parents, self._observe = parents, observe

    def run(self, rows: Ratings, validation: Ratings) -> Trained:
        """Train on rows, let validation rows choose the epoch."""
        engine = self._engine(rows, [parent.weights_before_refit for parent in self._parents])
        return train(
            engine,
            self._validate(rows, validation),
            epochs=self._config.epochs,
            patience=self._config.patience,
            averaging=self._config.averaging,
            observers=self._observe(self._run(rows, engine, is_refit=False)),
            warm=bool(self._parents),
        )

    def run_again(self, rows: Ratings, epochs: int) -> Trained:
        """Train on more rows for a known number of epochs."""
        engine = self._engine(rows, [parent.weights for parent in self._parents])
        if not epochs:
            return Trained(engine.weights(), 0, (), "")
        trained = train(
            engine,
            self._validate(rows, None),
            epochs=epochs,
            patience=epochs,
            averaging=self._config.averaging,
            observers=self._observe(self._run(rows, engine, is_refit=True)),
            warm=bool(self._parents),
        )
        if trained.broken_off:
            raise TrainingError(trained.broken_off)
        return trained

    def _run(self, rows: Ratings, engine: Engine, *, is_refit: bool) -> Run:
        return Run(self._model, self._config, self._seed, is_refit, rows, engine)

    def _engine(self, rows: Ratings, weights: Sequence[Weights]) -> Engine:
        """A fresh engine; a warm-started model's begins with these weights of its parents."""
        engine = self._model.engine(self._config, rows, self._seed)
        if self._model.transfer and self._parents:
            factor, deep = (
                inherited(parent, own, self._config)
                for parent, own in zip(self._parents, weights, strict=True)
            )
            engine.load(self._model.transfer(factor, deep, self._config.transfer_weight))
        return engine

    def _validate(self, rows: Ratings, validation: Ratings | None) -> Validate:
        chosen = np.random.default_rng(self._seed).permutation(len(rows))[:_TRAIN_SAMPLE]
        sample = _Judged(rows.take(np.sort(chosen)))
        held_out = _Judged(validation) if validation else None

        def validate(weights: Weights, share: float) -> tuple[Quality, Quality | None]:
            scorer = self._model.scorer(weights)
            return sample.by(scorer, share), held_out.by(scorer, share) if held_out else None

        return validate


@final
class _Judged:
    """Rows, and the mean over epochs of their scores."""

    def __init__(self, part: Ratings) -> None:
        self._part, self._mean = part, np.zeros(len(part), np.float32)

    def by(self, scorer: Scorer, share: float) -> Quality:
        """Quality of the mean once a scorer's scores have their share in it."""
        part = self._part
        if share:
            scores = score_ratings(scorer, part)
            alone = share == 1
            self._mean = scores if alone else self._mean + np.float32(share) * (scores - self._mean)
        return quality(part.stars, self._mean, part)


def _plain(record: EpochRecord) -> Mapping[str, Any]:
    """A record as JSON can hold it."""
    return record._asdict() | {
        "train": record.train._asdict(),
        "validation": record.validation and record.validation._asdict(),
    }


def library_versions() -> dict[str, str]:
    """What an artifact tells of the libraries that made it."""
    found = {}
    for package in _VERSIONED:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found
