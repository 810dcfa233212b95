"""Models on Keras, which is loaded when one is asked for."""

from collections.abc import Callable
from typing import Any

from starcast.data.ratings import Ratings
from starcast.engines.expression import Expression
from starcast.engines.keras_settings import KerasSettings, OnKeras
from starcast.engines.protocol import Engine
from starcast.engines.settings import Settings
from starcast.models.model import MakeEngine


def network_on_keras(compute: Callable[[Any], Expression]) -> MakeEngine:
    """An engine for a network."""

    def engine(settings: Any, train: Ratings, seed: int) -> Engine:
        require_engine(settings)
        from starcast.engines.keras.engine import network_engine

        return network_engine(settings, train, compute(settings), seed)

    return engine


def factors_on_keras(settings: KerasSettings, train: Ratings, seed: int) -> Engine:
    """An engine for the latent factor model."""
    require_engine(settings)
    from starcast.engines.keras.engine import factor_engine

    return factor_engine(settings, train, seed)


def require_engine(settings: Settings) -> None:
    """Refuse settings whose engine is not installed, or lacks what they ask of it.

    Raises: ConfigError.
    """
    if isinstance(settings, OnKeras):
        from starcast.engines.keras.backend import require_keras

        require_keras(settings)
