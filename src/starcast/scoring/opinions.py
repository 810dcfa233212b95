"""What rating an opinion of a sampled factor model leads to, and what a rating says of opinions."""

from functools import cached_property
from math import erf, sqrt
from typing import Protocol, final

import numpy as np
from numpy.typing import NDArray

from starcast.engine import Scores
from starcast.scoring.evidence import (
    Doubles,
    Evidence,
    Table,
    evidence_of_stars,
    evidence_of_steps,
)
from starcast.scoring.layout import FEW

_TAIL = 6.0  # beyond so many standard deviations the normal distribution function Φ is 0 or 1
_FINE = 128  # points per unit of opinion: lines between them keep within 1e-5 stars of a curve
_GRID = np.linspace(-_TAIL, _TAIL, 4097)
_BELOW = np.array([0.5 * (1 + erf(x / sqrt(2))) for x in _GRID.tolist()])  # Φ on the grid

Curves = NDArray[np.float32]


class Meaning(Protocol):
    """What a rating is, given a draw's opinion."""

    def expected(self, draw: int, opinions: Scores, compiled: bool) -> Scores:
        """Expected rating at opinions of any shape; stars."""
        ...

    def variance(self, draw: int, opinions: Scores, compiled: bool) -> Scores:
        """Variance of the rating about it, stars squared."""
        ...

    def mean(self, opinions: Table) -> Scores:
        """Expected rating at opinions (S, …), mean over draws; float32 (…), stars."""
        ...

    def weigh(self, opinions: Table, stars: Scores) -> Evidence:
        """What ratings (n,) say of each draw's opinions (S, n)."""
        ...


@final
class Stars:
    """The opinion itself, and noise about it of a standard deviation for each draw."""

    def __init__(self, noise: Scores) -> None:
        self._noise = noise

    def expected(self, draw: int, opinions: Scores, compiled: bool) -> Scores:
        """The opinions themselves."""
        return opinions

    def variance(self, draw: int, opinions: Scores, compiled: bool) -> Scores:
        """That of the draw's noise, for every opinion."""
        return np.full_like(opinions, self._noise[draw] ** 2)

    def mean(self, opinions: Table) -> Scores:
        """Mean of the opinions over draws."""
        return np.asarray(opinions.mean(axis=0), np.float32)

    def weigh(self, opinions: Table, stars: Scores) -> Evidence:
        """What ratings (n,) say of opinions (S, n) by each draw's own noise."""
        return evidence_of_stars(opinions, stars, self._noise[:, np.newaxis].astype(np.float64))


@final
class Steps:
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
        """Mean of the levels by how likely the opinion stands on each."""
        return self._read(self._expected[draw], opinions, compiled)

    def variance(self, draw: int, opinions: Scores, compiled: bool) -> Scores:
        """Variance of the levels about that mean."""
        return self._read(self._variance[draw], opinions, compiled)

    def mean(self, opinions: Table) -> Scores:
        """Mean over draws of what each expects."""
        each = opinions.astype(np.float32).reshape(len(opinions), -1)
        means = np.empty(each.shape[1], np.float32)
        for start in range(0, len(means), FEW):  # in pieces that fit the cache
            piece = slice(start, start + FEW)
            means[piece] = self._look_up(self._expected, each[:, piece]).mean(axis=0)
        return means.reshape(opinions.shape[1:])

    def weigh(self, opinions: Table, stars: Scores) -> Evidence:
        """What it says of opinions (S, n) that they came to stand on the steps of ratings (n,)."""
        level = np.searchsorted((self._levels[1:] + self._levels[:-1]) / 2, stars)
        ends = np.full((len(opinions), 1), np.inf)
        bounds = np.concatenate([-ends, self._cut_points, ends], axis=1)
        return evidence_of_steps(bounds[:, level] - opinions, bounds[:, level + 1] - opinions)

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
                curve += rise * np.interp(self._places - cut, _GRID, _BELOW)
        return curves

    def _read(self, curve: Curves, opinions: Scores, compiled: bool) -> Scores:
        if not compiled:
            return self._look_up(curve[np.newaxis], opinions.reshape(1, -1)).reshape(opinions.shape)
        from starcast.scoring.lookup import look_up

        ratings = np.empty_like(opinions)
        look_up(opinions.ravel(), self._places[0], _FINE, curve, ratings.ravel())
        return ratings

    def _look_up(self, curves: Curves, opinions: Scores) -> Scores:
        """What `lookup.look_up` does, of each curve (S, n_points) at places (S, n), in plain NumPy.

        The points are evenly spaced, so that none has to be searched for.
        """
        n_points = curves.shape[1]
        places = (opinions - np.float32(self._places[0])) * np.float32(_FINE)
        places = np.clip(places, 0, np.float32(n_points - 1))
        with np.errstate(invalid="ignore"):  # NaN finds any point and stays NaN
            below = np.clip(places.astype(np.int32), 0, n_points - 2)
        share = places - below.astype(np.float32)
        below += np.arange(len(curves), dtype=np.int32)[:, np.newaxis] * n_points
        low, high = curves.ravel()[below], curves.ravel()[below + 1]
        return np.asarray(low + share * (high - low))
