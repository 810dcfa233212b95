"""The one judge of everybody's lists, on ratings whose figures can be worked out in the head."""

import numpy as np
import pytest

from benchmarks.list_judge import ndcg, ndcg_of_products, rated
from starcast.data.ratings import Ratings
from starcast.data.split import Split

USERS = [1, 1, 1, 1, 2, 2]
ITEMS = [1, 2, 3, 4, 1, 4]
STARS = [5.0, 2.0, 4.0, 1.0, 3.0, 3.0]
TEST = [False, False, True, True, False, True]
VALIDATION = [False, True, False, False, False, False]
SECOND = 1 / np.log2(3)


def split() -> Split:
    ratings = Ratings.from_columns(np.array(USERS), np.array(ITEMS), np.array(STARS))
    return Split.of(ratings, np.array(TEST), np.array(VALIDATION), "by hand")


def test_relevant_is_what_is_at_or_above_the_own_mean_or_everything() -> None:
    """Of user 1's test rows, 4 and 1 stars, one is liked, and it stands second of two."""
    found = ndcg(split(), np.array([[3, 2], [0, 3]]))
    assert found["NDCG@10, own mean"] == pytest.approx((SECOND + SECOND) / 2)
    assert found["NDCG@10, all"] == pytest.approx((1 + SECOND) / 2)


def test_lists_of_products_leave_out_training_and_validation_items() -> None:
    """Both have seen item 1, the best; of user 1's test items 4 comes before 3, which is liked."""
    users, items = np.array([[1.0], [1.0]]), np.array([[9.0, 1.0, 2.0, 3.0]])
    found = ndcg_of_products(split(), users, items)
    assert found["NDCG@10, own mean"] == pytest.approx((SECOND + 1) / 2)
    assert found["NDCG@10, all"] == pytest.approx(1)


def test_rated_is_what_is_no_test_row() -> None:
    assert rated(split()).toarray().tolist() == [[1, 1, 0, 0], [1, 0, 0, 0]]
