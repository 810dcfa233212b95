"""A model on trial: trained on the planted data, in a small shape; and the words of checks."""

import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, cached_property
from pathlib import Path
from typing import Any, NamedTuple, final

from starcast import models
from starcast.artifacts.artifact import Artifact
from starcast.data.ratings import Ratings
from starcast.data.units import FIVE_STARS, Units
from starcast.engines.protocol import Engine, Weights
from starcast.engines.settings import Settings
from starcast.evaluation.metrics import LISTS, STARS
from starcast.models import BLENDS, Model
from starcast.recommend import FoldedInUser, Recommender
from starcast.testing.planted import own_ratings, planted, split
from starcast.training.fit import fit

SMALL: dict[str, Any] = {
    "dimension": 4,
    "layers": (32, 16, 1),
    "optimizer": "Adam",
    "learning_rate": 0.01,
    "batch_size": 100,
    "regularization_factor": 0.05,
    "dropout_rate": 0.0,
    "averaging": 0.0,
    "epochs": 120,
    "patience": 20,
}
SAMPLED: dict[str, Any] = {  # for models that are drawn, not descended
    "optimizer": "Gibbs",
    "likelihood": "gaussian",  # the planted stars are no steps
    "samples": 120,
    "burn_in": 40,
    "kept": 40,
}
CODED: dict[str, Any] = {  # for the autoencoder: few users say little of an item's code
    "optimizer": "L-BFGS",
    "dimension": 16,
}
OWN: dict[str, dict[str, Any]] = {"Gibbs": SAMPLED, "L-BFGS": CODED}  # by optimizer


class NotClaimedError(Exception):
    """A check is about what a model does not claim."""


@final
class Trial:
    """A model on trial.

    Args:
        model: as it is registered.
        make: makes its artifact, if it is not simply trained.
    """

    def __init__(self, model: Model, make: Callable[[], Artifact] | None = None) -> None:
        self.model, self._make = model, make

    @cached_property
    def artifact(self) -> Artifact:
        """The model, fitted to the planted ratings."""
        return self._make() if self._make else trained(self.model.name)

    @property
    def scorer(self) -> Any:
        """Its deployed form."""
        return self.artifact.scorer

    def guest_like(self, user: int, rank_by: str = "list") -> FoldedInUser:
        """Somebody unknown who rated what a known user did."""
        own = own_ratings(user)
        return Recommender(self.artifact, rank_by=rank_by).fold_in(own.item_rows, own.stars)


class Check(NamedTuple):
    """A promise that models make.

    Attributes:
        name: in words, with _ between.
        applies: whether it is about a model.
        run: raises AssertionError where it is broken, `NotClaimedError` where it was not made.
    """

    name: str
    applies: Callable[[Model], bool]
    run: Callable[[Trial], None]


CHECKS: list[Check] = []


def check(
    applies: Callable[[Model], bool],
) -> Callable[[Callable[[Trial], None]], Callable[[Trial], None]]:
    """Let a function be one of `CHECKS`."""

    def added(run: Callable[[Trial], None]) -> Callable[[Trial], None]:
        CHECKS.append(Check(run.__name__, applies, run))
        return run

    return added


def deployed(model: Model) -> bool:
    """Every model."""
    return True


def trained_alone(model: Model) -> bool:
    """All but blends, which are made of trained models."""
    return model.name not in BLENDS


def of_stars(model: Model) -> bool:
    """Those that learn to predict stars."""
    return model.objective == STARS and not model.is_baseline


def of_lists(model: Model) -> bool:
    """Those made for lists."""
    return model.objective == LISTS


def trained_for_lists(model: Model) -> bool:
    """Those made for lists that are no blends."""
    return of_lists(model) and trained_alone(model)


def require(promise: object, said: str = "") -> None:
    """What a check is about. Raises: AssertionError: it does not hold."""
    if not promise:
        raise AssertionError(said or "it does not hold")


@contextmanager
def refused(error: type[Exception], pattern: str) -> Iterator[None]:
    """What is done within is refused with a message in which a pattern is found."""
    try:
        yield
    except error as told:
        require(re.search(pattern, str(told)), f"refused with {told}, and not with {pattern}")
    else:
        raise AssertionError(f"it is not refused: {pattern}")


def claimed(trial: Trial, claim: type) -> Any:
    """Its scorer. Raises: NotClaimedError: it does not claim a capability."""
    if not isinstance(trial.scorer, claim):
        raise NotClaimedError(f"no {claim.__name__}, and it claims to be none")
    return trial.scorer


@contextmanager
def folder() -> Iterator[Path]:
    """A folder that is gone afterwards."""
    with tempfile.TemporaryDirectory() as place:
        yield Path(place)


def small(model: Model, **settings: Any) -> Settings:
    """Of the settings of trials those that it has."""
    given = SMALL | OWN.get(next(iter(model.defaults)), {}) | settings
    config = model.settings(**model.solvers.having(given))
    return model.suit(config, planted)[0] if model.suit else config


@cache
def trained(name: str) -> Artifact:
    """A model fitted to the planted ratings, its parents too."""
    model = models.find(name)
    parents = [trained(parent) for parent in model.parents]
    return fit(split(), name, small(model), seed=1, parents=parents)


def engine_of(
    model: Model,
    seed: int = 1,
    ratings: Ratings | None = None,
    units: Units = FIVE_STARS,
    **settings: Any,
) -> Engine:
    """A fresh engine with the settings of trials."""
    rows = planted() if ratings is None else ratings
    return model.engine(small(model, **settings), rows, seed, units=units)


def weights_after(model: Model, n_epochs: int, seed: int = 1) -> Weights:
    """Of a fresh run."""
    engine = engine_of(model, seed)
    for _ in range(n_epochs):
        engine.run_epoch()
    return engine.weights()


def standing(trial: Trial, seed: int) -> tuple[Engine, float]:
    """An engine at the trained weights after an epoch that moves nothing, and what error it saw."""
    still: dict[str, Any] = {"optimizer": "GradientDescent", "learning_rate": 1e-12}
    units = trial.artifact.units
    engine = engine_of(trial.model, seed, split().train, units, **still)
    engine.load(trial.artifact.weights)
    return engine, engine.run_epoch().training_error * units.factor


def require_stillness(trial: Trial) -> None:
    """Leave out what sees other errors by another seed. Raises: NotClaimedError."""
    if "GradientDescent" not in trial.model.defaults:
        return
    one, other = (standing(trial, seed)[1] for seed in (1, 2))
    if abs(one - other) > 1e-4 * one:
        raise NotClaimedError("its training goes by chance: dropout, or what goes by batches")
