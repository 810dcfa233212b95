"""From a network's name to an engine that trains it."""

from collections.abc import Callable
from contextlib import suppress

import keras
import tensorflow as tf

from starcast.config import Config
from starcast.networks.deep_network import DeepNetwork
from starcast.networks.engine import Network, NetworkEngine
from starcast.networks.ensemble import Ensemble
from starcast.ratings import Ratings

_NETWORKS: dict[str, Callable[[Config, float, int], Network]] = {
    "deep_network": DeepNetwork,
    "ensemble": Ensemble,
}

# The operations of a batch are small: splitting one over threads costs more than it saves, running
# two side by side (users and items) pays. On 2 cores: 672 instead of 863 ns per rating.
with suppress(RuntimeError):  # TensorFlow is already running, with its user's settings
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(2)


def engine(name: str, config: Config, train: Ratings, seed: int) -> NetworkEngine:
    """A fresh engine around a fresh network, reproducible for a seed."""
    keras.utils.set_random_seed(seed)
    network = _NETWORKS[name](config, float(train.stars.mean(dtype="float64")), seed)
    return NetworkEngine(config, train, network, seed)
