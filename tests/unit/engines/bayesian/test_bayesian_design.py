"""Relation blocks against features written out rating by rating."""

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal
from plain_bayesian import dense_features
from plain_factor import random_ratings

from starcast.engines.bayesian.design import feature_group, feature_sums, histories, joined


def test_a_member_spreads_one_over_the_root_of_its_features() -> None:
    # Row 0 has features 0, 1, 2, 3 and row 2 has feature 1; row 1 has none.
    groups = feature_group(np.array([3, 0, 1, 2, 1]), np.array([0, 0, 0, 0, 2]), 4, 3)
    assert_array_equal(dense_features(groups), [[0.5, 0.5, 0.5, 0.5], [0, 0, 0, 0], [0, 1, 0, 0]])


def test_histories_are_the_training_rows_seen_from_either_side() -> None:
    train = random_ratings(5, 7, 0.4, seed=1)
    rated = np.zeros((5, 7))
    rated[train.user_rows, train.item_rows] = 1
    by_user, by_item = histories(train)
    with np.errstate(invalid="ignore"):
        assert_allclose(
            dense_features(by_user),
            np.nan_to_num(rated / np.sqrt(rated.sum(axis=1, keepdims=True))),
            rtol=1e-6,
        )
        assert_allclose(
            dense_features(by_item),
            np.nan_to_num(rated.T / np.sqrt(rated.sum(axis=0)[:, np.newaxis])),
            rtol=1e-6,
        )


def test_joined_groups_lie_side_by_side_and_spread_adds_them_up() -> None:
    first = feature_group(np.array([0, 1, 1]), np.array([2, 2, 0]), 2, 3)
    second = feature_group(np.array([0, 1, 2]), np.array([0, 1, 2]), 3, 3)
    both = joined([first, second], 3)
    assert_array_equal(both.bounds, [0, 2, 5])
    expected = np.hstack([dense_features(first), dense_features(second)])
    assert_allclose(dense_features(both), expected)
    coefficients = np.arange(10, dtype=np.float32).reshape(2, 5) - 4
    assert_allclose(feature_sums(both, coefficients), coefficients @ expected.T, rtol=1e-6)


def test_a_side_may_have_no_features() -> None:
    nothing = joined([], 4)
    assert dense_features(nothing).shape == (4, 0)
    assert_array_equal(feature_sums(nothing, np.zeros((3, 0), np.float32)), np.zeros((3, 4)))
