"""Interest, and how users weigh, by hand."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from starcast.data.ratings import Ratings
from starcast.engines.interest import Interest, weighted_histories


def three_users() -> Ratings:
    """Users of 4, 1 and 1 ratings; the mean is 3, the variance (4 + 1 + 1 + 4) / 6."""
    return Ratings.from_columns(
        np.array([1, 1, 1, 1, 2, 3]),
        np.array([1, 2, 3, 4, 1, 2]),
        np.array([5, 4, 2, 1, 3, 3], np.float32),
    )


def test_interest_is_one_at_the_users_own_damped_mean() -> None:
    """User 1 has the mean 3 whatever the damping; a deviation above it adds the weight."""
    deviation = np.sqrt(10 / 6)
    interest = Interest.of(three_users(), weight=0.5)
    assert interest.mean == 3
    assert interest.deviation == pytest.approx(deviation)
    expected = [1 + 1 / deviation, 1 + 0.5 / deviation, 1 - 0.5 / deviation, 1 - 1 / deviation]
    found = interest.values(np.array([5, 4, 2, 1], np.float32), 3.0)
    assert_allclose(found, expected, rtol=1e-6)


def test_even_what_was_hated_was_picked() -> None:
    interest = Interest(mean=3, deviation=1, weight=2)
    assert interest.values(np.array([1], np.float32), 4.0) == np.float32(0.05)


def test_a_mean_is_damped_by_five_ratings_of_the_mean_of_all() -> None:
    interest = Interest(mean=3, deviation=1, weight=1)
    assert interest.user_mean(np.array([5], np.float32)) == pytest.approx((5 + 15) / 6)
    assert interest.user_mean(np.zeros(0, np.float32)) == 3


def test_whole_histories_are_as_one_user_after_the_other() -> None:
    ratings = Ratings.from_columns(
        np.array([1, 1, 3]), np.array([1, 2, 2]), np.array([5, 4, 1], np.float32)
    )
    interest = Interest.of(ratings, 0.7)
    weighted = weighted_histories(ratings, interest, 0)
    for user in range(2):
        own = ratings.stars[ratings.user_rows == user]
        alone = interest.values(own, interest.user_mean(own))
        assert_allclose(weighted.row(user)[1], alone, rtol=1e-6)


def test_active_users_weigh_less_and_the_mean_weight_is_one() -> None:
    """4^-½ = ½ beside 1 and 1, whose mean is 5/6."""
    ratings = three_users()
    interest = Interest.of(ratings, 0.0)
    values = weighted_histories(ratings, interest, 0.5).values
    assert_allclose(values, [0.6] * 4 + [1.2] * 2, rtol=1e-6)


def test_ratings_that_are_all_alike_have_a_deviation_to_divide_by() -> None:
    few = Ratings.from_columns(np.array([1, 2, 3]), np.array([1, 2, 3]), np.array([4.0, 4, 5]))
    alike = few.take(np.array([0, 1]))
    assert Interest.of(alike, 1).deviation == 1
