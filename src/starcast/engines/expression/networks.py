"""The networks that Starcast knows.

Each is the definition: what trains it, deploys it, draws it and exports it follows from here or is
checked against it.
"""

from collections.abc import Sequence

from starcast.engines.expression.layers import (
    concatenate,
    hidden_layers,
    item,
    output,
    user,
    weight,
)
from starcast.engines.expression.node import Expression


def factor_model(dimension: int, *draws: int) -> Expression:
    """r̂ = μ + b_u + b_i + p_u · q_i, in stars.

    Args:
        dimension: of p and q.
        draws: how many draws of all but μ a row holds, side by side, if more than the one.
    Source: Koren, Bell, Volinsky 2009, eq. 4.
    """
    product = user("factors", *draws, dimension) * item("factors", *draws, dimension)
    mean = weight("mean", start="mean")
    return mean + user("bias", *draws) + item("bias", *draws) + product.total()


def deep_network(dimension: int, hidden: Sequence[int], *, dropout_rate: float = 0.0) -> Expression:
    """r̂ = MLP([p_u ; q_i]): ReLU between the layers, linear output, in stars.

    Args:
        dimension: of p and q.
        hidden: widths of the hidden layers, at least one.
        dropout_rate: of what one hidden layer hands to the next.
    Source: He et al. 2017, section 3.3 (the MLP half), with a linear output for explicit ratings.
    """
    return output(_deep_branch(dimension, hidden, dropout_rate))


def ensemble(
    dimension: int, hidden: Sequence[int], *, factors: int = 0, dropout_rate: float = 0.0
) -> Expression:
    """r̂ = Dense₁([p_u ⊙ q_i ; b_u ; b_i ; MLP'([s_u ; t_i])]), in stars.

    The factor branch (p, q, b) and the deep branch (s, t) have tables of their own; MLP' is the
    deep network without its last layer.

    Args:
        dimension: of s and t.
        hidden, dropout_rate: as of `deep_network`.
        factors: dimension of p and q, if it is another.
    Source: He et al. 2017, section 3.4 (NeuMF). Deviations: the factor branch has biases, as the
        latent factor model has; a linear output for explicit ratings.
    """
    factors = factors or dimension
    product = user("factors", factors) * item("factors", factors)
    deep = _deep_branch(dimension, hidden, dropout_rate)
    return output(concatenate(product, user("bias"), item("bias"), deep))


def _deep_branch(dimension: int, hidden: Sequence[int], dropout_rate: float) -> Expression:
    both = concatenate(user("embedding", dimension), item("embedding", dimension))
    return hidden_layers(both, hidden, "relu", dropout_rate=dropout_rate)
