"""A factor model sampled from its posterior, as deployed: the mean over draws, and its spread."""

from collections.abc import Iterable
from functools import cached_property, reduce
from math import erf, sqrt
from typing import Protocol, final

import numpy as np
from numpy.typing import NDArray

from starcast.engine import Scores, Weights
from starcast.ids import Rows
from starcast.scoring.factors import FactorScorer
from starcast.scoring.layout import FEW

_TAIL = 6.0  # beyond so many standard deviations the normal distribution function Φ is 0 or 1
_FINE = 128  # points per unit of opinion: lines between them keep within 1e-5 stars of a curve
_GRID = np.linspace(-_TAIL, _TAIL, 4097)
_BELOW = np.array([0.5 * (1 + erf(x / sqrt(2))) for x in _GRID.tolist()])  # Φ on the grid

Curves = NDArray[np.float64]


@final
class PosteriorScorer:
    """Mean over draws of the rating expected at each draw's opinion μ + b_u + b_i + p_u · q_i.

    Args:
        weights: mean (); for each of S draws user_factors (S, n_users, d), user_bias (S, n_users),
            and the items' likewise. Where opinions are in stars, also noise (S,); where stars are
            steps of an opinion, cut_points (S, n_levels - 1), and levels (n_levels,) for all draws.

    Sources: Rendle 2012, section 4.1.3 (averaged predictions); Albert & Chib 1993, section 4
    (ordered probit). Deviation: the expected rating is read from a curve.
    """

    def __init__(self, weights: Weights) -> None:
        self._draws = [FactorScorer(_draw(weights, n)) for n in range(len(weights["user_bias"]))]
        self._rating: _Rating = (
            _Steps(weights["levels"], weights["cut_points"])
            if "levels" in weights
            else _Stars(weights["noise"])
        )

    def score_pairs(self, user_rows: Rows, item_rows: Rows) -> Scores:
        """Raw scores of n pairs; float32 (n,), stars."""
        opinions = (draw.score_pairs(user_rows, item_rows) for draw in self._draws)
        return self._mean(opinions, compiled=len(user_rows) > FEW)

    def score_all(self, user_rows: Rows) -> Scores:
        """Raw scores of every item; float32 (n, n_items), stars."""
        return self._mean((draw.score_all(user_rows) for draw in self._draws), compiled=True)

    def score_user(self, user_row: int) -> Scores:
        """Raw scores of every item for one user; float32 (n_items,), stars."""
        return self._mean((draw.score_user(user_row) for draw in self._draws), compiled=False)

    def deviations(self, user_rows: Rows, item_rows: Rows) -> Scores:
        """Standard deviation of a rating about its score; float32 (n,), stars.

        That of the predictive distribution: what each draw leaves open, and what draws disagree on.
        """
        opinions = [draw.score_pairs(user_rows, item_rows) for draw in self._draws]
        compiled = len(user_rows) > FEW
        expected = [self._rating.expected(n, x, compiled) for n, x in enumerate(opinions)]
        variances = [self._rating.variance(n, x, compiled) for n, x in enumerate(opinions)]
        return np.asarray(np.sqrt(np.mean(variances, axis=0) + np.var(expected, axis=0)))

    def _mean(self, opinions: Iterable[Scores], *, compiled: bool) -> Scores:
        """Mean over draws of the ratings expected at their opinions, of any shape."""
        expected = (self._rating.expected(n, x, compiled) for n, x in enumerate(opinions))
        return np.asarray(reduce(np.add, expected) / np.float32(len(self._draws)))


class _Rating(Protocol):
    """What a rating is, given a draw's opinion."""

    def expected(self, draw: int, opinions: Scores, compiled: bool) -> Scores:
        """Expected rating at opinions of any shape; stars."""
        ...

    def variance(self, draw: int, opinions: Scores, compiled: bool) -> Scores:
        """Variance of the rating about it, stars squared."""
        ...


@final
class _Stars:
    """The opinion itself, and noise about it of a standard deviation for each draw."""

    def __init__(self, noise: Scores) -> None:
        self._noise = noise

    def expected(self, draw: int, opinions: Scores, compiled: bool) -> Scores:
        return opinions

    def variance(self, draw: int, opinions: Scores, compiled: bool) -> Scores:
        return np.full_like(opinions, self._noise[draw] ** 2)


@final
class _Steps:
    """The level whose step an opinion with unit normal noise comes to stand on.

    Args:
        levels: (n_levels,), stars, ascending.
        cut_points: (S, n_levels - 1), where the next step begins, for each draw.
    """

    def __init__(self, levels: Scores, cut_points: Scores) -> None:
        self._levels, self._cut_points = levels.astype(np.float64), cut_points
        low = cut_points.min(initial=0) - _TAIL
        n_points = int(np.ceil((cut_points.max(initial=0) + _TAIL - low) * _FINE)) + 1
        self._places = low + np.arange(n_points) / _FINE

    def expected(self, draw: int, opinions: Scores, compiled: bool) -> Scores:
        return self._read(self._expected[draw], opinions, compiled)

    def variance(self, draw: int, opinions: Scores, compiled: bool) -> Scores:
        return self._read(self._variance[draw], opinions, compiled)

    @cached_property
    def _expected(self) -> Curves:
        return self._mean_of(self._levels)

    @cached_property
    def _variance(self) -> Curves:
        return self._mean_of(self._levels**2) - self._expected**2

    def _mean_of(self, values: NDArray[np.float64]) -> Curves:
        """Mean of a value for each level at every place of every draw's curve."""
        curves = np.full((len(self._cut_points), len(self._places)), values[0])
        for curve, cuts in zip(curves, self._cut_points, strict=True):
            for cut, rise in zip(cuts, np.diff(values), strict=True):
                curve += rise * np.interp(self._places - cut, _GRID, _BELOW)
        return curves

    def _read(self, curve: Curves, opinions: Scores, compiled: bool) -> Scores:
        if not compiled:
            return np.interp(opinions, self._places, curve).astype(np.float32)
        from starcast.scoring.lookup import look_up

        ratings = np.empty_like(opinions)
        look_up(opinions.ravel(), self._places[0], _FINE, curve.astype(np.float32), ratings.ravel())
        return ratings


def _draw(weights: Weights, n: int) -> Weights:
    """One draw as a latent factor model."""
    tables = ("user_factors", "user_bias", "item_factors", "item_bias")
    return {name: weights[name][n] for name in tables} | {"mean": weights["mean"]}
