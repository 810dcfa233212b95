"""Compiled loops against the expression they are a fast path for: any layout, any weights."""

import numpy as np
from drawn_networks import N_ITEMS, N_USERS, PENALTY, drawn, layouts
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_network import doubles, gradients, some_ratings

from starcast.engines.expression.autodiff import scores
from starcast.engines.networks.layout import Layout
from starcast.engines.protocol import ExpressedScorer
from starcast.scoring import DeepScorer, EnsembleScorer


@settings(max_examples=25)
@given(layouts, st.integers(0, 2**32 - 1))
def test_the_compiled_gradient_is_that_of_the_expression(layout: Layout, seed: int) -> None:
    engine, before = drawn(layout, seed)
    engine.run_epoch()
    expected = gradients(doubles(before), some_ratings(300, N_USERS, N_ITEMS), PENALTY)
    for name, after in engine.weights().items():
        far = np.abs(before[name].astype(np.float64) - after - expected[name]).max()
        assert far < 1e-5 * max(1.0, np.abs(expected[name]).max()), name


@settings(max_examples=25)
@given(layouts, st.integers(0, 2**32 - 1), st.sampled_from([200, 2000]))
def test_a_deployed_network_scores_as_its_expression(layout: Layout, seed: int, n: int) -> None:
    """Few pairs in NumPy, many in compiled loops, and the catalogue, from the weights alone."""
    _, weights = drawn(layout, seed)
    scorer = (EnsembleScorer if layout.factors else DeepScorer)(weights)
    assert isinstance(scorer, ExpressedScorer)
    network, own = scorer.expressed()
    rng = np.random.default_rng(seed)
    users, items = (rng.integers(0, size, n).astype(np.int32) for size in (N_USERS, N_ITEMS))
    expected = scores(network, doubles(own), users, items)
    scale = 1e-5 * max(1.0, np.abs(expected).max())
    np.testing.assert_allclose(scorer.score_pairs(users, items), expected, rtol=0, atol=scale)
    every = np.arange(N_ITEMS)
    for user in (0, N_USERS - 1):
        expected = scores(network, doubles(own), np.full(N_ITEMS, user), every)
        for found in (scorer.score_user(user), scorer.score_all(np.array([user], np.int32))[0]):
            np.testing.assert_allclose(found, expected, rtol=0, atol=scale)
