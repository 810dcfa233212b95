"""The tables of the latent factor model as the engines and the loop see them."""

import numpy as np
import pytest
from plain_factor import (
    TABLES,
    largest_difference,
    objective,
    random_ratings,
    random_weights,
    ratings_of,
)

from starcast.engines.factorization.tables import FactorTables


@pytest.mark.parametrize("planes", [1, 4])
def test_first_factors_are_normal_and_rows_without_ratings_zero(planes: int) -> None:
    rows = [(user, item, 3.0 + (user + item) % 2) for user in range(300) for item in range(4)]
    ratings = ratings_of(rows, n_users=301, n_items=6)
    weights = FactorTables.initial(ratings, 20, seed=1, planes=planes).weights()
    drawn = weights["user_factors"][:300]
    assert drawn.std() == pytest.approx(0.002, rel=0.05)
    assert drawn.mean() == pytest.approx(0, abs=0.0002)
    assert np.all(drawn)
    assert np.all(weights["item_factors"][:4])
    assert not np.any(weights["user_factors"][300:])
    assert not np.any(weights["item_factors"][4:])
    assert not np.any(weights["user_bias"])
    assert weights["mean"] == np.float32(ratings.stars.mean())


@pytest.mark.parametrize("dimension", [1, 8, 9, 16, 40])
@pytest.mark.parametrize("planes", [1, 4])
def test_weights_come_out_as_they_went_in(dimension: int, planes: int) -> None:
    ratings = random_ratings(7, 5, 0.6, seed=1)
    tables = FactorTables.initial(ratings, dimension, seed=1, planes=planes)
    tables.user.rows["parts"][:], tables.user.biases[:] = 9, 9  # what a solver left behind
    given = random_weights(ratings, dimension, seed=2)
    tables.load(given)
    assert largest_difference(tables.weights(), given) == 0
    assert np.count_nonzero(tables.user.rows["parts"]) == given["user_factors"].size
    assert np.count_nonzero(tables.user.biases) == given["user_bias"].size


def test_the_loss_is_the_objective_per_rating() -> None:
    ratings = random_ratings(7, 5, 0.6, seed=1)
    weights = random_weights(ratings, 20, seed=2)
    tables = FactorTables.initial(ratings, 20, seed=1, planes=4)
    tables.load(weights)
    loss, training_error = tables.epoch_loss(100.0, 0.3)
    penalties = objective(weights, ratings, 2.0) - objective(weights, ratings, 1.0)  # ½ Σ norms
    assert loss == pytest.approx((50 + 0.3 * penalties) / len(ratings), rel=1e-5)
    assert training_error == pytest.approx(np.sqrt(100 / len(ratings)))


def test_weights_are_copies() -> None:
    ratings = random_ratings(7, 5, 0.6, seed=1)
    tables = FactorTables.initial(ratings, 4, seed=1)
    taken = tables.weights()
    for name in TABLES:
        taken[name][:] = 5
    assert not any(np.any(tables.weights()[name] == 5) for name in TABLES)
