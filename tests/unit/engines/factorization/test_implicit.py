"""The implicit factor model against its own objective, in doubles."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from starcast.data.ratings import Ratings
from starcast.engines.factorization.implicit import ImplicitEngine
from starcast.engines.interest import Interest, weighted_histories
from starcast.engines.rows import SparseRows
from starcast.engines.settings import ImplicitSettings
from starcast.scoring.implicit import ImplicitScorer

SETTINGS = ImplicitSettings(
    dimension=3,
    unobserved_weight=0.2,
    regularization_factor=0.03,
    frequency_exponent=0.7,
    interest_weight=0.4,
    activity_exponent=0.5,
)


def dense(train: Ratings) -> np.ndarray:
    """w_ui of every pair, 0 where there is no rating."""
    found = np.zeros((train.n_users, train.n_items))
    rows = weighted_histories(train, Interest.of(train, 0.4), 0.5)
    found[train.user_rows, train.item_rows] = rows.values
    return found


def loss_gradient(users: np.ndarray, items: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Of the objective in the module's docstring, by the rows of `users`."""
    scores = users @ items.T
    reach = weights.sum(axis=1) + 0.2 * len(items)
    data = weights * (scores - 1) + 0.2 * scores
    gradient: np.ndarray = data @ items + (0.03 * reach**0.7)[:, np.newaxis] * users
    return gradient


def test_half_a_sweep_leaves_no_gradient(planted: Ratings) -> None:
    engine, weights = ImplicitEngine(SETTINGS, planted, 1), dense(planted)
    for _ in range(3):
        engine.run_epoch()
    found = engine.weights()
    of_items = loss_gradient(found["item_factors"], found["user_factors"], weights.T)
    assert_allclose(of_items, 0, atol=2e-3)
    of_users = loss_gradient(found["user_factors"], found["item_factors"], weights)
    assert np.abs(of_users).max() > 2e-3  # solved before the items moved


def test_the_loss_falls_and_is_that_of_the_objective(planted: Ratings) -> None:
    engine, weights = ImplicitEngine(SETTINGS, planted, 1), dense(planted)
    losses = [engine.run_epoch().loss for _ in range(5)]
    assert losses == sorted(losses, reverse=True)
    found = engine.weights()
    scores = found["user_factors"].astype(float) @ found["item_factors"].T
    expected = np.sum(weights * (1 - scores) ** 2) + 0.2 * np.sum(scores**2)
    assert losses[-1] == pytest.approx(expected / len(planted) / 2, rel=1e-4)


@pytest.mark.parametrize("exponent", [0.0, 0.7])
def test_a_person_is_solved_for_as_a_user_was(planted: Ratings, exponent: float) -> None:
    """The fold-in is the users' half sweep, in which they weigh by how much they rate."""
    # User 5 has a third of the ratings of others, and may weigh more for it.
    train = planted.take((planted.user_rows != 5) | (planted.item_rows % 3 == 0))
    even = ImplicitSettings(dimension=3, activity_exponent=exponent)
    engine = ImplicitEngine(even, train, 1)
    for _ in range(30):
        engine.run_epoch()
    histories = SparseRows.by_user(train)
    scorer = ImplicitScorer(engine.weights(), histories)
    person = scorer.fold_in(*histories.row(5), 0.9)
    assert_allclose(person.list_all(), scorer.list_user(5), atol=5e-3)
    effects = person.list_effects(np.arange(planted.n_items, dtype=np.int32))
    assert_allclose(effects.sum(axis=1), person.list_all(), atol=1e-5)
    nobody = scorer.fold_in(np.zeros(0, np.int32), np.zeros(0, np.float32), 0.9)
    of_all = Interest.of(train, even.interest_weight).histories(histories)
    liked = np.zeros(planted.n_items)
    np.add.at(liked, of_all.columns, of_all.values)
    assert_allclose(nobody.list_all(), liked, rtol=1e-5)


def test_the_same_seed_gives_the_same_factors(planted: Ratings) -> None:
    one, other = (ImplicitEngine(SETTINGS, planted, 4) for _ in range(2))
    one.run_epoch()
    other.run_epoch()
    for name, array in one.weights().items():
        np.testing.assert_array_equal(array, other.weights()[name], name)
