"""The deep neural network: an MLP on the concatenated embeddings of user and item."""

from starcast.engines.networks.layout import Layout
from starcast.engines.settings import Config


def deep_network(config: Config) -> Layout:
    """r̂ = MLP([p_u ; q_i]): ReLU between the layers, linear output, in stars.

    Args:
        config: `dimension` and `layers` are used.
    Source: He et al. 2017, section 3.3 (the MLP half), with a linear output for explicit ratings.
    """
    return Layout(embedding=config.dimension, hidden=config.layers[:-1])
