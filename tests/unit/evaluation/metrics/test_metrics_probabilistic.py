"""Log loss, CRPS and coverage, reckoned by hand and by integrals."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from starcast.evaluation.metrics import coverage_of_intervals, crps, log_loss, mae

LEVELS = np.array([1.0, 2.0, 4.0])
BELOW = np.array([[0.2, 0.5], [0.2, 0.5], [0.2, 0.5], [0.0, 1.0]])  # 20, 30 and 50 %; surely 2
WHICH = np.array([0, 1, 2, 1])


def test_log_loss_is_that_of_the_chance_of_what_came() -> None:
    assert_allclose(log_loss(BELOW, WHICH), -np.log([0.2, 0.3, 0.5, 1.0]), atol=1e-12)
    assert log_loss(np.array([[0.0, 0.0]]), np.array([0]))[0] == pytest.approx(-np.log(1e-15))


def test_crps_by_hand() -> None:
    """Of 1: 0.8² to 2, 0.5² from 2 to 4. Of 2: 0.2², then 0.5² twice. Of 4: 0.2², 0.5² twice."""
    expected = [0.64 + 0.5, 0.04 + 0.5, 0.04 + 0.5, 0.0]
    assert_allclose(crps(BELOW, WHICH, LEVELS), expected, atol=1e-12)


def test_crps_without_doubt_is_the_absolute_error() -> None:
    said, came = np.array([0, 2, 1, 0]), np.array([2, 0, 1, 1])
    below = (np.arange(2) >= said[:, np.newaxis]).astype(float)
    found = crps(below, came, LEVELS)
    assert found.mean() == pytest.approx(mae(LEVELS[came], LEVELS[said]))
    assert found.tolist() == [3, 3, 0, 1]


def test_crps_is_half_the_spread_below_the_distance() -> None:
    """E|X - y| - ½ E|X - X'|, the other form of Gneiting & Raftery 2007, eq. 21."""
    rng = np.random.default_rng(1)
    levels = np.sort(rng.random(6) * 10)
    chances = rng.dirichlet(np.ones(6), 20)
    which = rng.integers(0, 6, 20)
    apart = np.abs(levels[:, np.newaxis] - levels)
    expected = [p @ apart[y] - p @ apart @ p / 2 for p, y in zip(chances, which, strict=True)]
    assert_allclose(crps(np.cumsum(chances, 1)[:, :-1], which, levels), expected, atol=1e-12)


def test_coverage_counts_a_border_by_its_part_within() -> None:
    """The middle 40 %, from 0.3 to 0.7: of [0, 0.2] nothing, of [0.2, 0.5] 2/3, of [0.5, 1] 2/5."""
    found = coverage_of_intervals(BELOW[:3], WHICH[:3], np.array([0.4, 0.8]))
    assert found[0] == pytest.approx((0 + 2 / 3 + 2 / 5) / 3)
    assert found[1] == pytest.approx((0.5 + 1 + 0.8) / 3)


def test_right_chances_hold_just_the_share_and_sure_ones_less() -> None:
    rng = np.random.default_rng(2)
    chances = rng.dirichlet(np.full(5, 0.7), 40_000)
    below = np.cumsum(chances, axis=1)[:, :-1]
    which = (rng.random((len(below), 1)) > below).sum(axis=1)
    shares = np.array([0.2, 0.5, 0.8])
    assert_allclose(coverage_of_intervals(below, which, shares), shares, atol=0.01)
    surer = np.cumsum(chances**3 / (chances**3).sum(axis=1, keepdims=True), axis=1)[:, :-1]
    assert np.all(coverage_of_intervals(surer, which, shares) < shares - 0.02)
