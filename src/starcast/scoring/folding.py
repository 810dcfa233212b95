"""Folding in: what a trained model makes of a person it was not trained on, from a few ratings.

What the model learned stays as it is; only the vector it would hold of the person is found: the
most likely one, given the ratings and how trained users' vectors are spread. The search is
Newton's, its steps shortened where they lead uphill; a model linear in it is there after the first.

Shapes: S draws, or 1 where a model has a single set of weights; D what it holds of a user.

Sources: Nocedal & Wright 2006, section 10.3 (Gauss-Newton and Levenberg-Marquardt); Cook & Weisberg
1982, section 2.2 (the effect of leaving one observation out).
"""

from functools import cached_property
from typing import Any, NamedTuple, Protocol, Self, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.ids import Rows
from starcast.engines.protocol import Scores
from starcast.scoring.log_likelihood import Array, Doubles, LogLikelihood, gaussian_log_likelihood
from starcast.scoring.solving import solved

Chosen = NDArray[np.intp]

_STEPS = 5  # at most: two or three suffice but for the kinks of a network
_LITTLE = 0.02  # gain in log-likelihood that a step has to promise for another to follow
_NOTHING = 1e-6  # and for itself to be taken
_NOISE = 0.9  # of the spread: trained vectors lie closer together than what they stand for
_MOST_USERS = 10_000  # that a prior is made of: more make it no better
_FLOOR = 1e-6  # of the mean variance: what no trained user differs in stays as it is


class Prior(NamedTuple):
    """How users' vectors are spread before a rating is known.

    Attributes:
        mean: float64 (S, D).
        precision: float64 (S, D, D), the inverse of their covariance.
    """

    mean: Doubles
    precision: Doubles

    @classmethod
    def of(cls, rows: Array) -> Self:
        """The prior that rows (S, n_users, D) of trained users suggest.

        Few users say little of how their columns go together, so that the covariance is drawn to
        its diagonal.
        """
        chosen = rows.astype(np.float64)
        n = max(rows.shape[1], 1)
        mean = chosen.sum(axis=1) / n
        chosen -= mean[:, np.newaxis]
        covariance = chosen.transpose(0, 2, 1) @ chosen / n
        variance = np.diagonal(covariance, axis1=1, axis2=2)
        width = np.count_nonzero(variance.any(axis=0))  # but for columns that only pad
        identity = np.eye(rows.shape[2])
        shrunk = (n * covariance + width * variance[..., np.newaxis] * identity) / (n + width)
        shrunk += (_FLOOR * variance.mean() + np.finfo(np.float32).tiny) * identity
        return cls(mean, solved(shrunk, np.broadcast_to(identity, shrunk.shape)))


def sample_of(is_trained: NDArray[np.bool_]) -> Chosen:
    """Rows to make a prior of, evenly spread among users (n_users,) with training ratings."""
    trained = np.flatnonzero(is_trained)
    return trained[:: len(trained) // _MOST_USERS + 1]


class UserView(Protocol):
    """A model as a function of what it holds of one user, a vector: its linear predictors are what
    that says of items, in stars or what stars are steps of.
    """

    @property
    def prior(self) -> Prior:
        """How the vectors of trained users are spread."""
        ...

    def linearize(self, vectors: Doubles, item_rows: Rows) -> tuple[Array, Array]:
        """Predictors (S, n) of items, and how they move with the vectors (S, D): (S, n, D).

        For the search, so that they may be smoother than `predictors`.
        """
        ...

    def predictors(self, vectors: Doubles, item_rows: Rows | None = None) -> Array:
        """Predictors (S, n) of some items, or every one."""
        ...

    def log_likelihood(self, predictors: Array, stars: Scores) -> LogLikelihood:
        """What ratings (n,) say of predictors (S, n)."""
        ...

    def mean_response(self, predictors: Array) -> Scores:
        """Expected stars at predictors (S, …), mean over draws; float32 (…)."""
        ...


class VectorScorer(Protocol):
    """A scorer with one set of weights as a function of what it holds of a user, a vector (D,)."""

    @property
    def prior(self) -> Prior:
        """How the vectors of trained users are spread."""
        ...

    def linearize(self, vector: Array, item_rows: Rows) -> tuple[Array, Array]:
        """Scores (n,) of items, perhaps smoothed, and how they move with the vector, (n, D)."""
        ...

    def score_vector(self, vector: Array, item_rows: Rows | None = None) -> Scores:
        """Raw scores of some items, or every one; float32 (n,), stars."""
        ...


@final
class NormalView:
    """A scorer of stars, with normal noise about its scores.

    Args:
        scorer: of one set of weights.
        residual_rmse: how far ratings lie from scores that have not seen them, RMSE in stars.
    """

    def __init__(self, scorer: VectorScorer, residual_rmse: float) -> None:
        self._scorer, self._noise = scorer, _NOISE * residual_rmse

    @property
    def prior(self) -> Prior:
        """The scorer's."""
        return self._scorer.prior

    def linearize(self, vectors: Doubles, item_rows: Rows) -> tuple[Array, Array]:
        """Scores of the one draw (1, n), perhaps smoothed, and how they move, (1, n, D)."""
        predictors, slopes = self._scorer.linearize(vectors[0], item_rows)
        return predictors[np.newaxis], slopes[np.newaxis]

    def predictors(self, vectors: Doubles, item_rows: Rows | None = None) -> Array:
        """Scores of the one draw, (1, n)."""
        return self._scorer.score_vector(vectors[0], item_rows)[np.newaxis]

    def log_likelihood(self, predictors: Array, stars: Scores) -> LogLikelihood:
        """What ratings (n,) say of scores (1, n), whose noise is the same for all."""
        return gaussian_log_likelihood(predictors, stars, self._noise)

    def mean_response(self, predictors: Array) -> Scores:
        """The scores themselves."""
        return np.asarray(predictors[0], np.float32)


@final
class FoldedUser:
    """A person folded into a model.

    Args:
        view: the model as a function of a user's vector.
        item_rows: int32 (n,), what the person rated; each once.
        stars: float32 (n,), with how many stars.
    """

    def __init__(self, view: UserView, item_rows: Rows, stars: Scores) -> None:
        self._view, self._mode = view, _find(view, item_rows, stars)

    def score_all(self) -> Scores:
        """Raw scores of every item; float32 (n_items,), stars."""
        return self._view.mean_response(self._view.predictors(self._mode.vectors))

    def score_items(self, item_rows: Rows) -> Scores:
        """Raw scores of some items; float32 (n,), stars."""
        return self._view.mean_response(self._view.predictors(self._mode.vectors, item_rows))

    def effects(self, item_rows: Rows) -> Scores:
        """What each rating adds to the raw scores of items: what they lose without it.

        Found without a search for every rating: one Newton step away from the vector that all
        ratings led to. That is exact where the predictors are linear in it and the noise is normal.

        Args:
            item_rows: int32 (m,).
        Returns: float32 (m, n), stars.
        """
        predictors, slopes = self._view.linearize(self._mode.vectors, item_rows)
        moved = self._shifts @ slopes.transpose(0, 2, 1)  # (S, n, m)
        without = self._view.mean_response(predictors[:, np.newaxis] - moved)
        return np.asarray(self._view.mean_response(predictors)[:, np.newaxis] - without.T)

    @cached_property
    def _shifts(self) -> Doubles:
        """(S, n, D): the vectors less those that leave one rating out, for every rating."""
        mode = self._mode
        moved = solved(mode.curvature, mode.slopes.transpose(0, 2, 1)).transpose(0, 2, 1)
        leverage = np.sum(moved * mode.slopes, axis=2) * mode.likelihood.curvature
        gradient = mode.likelihood.gradient / np.maximum(1 - leverage, 1e-12)  # never 0 by rounding
        return np.asarray(moved * gradient[..., np.newaxis])


class _Iterate(NamedTuple):
    """Vectors (S, D) and what is known there; `slope` (S, D) and `curvature` (S, D, D) are those of
    the log-posterior `height` (S,), `slopes` (S, n, D) those of the predictors."""

    vectors: Doubles
    height: Doubles
    slope: Doubles
    curvature: Doubles
    slopes: Array
    likelihood: LogLikelihood


def _find(view: UserView, item_rows: Rows, stars: Scores) -> _Iterate:
    """The most likely vectors, each draw's on its own."""
    place = _survey(view, view.prior.mean, item_rows, stars)
    damping = np.zeros(len(place.vectors))
    promised = np.inf if len(stars) else 0.0
    for _ in range(_STEPS):
        if promised < _LITTLE:
            break
        damped = place.curvature + damping[:, np.newaxis, np.newaxis] * view.prior.precision
        step = solved(damped, place.slope[..., np.newaxis])[..., 0]
        promised = 0.5 * float(np.max(np.sum(step * place.slope, axis=1)))
        if promised < _NOTHING:
            break
        tried = _survey(view, place.vectors + step, item_rows, stars)
        is_higher = tried.height >= place.height
        damping = np.where(is_higher, damping / 4, np.maximum(4 * damping, 1.0))
        place = tried if is_higher.all() else _choose(is_higher, tried, place)
    return place


def _survey(view: UserView, vectors: Doubles, item_rows: Rows, stars: Scores) -> _Iterate:
    predictors, slopes = view.linearize(vectors, item_rows)
    likelihood = view.log_likelihood(predictors, stars)
    mean, precision = view.prior
    away = np.einsum("sde,se->sd", precision, vectors - mean)
    height = likelihood.fit - 0.5 * np.einsum("sd,sd->s", away, vectors - mean)
    slope = np.einsum("sn,snd->sd", likelihood.gradient, slopes) - away
    bent = slopes.transpose(0, 2, 1) @ (likelihood.curvature[..., np.newaxis] * slopes)
    return _Iterate(vectors, height, slope, precision + bent, slopes, likelihood)


def _choose(is_first: NDArray[np.bool_], first: _Iterate, second: _Iterate) -> _Iterate:
    """Of each draw the one place or the other."""

    def chosen(one: Any, other: Any) -> Any:
        if isinstance(one, LogLikelihood):
            return LogLikelihood(*map(chosen, one, other))
        return np.where(is_first.reshape(-1, *[1] * (one.ndim - 1)), one, other)

    return _Iterate(*map(chosen, first, second))
