"""Posterior draws that take in later ratings: of each draw one side at a time, the other held.

A draw's row of a user is one that ratings so far make likely. Given the draw's items it is moved to
what fresh ratings beside it make most likely, so that draws keep their spread: rows move by as much
as ratings so far leave open, which goes by how rows are spread among users, and by how many ratings
there were. Rows without any so far start from one that is drawn like those of others. Then items of
which a fair part is fresh move likewise.

Sources: Lindley & Smith 1972, section 2; Evensen 1994 (an ensemble moved by what is new).
Deviation: an ordered probit is met by Newton's method, and fresh ratings are not perturbed.
"""

from dataclasses import replace
from typing import NamedTuple, Self, final

import numpy as np
from numpy.typing import NDArray

from starcast.engines.blas import blas_on_one_thread
from starcast.engines.conditional import Known, most_likely
from starcast.models.growing.fresh import Fresh
from starcast.models.growing.request import Arrays, Growing, with_rows
from starcast.scoring.folding import Prior, sample_of
from starcast.scoring.likelihood import Gaussian, Likelihood, OrderedProbit

_STEPS = 2  # of Newton's method
_LEAST = 1e-3  # information in a rating: what is certain already moves nothing
_OTHER = {"user": "item", "item": "user"}


def grow_posterior(growing: Growing) -> Arrays:
    """Every draw with later ratings: their users, then items of which a fair part is fresh."""
    weights = _widened(growing)
    rng = np.random.default_rng([growing.seed, len(growing.rows)])
    chosen = {"user": growing.touched("user"), "item": growing.moved_items()}
    with blas_on_one_thread():  # for systems so small, threads wait more than they work
        for side, rows in chosen.items():
            fresh, around = Fresh.of(growing, side, rows), _Around.of(growing, side)
            for draw in range(len(weights["user_bias"])):
                _move(weights, draw, fresh, around, rng)
    return weights


def _widened(growing: Growing) -> Arrays:
    """Copies of the draws with rows for users and items that are new."""
    more = {"user": growing.rows.n_users - growing.n_users,
            "item": growing.rows.n_items - growing.n_items}  # fmt: skip
    widened = {name: array.copy() for name, array in growing.weights.items()}
    for side, n_more in more.items():
        for name in (f"{side}_factors", f"{side}_bias"):
            widened[name] = with_rows(growing.weights[name], n_more, axis=1)
    if "session_counts" in widened:
        widened["session_counts"] = with_rows(growing.weights["session_counts"], more["user"])
    return widened


@final
class _Around(NamedTuple):
    """What is known around fresh ratings.

    Attributes:
        counts: int64 (n_others,), how many training ratings each row of the other side has.
        is_known: bool (n,), which rows of this side had a rating so far.
    """

    counts: NDArray[np.int64]
    is_known: NDArray[np.bool_]

    @classmethod
    def of(cls, growing: Growing, side: str) -> Self:
        """Of a request."""
        other, n = growing.column(_OTHER[side])
        return cls(np.bincount(other, minlength=n), growing.learned(side) > 0)


def _move(
    weights: Arrays, draw: int, fresh: Fresh, around: _Around, rng: np.random.Generator
) -> None:
    """Move rows of one side in one draw; in place."""
    own, others = (_table(weights, side, draw) for side in (fresh.side, _OTHER[fresh.side]))
    prior = Prior.of(own[sample_of(around.is_known)][np.newaxis])
    centres = own[fresh.rows]
    strangers = fresh.learned == 0
    centres[strangers] = _drawn(prior, int(np.count_nonzero(strangers)), rng)
    base = weights["mean"] + others[:, -1]
    x = others.copy()
    x[:, -1] = 1
    of_each = fresh.rated.row_numbers()
    rating, moved = _likelihood(weights, draw), centres
    per_rating = None
    for _ in range(_STEPS if "levels" in weights else 1):
        across = np.einsum("nd,nd->n", x[fresh.rated.columns], moved[of_each])
        told = rating.log_likelihood(
            (across + base[fresh.rated.columns])[np.newaxis], fresh.rated.values
        )
        information = np.maximum(told.curvature[0], _LEAST)
        response = across + told.gradient[0] / information
        if per_rating is None:
            per_rating = information.mean() * _second_moment(x, around.counts)
        known = Known(centres, prior.precision[0], fresh.learned, per_rating)
        rated = replace(fresh.rated, values=response.astype(np.float32))
        moved = most_likely(known, x, rated, information.astype(np.float32))
    weights[f"{fresh.side}_factors"][draw, fresh.rows] = moved[:, :-1]
    weights[f"{fresh.side}_bias"][draw, fresh.rows] = moved[:, -1]


def _table(weights: Arrays, side: str, draw: int) -> NDArray[np.float32]:
    """A draw's factors, then the bias, of one side; float32 (n, D)."""
    factors, bias = weights[f"{side}_factors"][draw], weights[f"{side}_bias"][draw]
    return np.concatenate([factors, bias[:, np.newaxis]], axis=1)


def _likelihood(weights: Arrays, draw: int) -> Likelihood:
    """Of one draw."""
    if "levels" in weights:
        return OrderedProbit(weights["levels"], weights["cut_points"][draw : draw + 1])
    return Gaussian(weights["noise"][draw : draw + 1])


def _drawn(prior: Prior, n: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Rows (n, D) such as others are."""
    root = np.linalg.cholesky(prior.precision[0])
    noise = rng.standard_normal((len(root), n))
    return np.asarray(prior.mean[0] + np.linalg.solve(root.T, noise).T, np.float32)


def _second_moment(x: NDArray[np.float32], counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Mean of x xᵀ over training ratings; (D, D)."""
    weighed = x * (counts / max(counts.sum(), 1)).astype(np.float32)[:, np.newaxis]
    return np.asarray(weighed.T @ x, np.float64)
