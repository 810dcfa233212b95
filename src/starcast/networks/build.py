"""From a network's name to an engine that trains it."""

from collections.abc import Callable

import keras

from starcast.config import Config
from starcast.networks.deep_network import DeepNetwork
from starcast.networks.engine import Network, NetworkEngine
from starcast.networks.ensemble import Ensemble
from starcast.ratings import Ratings

_NETWORKS: dict[str, Callable[[Config, float, int], Network]] = {
    "deep_network": DeepNetwork,
    "ensemble": Ensemble,
}


def engine(name: str, config: Config, train: Ratings, seed: int) -> NetworkEngine:
    """A fresh engine around a fresh network, reproducible for a seed."""
    keras.utils.set_random_seed(seed)
    network = _NETWORKS[name](config, float(train.stars.mean(dtype="float64")), seed)
    return NetworkEngine(config, train, network, seed)
