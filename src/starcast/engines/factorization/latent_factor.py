"""The latent factor model: r̂ = μ + b_u + b_i + p_u · q_i, by any of its solvers."""

from collections.abc import Callable
from typing import Any

from starcast.data.ratings import Ratings
from starcast.engines.factorization.als import AlsEngine
from starcast.engines.factorization.minibatch import MiniBatchEngine
from starcast.engines.factorization.sgd import SgdEngine
from starcast.engines.protocol import Engine
from starcast.engines.settings import AlsSettings, MiniBatchSettings, Settings, SgdSettings

_SOLVERS: dict[type[Settings], Callable[[Any, Ratings, int], Engine]] = {
    SgdSettings: SgdEngine,
    AlsSettings: AlsEngine,
    MiniBatchSettings: MiniBatchEngine,
}


def latent_factor(config: Settings, train: Ratings, seed: int) -> Engine:
    """The engine whose settings these are.

    Args:
        config: the settings of one of its solvers.
        train: the training rows.
        seed: of everything random.
    Source: Koren, Bell, Volinsky 2009, eq. 4 and 5.
    """
    return _SOLVERS[type(config)](config, train, seed)
