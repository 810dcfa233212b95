"""The registry: every model by name, with its defaults, its engine and its scorer.

A new model is a file in an engine's folder, a scorer, and one entry in `MODELS`.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple, NoReturn, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.ratings import Ratings
from starcast.engines.expression import Expression
from starcast.engines.expression.networks import deep_network, ensemble
from starcast.engines.protocol import Engine, Scorer, Weights
from starcast.engines.rows import SparseRows
from starcast.engines.settings import Config
from starcast.errors import ConfigError, UnknownNameError
from starcast.evaluation.metrics import STARS, Objective
from starcast.scoring import (
    BlendScorer,
    DeepScorer,
    EnsembleScorer,
    FactorScorer,
    PosteriorScorer,
)
from starcast.scoring.weighted_sum import parts_of

MakeEngine = Callable[[Config, Ratings, int], Engine]
"""Config, training rows and seed to a fresh engine."""

Network = Callable[[Config], Expression]
"""Config to what a network computes, as it is trained."""

MakeScorer = Callable[[Weights, SparseRows], Scorer]
"""Weights, and who rated what in training by user, to the deployed form."""

Transfer = Callable[[Mapping[str, Weights], float], dict[str, NDArray[np.float32]]]
"""The parents' weights by model name, and α, to a model's first weights."""

COMPILED = "compiled"  # the backend that every model has


class ParentAdapter(NamedTuple):
    """How one model takes another's place as a parent.

    Attributes:
        parent: whose place.
        weights: its own weights and a dimension to weights as that parent has them.
    """

    parent: str
    weights: Callable[[Weights, int], dict[str, NDArray[np.float32]]]


@final
@dataclass(frozen=True, kw_only=True)
class Model:
    """What the rest of Starcast needs to know of a model.

    Attributes:
        name: on the command line.
        title: for tables and charts.
        formula: the prediction in one line.
        defaults: settings by optimizer, chosen on validation rows; the first is the default.
        engines: by backend; the same names and shapes of weights from each.
        scorer: weights and histories to the deployed form.
        objective: what it is trained, stopped and judged by.
        parents: the models it is warm-started from, each with the settings that must agree.
        transfer: the parents' weights and α to its first weights.
        adapter: the parent whose place it may take, if any.
    """

    name: str
    title: str
    formula: str
    defaults: Mapping[str, Config]
    engines: Mapping[str, MakeEngine]
    scorer: MakeScorer
    objective: Objective = STARS
    parents: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    transfer: Transfer | None = field(default=None)
    adapter: ParentAdapter | None = None

    def config(self, **given: Any) -> Config:
        """The defaults of the (given or default) optimizer with the given settings on top.

        Args:
            given: fields of Config; None means not given.
        Raises:
            UnknownNameError: an optimizer this model cannot be trained by.
            ConfigError: it is not trained at all.
        """
        chosen = {name: value for name, value in given.items() if value is not None}
        optimizer = chosen.get("optimizer", next(iter(self.defaults), ""))
        self.require_optimizer(optimizer)
        return Config(**asdict(self.defaults[optimizer]) | chosen)

    def engine(
        self, config: Config, train: Ratings, seed: int, *, backend: str = COMPILED
    ) -> Engine:
        """A fresh engine. Raises: UnknownNameError: a backend this model has none of."""
        if backend not in self.engines:
            raise UnknownNameError(f"engine for {self.name}", backend, self.engines)
        return self.engines[backend](config, train, seed)

    def require_optimizer(self, optimizer: str) -> None:
        """Refuse what the model cannot be trained by. Raises: UnknownNameError, ConfigError."""
        if not self.defaults:
            _not_trained()
        if optimizer not in self.defaults:
            raise UnknownNameError(f"optimizer for {self.name}", optimizer, self.defaults)


def find(name: str) -> Model:
    """The model of that name. Raises: UnknownNameError, with the nearest name.

    >>> find("latent-factor-model").title
    'Latent factor'
    """
    known = {**MODELS, BLEND.name: BLEND}
    if name not in known:
        raise UnknownNameError("model", name, known)
    return known[name]


def _latent_factor(config: Config, train: Ratings, seed: int) -> Engine:
    from starcast.engines.factorization.latent_factor import latent_factor

    return latent_factor(config, train, seed)


def _network(network: Network) -> MakeEngine:
    """An engine for a network: compiled loops if they know it, else the plain interpreter."""

    def engine(config: Config, train: Ratings, seed: int) -> Engine:
        from starcast.engines.networks.expression_engine import network_engine

        return network_engine(config, train, network(config), seed)

    return engine


def _deep_network(config: Config) -> Expression:
    return deep_network(config.dimension, config.layers[:-1], dropout_rate=config.dropout_rate)


def _ensemble(config: Config) -> Expression:
    return ensemble(config.dimension, config.layers[:-1], dropout_rate=config.dropout_rate)


def _bayesian(config: Config, train: Ratings, seed: int) -> Engine:
    from starcast.engines.bayesian.engine import BayesianEngine

    return BayesianEngine(config, train, seed)


def _autoencoder(config: Config, train: Ratings, seed: int) -> Engine:
    from starcast.engines.autoencoder.engine import AutoencoderEngine

    return AutoencoderEngine(config, train, seed)


def _transfer(parents: Mapping[str, Weights], alpha: float) -> dict[str, NDArray[np.float32]]:
    from starcast.engines.networks.warm_start import warm_start

    return warm_start(parents[_FACTOR_MODEL], parents[_DEEP_MODEL], alpha)


def _as_latent_factor(weights: Weights, dimension: int) -> dict[str, NDArray[np.float32]]:
    from starcast.engines.bayesian.mean import posterior_mean

    return posterior_mean(weights, dimension)


def _blend(weights: Weights, histories: SparseRows) -> Scorer:
    parts = [find(name).scorer(part, histories) for name, part in parts_of(weights)]
    return BlendScorer(parts, weights)


def _from_weights(scorer: Callable[[Weights], Scorer]) -> MakeScorer:
    """Of a model whose weights say all: histories are left aside."""
    return lambda weights, histories: scorer(weights)


def _not_trained(*_: object) -> NoReturn:
    raise ConfigError("a blend is not trained: 'starcast blend' makes it of trained models")


def _by_optimizer(shared: Mapping[str, Any], **own: Mapping[str, Any]) -> dict[str, Config]:
    """The settings for each optimizer: the shared ones, and its own on top."""
    return {name: Config(optimizer=name, **{**shared, **mine}) for name, mine in own.items()}


_FACTOR_MODEL, _DEEP_MODEL = "latent-factor-model", "deep-neural-network-model"

# Chosen on validation rows of ML-1M, ML-100K and ml-latest-small, never on test rows.
_FACTOR = _by_optimizer(
    {"dimension": 32, "regularization_factor": 0.04, "epochs": 120, "patience": 8},
    SGD={"learning_rate": 0.01, "averaging": 0.7, "patience": 15},
    ALS={"regularization_factor": 0.1, "epochs": 40},
    Adam={"learning_rate": 0.001},
    RMSProp={"learning_rate": 0.001},
    GradientDescent={"learning_rate": 0.005},
)
_NETWORK = _by_optimizer(
    {"dimension": 32, "regularization_factor": 1.0, "averaging": 0.9, "epochs": 60},
    Adam={"learning_rate": 0.003},
    RMSProp={"learning_rate": 0.001},
    GradientDescent={"learning_rate": 0.0001},
)
# A warm start is close to a good place: small steps, few of them.
_FINE_TUNING = _by_optimizer(
    {
        "dimension": 32,
        "regularization_factor": 0.04,
        "transfer_weight": 0.7,
        "epochs": 30,
        "patience": 3,
    },
    Adam={"learning_rate": 1e-5},
    RMSProp={"learning_rate": 1e-5},
    GradientDescent={"learning_rate": 1e-6},
)
# Its samples, not its epochs, say when it ends.
_SAMPLING = _by_optimizer({"dimension": 32, "epochs": None}, Gibbs={"likelihood": "probit"})
_AUTOENCODER = {
    "L-BFGS": Config(
        optimizer="L-BFGS", dimension=256, regularization_factor=5.5, epochs=40, patience=5
    )
}

MODELS: Mapping[str, Model] = {
    model.name: model
    for model in (
        Model(
            name=_FACTOR_MODEL,
            title="Latent factor",
            formula="μ + b_u + b_i + p_u · q_i",
            defaults=_FACTOR,
            engines={COMPILED: _latent_factor},
            scorer=_from_weights(FactorScorer),
        ),
        Model(
            name=_DEEP_MODEL,
            title="Deep network",
            formula="MLP([p_u ; q_i])",
            defaults=_NETWORK,
            engines={COMPILED: _network(_deep_network)},
            scorer=_from_weights(DeepScorer),
        ),
        Model(
            name="ensemble-no-transfer-learning",
            title="Ensemble, cold",
            formula="Dense₁([p_u ⊙ q_i ; b_u ; b_i ; MLP'([s_u ; t_i])])",
            defaults=_NETWORK,
            engines={COMPILED: _network(_ensemble)},
            scorer=_from_weights(EnsembleScorer),
        ),
        Model(
            name="ensemble-transfer-learning",
            title="Ensemble, transfer",
            formula="the ensemble, warm-started at α·factor + (1-α)·deep",
            defaults=_FINE_TUNING,
            engines={COMPILED: _network(_ensemble)},
            scorer=_from_weights(EnsembleScorer),
            parents={_FACTOR_MODEL: ("dimension",), _DEEP_MODEL: ("dimension", "layers")},
            transfer=_transfer,
        ),
        Model(
            name="bayesian-factorization-model",
            title="Bayesian factor",
            formula="mean over draws of E[stars | μ + b_u + b_i + p_u · q_i]",
            defaults=_SAMPLING,
            engines={COMPILED: _bayesian},
            scorer=_from_weights(PosteriorScorer),
            adapter=ParentAdapter(_FACTOR_MODEL, _as_latent_factor),
        ),
        Model(
            name="autoencoder-model",
            title="Autoencoder",
            formula="μ + b_u + w_u · sigmoid(a + Σ_v x_vi v_v)",
            defaults=_AUTOENCODER,
            engines={COMPILED: _autoencoder},
            scorer=_from_weights(FactorScorer),
        ),
    )
}

# Not among the models that are trained, and that a comparison trains unless told otherwise.
BLEND = Model(
    name="blend",
    title="Blend",
    formula="c₀ + Σ cₙ · r̂ₙ",
    defaults={},
    engines={COMPILED: _not_trained},
    scorer=_blend,
)
