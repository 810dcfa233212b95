"""Losses of networks: ordered steps and Huber's, by hand and by two values."""

from dataclasses import replace
from math import exp, log
from typing import Any

import numpy as np
import pytest

from starcast import models
from starcast.data.ratings import Ratings
from starcast.engines.expression import concatenate, hidden_layers, item, output, user
from starcast.engines.expression.autodiff import scores
from starcast.engines.networks.expression_engine import ExpressionEngine
from starcast.engines.ordinal import in_steps, steps_of, unlikelihood
from starcast.engines.settings import NetworkSettings
from starcast.errors import ConfigError, UnknownNameError

LEVELS = np.array([1, 2, 3.5], np.float32)
FLAT = output(hidden_layers(concatenate(user("p", 3), item("q", 3)), (4,)))


def sigmoid(x: float) -> float:
    return 1 / (1 + exp(-x))


def test_how_unlikely_ratings_are_by_hand() -> None:
    """Of f - c_1 = 0.5 and f - c_2 = -1."""
    distances = np.array([[0.5, -1.0]] * 3)
    found, _ = unlikelihood(distances, np.array([1, 2, 3.5]), LEVELS)
    first, second = sigmoid(0.5), sigmoid(-1)
    np.testing.assert_allclose(found, [-log(1 - first), -log(first - second), -log(second)])


def test_its_slopes_are_those_of_two_values() -> None:
    rng = np.random.default_rng(1)
    distances = np.sort(rng.normal(0, 1, (9, 2)))[:, ::-1].copy()
    stars = LEVELS[rng.integers(0, 3, 9)]
    _, slopes = unlikelihood(distances, stars, LEVELS)
    for place in np.ndindex(distances.shape):
        sums = []
        for step in (1e-6, -1e-6):
            moved = distances.copy()
            moved[place] += step
            sums.append(unlikelihood(moved, stars, LEVELS)[0].sum())
        assert slopes[place] == pytest.approx((sums[0] - sums[1]) / 2e-6, abs=1e-5)


def test_before_training_the_shares_of_the_levels_are_predicted(ratings: Ratings) -> None:
    """f at the mean everywhere: then every rating is predicted as their mean."""
    network = in_steps(FLAT, ratings)
    found = steps_of(network)
    assert found
    np.testing.assert_allclose(found[1], np.unique(ratings.stars))
    mean = float(ratings.stars.mean(dtype=np.float64))
    weights: Any = {"user_p": np.zeros((9, 3)), "item_q": np.zeros((9, 3)),
                    "hidden_0_kernel": np.zeros((6, 4)), "hidden_0_bias": np.zeros(4),
                    "output_kernel": np.zeros((4, 1)), "output_bias": np.full(1, mean),
                    "cut_points": np.zeros(len(found[1]) - 1)}  # fmt: skip
    stars = scores(network, weights, np.array([0, 3]), np.array([1, 2]))
    np.testing.assert_allclose(stars, mean, rtol=1e-9)


def loss_after(loss: str, ratings: Ratings, n_epochs: int) -> list[float]:
    network = in_steps(FLAT, ratings) if loss == "ordinal" else FLAT
    config = NetworkSettings(loss=loss, learning_rate=0.02, batch_size=8, dimension=3)
    engine = ExpressionEngine(config, ratings, network, 1)
    return [engine.run_epoch().loss for _ in range(n_epochs)]


@pytest.mark.parametrize("loss", ["mse", "huber", "ordinal"])
def test_every_loss_goes_down(loss: str, ratings: Ratings) -> None:
    losses = loss_after(loss, ratings, 15)
    assert losses[-1] < losses[0]


def test_far_errors_count_as_a_line_does(ratings: Ratings) -> None:
    """Errors of 0.5 and 3: 0.125, and 3 - 0.5 of which a parabola would make 4.5."""
    config = NetworkSettings(loss="huber", optimizer="GradientDescent", learning_rate=1e-12)
    network = output(user("p", 1) * item("q", 1))
    two = Ratings.from_columns(np.array([0, 1]), np.array([0, 1]), np.array([2.5, 5.0]))
    engine = ExpressionEngine(replace(config, regularization_factor=0), two, network, 1)
    start = {name: np.zeros_like(array) for name, array in engine.weights().items()}
    engine.load(start | {"output_bias": np.array([2.0], np.float32)})
    assert engine.run_epoch().loss == pytest.approx((0.125 + 2.5) / 2)


def test_what_cannot_have_a_loss_says_so(ratings: Ratings) -> None:
    with pytest.raises(ConfigError, match="has no setting loss"):
        models.find("latent-factor-model").settings(loss="huber")
    with pytest.raises(UnknownNameError, match="unknown loss 'ordinal'"):
        models.find("ensemble-transfer-learning").settings(loss="ordinal")
    with pytest.raises(UnknownNameError, match=r"unknown loss 'mae'.*mse"):
        models.find("deep-neural-network-model").settings(loss="mae")
    deep = models.find("deep-neural-network-model")
    with pytest.raises(ConfigError, match="told by data"):
        deep.engine(deep.settings(loss="ordinal"), ratings, 1)
    same = replace(ratings, stars=np.full_like(ratings.stars, 3))
    with pytest.raises(ConfigError, match=r"takes ratings as steps, from 2 to 100; .* has 1 diff"):
        in_steps(FLAT, same)
