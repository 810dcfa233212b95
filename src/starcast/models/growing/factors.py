"""Factor models that take in later ratings: one side at a time, the other held as it is.

Touched users get the row that is most likely by all their ratings and by how trained users' rows
are spread; then items of which a fair part of the ratings is fresh get theirs. No other row moves.
This is what folding a person in is, with the noise of ratings in the place of nine tenths of it:
people who come back have moved on (docs/updates.md).
"""

from dataclasses import replace
from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.ids import Rows
from starcast.data.ratings import Ratings
from starcast.engines.blas import blas_on_one_thread
from starcast.engines.factorization.normal_prior import most_likely_rows
from starcast.engines.rows import SparseRows
from starcast.models.growing.request import Arrays, Growing
from starcast.scoring.cold_start import is_trained
from starcast.scoring.folding import Prior, sample_of

_OTHER = {"user": "item", "item": "user"}


def grow_factors(growing: Growing) -> Arrays:
    """μ + b_u + b_i + p_u · q_i with later ratings: their users, then items that are new to most
    of their raters, then users of new items once more."""
    weights = growing.widened()
    with blas_on_one_thread():  # for matrices so small, threads wait more than they work
        resettle(weights, growing, "user", growing.touched("user"))
        resettle(weights, growing, "item", growing.moved_items())
        if growing.has_new_items:
            resettle(weights, growing, "user", growing.raters_of_new_items())
    return weights


def resettle(weights: Arrays, growing: Growing, side: str, chosen: Rows) -> None:
    """Put the most likely rows of some users, or items, in the place of theirs.

    Args:
        weights: of a factor model; changed in place.
        growing: whose training rows count.
        side: "user" or "item".
        chosen: int32 (n,), ascending.
    """
    if not len(chosen):
        return
    own, others = Table.of(weights, side), Table.of(weights, _OTHER[side])
    trained = is_trained(own.rows)
    prior = Prior.of(own.rows[sample_of(trained)][np.newaxis])
    precision = prior.precision[0] * growing.residual_rmse**2
    x = others.with_typical_rows()
    rated = rated_by(growing.rows, side, chosen)
    left = rated.values - weights["mean"] - x[rated.columns, -1]
    x[:, -1] = 1
    rated = replace(rated, values=left.astype(np.float32))
    found = most_likely_rows(prior.mean[0], precision, x, rated)
    weights[f"{side}_factors"][chosen], weights[f"{side}_bias"][chosen] = (
        found[:, :-1],
        found[:, -1],
    )


def rated_by(rows: Ratings, side: str, chosen: Rows) -> SparseRows:
    """What some users rated, or who rated some items, in their order.

    Of few items it is found without putting all ratings into another order.
    """
    if side == "user":
        return SparseRows.by_user(rows).chosen(chosen)
    is_chosen = np.zeros(rows.n_items, bool)
    is_chosen[chosen] = True
    return SparseRows.by_item(rows.take(is_chosen[rows.item_rows])).chosen(chosen)


@final
class Table(NamedTuple):
    """One side of a factor model: factors, then the bias; float32 (n, d + 1)."""

    rows: NDArray[np.float32]

    @classmethod
    def of(cls, weights: Arrays, side: str) -> "Table":
        """Of "user" or "item"."""
        factors, bias = weights[f"{side}_factors"], weights[f"{side}_bias"]
        return cls(np.concatenate([factors, bias[:, np.newaxis]], axis=1))

    def with_typical_rows(self) -> NDArray[np.float32]:
        """A copy with the mean of trained rows in the place of others."""
        rows, trained = self.rows.copy(), is_trained(self.rows)
        if trained.any():
            rows[~trained] = rows[trained].mean(axis=0, dtype=np.float64)
        return rows
