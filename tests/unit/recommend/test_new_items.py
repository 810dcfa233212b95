"""What new items may be worth, against values worked out by hand from the formulas."""

import numpy as np
import pytest

from starcast.data.ratings import Ratings
from starcast.recommend.new_items import NewItems

SF, DRAMA, NONE = frozenset({"SF"}), frozenset({"SF", "Drama"}), frozenset[str]()


@pytest.fixture
def train() -> Ratings:
    """alien 5 and 2, brazil 3, clue 0.5, of a mean of 2.625."""
    return Ratings.from_columns(
        np.array(["ann", "ann", "bob", "eve"]),
        np.array(["alien", "brazil", "alien", "clue"]),
        np.array([5, 3, 2, 0.5], np.float32),
    )


@pytest.fixture
def items(train: Ratings) -> NewItems:
    new = [SF, NONE, DRAMA | {"nobody else's"}]
    return NewItems(train, [SF, DRAMA, NONE], new, np.array([0, 2, 0]), np.array([np.nan, 5, 0]))


def test_an_item_is_worth_its_ratings_and_what_its_values_are(items: NewItems) -> None:
    of_sf, of_drama = 2.125 / 13, 0.375 / 11  # Σ (r - μ) over three ratings, and one, + κ
    assert items.worth.tolist() == pytest.approx(
        [2.625 + of_sf, (2 * 5 + 10 * 2.625) / 12, 2.625 + (of_sf + of_drama + 0) / 3]
    )


def test_to_a_person_it_is_worth_what_they_give_to_items_like_it(items: NewItems) -> None:
    worth, average = items.for_person(np.array([0], np.int32), np.array([5], np.float32))
    more = 5 - (2.625 + 1.75 / 12)  # than alien is worth on average
    bias = more / 11
    of_sf = (more - bias) / 11
    assert average == pytest.approx(2.625 + bias)
    assert (worth - items.worth).tolist() == pytest.approx([bias + of_sf, bias, bias + of_sf / 3])


def test_a_stranger_has_no_taste(items: NewItems) -> None:
    worth, average = items.for_person(np.empty(0, np.int32), np.empty(0, np.float32))
    assert worth.tolist() == items.worth.tolist()
    assert average == 2.625


def test_without_attributes_everything_is_average(train: Ratings) -> None:
    items = NewItems(train, [NONE] * 3, [NONE], np.zeros(1), np.zeros(1))
    worth, _ = items.for_person(np.array([1, 2], np.int32), np.array([3, 0.5], np.float32))
    assert items.worth.tolist() == [2.625]
    assert worth[0] < 2.625
