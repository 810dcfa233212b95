"""Later ratings in a split: rows, parts, ids and what is told, by hand."""

from dataclasses import replace

import numpy as np
import pytest

from starcast.data.ratings import Attribute, Ratings
from starcast.data.scale import RatingScale
from starcast.data.split import TEST, TRAIN, VALIDATION, Split, SplitPlan
from starcast.data.split.growing import grow
from starcast.errors import DataError

# The rows of `ratings`: ann alien, brazil, clue, duel; bob alien, duel; eve brazil, clue.
PARTS = np.array([TRAIN, TEST, VALIDATION, TRAIN, TRAIN, TEST, TRAIN, TRAIN], np.uint8)


@pytest.fixture
def split(ratings: Ratings) -> Split:
    return Split(ratings, PARTS, "by hand")


def later(rows: list[tuple[str, str, float]], times: list[int] | None = None) -> Ratings:
    users, items, stars = (np.array(column) for column in zip(*rows, strict=True))
    when = None if times is None else np.array(times)
    return Ratings.from_columns(
        users, items, stars.astype(float), when, scale=RatingScale(0.5, 5, 0.5),
        titles={"exit": "Exit (2001)"}, name="later",
    )  # fmt: skip


def told(split: Split) -> dict[tuple[str, str], tuple[float, int]]:
    """Stars and part of each pair."""
    ratings = split.ratings
    users, items = ratings.users.ids[ratings.user_rows], ratings.items.ids[ratings.item_rows]
    pairs = zip(users.tolist(), items.tolist(), strict=True)
    return dict(
        zip(pairs, zip(ratings.stars.tolist(), split.parts.tolist(), strict=True), strict=True)
    )


ROWS = [
    ("zoe", "exit", 4.0),  # a new user and a new item
    ("abe", "alien", 2.0),  # a new user, later, though earlier by name
    ("bob", "brazil", 3.0),  # a new pair
    ("ann", "alien", 1.0),  # other stars of a training pair
    ("ann", "clue", 2.5),  # other stars of a validation pair
    ("ann", "brazil", 5.0),  # other stars of a test pair
    ("eve", "clue", 0.5),  # as it was
]
TIMES = [60, 70, 61, 62, 63, 64, 65]


def test_rows_join_by_what_they_are(split: Split) -> None:
    growth = grow(split, later(ROWS, TIMES))
    assert growth.arrivals._asdict() == {
        "new": 3, "new_test": 0, "changed": 2, "repeated": 1, "older": 0, "kept_unseen": 1,
        "users": 2, "items": 1, "undated": 0, "turned_to_text": (),
    }  # fmt: skip
    now = told(growth.split)
    assert now == told(split) | {
        ("zoe", "exit"): (4.0, TRAIN),
        ("abe", "alien"): (2.0, TRAIN),
        ("bob", "brazil"): (3.0, TRAIN),
        ("ann", "alien"): (1.0, TRAIN),
        ("ann", "clue"): (2.5, VALIDATION),
    }
    ratings = growth.split.ratings
    assert ratings.users.ids.tolist() == ["ann", "bob", "eve", "zoe", "abe"]
    assert ratings.items.ids.tolist() == ["alien", "brazil", "clue", "duel", "exit"]
    assert ratings.titles.tolist() == ["Alien (1979)", "", "", "Duel (1971)", "Exit (2001)"]
    fresh = ratings.take(growth.is_fresh)
    assert fresh.stars.tolist() == [1.0, 2.5, 3.0, 4.0, 2.0]
    assert fresh.timestamps is not None
    assert fresh.timestamps.tolist() == [62, 63, 61, 60, 70]


def test_an_older_rating_undoes_no_newer_one(split: Split) -> None:
    """Of ann's ratings alien was rated at 40: 39 is before that, and 41 after it."""
    before = grow(split, later([("ann", "alien", 1.0)], [39]))
    assert (before.arrivals.older, before.arrivals.change_nothing) == (1, True)
    after = grow(split, later([("ann", "alien", 1.0)], [41]))
    assert (after.arrivals.older, after.arrivals.changed) == (0, 1)
    again = grow(after.split, split.ratings)
    assert (again.arrivals.older, again.arrivals.change_nothing) == (1, True)
    timeless = replace(split, ratings=replace(split.ratings, timestamps=None))
    assert grow(timeless, later([("ann", "alien", 1.0)], [39])).arrivals.changed == 1


def test_the_same_once_more_changes_nothing(split: Split) -> None:
    grown = grow(split, later(ROWS, TIMES)).split
    again = grow(grown, later(ROWS, TIMES))
    assert again.arrivals.change_nothing
    assert again.arrivals.kept_unseen == 1
    assert not again.is_fresh.any()


def test_a_grown_split_tells_what_it_extends_and_has_the_same_test(split: Split) -> None:
    grown = grow(split, later(ROWS, TIMES)).split
    further = grow(grown, later([("zoe", "alien", 1.0)], [80])).split
    assert further.extends == (split.fingerprint, grown.fingerprint)
    assert len({split.fingerprint, grown.fingerprint, further.fingerprint}) == 3
    assert split.test_fingerprint == further.test_fingerprint
    assert further.shares_test_with(split)
    assert split.shares_test_with(further)
    other = Split(split.ratings, np.roll(PARTS, 1), "by hand")
    assert not further.shares_test_with(other)
    unrelated = Split(further.ratings, further.parts, "by hand")
    assert not replace(unrelated, extends=()).shares_test_with(split)


def test_a_final_model_has_seen_the_test_so_its_stars_change(split: Split) -> None:
    growth = grow(split, later(ROWS, TIMES), final=True)
    assert growth.arrivals.changed == 3
    assert growth.arrivals.kept_unseen == 0
    assert told(growth.split)["ann", "brazil"] == (5.0, TEST)


def test_new_rows_of_a_hash_split_have_the_parts_of_a_split_of_all(planted: Ratings) -> None:
    plan = SplitPlan("hash", test=0.3, validation=0.25, seed=9)
    is_old = planted.user_rows < 25
    old = Ratings.from_columns(
        planted.users.ids[planted.user_rows[is_old]], planted.items.ids[planted.item_rows[is_old]],
        planted.stars[is_old], scale=planted.scale,
    )  # fmt: skip
    grown = grow(plan.divide(old), planted)
    assert grown.split.fingerprint == plan.divide(planted).fingerprint
    n_new_test = np.count_nonzero((plan.divide(planted).parts == TEST) & ~is_old)
    assert grown.arrivals.new_test == n_new_test > 0


def test_ratings_without_times_are_later_than_all_that_have_one(split: Split) -> None:
    growth = grow(split, later([("bob", "clue", 3.0)]))
    assert growth.arrivals.undated == 1
    assert growth.split.ratings.take(growth.is_fresh).timestamps == np.array([51])
    timeless = Split(replace(split.ratings, timestamps=None), PARTS, "by hand")
    growth = grow(timeless, later([("bob", "clue", 3.0)], [7]))
    assert growth.split.ratings.timestamps is None
    assert growth.arrivals.undated == 0


@pytest.mark.parametrize("is_feature", [True, False])
def test_what_is_known_of_new_items_joins_what_is_known_of_old_ones(
    split: Split, is_feature: bool
) -> None:
    kind = {"is_feature": is_feature}
    horror = {"alien": ["Horror"], "duel": ["War"]}
    old = Attribute.of(split.ratings.items, "genre", horror, **kind)
    fresh = later([("bob", "exit", 3.0), ("bob", "clue", 3.0)])
    told = {"exit": ["Action", "War"], "clue": ["Comedy"]}
    fresh = replace(fresh, attributes=(Attribute.of(fresh.items, "genre", told, **kind),))
    known = replace(split, ratings=replace(split.ratings, attributes=(old,)))
    ratings = grow(known, fresh).split.ratings
    expected = {"alien": ["Horror"], "duel": ["War"], "exit": ["Action", "War"]}
    (found,), wanted = ratings.attributes, Attribute.of(ratings.items, "genre", expected)
    assert found.is_feature == is_feature
    assert found.values.tolist() == wanted.values.tolist()
    assert found.value_rows.tolist() == wanted.value_rows.tolist()
    assert found.member_rows.tolist() == wanted.member_rows.tolist()


@pytest.mark.parametrize("stars", [5.5, 0.0, float("nan"), -1.0])
def test_stars_outside_the_scale_are_refused_by_name(split: Split, stars: float) -> None:
    odd = replace(later([("bob", "clue", 3.0)]), stars=np.array([stars], np.float32))
    with pytest.raises(DataError, match="stars of user 'bob' for item 'clue' are outside"):
        grow(split, odd)


def test_a_plan_is_read_from_what_it_is_told_as() -> None:
    for plan in (
        SplitPlan("hash", test=0.3, validation=0.25, seed=9),
        SplitPlan("kfold", fold=2, n_folds=4),
        SplitPlan("time", test=0.1),
    ):
        assert str(SplitPlan.told(str(plan))) == str(plan)
