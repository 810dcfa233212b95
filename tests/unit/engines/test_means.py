"""Regularised means against the normal equations, solved at once."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from starcast.data.ratings import Ratings
from starcast.engines.means import means


def test_they_solve_the_penalised_least_squares(planted: Ratings) -> None:
    n_users, n_items = planted.n_users, planted.n_items
    design = np.zeros((len(planted), n_users + n_items))
    design[np.arange(len(planted)), planted.user_rows] = 1
    design[np.arange(len(planted)), n_users + planted.item_rows] = 1
    mean = planted.stars.mean(dtype=np.float64)
    penalty = 5.0 * np.eye(n_users + n_items)
    biases = np.linalg.solve(design.T @ design + penalty, design.T @ (planted.stars - mean))
    found = means(planted)
    assert found.mean == pytest.approx(mean)
    assert_allclose(found.user_bias, biases[:n_users], atol=2e-3)
    assert_allclose(found.item_bias, biases[n_users:], atol=2e-3)


def test_who_has_no_rating_is_the_mean(planted: Ratings) -> None:
    few = planted.take(np.flatnonzero(planted.user_rows > 2))
    assert_allclose(means(few).user_bias[:3], 0)
