"""Users and items without a training rating, whose rows in every table are zeros.

Zeros are no place among trained rows: what a network makes of them beside another row is chance.
Such a user is taken for the mean of all users instead, such an item for the mean of all items.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from starcast.engines.protocol import Weights
from starcast.scoring.panels import Matrix


def is_trained(*tables: Matrix) -> NDArray[np.bool_]:
    """Whether rows of tables (n, …) are of users or items with training ratings; bool (n,)."""
    each = [table.reshape(len(table), -1).any(axis=1) for table in tables]
    return np.asarray(np.any(each, axis=0))


def with_typical_rows(weights: Weights, vectors: str) -> Weights:
    """The weights with the mean of trained rows in the place of untrained ones.

    Args:
        weights: with tables called "user_…" and "item_…".
        vectors: which tables tell, "factors" or "embedding".
    """
    filled = dict(weights)
    for side in ("user", "item"):
        tables = [name for name in (f"{side}_{vectors}", f"{side}_bias") if name in weights]
        filled |= _filled(weights, tables, is_trained(weights[f"{side}_{vectors}"]))
    return filled


def typical_rows_in(weights: Weights, *sides: Sequence[str]) -> Weights:
    """The same for tables of any names; a row is untrained that is zero in all tables of a side.

    Args:
        weights: the tables and others.
        sides: names of the tables of users, and of those of items.
    """
    filled = dict(weights)
    for tables in sides:
        filled |= _filled(weights, tables, is_trained(*(weights[name] for name in tables)))
    return filled


def _filled(
    weights: Weights, tables: Sequence[str], trained: NDArray[np.bool_]
) -> dict[str, NDArray[np.float32]]:
    """The tables with the mean of trained rows in the place of others; none if all are alike."""
    if trained.all() or not trained.any():
        return {}
    filled = {}
    for name in tables:
        filled[name] = weights[name].copy()
        filled[name][~trained] = weights[name][trained].mean(axis=0, dtype=np.float64)
    return filled
