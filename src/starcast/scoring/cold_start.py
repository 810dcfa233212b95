"""Users and items without a training rating, whose rows in every table are zeros.

Zeros are no place among trained rows: what a network makes of them beside another row is chance.
Such a user is taken for the mean of all users instead, such an item for the mean of all items.
"""

import numpy as np
from numpy.typing import NDArray

from starcast.engines.protocol import Weights
from starcast.scoring.panels import Matrix


def is_trained(table: Matrix) -> NDArray[np.bool_]:
    """Whether rows of a table (n, d) are of users or items with training ratings; bool (n,)."""
    return np.asarray(np.any(table != 0, axis=1))


def with_typical_rows(weights: Weights, vectors: str) -> Weights:
    """The weights with the mean of trained rows in the place of untrained ones.

    Args:
        weights: with tables called "user_…" and "item_…".
        vectors: which tables tell, "factors" or "embedding".
    """
    filled = dict(weights)
    for side in ("user", "item"):
        trained = is_trained(weights[f"{side}_{vectors}"])
        if trained.any() and not trained.all():
            for name in (f"{side}_{vectors}", f"{side}_bias"):
                if name in weights:
                    table = weights[name].copy()
                    table[~trained] = weights[name][trained].mean(axis=0, dtype=np.float64)
                    filled[name] = table
    return filled
