"""The networks that Starcast knows.

Each is the definition: what trains it, deploys it, draws it and exports it follows from here or is
checked against it.
"""

from collections.abc import Sequence
from typing import NamedTuple

from starcast.engines.expression.layers import (
    concatenate,
    hidden_layers,
    item,
    output,
    user,
    weight,
)
from starcast.engines.expression.node import Expression


class Besides(NamedTuple):
    """Vectors of what is read beside ids, to be added to the user's own and the item's own."""

    user: tuple[Expression, ...] = ()
    item: tuple[Expression, ...] = ()


_IDS_ALONE = Besides()


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


def deep_network(
    dimension: int,
    hidden: Sequence[int],
    *,
    dropout_rate: float = 0.0,
    besides: Besides = _IDS_ALONE,
) -> Expression:
    """r̂ = MLP([p_u ; q_i]): ReLU between the layers, linear output, in stars.

    Args:
        dimension: of p and q.
        hidden: widths of the hidden layers, at least one.
        dropout_rate: of what one hidden layer hands to the next; of p and q, where more than ids
            is read.
        besides: what is added to p and q. If there is anything, it is MLP([p_u ; q_i ; p_u ⊙ q_i]).
    Source: He et al. 2017, section 3.3 (the MLP half), with a linear output for explicit ratings.
    """
    return output(_deep_branch(dimension, hidden, dropout_rate, besides))


def ensemble(
    dimension: int,
    hidden: Sequence[int],
    *,
    factors: int = 0,
    dropout_rate: float = 0.0,
    besides: Besides = _IDS_ALONE,
) -> Expression:
    """r̂ = Dense₁([p_u ⊙ q_i ; b_u ; b_i ; MLP'([s_u ; t_i])]), in stars.

    The factor branch (p, q, b) and the deep branch (s, t) have tables of their own; MLP' is the
    deep network without its last layer.

    Args:
        dimension: of s and t.
        hidden, dropout_rate, besides: as of `deep_network`, of s and t.
        factors: dimension of p and q, if it is another.
    Source: He et al. 2017, section 3.4 (NeuMF). Deviations: the factor branch has biases, as the
        latent factor model has; a linear output for explicit ratings.
    """
    factors = factors or dimension
    product = user("factors", factors) * item("factors", factors)
    deep = _deep_branch(dimension, hidden, dropout_rate, besides)
    return output(concatenate(product, user("bias"), item("bias"), deep))


def _deep_branch(
    dimension: int, hidden: Sequence[int], dropout_rate: float, besides: Besides
) -> Expression:
    p, q = user("embedding", dimension), item("embedding", dimension)
    if besides == _IDS_ALONE:
        return hidden_layers(concatenate(p, q), hidden, "relu", dropout_rate=dropout_rate)
    p, q = (sum(more, own).dropout(dropout_rate) for own, more in zip((p, q), besides, strict=True))
    return hidden_layers(concatenate(p, q, p * q), hidden, "relu")
