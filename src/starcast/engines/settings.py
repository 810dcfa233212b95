"""Config: the settings of one training run, the same for every model."""

import json
import math
from dataclasses import dataclass
from typing import final

from starcast.errors import ConfigError, UnknownNameError

GRADIENT_OPTIMIZERS = ("Adam", "RMSProp", "GradientDescent")
FACTOR_OPTIMIZERS = (*GRADIENT_OPTIMIZERS, "SGD", "ALS")
SAMPLERS = ("Gibbs",)
QUASI_NEWTON = ("L-BFGS",)
OPTIMIZERS = (*FACTOR_OPTIMIZERS, *SAMPLERS, *QUASI_NEWTON)
LIKELIHOODS = ("probit", "gaussian")
FEATURES = ("histories", "attributes", "days")
_MOST = {
    "dimension": 10_000,
    "epochs": 10**9,
    "batch_size": 10**9,
    "patience": 10**9,
    "samples": 10**6,
    "chains": 1000,
    "kept": 10**6,
    "day_length": 10**15,
}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Settings of a training run; names follow the 2018 command line.

    Attributes:
        optimizer: "Adam", "RMSProp" or "GradientDescent" over mini-batches; for the latent factor
            model also "SGD" (per rating) and "ALS" (alternating least squares); the Bayesian model
            has "Gibbs", which draws, the autoencoder "L-BFGS".
        dimension: length of an embedding, ≥ 1.
        layers: widths of the dense layers of the deep branch; the last is 1, the prediction.
        epochs: upper bound on passes over the training rows; None sets none, as a sampler's
            samples, or validation, say when to end.
        batch_size: ratings per step of the mini-batch optimizers.
        learning_rate: step size; ALS has none.
        regularization_factor: λ, weight of the squared norms of the embedding rows.
        dropout_rate: share of what one hidden layer hands to the next that is dropped in training,
            in [0, 1).
        averaging: β, share of the running average of weights kept after each epoch, in [0, 1);
            what is validated and saved is the average. 0 averages nothing.
        patience: epochs without a better validation RMSE before training stops
            (`--max_checkout_without_progress`).
        transfer_weight: α, share of the latent factor model in the warm-started ensemble.
        samples: draws from the posterior after burn-in, of all chains together.
        burn_in: sweeps of each chain before its draws count.
        chains: independent chains; they run side by side.
        kept: draws that are kept and predict by their mean, evenly thinned, of all chains together.
        likelihood: "probit" (stars are steps of a latent predictor) or "gaussian".
        features: what a Bayesian model takes of users and items beside their ids: "histories" (whom
            and what they rated), "attributes" (what is known of them), "days" (when they rated).
        day_length: of a day of "days", in the unit of the timestamps, which is mostly seconds.
    """

    optimizer: str = "Adam"
    dimension: int = 32
    layers: tuple[int, ...] = (64, 32, 16, 8, 1)
    epochs: int | None = 40
    batch_size: int = 1000
    learning_rate: float = 0.001
    regularization_factor: float = 0.05
    dropout_rate: float = 0.0
    averaging: float = 0.0
    patience: int = 5
    transfer_weight: float = 0.5
    samples: int = 300
    burn_in: int = 10
    chains: int = 2
    kept: int = 60
    likelihood: str = "probit"
    features: tuple[str, ...] = ("histories",)
    day_length: int = 86_400

    def __post_init__(self) -> None:
        _check_name("optimizer", self.optimizer, OPTIMIZERS)
        _check_name("likelihood", self.likelihood, LIKELIHOODS)
        for feature in self.features:
            _check_name("feature", feature, FEATURES)
        for name, most in _MOST.items():
            if (name, value := getattr(self, name)) != ("epochs", None):
                _check_count(name, value, most)
        _check_number("learning_rate", self.learning_rate, zero=False)
        _check_number("regularization_factor", self.regularization_factor, zero=True)
        for name in ("dropout_rate", "averaging"):
            if not 0 <= getattr(self, name) < 1:
                raise ConfigError(f"{name} must lie in [0, 1), got {getattr(self, name)}")
        if not 0 <= self.transfer_weight <= 1:
            raise ConfigError(f"transfer_weight must lie in [0, 1], got {self.transfer_weight}")
        if not 0 <= self.burn_in <= 10**6:
            raise ConfigError(f"burn_in must lie in [0, 1,000,000], got {self.burn_in:,}")
        _check_layers(self.layers)


def _check_name(kind: str, name: str, known: tuple[str, ...]) -> None:
    if name not in known:
        raise UnknownNameError(kind, name, known)


def _check_count(name: str, value: int, most: int) -> None:
    if value < 1:
        raise ConfigError(f"{name} must be at least 1, got {value}")
    if value > most:
        raise ConfigError(f"{name} must be at most {most:,}, got {value:,}")


def _check_number(name: str, value: float, *, zero: bool) -> None:
    if not math.isfinite(value) or value < 0 or (value == 0 and not zero):
        least = "0 or more" if zero else "more than 0"
        raise ConfigError(f"{name} must be {least}, got {value}")


def _check_layers(layers: tuple[int, ...]) -> None:
    if len(layers) < 2 or min(layers) < 1 or layers[-1] != 1:
        raise ConfigError(f"layers must be at least two widths and end in 1, got {list(layers)}")
    if max(layers) > _MOST["dimension"]:
        raise ConfigError(f"no layer may be wider than {_MOST['dimension']:,}, got {list(layers)}")


def parse_layers(text: str) -> tuple[int, ...]:
    """Layer widths from text such as "[64,32,16,8,1]".

    Raises: ConfigError: anything but a list of whole numbers.

    >>> parse_layers("[64, 32, 1]")
    (64, 32, 1)
    """
    try:
        widths = json.loads(text if text.lstrip().startswith("[") else f"[{text}]")
    except json.JSONDecodeError:
        widths = None
    if not isinstance(widths, list) or not all(type(width) is int for width in widths):
        raise ConfigError(f"'{text}' is no list of layer widths; write [64,32,16,8,1]")
    return tuple(widths)


def parse_features(text: str) -> tuple[str, ...]:
    """Names of features from text such as "histories,days"; "none" is none.

    >>> parse_features("histories, days"), parse_features("none")
    (('histories', 'days'), ())
    """
    return () if text.strip() == "none" else tuple(name.strip() for name in text.split(","))
