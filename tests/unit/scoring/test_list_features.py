"""What a list blend looks at, worked out by hand."""

import numpy as np
import pytest

from starcast.engines.rows import SparseRows
from starcast.scoring.list_features import (
    ItemTraits,
    PartScores,
    UserTraits,
    feature_names,
    features,
    standardized,
)

# Ann rated items 0 and 1 with 5 and 3, Bob item 1 with 1; nobody item 2.
HISTORIES = SparseRows(
    np.array([0, 2, 3]), np.array([0, 1, 1], np.int32), np.array([5, 3, 1], np.float32), 3
)
YEAR = np.array([-1.0, 0.5, 2.0], np.float32)
# The mean is 3; damped by five ratings of it, Ann's is 23 / 7, and Bob's 16 / 6.
ANN, BOB = 23 / 7, 16 / 6


def test_items_by_who_rated_them() -> None:
    items = ItemTraits.of(HISTORIES, YEAR)
    np.testing.assert_allclose(items.raters, np.log([2, 3, 1]), rtol=1e-6)
    first, others = 5 - ANN, np.array([3 - ANN, 1 - BOB])
    np.testing.assert_allclose(items.deviation, [first / 11, others.sum() / 12, 0], rtol=1e-6)
    np.testing.assert_allclose(items.spread, [0, np.std(others), 0], rtol=1e-5, atol=1e-6)
    assert items.mean == 3


def test_users_by_what_they_rated() -> None:
    users = UserTraits.of(HISTORIES, ItemTraits.of(HISTORIES, YEAR))
    np.testing.assert_allclose(users.activity, np.log([3, 2]), rtol=1e-6)
    np.testing.assert_allclose(users.mean, [ANN, BOB], rtol=1e-6)
    spread = np.sqrt([((5 - ANN) ** 2 + (3 - ANN) ** 2) / 2, (1 - BOB) ** 2])
    np.testing.assert_allclose(users.spread, spread, rtol=1e-6)
    np.testing.assert_allclose(users.raters, [(np.log(2) + np.log(3)) / 2, np.log(3)], rtol=1e-6)
    assert users.year is not None
    np.testing.assert_allclose(users.year, [-0.25, 0.5])
    assert users.take(np.array([1], np.int32)).mean == pytest.approx(BOB)


def test_a_person_alone_is_what_they_are_among_others() -> None:
    items = ItemTraits.of(HISTORIES, YEAR)
    bob = SparseRows(np.array([0, 1]), np.array([1], np.int32), np.array([1], np.float32), 3)
    for own, among in zip(UserTraits.of(bob, items), UserTraits.of(HISTORIES, items), strict=True):
        assert own is not None
        assert among is not None
        np.testing.assert_allclose(own[0], among[1], rtol=1e-6)


def test_every_column_is_what_its_name_says() -> None:
    items = ItemTraits.of(HISTORIES, YEAR)
    users = UserTraits.of(HISTORIES, items)
    watched = np.array([[0, 2, 4], [0, 2, 4]], np.float32)
    liked = np.array([[4, 4, 1], [4, 4, 1]], np.float32)
    scores = PartScores([watched], [liked], liked)
    z = [standardized(watched), standardized(liked)]
    rows = np.array([[2, 0], [0, 2]], np.int32)
    table = features(scores, z, users, items, rows)
    names = feature_names(["Item-item"], ["Bayesian"], has_years=True)
    assert table.shape == (2, 2, len(names))
    found = {name: table[..., at] for at, name in enumerate(names)}
    std = float(np.std([0, 2, 4]))
    np.testing.assert_allclose(
        found["z Item-item"], [[2 / std, -2 / std]] * 1 + [[-2 / std, 2 / std]]
    )
    np.testing.assert_allclose(found["ln Item-item"][0], np.log([4 / std, 0.1]), rtol=1e-6)
    np.testing.assert_allclose(found["stars"], [[1, 4], [4, 1]])
    np.testing.assert_allclose(found["z Bayesian"][0], [-np.sqrt(2), np.sqrt(0.5)], rtol=1e-6)
    np.testing.assert_allclose(found["ln(1 + raters)"][0], [0, np.log(2)], atol=1e-6)
    np.testing.assert_allclose(found["year against own"], [[2.25, -0.75], [-1.5, 1.5]])
    np.testing.assert_allclose(found["user's activity"], np.log([[3, 3], [2, 2]]), rtol=1e-6)


def test_without_years_there_are_no_columns_of_years() -> None:
    items = ItemTraits.of(HISTORIES, None)
    users, scores = UserTraits.of(HISTORIES, items), np.zeros((2, 3), np.float32)
    rows = np.zeros((2, 1), np.int32)
    table = features(PartScores([scores], [], scores), [scores], users, items, rows)
    names = feature_names(["Item-item"], [], has_years=False)
    assert table.shape[-1] == len(names)
    assert not any("year" in name for name in names)
    assert np.all(np.isfinite(table))


def test_scores_that_are_all_alike_stand_out_nowhere() -> None:
    np.testing.assert_array_equal(standardized(np.full((2, 3), 7, np.float32)), np.zeros((2, 3)))
