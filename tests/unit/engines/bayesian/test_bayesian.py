"""The sampler as an engine: it learns, repeats itself, keeps draws and takes them back."""

import os
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from plain_factor import random_ratings, ratings_of

from starcast.data.ratings import Ratings
from starcast.engines.bayesian.engine import BayesianEngine
from starcast.engines.bayesian.mean import posterior_mean
from starcast.engines.sampler import Sampler
from starcast.engines.settings import GibbsSettings
from starcast.errors import ConfigError
from starcast.scoring import PosteriorScorer

TINY = GibbsSettings(dimension=3, samples=8, burn_in=2, chains=2, kept=4)


def run(config: GibbsSettings, train: Ratings, seed: int = 1) -> BayesianEngine:
    engine = BayesianEngine(config, train, seed)
    for _ in range(engine.sweeps):
        engine.run_epoch()
    return engine


def planted(seed: int) -> tuple[Ratings, Ratings]:
    """Taste along two directions and biases, with noise of half a star; train and held-out rows."""
    rng = np.random.default_rng(seed)
    p, q = rng.normal(0, 0.8, (2, 60, 2))
    cells = np.argwhere(rng.random((60, 60)) < 0.5)
    users, items = cells.T
    liking = (
        3 + 0.5 * p[users, 0] + (p[users] * q[items]).sum(axis=1) + rng.normal(0, 0.5, len(cells))
    )
    stars = np.clip(np.round(liking * 2) / 2, 1, 5)
    rows = [(u, i, s) for (u, i), s in zip(cells.tolist(), stars.tolist(), strict=True)]
    ratings = ratings_of(rows, 60, 60)
    held_out = rng.random(len(ratings)) < 0.2
    return ratings.take(~held_out), ratings.take(held_out)


def rmse(scores: Any, part: Ratings) -> float:
    return float(np.sqrt(np.mean((np.clip(scores, 1, 5) - part.stars) ** 2)))


@pytest.mark.parametrize("likelihood", ["gaussian", "probit"])
def test_planted_taste_is_found(likelihood: str) -> None:
    train, held_out = planted(3)
    config = GibbsSettings(dimension=4, likelihood=likelihood, samples=120, burn_in=40, kept=60)
    engine = run(config, train)
    scores = PosteriorScorer(engine.weights()).score_pairs(held_out.user_rows, held_out.item_rows)
    spread = rmse(np.full(len(held_out), train.stars.mean()), held_out)
    assert spread > 0.9
    assert rmse(scores, held_out) < 0.65  # the noise alone leaves 0.5, one direction 0.82


@pytest.mark.parametrize("likelihood", ["gaussian", "probit"])
def test_predictive_deviations_are_calibrated(likelihood: str) -> None:
    """Errors in units of the deviation: unit variance, and within 1 and 2 as often as a normal's.

    Of 340 held-out rows, shares of 68 % and 95 % have standard errors of 2.5 % and 1.2 %.
    """
    train, held_out = planted(4)
    config = GibbsSettings(dimension=4, likelihood=likelihood, samples=120, burn_in=40, kept=60)
    scorer = PosteriorScorer(run(config, train).weights())
    pairs = held_out.user_rows, held_out.item_rows
    scores, deviations = scorer.score_pairs(*pairs), scorer.predictive_std(*pairs)
    errors = np.abs(held_out.stars - scores) / deviations
    assert 0.8 < np.mean(errors**2) < 1.25
    assert 0.60 < np.mean(errors <= 1) < 0.76
    assert 0.91 < np.mean(errors <= 2) < 0.99


@pytest.mark.parametrize("likelihood", ["gaussian", "probit"])
def test_the_same_seed_repeats_itself_and_another_does_not(
    likelihood: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    train, config = random_ratings(20, 15, 0.5, seed=5), replace(TINY, likelihood=likelihood)
    first = run(config, train).weights()
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    again = run(config, train).weights()
    other = run(config, train, seed=2).weights()
    for name, array in first.items():
        assert_array_equal(array, again[name], err_msg=name)
    assert not np.array_equal(first["user_bias"], other["user_bias"])


def test_a_chain_is_the_same_however_many_run_beside_it() -> None:
    train = random_ratings(20, 15, 0.5, seed=5)
    alone = run(replace(TINY, chains=1, samples=4), train).latest()
    beside = run(replace(TINY, chains=3, samples=12), train).latest()
    assert_array_equal(alone["user_factors"][0], beside["user_factors"][0])
    assert not np.array_equal(beside["user_factors"][0], beside["user_factors"][1])


def test_draws_are_kept_evenly_after_the_burn_in() -> None:
    train = random_ratings(20, 15, 0.5, seed=5)
    config = GibbsSettings(dimension=2, samples=12, burn_in=3, chains=2, kept=4)
    engine, seen = BayesianEngine(config, train, 1), []
    assert isinstance(engine, Sampler)
    assert engine.sweeps == 9
    for _ in range(engine.sweeps):
        engine.run_epoch()
        seen.append(engine.latest()["user_bias"])
    assert_array_equal(engine.weights()["user_bias"], np.concatenate([seen[5], seen[8]]))


def test_shares_make_the_mean_over_the_kept_draws_as_it_grows() -> None:
    """What a running mean of the latest draws' scores needs to end at the deployed scores."""
    train = random_ratings(20, 15, 0.5, seed=5)
    config = GibbsSettings(dimension=2, samples=12, burn_in=2, chains=2, kept=6)
    engine, mean, shares = BayesianEngine(config, train, 1), np.zeros(15, np.float32), []
    for _ in range(engine.sweeps):
        engine.run_epoch()
        shares.append(engine.share)
        mean += engine.share * (PosteriorScorer(engine.latest()).score_user(3) - mean)
    assert shares == [1, 1, 1, 1, 0, 1 / 2, 0, 1 / 3]
    assert_allclose(mean, PosteriorScorer(engine.weights()).score_user(3), rtol=1e-6)


def test_before_any_draw_counts_the_latest_stand_in() -> None:
    engine = BayesianEngine(TINY, random_ratings(20, 15, 0.5, seed=5), 1)
    engine.run_epoch()
    assert_array_equal(engine.weights()["item_bias"], engine.latest()["item_bias"])


@pytest.mark.parametrize("likelihood", ["gaussian", "probit"])
def test_weights_come_back_as_they_were_and_sampling_goes_on_from_them(likelihood: str) -> None:
    train, config = planted(6)[0], replace(TINY, likelihood=likelihood, samples=80, burn_in=20)
    weights = run(config, train).weights()
    engine = BayesianEngine(replace(config, burn_in=0), train, 7)
    cold = engine.run_epoch().training_error
    engine.load(weights)
    for name, array in engine.weights().items():
        assert_array_equal(array, weights[name], err_msg=name)
    assert engine.run_epoch().training_error < cold - 0.1


def test_weights_of_another_shape_are_refused() -> None:
    train = random_ratings(20, 15, 0.5, seed=5)
    weights = run(TINY, train).weights()
    engine = BayesianEngine(replace(TINY, dimension=4), train, 1)
    with pytest.raises(ValueError, match="user_factors"):
        engine.load(weights)


def test_users_without_ratings_are_alike() -> None:
    train = ratings_of([(0, 0, 5), (0, 1, 4), (1, 0, 2), (1, 1, 1)], n_users=4, n_items=2)
    weights = run(TINY, train).weights()
    assert_array_equal(weights["user_factors"][:, 2], weights["user_factors"][:, 3])
    assert_array_equal(weights["user_bias"][:, 2], weights["user_bias"][:, 3])


@pytest.mark.parametrize("likelihood", ["gaussian", "probit"])
def test_a_catalogue_scores_as_its_pairs(likelihood: str) -> None:
    train = random_ratings(20, 15, 0.5, seed=5)
    scorer = PosteriorScorer(run(replace(TINY, likelihood=likelihood), train).weights())
    users, items = np.divmod(np.arange(3 * 15, dtype=np.int32), 15)
    rows = np.array([4, 0, 19], np.int32)
    pairs = scorer.score_pairs(rows[users], items)
    assert_allclose(scorer.score_all(rows).ravel(), pairs, rtol=1e-5)


def test_the_posterior_mean_predicts_as_the_draws_do_on_average() -> None:
    train = random_ratings(20, 15, 0.5, seed=5)
    weights = run(replace(TINY, likelihood="gaussian"), train).weights()
    nearest = posterior_mean(weights, dimension=15)  # more than 15 items cannot differ in
    rows = np.arange(20, dtype=np.int32)
    matrix = nearest["user_factors"] @ nearest["item_factors"].T
    matrix += nearest["user_bias"][:, np.newaxis] + nearest["item_bias"] + nearest["mean"]
    assert_allclose(matrix, PosteriorScorer(weights).score_all(rows), atol=1e-5)
    assert posterior_mean(weights, dimension=2)["user_factors"].shape == (20, 2)


def test_the_posterior_mean_of_opinions_is_in_stars() -> None:
    """As near as lines come to curves that bend at the ends of the scale."""
    train = planted(3)[0]
    weights = run(replace(TINY, likelihood="probit", samples=40, burn_in=30), train).weights()
    nearest = posterior_mean(weights, dimension=12)
    rows = np.arange(60, dtype=np.int32)
    matrix = nearest["user_factors"] @ nearest["item_factors"].T
    matrix += nearest["user_bias"][:, np.newaxis] + nearest["item_bias"] + nearest["mean"]
    expected = PosteriorScorer(weights).score_all(rows)
    assert abs(np.mean(matrix - expected)) < 0.02
    assert np.std(matrix - expected) < 0.25 * np.std(expected)


def test_ratings_that_are_no_steps_are_told_what_to_do() -> None:
    train = ratings_of([(n, 0, 1 + n / 100) for n in range(101)], 101, 1)
    with pytest.raises(ConfigError, match=r"at most 100; .* has 101 .* --likelihood gaussian"):
        BayesianEngine(TINY, train, 1)
    BayesianEngine(replace(TINY, likelihood="gaussian"), train, 1).run_epoch()


def test_one_rating_for_all_is_predicted() -> None:
    train = ratings_of([(0, 0, 4), (0, 1, 4), (1, 1, 4)], 2, 2)
    scorer = PosteriorScorer(run(TINY, train).weights())
    assert_allclose(scorer.score_user(0), [4, 4])
