"""The settings of one training run: one frozen class for each solver, with what it has.

A setting is defined once, in the catalogue; the command line, its help, the checks and the tables
of the docs follow from it. What differs between solvers is the default.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, final

from starcast.engines.setting_catalogue import (
    GRADIENT_OPTIMIZERS,
    NETWORK_FEATURES,
    SAMPLED_FEATURES,
    SETTINGS,
)
from starcast.engines.setting_kinds import KEY, Setting

COMPILED = "compiled"  # the engine that every model has


def _setting(name: str, default: object, **own: Any) -> Any:
    """A field that is a setting; `own` is what the solver's differs in."""
    return replace(SETTINGS[name], **own).field(default)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the loop asks of the settings of every solver; where it is no field, it is no setting.

    Raises: ConfigError, UnknownNameError: a value out of range, or of another type.
    """

    optimizer: str

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None or field.default is not None:
                object.__setattr__(self, field.name, field.metadata[KEY].check(field.name, value))

    def written(self) -> dict[str, Any]:
        """Plain values by name; a list as text.

        >>> NetworkSettings(layers=(8, 1)).written()["layers"]
        '[8, 1]'
        """
        return {one.name: one.metadata[KEY].told(getattr(self, one.name)) for one in fields(self)}

    @property
    def engine(self) -> str:
        """What trains."""
        return COMPILED

    @property
    def epochs(self) -> int | None:
        """Upper bound on passes over the training rows; None sets none."""
        return None

    @property
    def averaging(self) -> float:
        """β of the running average of weights; 0 averages nothing."""
        return 0.0

    @property
    def patience(self) -> int:
        """Epochs without a better validation figure before training stops."""
        return sys.maxsize


@dataclass(frozen=True, slots=True, kw_only=True)
class _Descent(Settings):
    """What every solver has that goes down a loss, from epoch to epoch."""

    dimension: int = _setting("dimension", 32)
    epochs: int = _setting("epochs", 40)
    regularization_factor: float = _setting("regularization_factor", 0.05)
    averaging: float = _setting("averaging", 0.0)
    patience: int = _setting("patience", 5)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SgdSettings(_Descent):
    """A latent factor model by stochastic gradient descent, rating by rating."""

    optimizer: str = _setting("optimizer", "SGD", names=("SGD",))
    learning_rate: float = _setting("learning_rate", 0.001)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class AlsSettings(_Descent):
    """A latent factor model by alternating least squares, which have no learning rate."""

    optimizer: str = _setting("optimizer", "ALS", names=("ALS",))
    # without a penalty a row with fewer ratings than unknowns has no one best
    regularization_factor: float = _setting("regularization_factor", 0.05, above=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class MiniBatchSettings(_Descent):
    """A latent factor model by gradients of mini-batches."""

    optimizer: str = _setting("optimizer", "Adam", names=GRADIENT_OPTIMIZERS)
    batch_size: int = _setting("batch_size", 1000)
    learning_rate: float = _setting("learning_rate", 0.001)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSettings(MiniBatchSettings):
    """A network with dense layers, by gradients of mini-batches."""

    layers: tuple[int, ...] = _setting("layers", (64, 32, 16, 8, 1))
    dropout_rate: float = _setting("dropout_rate", 0.0)
    features: tuple[str, ...] = _setting("features", (), names=NETWORK_FEATURES)
    loss: str = _setting("loss", "mse")
    network: str = _setting("network", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class EnsembleSettings(NetworkSettings):
    """A network with a factor branch beside the deep one, each with tables of its own."""

    factor_dimension: int = _setting("factor_dimension", 32)


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmStartSettings(EnsembleSettings):
    """An ensemble that starts from trained parents."""

    loss: str = _setting("loss", "mse", names=("mse", "huber"))
    transfer_weight: float = _setting("transfer_weight", 0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnNetworkSettings(Settings):
    """A network of one's own, whose shape is its own, by gradients of mini-batches."""

    optimizer: str = _setting("optimizer", "Adam", names=GRADIENT_OPTIMIZERS)
    epochs: int = _setting("epochs", 40)
    batch_size: int = _setting("batch_size", 1000)
    learning_rate: float = _setting("learning_rate", 0.003)
    regularization_factor: float = _setting("regularization_factor", 1.0)
    averaging: float = _setting("averaging", 0.9)
    patience: int = _setting("patience", 5)
    loss: str = _setting("loss", "mse")
    network: str = _setting("network", "")


OfNetwork = NetworkSettings | OwnNetworkSettings
"""What trains a network; its shape is the network's own."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LbfgsSettings(_Descent):
    """An item autoencoder by L-BFGS; its embedding is an item's code."""

    optimizer: str = _setting("optimizer", "L-BFGS", names=("L-BFGS",))
    presence: float = _setting("presence", 3.0)
    input_penalty: float = _setting("input_penalty", 3.0)
    steps_per_epoch: int = _setting("steps_per_epoch", 5)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class GibbsSettings(Settings):
    """A Bayesian factor model, sampled: its samples, not its epochs, say when it ends."""

    optimizer: str = _setting("optimizer", "Gibbs", names=("Gibbs",))
    dimension: int = _setting("dimension", 32)
    epochs: int | None = _setting("epochs", None)
    samples: int = _setting("samples", 300)
    burn_in: int = _setting("burn_in", 10)
    chains: int = _setting("chains", 2)
    kept: int = _setting("kept", 60)
    until_converged: bool = _setting("until_converged", False)
    likelihood: str = _setting("likelihood", "probit")
    features: tuple[str, ...] = _setting("features", ("histories",), names=SAMPLED_FEATURES)
    day_length: int = _setting("day_length", 86_400)


@dataclass(frozen=True, slots=True, kw_only=True)
class _ClosedForm(Settings):
    """What is solved at once: an epoch is all there is."""

    @property
    def epochs(self) -> int | None:
        """One."""
        return 1


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ItemItemSettings(_ClosedForm):
    """An item-item model, by one Cholesky factorization; λ is in units of √users."""

    optimizer: str = _setting("optimizer", "Cholesky", names=("Cholesky",))
    regularization_factor: float = _setting("regularization_factor", 3.2)
    interest_weight: float = _setting("interest_weight", 0.5)
    activity_exponent: float = _setting("activity_exponent", 0.25)
    nearness: float = _setting("nearness", 300.0)
    popularity_exponent: float = _setting("popularity_exponent", 0.3)
    dropped_share: float = _setting("dropped_share", 0.3)
    core_items: int = _setting("core_items", 20_000)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ImplicitSettings(Settings):
    """An implicit factor model by alternating least squares."""

    optimizer: str = _setting("optimizer", "iALS", names=("iALS",))
    dimension: int = _setting("dimension", 64)
    epochs: int = _setting("epochs", 16)
    patience: int = _setting("patience", 3)
    regularization_factor: float = _setting("regularization_factor", 0.006)
    unobserved_weight: float = _setting("unobserved_weight", 0.5)
    frequency_exponent: float = _setting("frequency_exponent", 1.0)
    interest_weight: float = _setting("interest_weight", 0.5)
    activity_exponent: float = _setting("activity_exponent", 0.5)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineSettings(_ClosedForm):
    """Counting, which has nothing to set."""

    optimizer: str = _setting("optimizer", "Counting", names=("Counting",))


def settings_of(solver: Settings | type[Settings]) -> Mapping[str, Setting]:
    """What a solver has, by name."""
    return {field.name: field.metadata[KEY] for field in fields(solver)}
