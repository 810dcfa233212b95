"""The autoencoder as an engine: it learns, and what it hands out is a factor model."""

import numpy as np
import pytest

from starcast.data.ratings import Ratings
from starcast.data.split import Split
from starcast.engines.autoencoder.engine import AutoencoderEngine
from starcast.engines.settings import LbfgsSettings
from starcast.evaluation.metrics import rmse
from starcast.scoring import FactorScorer

EPOCHS = 8


def engine_of(ratings: Ratings, seed: int = 1) -> AutoencoderEngine:
    config = LbfgsSettings(dimension=8, regularization_factor=0.05)
    return AutoencoderEngine(config, ratings, seed)


def test_a_prediction_is_made_of_the_code_that_the_items_raters_make(ratings: Ratings) -> None:
    engine = engine_of(ratings)
    engine.run_epoch()
    weights = engine.weights()
    mean, spread = ratings.stars.mean(), ratings.stars.std()
    sums = weights["input_bias"].copy()
    for user, stars in ((0, 5.0), (1, 2.0)):  # ann and bob, of alien
        sums += ((stars - mean) / spread + 3) * weights["input_kernel"][user]
    code = 1 / (1 + np.exp(-sums))
    wanted = mean + weights["user_bias"][2] + weights["user_factors"][2] @ code
    score = FactorScorer(weights).score_pairs(np.array([2], np.int32), np.array([0], np.int32))
    assert score[0] == pytest.approx(wanted, rel=1e-5)


def test_planted_factors_are_found(planted_split: Split) -> None:
    train, held_out = planted_split.train, planted_split.validation
    engine = engine_of(train)
    losses = [engine.run_epoch() for _ in range(EPOCHS)]
    scores = FactorScorer(engine.weights()).score_pairs(held_out.user_rows, held_out.item_rows)
    assert np.all(np.diff([loss.loss for loss in losses]) <= 0)
    assert rmse(held_out.stars, scores) < 0.75 * float(held_out.stars.std())


def test_the_training_error_is_that_of_the_deployed_scorer(planted_split: Split) -> None:
    train, engine = planted_split.train, engine_of(planted_split.train)
    for _ in range(EPOCHS):
        seen = engine.run_epoch()
    scores = FactorScorer(engine.weights()).score_pairs(train.user_rows, train.item_rows)
    assert seen.training_error == pytest.approx(rmse(train.stars, scores), rel=1e-4)
    assert seen.loss > 0.5 * seen.training_error**2


def test_users_and_items_without_ratings_hold_zeros_from_first_to_last(ratings: Ratings) -> None:
    few = ratings.take((ratings.user_rows != 1) & (ratings.item_rows != 2))
    engine = engine_of(few)
    for n_epochs in range(3):
        weights = engine.weights()
        for name in ("input_kernel", "user_factors", "user_bias"):
            assert not weights[name][1].any(), n_epochs
            assert n_epochs == 0 or weights[name][[0, 2]].all()
        assert not weights["item_factors"][2].any()
        assert weights["item_factors"][[0, 1, 3]].all()
        engine.run_epoch()


def test_codes_follow_from_the_training_rows(planted_split: Split) -> None:
    """Weights taken back into other rows keep their kernels; items are what these rows say."""
    engine, other = engine_of(planted_split.train), engine_of(planted_split.validation)
    engine.run_epoch()
    given = engine.weights()
    other.load(given)
    taken = other.weights()
    for name in ("input_kernel", "input_bias", "user_factors", "user_bias"):
        assert np.array_equal(taken[name], given[name])
    assert not np.allclose(taken["item_factors"], given["item_factors"])
