"""Ordered probit: slopes against differences, cut points against a grid, latent draws in place."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from starcast.engines.bayesian.probit import OrderedProbit, expected_stars
from starcast.engines.normal import TABLE

VARIANCE = 100.0  # of a cut point, a priori: by hand, lest a change of it goes unseen

cdf = np.vectorize(lambda x: 0.5 * math.erfc(-x / math.sqrt(2)))


def plain_height(cuts: NDArray[np.float64], levels: NDArray[np.int64], at: float = 0.0) -> float:
    """Log posterior of cut points for ratings that are all predicted `at`, by its definition."""
    bounds = np.array([-np.inf, *cuts, np.inf]) - at
    shares = np.diff(cdf(bounds))
    return float(np.log(shares[levels]).sum() - cuts @ cuts / (2 * VARIANCE))


def predictors(levels: NDArray[np.int64], at: float = 0.0, seed: int = 0) -> OrderedProbit:
    predictions = np.full(len(levels), at, np.float32)
    return OrderedProbit((levels + 1).astype(np.float32), predictions, np.random.default_rng(seed))


LEVELS = np.repeat([0, 1, 2, 3], [3, 5, 8, 4])


def test_slope_and_curvature_are_those_of_the_posterior() -> None:
    cuts, h = np.array([-1.2, -0.1, 0.9]), 1e-3
    bend = predictors(LEVELS, at=0.25)._bend(cuts)

    def change(a: int, b: int) -> float:
        """Second difference of the height along two cut points."""
        along, beside = h * np.eye(3)[a], h * np.eye(3)[b]
        ends = [(1, 1), (1, -1), (-1, 1), (-1, -1)]
        heights = [plain_height(cuts + i * along + j * beside, LEVELS, 0.25) for i, j in ends]
        return (heights[0] - heights[1] - heights[2] + heights[3]) / (4 * h * h)

    curvature = -np.array([[change(a, b) for b in range(3)] for a in range(3)])
    steps = h * np.eye(3)
    up = np.array([plain_height(cuts + step, LEVELS, 0.25) for step in steps])
    down = np.array([plain_height(cuts - step, LEVELS, 0.25) for step in steps])
    slope = (up - down) / (2 * h)
    assert bend.height == pytest.approx(plain_height(cuts, LEVELS, 0.25), rel=1e-6)
    assert_allclose(bend.root @ bend.root.T, curvature, atol=1e-3)
    assert_allclose(bend.peak, cuts + np.linalg.solve(curvature, slope), atol=1e-4)


def test_cut_points_are_drawn_from_their_posterior() -> None:
    """Two cut points; mean and covariance of 4000 draws against a grid over the posterior."""
    levels = np.repeat([0, 1, 2], [4, 6, 5])
    grid = np.arange(-3, 3, 0.02)
    ordered = [(a, b) for a in grid for b in grid if a < b]
    points = np.array(ordered)
    shares = np.column_stack([cdf(points[:, 0]), cdf(points[:, 1]) - cdf(points[:, 0]),
                              cdf(-points[:, 1])])  # fmt: skip
    weights = np.prod(shares ** [4, 6, 5], axis=1)
    weights *= np.exp(-(points**2).sum(axis=1) / (2 * VARIANCE))
    weights /= weights.sum()
    mean = weights @ points
    covariance = (points - mean).T @ ((points - mean) * weights[:, np.newaxis])

    sampler, rng = predictors(levels), np.random.default_rng(1)
    draws, n_accepted = [], 0
    for _ in range(4000):
        sampler.errors[:] = sampler._latent  # whatever z is, ŷ stays 0
        n_accepted += sampler.before_sweep(rng)
        draws.append(sampler.cuts)
    assert_allclose(np.mean(draws, axis=0), mean, atol=0.03)
    assert_allclose(np.cov(np.transpose(draws)), covariance, atol=0.015)
    assert n_accepted > 2000


def test_latent_opinions_lie_between_their_cut_points() -> None:
    sampler = predictors(LEVELS, at=1.5)
    sampler.before_sweep(np.random.default_rng(2))
    bounds = np.array([-np.inf, *sampler.cuts, np.inf])
    latent = sampler.errors + 1.5
    assert np.all(bounds[LEVELS] <= latent + 1e-6)
    assert np.all(latent <= bounds[LEVELS + 1] + 1e-6)
    assert len(np.unique(latent)) == len(LEVELS)


def test_expected_stars_weigh_the_levels() -> None:
    cuts, levels = np.array([-0.5, 0.7]), np.array([1, 2, 5], np.float32)
    for prediction in (-3.0, 0.1, 2.0):
        shares = np.diff(cdf(np.array([-np.inf, *cuts, np.inf]) - prediction))
        stars = expected_stars(np.array([prediction], np.float32), cuts, levels, TABLE)
        assert_allclose(stars, [shares @ levels], rtol=1e-6)


def test_cut_points_start_at_the_shares_of_the_levels() -> None:
    assert_allclose(cdf(predictors(LEVELS).cuts), [3 / 20, 8 / 20, 16 / 20], rtol=1e-9)
