"""How ratings follow from a sampled factor model: normal noise, or an ordered probit."""

from functools import cached_property
from typing import Protocol, final

import numpy as np
from numpy.typing import NDArray

from starcast.engines.normal import REACH, cdf, cdf_by_lines
from starcast.engines.protocol import Scores, Weights
from starcast.scoring.log_likelihood import (
    Array,
    Doubles,
    LogLikelihood,
    gaussian_log_likelihood,
    ordered_probit_log_likelihood,
)
from starcast.scoring.panels import FEW

_FINE = 128  # points per unit of predictor: lines between them keep within 1e-5 stars of a curve

_MOST_POINTS = 1 << 24  # of all curves, unless the weights themselves are as large

Curves = NDArray[np.float32]


class Likelihood(Protocol):
    """What a rating is, given a draw's predictor."""

    def expected(self, draw: int, predictors: Scores, compiled: bool) -> Scores:
        """Expected rating at predictors of any shape; stars."""
        ...

    def variance(self, draw: int, predictors: Scores, compiled: bool) -> Scores:
        """Variance of the rating about it, stars squared."""
        ...

    def chances_below(self, draw: int, predictors: Scores, marks: Doubles) -> Doubles:
        """Chances that ratings at predictors (n,) lie below marks (m,); float64 (n, m)."""
        ...

    def mean(self, predictors: Array) -> Scores:
        """Expected rating at predictors (S, …), mean over draws; float32 (…), stars."""
        ...

    def log_likelihood(self, predictors: Array, stars: Scores) -> LogLikelihood:
        """What ratings (n,) say of each draw's predictors (S, n)."""
        ...


@final
class Gaussian:
    """The predictor itself, and noise about it of a standard deviation for each draw."""

    def __init__(self, noise: Scores) -> None:
        self._noise = noise

    def expected(self, draw: int, predictors: Scores, compiled: bool) -> Scores:
        """The predictors themselves."""
        return predictors

    def variance(self, draw: int, predictors: Scores, compiled: bool) -> Scores:
        """That of the draw's noise, for every predictor."""
        return np.full_like(predictors, self._noise[draw] ** 2)

    def chances_below(self, draw: int, predictors: Scores, marks: Doubles) -> Doubles:
        """Of the normal distribution about the predictor."""
        return cdf((marks - predictors[:, np.newaxis]) / float(self._noise[draw]))

    def mean(self, predictors: Array) -> Scores:
        """Mean of the predictors over draws."""
        return np.asarray(predictors.mean(axis=0), np.float32)

    def log_likelihood(self, predictors: Array, stars: Scores) -> LogLikelihood:
        """What ratings (n,) say of predictors (S, n) by each draw's own noise."""
        return gaussian_log_likelihood(
            predictors, stars, self._noise[:, np.newaxis].astype(np.float64)
        )


@final
class OrderedProbit:
    """The level whose step a linear predictor with unit normal noise comes to stand on.

    Args:
        levels: (n_levels,), stars, ascending.
        cut_points: (S, n_levels - 1), where the next step begins, for each draw.
    """

    def __init__(self, levels: Scores, cut_points: Scores) -> None:
        self._levels, self._cut_points = levels.astype(np.float64), cut_points
        low = cut_points.min(initial=0) - REACH
        self._places = low + np.arange(_n_points(cut_points)) / _FINE

    def expected(self, draw: int, predictors: Scores, compiled: bool) -> Scores:
        """Mean of the levels by how likely the predictor stands on each."""
        return self._read(self._expected[draw], predictors, compiled)

    def variance(self, draw: int, predictors: Scores, compiled: bool) -> Scores:
        """Variance of the levels about that mean."""
        return self._read(self._variance[draw], predictors, compiled)

    def chances_below(self, draw: int, predictors: Scores, marks: Doubles) -> Doubles:
        """That the predictor with its noise stays below the step of the first level at a mark."""
        ends = np.array([-np.inf, *self._cut_points[draw], np.inf])
        cuts = ends[np.searchsorted(self._levels, marks)]
        return cdf(cuts - predictors[:, np.newaxis])

    def mean(self, predictors: Array) -> Scores:
        """Mean over draws of what each expects."""
        each = predictors.astype(np.float32).reshape(len(predictors), -1)
        means = np.empty(each.shape[1], np.float32)
        for start in range(0, len(means), FEW):  # in pieces that fit the cache
            piece = slice(start, start + FEW)
            means[piece] = self._look_up(self._expected, each[:, piece]).mean(axis=0)
        return means.reshape(predictors.shape[1:])

    def log_likelihood(self, predictors: Array, stars: Scores) -> LogLikelihood:
        """What ratings (n,) say of predictors (S, n): each lies between two cut points."""
        level = np.searchsorted((self._levels[1:] + self._levels[:-1]) / 2, stars)
        ends = np.full((len(predictors), 1), np.inf)
        bounds = np.concatenate([-ends, self._cut_points, ends], axis=1)
        return ordered_probit_log_likelihood(
            bounds[:, level] - predictors, bounds[:, level + 1] - predictors
        )

    @cached_property
    def _expected(self) -> Curves:
        return self._mean_of(self._levels).astype(np.float32)

    @cached_property
    def _variance(self) -> Curves:
        squares = self._mean_of(self._levels**2)
        return (squares - self._mean_of(self._levels) ** 2).astype(np.float32)

    def _mean_of(self, values: Doubles) -> Doubles:
        """Mean of a value for each level at every place of every draw's curve."""
        curves = np.full((len(self._cut_points), len(self._places)), values[0])
        for curve, cuts in zip(curves, self._cut_points, strict=True):
            for cut, rise in zip(cuts, np.diff(values), strict=True):
                curve += rise * cdf_by_lines(self._places - cut)
        return curves

    def _read(self, curve: Curves, predictors: Scores, compiled: bool) -> Scores:
        if not compiled:
            return self._look_up(curve[np.newaxis], predictors.reshape(1, -1)).reshape(
                predictors.shape
            )
        from starcast.scoring.lookup import look_up

        ratings = np.empty_like(predictors)
        look_up(predictors.ravel(), self._places[0], _FINE, curve, ratings.ravel())
        return ratings

    def _look_up(self, curves: Curves, predictors: Scores) -> Scores:
        """What `lookup.look_up` does, of each curve (S, n_points) at places (S, n), in plain NumPy.

        The points are evenly spaced, so that none has to be searched for.
        """
        n_points = curves.shape[1]
        places = (predictors - np.float32(self._places[0])) * np.float32(_FINE)
        places = np.clip(places, 0, np.float32(n_points - 1))
        with np.errstate(invalid="ignore"):  # NaN finds any point and stays NaN
            below = np.clip(places.astype(np.int32), 0, n_points - 2)
        share = places - below.astype(np.float32)
        below += np.arange(len(curves), dtype=np.int32)[:, np.newaxis] * n_points
        low, high = curves.ravel()[below], curves.ravel()[below + 1]
        return np.asarray(low + share * (high - low))


def levels_fault(weights: Weights) -> str:
    """What is wrong with levels and cut points, if weights have them; "" if nothing is."""
    if "levels" not in weights:
        return ""
    levels, cuts = weights["levels"], weights["cut_points"]
    if cuts.shape[1] != len(levels) - 1:
        return f"'cut_points' are {cuts.shape[1]} between {len(levels)} levels"
    if not (np.all(np.diff(levels) > 0) and np.all(np.diff(cuts) >= 0)):
        return "'levels' or 'cut_points' do not ascend"
    if len(cuts) * _n_points(cuts) > _MOST_POINTS + sum(array.size for array in weights.values()):
        return "'cut_points' lie too far apart"
    return ""


def _n_points(cut_points: Scores) -> int:
    """How many points the curve of a draw has."""
    low = cut_points.min(initial=0) - REACH
    return int(np.ceil((cut_points.max(initial=0) + REACH - low) * _FINE)) + 1
