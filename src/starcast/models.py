"""The registry: every model by name, with its defaults, its engine and its scorer.

A new model is a file in an engine's folder, a scorer, and one entry in `MODELS`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, NoReturn, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.ratings import Ratings
from starcast.engines import tuned
from starcast.engines.expression import Expression
from starcast.engines.expression.networks import deep_network, ensemble
from starcast.engines.protocol import Engine, Scorer, Weights
from starcast.engines.rows import SparseRows
from starcast.engines.settings import (
    GibbsSettings,
    LbfgsSettings,
    NetworkSettings,
    Settings,
    WarmStartSettings,
)
from starcast.engines.solvers import Solvers
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

MakeEngine = Callable[[Any, Ratings, int], Engine]
"""Settings, training rows and seed to a fresh engine."""

Network = Callable[[Any], Expression]
"""Settings to what a network computes, as it is trained."""

MakeScorer = Callable[[Weights, SparseRows], Scorer]
"""Weights, and who rated what in training by user, to the deployed form."""

Transfer = Callable[[Mapping[str, Weights], Any], dict[str, NDArray[np.float32]]]
"""The parents' weights by model name, and a model's settings, to a model's first weights."""

COMPILED = "compiled"  # the backend that every model has


class ParentAdapter(NamedTuple):
    """How one model takes another's place as a parent.

    Attributes:
        parent: whose place.
        weights: its own weights, and the settings of what starts from it, to weights as that
            parent has them.
    """

    parent: str
    weights: Callable[[Weights, Any], dict[str, NDArray[np.float32]]]


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
        objective, is_baseline: what it is judged by, and whether it is there to be beaten.
        parents: the models it is warm-started from, each with the settings that must agree.
        transfer: the parents' weights and its settings to its first weights.
        adapter: the parent whose place it may take, if any.
    """

    name: str
    title: str
    formula: str
    defaults: Mapping[str, Settings]
    engines: Mapping[str, MakeEngine]
    scorer: MakeScorer
    objective: Objective = STARS
    is_baseline: bool = False
    parents: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    transfer: Transfer | None = field(default=None)
    adapter: ParentAdapter | None = None

    @property
    def solvers(self) -> Solvers:
        """How it is trained. Raises: ConfigError: it is not."""
        if not self.defaults:
            _not_trained()
        return Solvers(self.name, self.defaults)

    def settings(self, **given: Any) -> Settings:
        """Its default settings with given ones on top; see `Solvers.settings`."""
        return self.solvers.settings(given)

    def engine(
        self, config: Settings, train: Ratings, seed: int, *, backend: str = COMPILED
    ) -> Engine:
        """A fresh engine. Raises: UnknownNameError: a backend this model has none of."""
        if backend not in self.engines:
            raise UnknownNameError(f"engine for {self.name}", backend, self.engines)
        return self.engines[backend](config, train, seed)


def find(name: str) -> Model:
    """The model of that name. Raises: UnknownNameError, with the nearest name.

    >>> find("latent-factor-model").title
    'Latent factor'
    """
    known = {**MODELS, BLEND.name: BLEND}
    if name not in known:
        raise UnknownNameError("model", name, known)
    return known[name]


def _latent_factor(config: Settings, train: Ratings, seed: int) -> Engine:
    from starcast.engines.factorization.latent_factor import latent_factor

    return latent_factor(config, train, seed)


def _network(network: Network) -> MakeEngine:
    """An engine for a network: compiled loops if they know it, else the plain interpreter."""

    def engine(config: NetworkSettings, train: Ratings, seed: int) -> Engine:
        from starcast.engines.networks.expression_engine import network_engine

        return network_engine(config, train, network(config), seed)

    return engine


def _deep_network(config: NetworkSettings) -> Expression:
    return deep_network(config.dimension, config.layers[:-1], dropout_rate=config.dropout_rate)


def _ensemble(config: NetworkSettings) -> Expression:
    return ensemble(config.dimension, config.layers[:-1], dropout_rate=config.dropout_rate)


def _bayesian(config: GibbsSettings, train: Ratings, seed: int) -> Engine:
    from starcast.engines.bayesian.engine import BayesianEngine

    return BayesianEngine(config, train, seed)


def _autoencoder(config: LbfgsSettings, train: Ratings, seed: int) -> Engine:
    from starcast.engines.autoencoder.engine import AutoencoderEngine

    return AutoencoderEngine(config, train, seed)


def _transfer(
    parents: Mapping[str, Weights], config: WarmStartSettings
) -> dict[str, NDArray[np.float32]]:
    from starcast.engines.networks.warm_start import warm_start

    return warm_start(parents[_FACTOR_MODEL], parents[_DEEP_MODEL], config.transfer_weight)


def _as_latent_factor(weights: Weights, child: NetworkSettings) -> dict[str, NDArray[np.float32]]:
    from starcast.engines.bayesian.mean import posterior_mean

    return posterior_mean(weights, child.dimension)


def _blend(weights: Weights, histories: SparseRows) -> Scorer:
    parts = [find(name).scorer(part, histories) for name, part in parts_of(weights)]
    return BlendScorer(parts, weights)


def _from_weights(scorer: Callable[[Weights], Scorer]) -> MakeScorer:
    """Of a model whose weights say all: histories are left aside."""
    return lambda weights, histories: scorer(weights)


def _not_trained(*_: object) -> NoReturn:
    raise ConfigError("a blend is not trained: 'starcast blend' makes it of trained models")


_FACTOR_MODEL, _DEEP_MODEL = "latent-factor-model", "deep-neural-network-model"

MODELS: Mapping[str, Model] = {
    model.name: model
    for model in (
        Model(
            name=_FACTOR_MODEL,
            title="Latent factor",
            formula="μ + b_u + b_i + p_u · q_i",
            defaults=tuned.FACTORS,
            engines={COMPILED: _latent_factor},
            scorer=_from_weights(FactorScorer),
        ),
        Model(
            name=_DEEP_MODEL,
            title="Deep network",
            formula="MLP([p_u ; q_i])",
            defaults=tuned.NETWORK,
            engines={COMPILED: _network(_deep_network)},
            scorer=_from_weights(DeepScorer),
        ),
        Model(
            name="ensemble-no-transfer-learning",
            title="Ensemble, cold",
            formula="Dense₁([p_u ⊙ q_i ; b_u ; b_i ; MLP'([s_u ; t_i])])",
            defaults=tuned.NETWORK,
            engines={COMPILED: _network(_ensemble)},
            scorer=_from_weights(EnsembleScorer),
        ),
        Model(
            name="ensemble-transfer-learning",
            title="Ensemble, transfer",
            formula="the ensemble, warm-started at α·factor + (1-α)·deep",
            defaults=tuned.WARM_START,
            engines={COMPILED: _network(_ensemble)},
            scorer=_from_weights(EnsembleScorer),
            parents={_FACTOR_MODEL: ("dimension",), _DEEP_MODEL: ("dimension", "layers")},
            transfer=_transfer,
        ),
        Model(
            name="bayesian-factorization-model",
            title="Bayesian factor",
            formula="mean over draws of E[stars | μ + b_u + b_i + p_u · q_i]",
            defaults=tuned.SAMPLED,
            engines={COMPILED: _bayesian},
            scorer=_from_weights(PosteriorScorer),
            adapter=ParentAdapter(_FACTOR_MODEL, _as_latent_factor),
        ),
        Model(
            name="autoencoder-model",
            title="Autoencoder",
            formula="μ + b_u + w_u · sigmoid(a + Σ_v x_vi v_v)",
            defaults=tuned.AUTOENCODER,
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
