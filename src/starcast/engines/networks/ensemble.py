"""The ensemble of a latent factor model and a deep network, joined by one dense layer."""

from starcast.engines.networks.layout import Layout
from starcast.engines.settings import Config


def ensemble(config: Config) -> Layout:
    """r̂ = Dense₁([p_u ⊙ q_i ; b_u ; b_i ; MLP'([s_u ; t_i])]), in stars.

    The factor branch (p, q, b) and the deep branch (s, t) have tables of their own; MLP' is the
    deep network without its last layer.

    Args:
        config: `dimension` and `layers` are used.
    Source: He et al. 2017, section 3.4 (NeuMF). Deviations: the factor branch has biases, as the
        latent factor model has; a linear output for explicit ratings.
    """
    d = config.dimension
    return Layout(embedding=d, hidden=config.layers[:-1], factors=d)
