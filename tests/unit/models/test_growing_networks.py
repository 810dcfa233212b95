"""Networks that take in later ratings: their rows, against least squares where they are linear."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from starcast.data.ratings import Ratings
from starcast.engines.expression import Expression
from starcast.engines.expression.autodiff import scores
from starcast.engines.expression.networks import deep_network, factor_model
from starcast.engines.expression.weights import initial
from starcast.models.growing.networks import grow_network
from starcast.models.growing.request import Growing
from starcast.scoring.folding import Prior

NOISE = 0.8


@dataclass(frozen=True)
class Nothing:
    """Settings of a network that has none."""


def request(network: Expression, n_users: int = 9, n_items: int = 12) -> Growing:
    """A network of any weights; user 3 has fresh ratings of items 0 and 7."""
    rng = np.random.default_rng(7)
    users, items = (rows.ravel() for rows in np.indices((n_users, n_items)))
    keep = (users + 2 * items) % 3 > 0
    keep |= (users == 3) & np.isin(items, (0, 7))
    users, items = users[keep], items[keep]
    rows = Ratings.from_columns(users, items, rng.integers(1, 6, len(users)).astype(float))
    seen = {"user": np.ones(n_users, bool), "item": np.ones(n_items, bool)}
    weights = initial(network, seen, 3.0, rng)
    for name, array in weights.items():
        if name.startswith(("user_", "item_")):
            array[:] = rng.normal(0, 0.6, array.shape)
    is_fresh = (rows.user_rows == 3) & np.isin(rows.item_rows, (0, 7))
    return Growing(weights, Nothing(), rows, is_fresh, n_users, n_items, NOISE, 1)


def test_a_user_of_a_linear_network_moves_as_the_normal_equations_say() -> None:
    """By fresh ratings alone; of each rating so far stands the mean information of a fresh one."""
    network = factor_model(3)
    growing = request(network)
    before = growing.weights
    after = grow_network(growing, lambda settings: network)
    own = np.column_stack([before["user_factors"], before["user_bias"]]).astype(np.float64)
    x = np.column_stack([before["item_factors"], np.ones(12)])[[0, 7]].astype(np.float64)
    stars = growing.rows.stars[growing.is_fresh]
    left = stars - before["mean"] - before["item_bias"][[0, 7]] - x @ own[3]
    n_old = int(np.sum(growing.rows.user_rows == 3)) - 2
    prior = Prior.of(own[np.newaxis].astype(np.float32)).precision[0] * NOISE**2
    system = prior + n_old * (x.T @ x / 2) + x.T @ x
    moved = own[3] + np.linalg.solve(system, x.T @ left)
    np.testing.assert_allclose(after["user_factors"][3], moved[:3], atol=1e-3)
    np.testing.assert_allclose(after["user_bias"][3], moved[3], atol=1e-3)
    still = np.arange(9) != 3
    np.testing.assert_array_equal(after["user_factors"][still], before["user_factors"][still])


def test_a_network_of_kinks_fits_fresh_ratings_better_and_keeps_its_layers() -> None:
    network = deep_network(4, [8, 4])
    growing = request(network)
    after = grow_network(growing, lambda settings: network)
    for name in ("hidden_0_kernel", "hidden_1_bias", "output_kernel"):
        np.testing.assert_array_equal(after[name], growing.weights[name])
    assert fit(network, after, growing) < fit(network, growing.weights, growing)


def fit(network: Expression, weights: Any, growing: Growing) -> float:
    """Mean squared error of the fresh ratings."""
    fresh = growing.fresh
    found = scores(network, weights, fresh.user_rows, fresh.item_rows)
    return float(np.mean((found - fresh.stars) ** 2))
