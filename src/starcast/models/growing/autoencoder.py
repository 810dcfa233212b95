"""An autoencoder that takes in later ratings: codes of touched items, then rows of touched users.

An item's code is made of its ratings, fresh ones too, by input weights that stay as they are; those
of new users are zeros. With codes for item factors it is a factor model, and users' rows are found
as in one.
"""

from dataclasses import replace

import numpy as np

from starcast.data.ids import Rows
from starcast.engines.rows import SparseRows
from starcast.models.growing.factors import resettle
from starcast.models.growing.request import Arrays, Growing, with_rows


def grow_autoencoder(growing: Growing) -> Arrays:
    """The weights with fresh ratings in codes and users' rows."""
    weights = growing.widened()
    n_more = growing.rows.n_users - growing.n_users
    weights["input_kernel"] = with_rows(growing.weights["input_kernel"], n_more)
    _encode(weights, growing, growing.touched("item"))
    resettle(weights, growing, "user", growing.touched("user"))
    return weights


def _encode(weights: Arrays, growing: Growing, items: Rows) -> None:
    """Codes of some items, sigmoid(a + Σ_u x_ui v_u), as `Reconstruction.codes`; in place."""
    rows = growing.rows
    above = rows.stars - rows.stars.mean(dtype=np.float64)
    inputs = above / (above.std() or 1.0) + growing.settings.presence
    by_user = replace(SparseRows.by_user(rows), values=inputs.astype(np.float32))
    by_item = by_user.transposed()
    for item in items.tolist():
        raters, values = by_item.row(item)
        summed = weights["input_bias"] + values @ weights["input_kernel"][raters]
        with np.errstate(over="ignore"):  # far below zero a sigmoid is zero
            weights["item_factors"][item] = 1 / (1 + np.exp(-summed))
