"""What validates an epoch: the mean over epochs of scores, as they would be shown."""

import math

import numpy as np
import pytest

from starcast.data.ids import Rows
from starcast.data.ratings import Ratings
from starcast.engines.protocol import Scores
from starcast.training.quality import RatingJudge, rating_quality


class Constant:
    """Predicts the same for everybody."""

    def __init__(self, stars: float) -> None:
        self._stars = stars

    def score_pairs(self, user_rows: Rows, item_rows: Rows) -> Scores:
        return np.full(len(user_rows), self._stars, np.float32)

    def score_all(self, user_rows: Rows) -> Scores:
        raise AssertionError("pairs are asked for")

    def score_user(self, user_row: int) -> Scores:
        raise AssertionError("pairs are asked for")


def test_the_quality_is_that_of_a_mean_over_epochs(ratings: Ratings) -> None:
    """Rows of ann: 5, 3, 4 and 1 stars, against 4; then half of it 2: 3; then a quarter of 5: 3.5.

    A share of 0 asks for nothing, one of 1 forgets what was before, to the last digit.
    """
    judge = RatingJudge(ratings.take(np.arange(4)))
    assert judge(Constant(4), 1)["mae"] == pytest.approx((1 + 1 + 0 + 3) / 4)
    assert judge(Constant(2), 0.5)["mae"] == pytest.approx((2 + 0 + 1 + 2) / 4)
    assert judge(Constant(5), 0.25)["mae"] == pytest.approx((1.5 + 0.5 + 0.5 + 2.5) / 4)
    assert judge(Constant(1), 0)["mae"] == pytest.approx(1.25)
    judge(Constant(1e9), 1)
    assert judge(Constant(4), 1)["mae"] == pytest.approx(1.25)


def test_scores_are_judged_as_they_are_shown(ratings: Ratings) -> None:
    """7 is shown as 5; 3.2 is nearest to the 3 that was given."""
    rows = ratings.take(np.arange(2))
    found = rating_quality(rows.stars, np.array([7, 3.2], np.float32), rows)
    assert found["rmse"] == pytest.approx(math.sqrt(0.04 / 2), rel=1e-6)
    assert found["mae"] == pytest.approx(0.1, rel=1e-6)
    assert found["accuracy"] == 1


@pytest.mark.parametrize("raw", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_not_clipped_into_one(ratings: Ratings, raw: float) -> None:
    rows = ratings.take(np.arange(2))
    found = rating_quality(rows.stars, np.array([3, raw], np.float32), rows)
    assert all(map(math.isnan, found.values()))
