"""From a split and a model's name to an artifact: the loop, then perhaps a refit."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import NamedTuple, final

from starcast import models
from starcast.artifacts.artifact import Arrays, Artifact
from starcast.data.ratings import Ratings
from starcast.data.split import Split
from starcast.data.units import Units
from starcast.engines.protocol import Engine, Scorer, Weights
from starcast.engines.rows import SparseRows
from starcast.engines.sampler import TracedSampler
from starcast.engines.settings import Settings
from starcast.errors import RefitWarning, SettingWarning, TrainingError
from starcast.models import Model
from starcast.scoring.shrinkage import WHOLE
from starcast.training.checkpoints import Checkpoint, Fault
from starcast.training.identity import identity_of, library_versions
from starcast.training.keeper import keeper_of
from starcast.training.loop import Observer, Trained, train
from starcast.training.on_disk import require_room
from starcast.training.parents import check_parents, inherited
from starcast.training.refit import ended_elsewhere
from starcast.training.settling import settled
from starcast.training.validation import Validation


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
    checkpoint: Checkpoint | None = None,
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
        checkpoint: what an earlier run has kept is gone on with, and the next is kept for.
    Raises:
        CheckpointError: what is kept is of another run, or damaged.
        SplitMismatchError: a parent was trained on another split.
        ConfigError: a parent does not fit, with what differs.
        TrainingError: nothing could be learned.
    """
    model = models.find(name)
    config = config or model.settings()
    model.solvers.require(config)
    require_room(model, config, split.ratings)
    known = cache(lambda: split.ratings if final else split.known)  # made if it is asked for
    config, given_up = model.suit(config, known) if model.suit else (config, "")
    if given_up:
        warnings.warn(given_up, SettingWarning, stacklevel=2)
    check_parents(model, config, split, parents, leaky=bool(leak), final=final)
    if checkpoint:
        how = {"seed": seed, "refit": refit, "final": final, "leak": leak}
        identity = identity_of(split, model, config, parents, how)
        checkpoint.begin(identity, model.objective.metric)
        if finished := checkpoint.finished():
            return finished
    units = Units.of(split.train)
    recipe = _Recipe(model, config, seed, units, parents, observe, checkpoint)

    chosen = recipe.chosen_before(known) or recipe.run(split.train, split.validation)
    deployed: Arrays = chosen.weights
    broken_off, convergence = chosen.broken_off, chosen.convergence
    if (refit or final) and not broken_off:
        try:
            again = recipe.run_again(known(), chosen)
            deployed, convergence = again.weights, again.convergence
            if remark := ended_elsewhere(model.objective, chosen, again):
                warnings.warn(remark, RefitWarning, stacklevel=2)
        except (TrainingError, OSError, KeyboardInterrupt) as error:  # what was learned is kept
            broken_off = f"the refit broke off: {str(error) or 'interrupted'}"
    try:
        shares, support = settled(model, config, units, chosen.weights, split)
    except KeyboardInterrupt as error:
        shares, support = WHOLE, 0.0
        broken_off = broken_off or f"{str(error) or 'interrupted'} as its lists were settled"
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
        versions=library_versions(config.engine),
        units=units,
        shares=shares,
        support=support,
        convergence=convergence,
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
        checkpoint: Checkpoint | None,
    ) -> None:
        self._model, self._config, self._seed, self._units = model, config, seed, units
        self._parents, self._observe, self._checkpoint = parents, observe, checkpoint

    def chosen_before(self, rows: Callable[[], Ratings]) -> Trained | None:
        """What an earlier run has chosen, if it was ended in its refit on these rows."""
        if self._checkpoint is None:
            return None
        return self._checkpoint.chosen(lambda: self._refit_engine(rows()), self._fault(rows))

    def run(self, rows: Ratings, validation: Ratings) -> Trained:
        """Train on rows, let validation rows choose the epoch."""
        engine = self._engine(rows, {p.model: p.weights_before_refit for p in self._parents})
        epochs, patience = self._config.epochs, self._config.patience
        return self._train(engine, rows, validation, epochs, patience)

    def run_again(self, rows: Ratings, chosen: Trained) -> Trained:
        """Train on more rows for the number of epochs that was chosen."""
        engine, epochs = self._refit_engine(rows), chosen.best_epoch
        if not epochs:
            return Trained(engine.weights(), 0, (), "")
        if self._checkpoint:
            self._checkpoint.choose(chosen)
        trained = self._train(engine, rows, None, epochs, epochs)
        if trained.broken_off:
            raise TrainingError(trained.broken_off)
        return trained

    def _train(
        self,
        engine: Engine,
        rows: Ratings,
        validation: Ratings | None,
        epochs: int | None,
        patience: int,
    ) -> Trained:
        config, is_refit = self._config, validation is None
        validate = Validation(self._scorer, self._model.objective, self._seed, rows, validation)
        if validation and isinstance(engine, TracedSampler):
            engine.trace(f"validation_{self._model.objective.metric}", validate.alone)
        run = Run(self._model, config, self._seed, is_refit, rows, self._units, engine)
        return train(
            engine,
            validate,
            objective=self._model.objective,
            epochs=epochs,
            patience=patience,
            averaging=config.averaging,
            stars_per_unit=self._units.factor,
            observers=self._observe(run),
            warm=bool(self._parents),
            keeper=keeper_of(self._checkpoint, engine, validate, self._fault(lambda: rows)),
        )

    def _refit_engine(self, rows: Ratings) -> Engine:
        return self._engine(rows, {p.model: p.weights for p in self._parents})

    def _engine(self, rows: Ratings, weights: Mapping[str, Weights]) -> Engine:
        """A fresh engine; a warm-started model's begins with these weights of its parents."""
        engine = self._model.engine(self._config, rows, self._seed, units=self._units)
        if self._model.transfer and self._parents:
            theirs = dict(
                inherited(parent, weights[parent.model], self._config) for parent in self._parents
            )
            engine.load(self._model.transfer(theirs, self._config))
        return engine

    def _scorer(self, weights: Weights, histories: SparseRows) -> Scorer:
        return self._model.deployed(weights, histories, self._config, self._units)

    def _fault(self, rows: Callable[[], Ratings]) -> Fault:
        """What is wrong with weights that were not made here; "" if nothing is."""

        def fault(weights: Weights) -> str:
            histories = SparseRows.by_user(rows())
            schema = self._model.schema(self._config, len(histories), histories.n_columns)
            shapes = {name: array.shape for name, array in weights.items()}
            return schema.misfit(shapes) or schema.wrong(
                weights, lambda: self._scorer(weights, histories)
            )

        return fault
