"""Mini-batch descent against the published rules in float64.

The order of visits is the engine's own affair: the plain implementation runs every order there
is, and the engine must agree with one of them (or more: batches that share no row commute).
"""

from copy import deepcopy

import numpy as np
import pytest
from numpy.typing import NDArray
from plain_factor import (
    TABLES,
    batchings,
    doubles,
    errors,
    largest_difference,
    objective,
    random_ratings,
    random_weights,
    ratings_of,
    slopes,
)

from starcast.data.ratings import Ratings
from starcast.engines.factorization.minibatch import MiniBatchEngine
from starcast.engines.protocol import Weights
from starcast.engines.settings import MiniBatchSettings

RULES = {"Adam": 0.1, "RMSProp": 0.05, "GradientDescent": 0.05}  # rule to a rate that shows
PENALTY = 0.3
EVERY_RULE = pytest.mark.parametrize("rule", RULES)


class Plain:
    """The lazy optimizers: in a batch, only rows that occur in it are touched."""

    def __init__(self, weights: Weights, rule: str, rate: float) -> None:
        self.weights, self.rule, self.rate, self.t = doubles(weights), rule, rate, 0
        self.m = {name: np.zeros_like(self.weights[name]) for name in TABLES}
        self.v = deepcopy(self.m)

    def visit(self, batch: Ratings) -> None:
        self.t += 1
        gradients = slopes(self.weights, batch, PENALTY)
        for name in TABLES:
            rows = np.unique(batch.user_rows if name.startswith("user") else batch.item_rows)
            self._move(name, rows, gradients[name][rows])

    def _move(self, name: str, rows: NDArray[np.int32], g: NDArray[np.float64]) -> None:
        m, v, t = self.m[name], self.v[name], self.t
        if self.rule == "Adam":  # Kingma & Ba 2015, the efficient order at the end of section 2
            m[rows] = 0.9 * m[rows] + 0.1 * g
            v[rows] = 0.999 * v[rows] + 0.001 * g**2
            step = np.sqrt(1 - 0.999**t) / (1 - 0.9**t) * m[rows] / (np.sqrt(v[rows]) + 1e-7)
        elif self.rule == "RMSProp":  # Tieleman & Hinton 2012
            v[rows] = 0.9 * v[rows] + 0.1 * g**2
            step = g / np.sqrt(v[rows] + 1e-7)
        else:
            step = g
        self.weights[name][rows] -= self.rate * step


def engine_of(ratings: Ratings, weights: Weights, **settings: object) -> MiniBatchEngine:
    dimension = weights["user_factors"].shape[1]
    config = MiniBatchSettings(dimension=dimension, regularization_factor=PENALTY, **settings)  # type: ignore[arg-type]
    engine = MiniBatchEngine(config, ratings, seed=3)
    engine.load(weights)
    return engine


def after_every_order(plain: Plain, ratings: Ratings, size: int) -> list[Plain]:
    """The plain optimizer after one epoch, for each order of visits."""
    ended = []
    for batches in batchings(list(range(len(ratings))), size):
        ended.append(deepcopy(plain))
        for batch in batches:
            ended[-1].visit(ratings.take(np.array(batch)))
    return ended


@EVERY_RULE
@pytest.mark.parametrize("dimension", [1, 4, 8, 9, 20])  # one and more parts, full and not
def test_one_batch_of_all_rows_is_one_step(rule: str, dimension: int) -> None:
    ratings = random_ratings(6, 5, 0.5, seed=1)
    weights = random_weights(ratings, dimension, seed=2)
    engine = engine_of(
        ratings, weights, optimizer=rule, learning_rate=RULES[rule], batch_size=len(ratings)
    )
    plain = Plain(weights, rule, RULES[rule])
    for _ in range(3):
        engine.run_epoch()
        plain.visit(ratings)
        assert largest_difference(engine.weights(), plain.weights) < 1e-4


@EVERY_RULE
def test_several_batches_agree_with_one_order_of_visits(rule: str) -> None:
    ratings = ratings_of(
        [(0, 0, 5), (0, 1, 2), (1, 0, 1), (1, 2, 4), (2, 1, 3.5)], n_users=3, n_items=3
    )
    weights = random_weights(ratings, 4, seed=4)
    engine = engine_of(ratings, weights, optimizer=rule, learning_rate=RULES[rule], batch_size=2)
    plain = Plain(weights, rule, RULES[rule])
    for _ in range(2):
        engine.run_epoch()
        ended = after_every_order(plain, ratings, size=2)  # 5! / (2! 2! 1!) = 30 orders
        far = [largest_difference(engine.weights(), other.weights) for other in ended]
        assert min(far) < 1e-4
        assert np.median(far) > 1e-3
        plain = ended[int(np.argmin(far))]


def test_rows_of_other_batches_do_not_drift() -> None:
    """Two ratings that share nothing, a batch each: neither sees the other's step, save in t."""
    ratings = ratings_of([(0, 0, 5), (1, 1, 1)], n_users=2, n_items=2)
    weights = random_weights(ratings, 4, seed=5)
    engine = engine_of(ratings, weights, optimizer="Adam", learning_rate=0.1, batch_size=1)
    engine.run_epoch()
    after = engine.weights()
    moved = np.abs(after["user_factors"] - weights["user_factors"]).max(axis=1)
    # At step t from rest, m̂/√v̂ = (0.1 / (1 - 0.9^t)) / √(0.001 / (1 - 0.999^t)).
    second_step = 0.1 * (0.1 / (1 - 0.9**2)) / np.sqrt(0.001 / (1 - 0.999**2))
    assert sorted(moved) == pytest.approx(sorted([0.1, second_step]), abs=1e-4)


@EVERY_RULE
def test_the_reported_loss_is_the_objective(rule: str) -> None:
    ratings = random_ratings(6, 5, 0.5, seed=1)
    weights = random_weights(ratings, 4, seed=2)
    engine = engine_of(ratings, weights, optimizer=rule, learning_rate=1e-9, batch_size=4)
    loss, training_error = engine.run_epoch()
    assert loss == pytest.approx(objective(weights, ratings, PENALTY) / len(ratings), rel=1e-5)
    assert training_error == pytest.approx(
        np.sqrt(np.mean(errors(weights, ratings) ** 2)), rel=1e-5
    )


@EVERY_RULE
def test_loaded_weights_start_with_fresh_moments(rule: str) -> None:
    ratings = random_ratings(6, 5, 0.5, seed=1)
    weights = random_weights(ratings, 4, seed=2)
    settings = {"optimizer": rule, "learning_rate": 0.05, "batch_size": len(ratings)}
    fresh, used = (engine_of(ratings, weights, **settings) for _ in range(2))
    used.run_epoch()
    used.load(weights)
    fresh.run_epoch()
    used.run_epoch()
    assert largest_difference(fresh.weights(), used.weights()) < 1e-5  # orders differ, sums too


@EVERY_RULE
def test_a_batch_larger_than_the_data_is_all_of_the_data(rule: str) -> None:
    ratings = random_ratings(6, 5, 0.5, seed=1)
    weights = random_weights(ratings, 4, seed=2)
    all_rows, more = (
        engine_of(ratings, weights, optimizer=rule, learning_rate=0.05, batch_size=size)
        for size in (len(ratings), 10**9)
    )
    assert all_rows.run_epoch() == more.run_epoch()
    assert largest_difference(all_rows.weights(), more.weights()) == 0


def test_rows_without_ratings_stay_as_they_are() -> None:
    ratings = ratings_of([(0, 0, 5), (1, 1, 1)], n_users=4, n_items=3)
    weights = random_weights(ratings, 4, seed=5)
    engine = engine_of(ratings, weights, optimizer="Adam", learning_rate=0.1, batch_size=1)
    engine.run_epoch()
    after = engine.weights()
    for name, seen in (("user_factors", 2), ("user_bias", 2), ("item_factors", 2)):
        assert np.array_equal(after[name][seen:], weights[name][seen:])
        assert not np.any(after[name][:seen] == weights[name][:seen])


def test_weights_are_copies() -> None:
    ratings = random_ratings(6, 5, 0.5, seed=1)
    engine = engine_of(ratings, random_weights(ratings, 4, seed=2), learning_rate=0.1)
    before = engine.weights()
    kept = doubles(before)
    engine.run_epoch()
    assert largest_difference(before, kept) == 0
