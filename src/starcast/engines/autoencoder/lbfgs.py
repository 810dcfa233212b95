"""L-BFGS: the direction of Newton's method, guessed from the last few steps.

All that two loops over past steps need are inner products of these steps, of the changes of the
gradient, and of the gradient. So they are computed in one pass over that memory, the loops run on
a small matrix, and the direction, a weighted sum, takes a second pass. In float32 the memory of a
million weights does not fit a core's cache: passes are what the method costs.

Sources: Liu & Nocedal 1989, algorithm 2.1; Chen, Wang, Zhou 2014, algorithm 3 (inner products);
Nocedal & Wright 2006, eq. 3.6 (Wolfe conditions).
"""

import math
from collections.abc import Callable
from typing import Any, final

import numba
import numpy as np
from numpy.typing import NDArray

from starcast.engines.compiled import parallel, serial
from starcast.engines.state import State, copied, put_back

Flat = NDArray[np.float32]
Objective = Callable[[Flat, Flat], float]
"""Weights (n,), and where to write their gradient (n,), to the value."""

MEMORY = 5  # steps remembered
_NOWHERE = -1  # the place of a step that is not
_ENOUGH, _FLAT = 1e-4, 0.9  # of the first slope: how far the value must fall, the slope flatten
_MOST_TRIALS = 20
_SHARES, _PIECE = 32, 4096  # a piece of every vector fits a core's second-level cache


@final
class Descent:
    """A minimisation under way.

    Args:
        objective: what is to be made small.
        start: the first weights, float32 (n,).

    Attributes:
        weights: float32 (n,), the best so far.
        value: the objective there.
    """

    def __init__(self, objective: Objective, start: Flat) -> None:
        self._objective, self.weights = objective, start.copy()
        self._past = np.zeros((2 * MEMORY + 1, len(start)), np.float32)  # steps, changes, gradient
        self._products = np.zeros((2 * MEMORY + 1, 2 * MEMORY + 1))
        self._remembered: list[int] = []  # places of steps, oldest first
        self.value = objective(self.weights, self._past[-1])
        self._learn([2 * MEMORY])

    def step(self) -> bool:
        """Take one step; whether a lower point was found."""
        if self._search():
            return True
        if not self._remembered:
            return False
        self._remembered = []  # what is left to try is the gradient's own direction
        return self._search()

    def state(self) -> State:
        """The place, and all that is remembered of the way to it."""
        return copied(self._arrays())

    def restore(self, state: State) -> None:
        """Go on from a state of a descent of the same objective. Raises: ValueError."""
        put_back(self._arrays(), state)
        places = [place for place in state["remembered"].tolist() if place != _NOWHERE]
        if len(set(places)) < len(places) or not set(places) <= set(range(MEMORY)):
            raise ValueError("steps are remembered in places that there are not")
        self._remembered, self.value = places, float(state["value"])

    def _arrays(self) -> State:
        spare = [_NOWHERE] * (MEMORY - len(self._remembered))
        return {
            "weights": self.weights,
            "past": self._past,
            "products": self._products,
            "remembered": np.array([*self._remembered, *spare], np.int64),
            "value": np.array(self.value),
        }

    def _search(self) -> bool:
        """Try lengths along a direction: double what is too short, halve what is too long."""
        direction, slope = self._direction()
        if not slope < 0:
            return False
        length = 1.0 if self._remembered else min(1.0, 1 / math.sqrt(-slope))
        short, long = 0.0, math.inf
        gradient = np.empty_like(direction)
        for _ in range(_MOST_TRIALS):
            weights = self.weights + np.float32(length) * direction
            value = self._objective(weights, gradient)
            slope_there = float(_dot(gradient, direction).sum())
            if not value <= self.value + _ENOUGH * length * slope:
                long = length
            elif slope_there < _FLAT * slope:
                short = length
            else:
                self._take(weights, value, gradient)
                return True
            length = (short + long) / 2 if long < math.inf else 2 * length
        return False

    def _take(self, weights: Flat, value: float, gradient: Flat) -> None:
        """Move to a point, and remember the step and the change of the gradient."""
        place = len(self._remembered) if len(self._remembered) < MEMORY else self._remembered.pop(0)
        np.subtract(weights, self.weights, out=self._past[place])
        np.subtract(gradient, self._past[-1], out=self._past[MEMORY + place])
        self._past[-1] = gradient
        self.weights, self.value = weights, value
        self._learn([place, MEMORY + place, 2 * MEMORY])
        if self._products[place, MEMORY + place] > 0:  # rounding may deny what Wolfe grants
            self._remembered.append(place)
        else:
            self._remembered = []

    def _learn(self, rows: list[int]) -> None:
        """Compute the inner products of some of the remembered vectors with all."""
        products = _inner_products(self._past, np.array(rows)).sum(axis=0)
        self._products[rows], self._products[:, rows] = products, products.T

    def _direction(self) -> tuple[Flat, float]:
        """The direction of search, float32 (n,), and the slope along it."""
        products, share = self._products, np.zeros(len(self._products))
        share[-1] = -1
        weight: dict[int, float] = {}
        for place in reversed(self._remembered):
            curvature = products[place, MEMORY + place]
            weight[place] = share @ products[place] / curvature
            share[MEMORY + place] -= weight[place]
        if self._remembered:
            change = MEMORY + self._remembered[-1]
            share *= products[self._remembered[-1], change] / products[change, change]
        for place in self._remembered:
            curvature = products[place, MEMORY + place]
            share[place] += weight[place] - share @ products[MEMORY + place] / curvature
        slope = float(share @ products[-1])
        return _weighted_sum(self._past, share.astype(np.float32)), slope


@parallel
def _inner_products(vectors: Any, rows: Any) -> Any:
    """Of some rows (k,) with every vector (m, n), share by share: float64 (_SHARES, k, m)."""
    m, n = vectors.shape
    parts = np.zeros((_SHARES, len(rows), m))
    for share in numba.prange(_SHARES):
        end = n * (share + 1) // _SHARES
        for start in range(n * share // _SHARES, end, _PIECE):
            piece = slice(start, min(end, start + _PIECE))
            for k in range(len(rows)):
                one = vectors[rows[k], piece]
                for other in range(m):
                    parts[share, k, other] += _sum_of_products(one, vectors[other, piece])
    return parts


@parallel
def _dot(one: Any, other: Any) -> Any:
    """Their inner product, share by share: float64 (_SHARES,)."""
    parts = np.zeros(_SHARES)
    for share in numba.prange(_SHARES):
        end = len(one) * (share + 1) // _SHARES
        for start in range(len(one) * share // _SHARES, end, _PIECE):
            piece = slice(start, min(end, start + _PIECE))
            parts[share] += _sum_of_products(one[piece], other[piece])
    return parts


@parallel
def _weighted_sum(vectors: Any, shares: Any) -> Any:
    """Σ shares[m] · vectors[m], float32 (n,)."""
    n = vectors.shape[1]
    summed = np.zeros(n, np.float32)
    for share in numba.prange(_SHARES):
        end = n * (share + 1) // _SHARES
        for start in range(n * share // _SHARES, end, _PIECE):
            piece = slice(start, min(end, start + _PIECE))
            for m in range(len(vectors)):
                _add(summed[piece], shares[m], vectors[m, piece])
    return summed


@serial
def _sum_of_products(one: Any, other: Any) -> Any:
    summed = np.float32(0)
    for n in range(len(one)):
        summed += one[n] * other[n]
    return summed


@serial
def _add(sums: Any, share: Any, vector: Any) -> None:
    for n in range(len(sums)):
        sums[n] += share * vector[n]
