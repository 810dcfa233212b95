"""The normal distribution's table, inverse and truncated draws against closed forms."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from starcast.engines.bayesian.truncated import cdf_pdf, interval, quantile, truncated
from starcast.engines.normal import TABLE

LEVELS = (np.arange(20_000) + 0.5) / 20_000  # evenly spaced uniforms: a draw becomes an integral


def exact_cdf(x: float) -> float:
    return 0.5 * math.erfc(-x / math.sqrt(2))


def exact_pdf(x: float) -> float:
    return math.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def test_the_table_knows_the_distribution() -> None:
    for x in [*np.linspace(-9, 9, 2003).tolist(), -30.0, 30.0]:
        assert_allclose(cdf_pdf(x, TABLE), [exact_cdf(x), exact_pdf(x)], rtol=1e-9)


def test_the_quantile_inverts_the_distribution() -> None:
    for x in [*np.linspace(-8, 5, 500).tolist(), -30.0]:
        assert quantile(exact_cdf(x)) == pytest.approx(x, abs=1e-9)


def test_an_interval_far_out_keeps_its_digits() -> None:
    share, at_low, at_high, below, mirrored = interval(10.0, 11.0, TABLE)
    assert share == pytest.approx(exact_cdf(-10) - exact_cdf(-11), rel=1e-7)
    assert (at_low, at_high) == pytest.approx((exact_pdf(10), exact_pdf(11)), rel=1e-7)
    assert mirrored
    assert below == pytest.approx(exact_cdf(-11), rel=1e-7)


@pytest.mark.parametrize(
    ("low", "high"),
    [(-math.inf, -1.0), (-0.5, 2.0), (1.0, math.inf), (3.0, 3.1), (7.9, 8.2), (20.0, math.inf),
     (-math.inf, -20.0)],
)  # fmt: skip
def test_truncated_draws_have_the_moments_of_the_truncated_normal(low: float, high: float) -> None:
    """Mean (φ(a) - φ(b)) / p and second moment 1 + (a·φ(a) - b·φ(b)) / p of N(0, 1) on [a, b]."""
    draws = np.array([truncated(low, high, uniform, TABLE) for uniform in LEVELS])
    # Mirrored where needed: differences of upper tails would lose all digits.
    share = exact_cdf(high) - exact_cdf(low) if low < 0 else exact_cdf(-low) - exact_cdf(-high)
    ends = [(x * exact_pdf(x), exact_pdf(x)) if math.isfinite(x) else (0, 0) for x in (low, high)]
    mean = (ends[0][1] - ends[1][1]) / share
    assert_allclose(draws.mean(), mean, rtol=2e-4)
    assert_allclose((draws**2).mean(), 1 + (ends[0][0] - ends[1][0]) / share, rtol=1e-3)
    assert draws.min() >= low
    assert draws.max() <= high


def test_a_draw_stays_in_its_interval_where_doubles_end() -> None:
    assert 60 <= truncated(60.0, 61.0, 0.5, TABLE) <= 61
    assert -61 <= truncated(-61.0, -60.0, 0.5, TABLE) <= -60
    assert truncated(60.0, math.inf, 0.5, TABLE) == 60
