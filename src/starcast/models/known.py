"""The models that Starcast brings, each with its defaults, its engine and its scorer."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from starcast.data.ratings import Ratings
from starcast.data.scale import MOST_LEVELS
from starcast.engines import tuned
from starcast.engines.expression import Expression
from starcast.engines.expression.networks import Besides, deep_network, ensemble
from starcast.engines.keras_settings import KERAS, on_keras
from starcast.engines.protocol import Engine, Scorer, Weights
from starcast.engines.rows import SparseRows
from starcast.engines.settings import (
    COMPILED,
    EnsembleSettings,
    GibbsSettings,
    LbfgsSettings,
    NetworkSettings,
    Settings,
    WarmStartSettings,
)
from starcast.models.features import computed_by, suit_for
from starcast.models.growing.request import Arrays, Growing
from starcast.models.model import MakeScorer, Model, ParentAdapter
from starcast.models.networks import Network, engines_of, grow_of, schema_of
from starcast.models.on_keras import factors_on_keras
from starcast.scoring import (
    DeepScorer,
    EnsembleScorer,
    FactorScorer,
    PosteriorScorer,
    network_scorer,
)
from starcast.scoring.factors import autoencoder_schema, factor_schema
from starcast.scoring.posterior import posterior_schema


def _latent_factor(config: Settings, train: Ratings, seed: int) -> Engine:
    from starcast.engines.factorization.latent_factor import latent_factor

    return latent_factor(config, train, seed)


def _grow_factors(growing: Growing) -> Arrays:
    from starcast.models.growing.factors import grow_factors

    return grow_factors(growing)


def _featured_deep(config: NetworkSettings, besides: Besides) -> Expression:
    rate = config.dropout_rate
    return deep_network(config.dimension, config.layers[:-1], dropout_rate=rate, besides=besides)


def _featured_ensemble(config: EnsembleSettings, besides: Besides) -> Expression:
    return ensemble(
        config.dimension,
        config.layers[:-1],
        factors=config.factor_dimension,
        dropout_rate=config.dropout_rate,
        besides=besides,
    )


_deep_network, _ensemble = computed_by(_featured_deep), computed_by(_featured_ensemble)


def _bayesian(config: GibbsSettings, train: Ratings, seed: int) -> Engine:
    from starcast.engines.bayesian.engine import BayesianEngine

    return BayesianEngine(config, train, seed)


def _with_likelihood_for(
    config: GibbsSettings, known: Callable[[], Ratings]
) -> tuple[GibbsSettings, str]:
    """Of more different ratings than steps can be drawn for, those of numbers."""
    n_levels = len(np.unique(known().stars)) if config.likelihood == "probit" else 0
    if n_levels <= MOST_LEVELS:
        return config, ""
    return replace(config, likelihood="gaussian"), (
        f"likelihood 'gaussian' in the place of 'probit', which takes at most {MOST_LEVELS} "
        f"different ratings: {known().name} has {n_levels:,}"
    )


def _grow_posterior(growing: Growing) -> Arrays:
    from starcast.models.growing.posterior import grow_posterior

    return grow_posterior(growing)


def _autoencoder(config: LbfgsSettings, train: Ratings, seed: int) -> Engine:
    from starcast.engines.autoencoder.engine import AutoencoderEngine

    return AutoencoderEngine(config, train, seed)


def _grow_autoencoder(growing: Growing) -> Arrays:
    from starcast.models.growing.autoencoder import grow_autoencoder

    return grow_autoencoder(growing)


def _transfer(
    parents: Mapping[str, Weights], config: WarmStartSettings
) -> dict[str, NDArray[np.float32]]:
    from starcast.engines.networks.warm_start import warm_start

    return warm_start(parents[_FACTOR_MODEL], parents[_DEEP_MODEL], config.transfer_weight)


def _as_latent_factor(weights: Weights, child: EnsembleSettings) -> dict[str, NDArray[np.float32]]:
    from starcast.engines.bayesian.mean import posterior_mean

    return posterior_mean(weights, child.factor_dimension)


def _from_weights(scorer: Callable[[Weights], Scorer]) -> MakeScorer:
    """Of a model whose weights say all: histories and settings are left aside."""
    return lambda weights, histories, settings: scorer(weights)


def _of_network(compute: Network, scorer: Callable[[Weights], Scorer]) -> MakeScorer:
    """Of a network: a scorer made for it, or of any network where it reads more than ids."""

    def made(weights: Weights, histories: SparseRows, settings: NetworkSettings) -> Scorer:
        if settings.network:
            return network_scorer(compute(settings), weights, histories)
        return scorer(weights)

    return made


_FACTOR_MODEL, _DEEP_MODEL = "latent-factor-model", "deep-neural-network-model"

KNOWN: tuple[Model, ...] = (
    Model(
        name=_FACTOR_MODEL,
        title="Latent factor",
        formula="μ + b_u + b_i + p_u · q_i",
        defaults=tuned.FACTORS,
        engines={COMPILED: _latent_factor, KERAS: factors_on_keras},
        elsewhere={KERAS: on_keras(tuned.FACTORS)},
        scorer=_from_weights(FactorScorer),
        schema=factor_schema,
        on_disk=tuple(tuned.FACTORS),
        grow=_grow_factors,
    ),
    Model(
        name=_DEEP_MODEL,
        title="Deep network",
        formula="MLP([p_u ; q_i])",
        defaults=tuned.NETWORK,
        engines=engines_of(_deep_network),
        elsewhere={KERAS: on_keras(tuned.NETWORK)},
        scorer=_of_network(_deep_network, DeepScorer),
        schema=schema_of(_deep_network),
        suit=suit_for(_featured_deep),
        grow=grow_of(_deep_network),
    ),
    Model(
        name="ensemble-no-transfer-learning",
        title="Ensemble, cold",
        formula="Dense₁([p_u ⊙ q_i ; b_u ; b_i ; MLP'([s_u ; t_i])])",
        defaults=tuned.ENSEMBLE,
        engines=engines_of(_ensemble),
        elsewhere={KERAS: on_keras(tuned.ENSEMBLE)},
        scorer=_of_network(_ensemble, EnsembleScorer),
        schema=schema_of(_ensemble),
        suit=suit_for(_featured_ensemble),
        grow=grow_of(_ensemble),
    ),
    Model(
        name="ensemble-transfer-learning",
        title="Ensemble, transfer",
        formula="the ensemble, warm-started at α·factor + (1-α)·deep",
        defaults=tuned.WARM_START,
        engines=engines_of(_ensemble),
        elsewhere={KERAS: on_keras(tuned.WARM_START)},
        scorer=_of_network(_ensemble, EnsembleScorer),
        schema=schema_of(_ensemble),
        suit=suit_for(_featured_ensemble),
        grow=grow_of(_ensemble),
        parents={
            _FACTOR_MODEL: {"dimension": "factor_dimension"},
            _DEEP_MODEL: {name: name for name in ("dimension", "layers", "features")},
        },
        transfer=_transfer,
    ),
    Model(
        name="bayesian-factorization-model",
        title="Bayesian factor",
        formula="mean over draws of E[stars | μ + b_u + b_i + p_u · q_i]",
        defaults=tuned.SAMPLED,
        engines={COMPILED: _bayesian},
        scorer=_from_weights(PosteriorScorer),
        schema=posterior_schema,
        grow=_grow_posterior,
        suit=_with_likelihood_for,
        adapter=ParentAdapter(_FACTOR_MODEL, _as_latent_factor),
    ),
    Model(
        name="autoencoder-model",
        title="Autoencoder",
        formula="μ + b_u + w_u · sigmoid(a + Σ_v x_vi v_v)",
        defaults=tuned.AUTOENCODER,
        engines={COMPILED: _autoencoder},
        scorer=_from_weights(FactorScorer),
        schema=autoencoder_schema,
        grow=_grow_autoencoder,
    ),
)
