"""The autoencoder's objective and gradient, against plain loops in float64 and numeric slopes."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from starcast.data.ids import Vocabulary
from starcast.data.ratings import Ratings
from starcast.engines.autoencoder.products import summed_rows
from starcast.engines.autoencoder.reconstruction import Reconstruction
from starcast.engines.rows import SparseRows
from starcast.engines.settings import LbfgsSettings

WIDTH, PENALTY = 3, 0.7
Doubles = NDArray[np.float64]


def sparse(n_users: int, n_items: int, share: float, seed: int) -> Ratings:
    """Some cells rated; the last user and the last item have no rating at all."""
    rng = np.random.default_rng(seed)
    users, items = np.nonzero(rng.random((n_users - 1, n_items - 1)) < share)
    return Ratings.from_rows(
        Vocabulary(np.arange(n_users)), Vocabulary(np.arange(n_items)), users.astype(np.int32),
        items.astype(np.int32), rng.integers(1, 6, len(users)).astype(float),
    )  # fmt: skip


def plainly(ratings: Ratings, width: int, penalty: float) -> Callable[[Doubles], float]:
    """The objective, one rating at a time."""
    n_users, stars = ratings.n_users, ratings.stars.astype(np.float64)
    triples = list(zip(ratings.user_rows, ratings.item_rows, stars, strict=True))
    mean, spread = stars.mean(), stars.std()

    def value(flat: Doubles) -> float:
        into, rest = flat[: n_users * width].reshape(n_users, width), flat[n_users * width :]
        into_bias, rest = rest[:width], rest[width:]
        out = rest[: n_users * width].reshape(n_users, width)
        out_bias = rest[n_users * width :]
        total = 0.0
        for user, item, star in triples:
            code = into_bias.copy()
            for rater, rated, given in triples:
                if rated == item:
                    code += ((given - mean) / spread + 3) * into[rater]
            code = 1 / (1 + np.exp(-code))
            total += 0.5 * (star - mean - out_bias[user] - out[user] @ code) ** 2
        for user in range(n_users):
            n_rated = sum(rater == user for rater, _, _ in triples)
            squares = 3 * into[user] @ into[user] + out[user] @ out[user]
            total += 0.5 * penalty * math.sqrt(n_rated) * squares
        return total

    return value


def objective_of(ratings: Ratings, width: int = WIDTH, penalty: float = PENALTY) -> Reconstruction:
    return Reconstruction(ratings, LbfgsSettings(dimension=width, regularization_factor=penalty))


def somewhere(objective: Reconstruction, seed: int = 4) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(0, 0.5, objective.size).astype(np.float32)


def test_the_value_by_hand() -> None:
    """Two users, one film: 5 stars and 3, so μ is 4, x is 1 + 3 and -1 + 3."""
    ratings = Ratings.from_columns(np.array([1, 2]), np.array([7, 7]), np.array([5.0, 3.0]))
    objective = objective_of(ratings, 1, 0.5)
    weights = np.array([0.4, -0.8, math.log(3), 2, -4, 0.5, 1], np.float32)
    # code = sigmoid(4 · 0.4 - 2 · 0.8 + log 3) = 3/4; errors (2 · ¾ + 0.5) - 1, (-4 · ¾ + 1) + 1
    squares = 3 * (0.4**2 + 0.8**2) + 2**2 + 4**2
    wanted = 0.5 * (1**2 + (-1) ** 2) + 0.5 * 0.5 * squares
    assert objective(weights, np.empty(7, np.float32)) == pytest.approx(wanted, rel=1e-6)
    assert objective.penalty(weights) == pytest.approx(0.25 * squares, rel=1e-6)
    assert objective.codes(weights) == pytest.approx(np.array([[0.75]]), rel=1e-6)


def test_the_value_is_that_of_plain_loops() -> None:
    ratings = sparse(9, 8, 0.5, seed=1)
    objective = objective_of(ratings)
    weights = somewhere(objective)
    wanted = plainly(ratings, WIDTH, PENALTY)(weights.astype(np.float64))
    assert objective(weights, np.empty_like(weights)) == pytest.approx(wanted, rel=1e-5)


def test_the_gradient_is_the_slope_of_plain_loops() -> None:
    ratings = sparse(7, 6, 0.5, seed=2)
    objective = objective_of(ratings)
    value, weights = plainly(ratings, WIDTH, PENALTY), somewhere(objective)
    gradient = np.empty_like(weights)
    objective(weights, gradient)
    at, slopes = weights.astype(np.float64), np.empty(objective.size)
    for n, nudge in enumerate(1e-5 * np.eye(objective.size)):
        slopes[n] = (value(at + nudge) - value(at - nudge)) / 2e-5
    np.testing.assert_allclose(gradient, slopes, rtol=1e-4, atol=1e-4)


def test_whoever_rated_nothing_has_no_slope() -> None:
    ratings = sparse(7, 6, 0.5, seed=3)
    objective = objective_of(ratings)
    weights, gradient = somewhere(objective), np.full(objective.size, np.nan, np.float32)
    objective(weights, gradient)
    slope = objective.named(gradient)
    for name in ("input_kernel", "output_kernel", "output_bias"):
        assert not slope[name][-1].any()
        assert slope[name][:-1].all()


def test_sparse_sums_are_dense_products() -> None:
    ratings = sparse(70, 60, 0.3, seed=5)
    rng = np.random.default_rng(6)
    values = rng.normal(0, 1, len(ratings)).astype(np.float32)
    table = rng.normal(0, 1, (ratings.n_users, 11)).astype(np.float32)
    dense = np.zeros((ratings.n_items, ratings.n_users))
    dense[ratings.item_rows, ratings.user_rows] = values
    sums = np.full((ratings.n_items, 11), np.nan, np.float32)
    rows = replace(SparseRows.by_user(ratings), values=values).transposed()
    summed_rows(rows.shared(), table, sums)
    np.testing.assert_allclose(sums, dense @ table, atol=1e-5)
