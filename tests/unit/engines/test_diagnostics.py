"""R̂ and effective sample sizes are those of ArviZ, whatever the chains; and what can be told."""

# mypy: disable-error-code="attr-defined, no-untyped-call"

import numpy as np
import pytest
from arviz_stats.base import array_stats
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from starcast.engines.diagnostics import bulk_ess, rhat, tail_ess

Doubles = NDArray[np.float64]


@st.composite
def chains(draw: st.DrawFn) -> Doubles:
    """Some that agree, drift, stand still, repeat their draws, or swing."""
    n, n_chains = draw(st.integers(1, 60)), draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    memory = draw(st.sampled_from([-0.9, 0.0, 0.5, 0.95, 1.0]))
    walk = rng.normal(size=(n, n_chains))
    for now, before in zip(walk[1:], walk[:-1], strict=True):
        now += memory * before
    walk += draw(st.sampled_from([0.0, 0.3, 5.0])) * rng.normal(size=n_chains)
    walk *= 1 + draw(st.sampled_from([0.0, 2.0])) * np.arange(n_chains)
    decimals = draw(st.sampled_from([-1, 0, 1, 12]))  # of few decimals, many draws are alike
    return np.round(walk, decimals) * draw(st.sampled_from([1e-8, 1.0, 1e8]))


def agree(draws: Doubles) -> None:
    theirs = draws.T
    with np.errstate(all="ignore"):
        wanted = [
            array_stats.rhat(theirs),
            array_stats.ess(theirs, method="bulk"),
            array_stats.ess(theirs, method="tail", prob=0.05),
        ]
    found = [rhat(draws), bulk_ess(draws), tail_ess(draws)]
    assert_allclose(found, np.array(wanted, float), rtol=1e-6, atol=1e-6)


@given(chains())
@settings(max_examples=150, deadline=None)
def test_they_are_those_of_arviz(draws: Doubles) -> None:
    agree(draws)


@pytest.mark.parametrize(
    "draws",
    [
        np.full((9, 2), 3.5),  # all alike
        np.tile([1.0, 2.0, 3.0], (8, 1)),  # each stands still, elsewhere
        np.tile([[0.0], [1.0]], (6, 2)),  # swings
        np.arange(24.0).reshape(12, 2),  # drifts
        np.eye(7)[:, :2],
        np.array([[1.0, 2.0], [np.nan, 3.0], [2.0, 1.0], [4.0, 4.0], [3.0, 0.0]]),
    ],
)
def test_of_odd_chains_too(draws: Doubles) -> None:
    agree(draws)


def test_what_is_given_where_there_is_little_to_say() -> None:
    rng = np.random.default_rng(1)
    short, alone = rng.normal(size=(3, 2)), rng.normal(size=(50, 1))
    assert np.isnan([rhat(short), bulk_ess(short), tail_ess(short)]).all()
    assert np.isnan(rhat(alone))
    assert 20 < bulk_ess(alone) < 100
    same = np.ones((10, 3))
    assert np.isnan(rhat(same))
    assert (bulk_ess(same), tail_ess(same)) == (30, 30)
    assert rhat(np.tile([1.0, 2.0], (8, 1))) == np.inf
    nothing = np.empty((0, 2))
    assert np.isnan([rhat(nothing), bulk_ess(nothing), tail_ess(nothing)]).all()


def test_rhat_of_four_draws_by_hand() -> None:
    """Halves 1 2 | 3 4 and 5 6 | 7 8: the ranks are the draws, z = Φ⁻¹((rank - 3/8) / 8.25)."""
    z = {1: -1.4342, 2: -0.8522, 3: -0.4728, 4: -0.1525}  # 5 to 8 mirror them
    means = [(z[1] + z[2]) / 2, (z[3] + z[4]) / 2]
    between = 2 * (means[0] ** 2 + means[1] ** 2) / 3
    within = ((z[2] - z[1]) ** 2 + (z[4] - z[3]) ** 2) / 4
    draws = np.array([[1.0, 5.0], [2.0, 6.0], [3.0, 7.0], [4.0, 8.0]])
    assert rhat(draws) == pytest.approx(np.sqrt(between / within + 1 / 2), rel=1e-3)
