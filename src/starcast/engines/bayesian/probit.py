"""Ordered probit: stars are steps of a latent, normally distributed predictor.

A rating of level k says that z = ŷ + ε, ε ~ N(0, 1), fell between the cut points c_k and c_(k+1).
The cut points are drawn with the latent z integrated out, by a Metropolis-Hastings step whose
proposal is the normal about the end of one Newton step; the latent z are drawn after them.

Sources: Albert & Chib 1993, section 4 (latent draws); Albert & Chib 2001, section 3.1 (cut points
by a tailored proposal, latent variables integrated out). Deviation: the cut points themselves are
proposed, not their log distances; a proposal out of order is refused.
"""

import math
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from starcast.engines.bayesian.truncated import cdf_pdf, interval, quantile, truncated
from starcast.engines.compiled import serial
from starcast.engines.normal import TABLE
from starcast.engines.state import State, copied, put_back

PRIOR_VARIANCE = 100.0  # of a cut point: wide beside the unit noise, and yet proper
_SMALLEST = 1e-300

Doubles = NDArray[np.float64]


class _QuadraticFit(NamedTuple):
    """The logarithm of the cut points' posterior near a place, as a parabola.

    Attributes:
        height: the logarithm there.
        peak: float64 (n_cuts,), where Newton's step leads.
        root: float64 (n_cuts, n_cuts), lower Cholesky root of the negative curvature.
    """

    height: float
    peak: Doubles
    root: Doubles

    def log_density(self, cuts: Doubles) -> float:
        """Of the proposal N(peak, curvature⁻¹), less its constant."""
        distance = self.root.T @ (cuts - self.peak)
        return float(np.log(np.diag(self.root)).sum() - distance @ distance / 2)


@final
class OrderedProbit:
    """The latent predictors behind the training ratings.

    Args:
        stars: float32 (n,).
        predictions: float32 (n,), ŷ to begin with, on the latent scale.
        rng: of the first latent draws.

    Attributes:
        errors: float32 (n,), z - ŷ; the sweep keeps them up to date.
        alpha: the noise precision, 1 by definition.
        levels: float32 (n_levels,), the stars that occur.
        cuts: float64 (n_levels - 1,), ascending.
    """

    proposes = True

    def __init__(
        self, stars: NDArray[np.float32], predictions: NDArray[np.float32], rng: np.random.Generator
    ) -> None:
        self.levels, level_of, counts = np.unique(stars, return_inverse=True, return_counts=True)
        self._level_of = level_of.astype(np.int16)
        shares = np.cumsum(counts[:-1]) / len(stars)
        self.cuts = np.array([quantile(share) for share in shares])
        self.alpha = np.float32(1)
        self.errors = np.zeros(len(stars), np.float32)
        self._latent = predictions.copy()
        self._draw_latent(rng)

    @property
    def origin(self) -> float:
        """The mean cut point: cut points and biases may move together, and nothing changes."""
        return float(self.cuts.mean()) if len(self.cuts) else 0.0

    def before_sweep(self, rng: np.random.Generator) -> bool:
        """Draw the cut points, then the latent predictors between them."""
        is_accepted = self._draw_cuts(rng)
        self._draw_latent(rng)
        return is_accepted

    def after_sweep(self, squared_error: float, rng: np.random.Generator) -> None:
        """Nothing: the noise has variance 1."""

    def stars(self, every: int) -> NDArray[np.float32]:
        """Expected stars of every `every`-th training row, as the errors now stand."""
        predictions = self._latent[::every] - self.errors[::every]
        return expected_stars(predictions, self.cuts, self.levels, TABLE)

    def parameters(self) -> dict[str, NDArray[np.float32]]:
        """What a sample needs beside its factors: the cut points, float32 (n_levels - 1,)."""
        return {"cut_points": self.cuts.astype(np.float32)}

    def traced(self) -> dict[str, float]:
        """How far cut points lie apart: beside a noise of 1, what is 1 / noise of stars."""
        return {"cut_spacing": float(np.diff(self.cuts).mean())} if len(self.cuts) > 1 else {}

    def state(self) -> State:
        """Latent predictors, errors and cut points."""
        return copied(self._arrays())

    def restore(self, state: State) -> None:
        """Go on from a state of the same ratings. Raises: ValueError."""
        put_back(self._arrays(), state)
        if not np.all(np.diff(self.cuts) > 0):
            raise ValueError("cut points that do not ascend")

    def _arrays(self) -> State:
        return {"latent": self._latent, "errors": self.errors, "cuts": self.cuts}

    def _draw_latent(self, rng: np.random.Generator) -> None:
        uniform = rng.random(len(self.errors), np.float32)
        _draw_latent(self._latent, self.errors, self._level_of, _bounded(self.cuts), uniform, TABLE)

    def _draw_cuts(self, rng: np.random.Generator) -> bool:
        here = self._bend(self.cuts)
        normal = rng.standard_normal(len(self.cuts))
        proposed = here.peak + np.linalg.solve(here.root.T, normal)
        chance = rng.random()
        if not np.all(np.diff(proposed) > 0):
            return False
        there = self._bend(proposed)
        gain = there.height - here.height
        gain += there.log_density(self.cuts) - here.log_density(proposed)
        is_accepted = math.log(max(chance, _SMALLEST)) < gain
        if is_accepted:
            self.cuts = proposed
        return is_accepted

    def _bend(self, cuts: Doubles) -> _QuadraticFit:
        """The posterior of the cut points, latent predictors integrated out, near `cuts`."""
        slope, curvature = np.zeros(len(cuts) + 2), np.zeros((len(cuts) + 2, 2))
        height = _add_slopes(
            self._latent, self.errors, self._level_of, _bounded(cuts), slope, curvature, TABLE
        )
        beside = np.diag(curvature[1:-2, 1], 1)
        negative = np.diag(curvature[1:-1, 0] + 1 / PRIOR_VARIANCE) + beside + beside.T
        step = np.linalg.solve(negative, slope[1:-1] - cuts / PRIOR_VARIANCE)
        height -= float(cuts @ cuts) / (2 * PRIOR_VARIANCE)
        root = np.linalg.cholesky(negative).astype(np.float64)
        return _QuadraticFit(height, cuts + step, root)


def _bounded(cuts: Doubles) -> Doubles:
    return np.concatenate([[-np.inf], cuts, [np.inf]])


@serial
def _draw_latent(
    latent: Any, errors: Any, level_of: Any, bounds: Any, uniform: Any, table: Any
) -> None:
    for n in range(len(errors)):
        prediction, level = latent[n] - errors[n], level_of[n]
        low, high = bounds[level] - prediction, bounds[level + 1] - prediction
        errors[n] = truncated(low, high, uniform[n], table)
        latent[n] = prediction + errors[n]


@serial
def _add_slopes(
    latent: Any, errors: Any, level_of: Any, bounds: Any, slope: Any, curvature: Any, table: Any
) -> float:
    """Log-likelihood of the bounds; its slope and negative curvature are added up in place.

    Args:
        bounds: float64 (n_levels + 1,), the cut points between -∞ and ∞.
        slope: float64 (n_levels + 1,).
        curvature: float64 (n_levels + 1, 2): of each bound, and of it and the next.
    """
    total, product = 0.0, 1.0
    for n in range(len(errors)):
        prediction, level = latent[n] - errors[n], level_of[n]
        low, high = bounds[level] - prediction, bounds[level + 1] - prediction
        share, at_low, at_high, _, _ = interval(low, high, table)
        share = max(share, _SMALLEST)
        product *= share
        if product < 1e-200:  # one logarithm for many ratings
            total, product = total + math.log(product), 1.0
        at_low, at_high = at_low / share, at_high / share
        slope[level] -= at_low
        slope[level + 1] += at_high
        curvature[level, 1] -= at_low * at_high
        if level > 0:
            curvature[level, 0] += at_low * (at_low - low)
        if level + 2 < len(bounds):
            curvature[level + 1, 0] += at_high * (at_high + high)
    return total + math.log(product)


@serial
def expected_stars(predictions: Any, cuts: Any, levels: Any, table: Any) -> Any:
    """Σ level · P(level); float32 (n,) for latent predictions (n,)."""
    stars = np.empty(len(predictions), np.float32)
    for n in range(len(predictions)):
        expected = levels[0]
        for k in range(len(cuts)):
            above, _ = cdf_pdf(predictions[n] - cuts[k], table)
            expected += (levels[k + 1] - levels[k]) * above
        stars[n] = expected
    return stars
