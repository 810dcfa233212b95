"""Alternating least squares against the objective it claims to minimise."""

import os
import subprocess
import sys

import numpy as np
import pytest
from plain_factor import (
    errors,
    objective,
    random_ratings,
    random_weights,
    ratings_of,
    slopes,
)

from starcast.data.ratings import Ratings
from starcast.engines.factorization.als import AlsEngine
from starcast.engines.protocol import Weights
from starcast.engines.settings import AlsSettings

PENALTY = 0.1

HASH_OF_WEIGHTS = """
import hashlib
import numpy as np
from starcast.engines.settings import AlsSettings
from starcast.engines.factorization.als import AlsEngine
from starcast.data.ids import Vocabulary
from starcast.data.ratings import Ratings

rng = np.random.default_rng(1)
users, items = np.nonzero(rng.random((50, 40)) < 0.5)
ratings = Ratings.from_rows(
    Vocabulary(np.arange(50)), Vocabulary(np.arange(40)),
    users.astype(np.int32), items.astype(np.int32), rng.integers(1, 6, len(users)).astype(float),
)
engine = AlsEngine(AlsSettings(dimension=4), ratings, seed=1)
losses = [engine.run_epoch() for _ in range(5)]
content = b"".join(array.tobytes() for array in engine.weights().values())
print(hashlib.sha256(content + repr(losses).encode()).hexdigest())
"""


def engine_of(ratings: Ratings, weights: Weights) -> AlsEngine:
    dimension = weights["user_factors"].shape[1]
    config = AlsSettings(dimension=dimension, regularization_factor=PENALTY)
    engine = AlsEngine(config, ratings, seed=3)
    engine.load(weights)
    return engine


def test_items_are_solved_for_the_users_at_hand() -> None:
    ratings = random_ratings(8, 6, 0.6, seed=1)
    weights = random_weights(ratings, 4, seed=2)
    engine = engine_of(ratings, weights)
    engine.run_epoch()
    after = slopes(engine.weights(), ratings, PENALTY)
    before = slopes(weights, ratings, PENALTY)
    for name in ("item_factors", "item_bias"):
        assert np.abs(before[name]).max() > 0.1
        np.testing.assert_allclose(after[name], 0, atol=1e-4)


def test_users_are_solved_for_the_items_as_they_were() -> None:
    ratings = random_ratings(8, 6, 0.6, seed=1)
    weights = random_weights(ratings, 4, seed=2)
    engine = engine_of(ratings, weights)
    engine.run_epoch()
    items = {name: array for name, array in weights.items() if name.startswith("item")}
    after = slopes(engine.weights() | items, ratings, PENALTY)
    for name in ("user_factors", "user_bias"):
        np.testing.assert_allclose(after[name], 0, atol=1e-4)


@pytest.mark.parametrize("dimension", [1, 4, 8, 9, 16, 40])  # one and more parts, full and not
def test_one_user_is_a_ridge_regression(dimension: int) -> None:
    ratings = ratings_of([(0, 0, 5), (0, 1, 2), (0, 2, 4), (1, 0, 1)], n_users=2, n_items=3)
    weights = random_weights(ratings, dimension, seed=5)
    engine = engine_of(ratings, weights)
    engine.run_epoch()
    x = np.column_stack([weights["item_factors"].astype(np.float64), np.ones(3)])
    y = np.array([5, 2, 4]) - ratings.stars.mean() - weights["item_bias"]
    ridge = PENALTY * 3 * np.eye(dimension + 1)  # λ once per rating
    solution = np.linalg.solve(x.T @ x + ridge, x.T @ y)
    found = engine.weights()
    np.testing.assert_allclose(found["user_factors"][0], solution[:-1], atol=1e-4)
    assert found["user_bias"][0] == pytest.approx(solution[-1], abs=1e-4)


@pytest.mark.parametrize("dimension", [4, 20])
def test_the_objective_is_what_is_reported_and_never_rises(dimension: int) -> None:
    ratings = random_ratings(12, 10, 0.5, seed=6)
    weights = random_weights(ratings, dimension, seed=7)
    engine, last = engine_of(ratings, weights), objective(weights, ratings, PENALTY)
    for _ in range(15):
        loss, training_error = engine.run_epoch()
        now = objective(engine.weights(), ratings, PENALTY)
        error = np.sqrt(np.mean(errors(engine.weights(), ratings) ** 2))
        assert loss == pytest.approx(now / len(ratings), rel=1e-4)
        assert training_error == pytest.approx(error, rel=1e-4)
        assert now <= last * (1 + 1e-6)  # rounding
        last = now


def test_rows_without_ratings_stay_as_they_are() -> None:
    ratings = ratings_of([(0, 0, 5), (2, 1, 1)], n_users=4, n_items=3)
    weights = random_weights(ratings, 4, seed=5)
    engine = engine_of(ratings, weights)
    engine.run_epoch()
    for name, unseen in (("user_factors", [1, 3]), ("user_bias", [1, 3]), ("item_factors", [2])):
        assert np.array_equal(engine.weights()[name][unseen], weights[name][unseen])


def test_the_number_of_threads_changes_no_bit() -> None:
    hashes = []
    for n_threads in ("1", "2"):
        ran = subprocess.run(
            [sys.executable, "-c", HASH_OF_WEIGHTS],
            env=os.environ | {"NUMBA_NUM_THREADS": n_threads},
            capture_output=True,
            text=True,
            check=True,
        )
        hashes.append(ran.stdout)
    assert len(hashes[0]) == 65
    assert hashes[0] == hashes[1]
