"""The latent factor model: r̂ = μ + b_u + b_i + p_u · q_i, by any of its solvers."""

from collections.abc import Callable

from starcast.data.ratings import Ratings
from starcast.engines.factorization.als import AlsEngine
from starcast.engines.factorization.minibatch import MiniBatchEngine
from starcast.engines.factorization.sgd import SgdEngine
from starcast.engines.protocol import Engine
from starcast.engines.settings import Config


def latent_factor(config: Config, train: Ratings, seed: int) -> Engine:
    """The engine that `config.optimizer` names.

    Args:
        config: settings; which are used depends on the optimizer.
        train: the training rows.
        seed: of everything random.
    Source: Koren, Bell, Volinsky 2009, eq. 4 and 5.
    """
    solvers: dict[str, Callable[[Config, Ratings, int], Engine]]
    solvers = {"SGD": SgdEngine, "ALS": AlsEngine}
    return solvers.get(config.optimizer, MiniBatchEngine)(config, train, seed)
