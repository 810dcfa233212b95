"""Per-rating descent against its update rule in float64."""

import os
import subprocess
import sys
from itertools import permutations

import numpy as np
import pytest
from plain_factor import (
    TABLES,
    Doubles,
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
from starcast.engines.factorization.sgd import SgdEngine
from starcast.engines.protocol import Weights
from starcast.engines.settings import SgdSettings

RATE, PENALTY = 0.1, 0.3

HASH_OF_WEIGHTS = """
import hashlib, sys
import numpy as np
from starcast.engines.settings import SgdSettings
from starcast.engines.factorization.sgd import SgdEngine
from starcast.data.ids import Vocabulary
from starcast.data.ratings import Ratings

rng = np.random.default_rng(1)
users, items = np.nonzero(rng.random((50, 40)) < 0.5)
ratings = Ratings.from_rows(
    Vocabulary(np.arange(50)), Vocabulary(np.arange(40)),
    users.astype(np.int32), items.astype(np.int32), rng.integers(1, 6, len(users)).astype(float),
)
engine = SgdEngine(SgdSettings(dimension=4, learning_rate=0.05), ratings, seed=1)
losses = [engine.run_epoch() for _ in range(5)]
content = b"".join(array.tobytes() for array in engine.weights().values())
print(hashlib.sha256(content + repr(losses).encode()).hexdigest())
"""


def engine_of(ratings: Ratings, weights: Weights, rate: float = RATE) -> SgdEngine:
    dimension = weights["user_factors"].shape[1]
    config = SgdSettings(
        optimizer="SGD",
        dimension=dimension,
        learning_rate=rate,
        regularization_factor=PENALTY,
    )
    engine = SgdEngine(config, ratings, seed=3)
    engine.load(weights)
    return engine


def plain_epoch(weights: Doubles, ratings: Ratings, order: tuple[int, ...]) -> Doubles:
    """One step down the slope of each rating's own share of the objective, in turn."""
    weights = doubles(weights)
    for row in order:
        for name, slope in slopes(weights, ratings.take(np.array([row])), PENALTY).items():
            weights[name] -= RATE * slope
    return weights


@pytest.mark.parametrize("dimension", [1, 4, 8, 9, 16, 40])  # one and more parts, full and not
def test_one_rating_moves_down_the_gradient_of_the_objective(dimension: int) -> None:
    ratings = ratings_of([(0, 0, 5)], n_users=1, n_items=1)
    weights = random_weights(ratings, dimension, seed=1)
    engine = engine_of(ratings, weights)
    engine.run_epoch()
    slope = slopes(weights, ratings, PENALTY)
    for name in TABLES:
        np.testing.assert_allclose(
            engine.weights()[name], weights[name] - RATE * slope[name], atol=1e-6
        )


def test_ratings_that_share_nothing_move_as_if_alone() -> None:
    ratings = ratings_of([(n, 8 - n, 1 + n % 5) for n in range(9)], n_users=9, n_items=9)
    weights = random_weights(ratings, 4, seed=2)
    engine, expected = engine_of(ratings, weights), doubles(weights)
    for _ in range(3):
        engine.run_epoch()
        expected = plain_epoch(expected, ratings, tuple(range(9)))
        assert largest_difference(engine.weights(), expected) < 1e-5


def test_an_epoch_visits_every_rating_once_in_some_order() -> None:
    """Every order is tried by hand; the engine must agree with one, the same up to ties."""
    rows = [(0, 0, 5), (0, 1, 2), (1, 0, 1), (1, 1, 4), (2, 1, 3.5)]
    ratings = ratings_of([(u, i, float(s)) for u, i, s in rows], n_users=3, n_items=2)
    weights = random_weights(ratings, 4, seed=4)
    engine, expected = engine_of(ratings, weights), doubles(weights)
    for _ in range(2):
        engine.run_epoch()
        ended = [plain_epoch(expected, ratings, order) for order in permutations(range(5))]
        far = [largest_difference(engine.weights(), other) for other in ended]
        assert min(far) < 1e-5
        assert np.median(far) > 1e-3
        expected = ended[int(np.argmin(far))]


def test_the_reported_loss_is_the_objective() -> None:
    ratings = random_ratings(6, 5, 0.5, seed=1)
    weights = random_weights(ratings, 4, seed=2)
    loss, training_error = engine_of(ratings, weights, rate=1e-9).run_epoch()
    assert loss == pytest.approx(objective(weights, ratings, PENALTY) / len(ratings), rel=1e-5)
    assert training_error == pytest.approx(
        np.sqrt(np.mean(errors(weights, ratings) ** 2)), rel=1e-5
    )


def test_rows_without_ratings_start_at_zero_and_stay() -> None:
    ratings = ratings_of([(0, 0, 5), (1, 1, 1)], n_users=4, n_items=3)
    config = SgdSettings(dimension=4, learning_rate=RATE)
    engine = SgdEngine(config, ratings, seed=1)
    for _ in range(2):
        weights = engine.weights()
        assert np.any(weights["user_factors"][:2])
        assert not np.any(weights["user_factors"][2:]), "unseen users are the mean user"
        assert not np.any(weights["item_factors"][2:])
        assert not np.any(weights["user_bias"][2:])
        engine.run_epoch()


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
