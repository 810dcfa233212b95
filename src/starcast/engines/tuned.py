"""The default settings of each family of models, by optimizer; the first is the default.

Chosen on validation rows of ML-1M, ML-100K and ml-latest-small, never on test rows.
"""

from collections.abc import Mapping
from dataclasses import asdict

from starcast.engines.settings import (
    AlsSettings,
    BaselineSettings,
    EnsembleSettings,
    GibbsSettings,
    ImplicitSettings,
    ItemItemSettings,
    LbfgsSettings,
    MiniBatchSettings,
    NetworkSettings,
    OwnNetworkSettings,
    Settings,
    SgdSettings,
    WarmStartSettings,
)

Defaults = Mapping[str, Settings]


_FACTORS = 64  # of the latent factor model, and of the ensemble that starts from it


def _by_optimizer(*settings: Settings) -> Defaults:
    return {one.optimizer: one for one in settings}


def _factor(optimizer: str, learning_rate: float) -> MiniBatchSettings:
    return MiniBatchSettings(
        optimizer=optimizer,
        dimension=_FACTORS,
        learning_rate=learning_rate,
        regularization_factor=0.04,
        epochs=120,
        patience=8,
    )


def _network(optimizer: str, learning_rate: float) -> NetworkSettings:
    return NetworkSettings(
        optimizer=optimizer,
        learning_rate=learning_rate,
        regularization_factor=1.0,
        averaging=0.9,
        epochs=60,
    )


def _ensemble(network: Settings) -> EnsembleSettings:
    """As the deep network by the same optimizer."""
    return EnsembleSettings(**asdict(network))


def _warm_start(optimizer: str, learning_rate: float) -> WarmStartSettings:
    """A warm start is close to a good place: small steps, few of them."""
    return WarmStartSettings(
        optimizer=optimizer,
        factor_dimension=_FACTORS,
        learning_rate=learning_rate,
        regularization_factor=0.04,
        transfer_weight=0.7,
        epochs=30,
        patience=3,
    )


FACTORS = _by_optimizer(
    SgdSettings(
        dimension=_FACTORS,
        learning_rate=0.01,
        regularization_factor=0.04,
        averaging=0.7,
        epochs=120,
        patience=15,
    ),
    AlsSettings(dimension=_FACTORS, regularization_factor=0.1, epochs=40, patience=8),
    _factor("Adam", 0.001),
    _factor("RMSProp", 0.001),
    _factor("GradientDescent", 0.005),
)
NETWORK = _by_optimizer(
    _network("Adam", 0.003), _network("RMSProp", 0.001), _network("GradientDescent", 0.0001)
)
ENSEMBLE = _by_optimizer(*map(_ensemble, NETWORK.values()))
WARM_START = _by_optimizer(
    _warm_start("Adam", 1e-5), _warm_start("RMSProp", 1e-5), _warm_start("GradientDescent", 1e-6)
)
OWN_NETWORK = _by_optimizer(
    *(
        OwnNetworkSettings(optimizer=one.optimizer, learning_rate=one.learning_rate, epochs=60)
        for one in NETWORK.values()
        if isinstance(one, NetworkSettings)
    )
)
SAMPLED = _by_optimizer(GibbsSettings())
AUTOENCODER = _by_optimizer(
    LbfgsSettings(dimension=256, regularization_factor=5.5, epochs=40, patience=5)
)
ITEM_ITEM = _by_optimizer(ItemItemSettings())
IMPLICIT = _by_optimizer(ImplicitSettings())
BASELINE = _by_optimizer(BaselineSettings())
