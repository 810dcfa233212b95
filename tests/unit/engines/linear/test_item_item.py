"""The item-item model against brute force: pairs, inverse, tail, and what is deployed of it."""

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from starcast.data.ratings import Ratings
from starcast.engines.interest import Interest, weighted_histories
from starcast.engines.linear.engine import ItemItemEngine
from starcast.engines.linear.gram import Told, gram, pairs, places_in_time
from starcast.engines.linear.inverse import item_item, penalties
from starcast.engines.rows import SparseRows
from starcast.engines.settings import ItemItemSettings
from starcast.errors import TrainingError
from starcast.scoring.item_item import ItemItemScorer

SMALL = ItemItemSettings(nearness=3.0, regularization_factor=0.5)


def plain_gram(train: Ratings, weight: float, exponent: float, nearness: float) -> np.ndarray:
    """Pair after pair, in doubles."""
    interest = Interest.of(train, weight)
    places = in_time(train) / 2
    counts = np.maximum(np.bincount(train.user_rows, minlength=train.n_users), 1)
    weights = counts**-exponent / np.mean(counts**-exponent)
    found = np.zeros((train.n_items, train.n_items))
    for user in range(train.n_users):
        own = np.flatnonzero(train.user_rows == user)
        cared = interest.values(train.stars[own], interest.user_mean(train.stars[own]))
        for a, x in zip(own, cared, strict=True):
            for b, y in zip(own, cared, strict=True):
                near = max(0.0, 1 - abs(places[a] - places[b]) / nearness)
                found[train.item_rows[a], train.item_rows[b]] += weights[user] * x * y * near
    return found


def in_time(rated: Ratings) -> np.ndarray:
    return places_in_time(SparseRows.by_user(rated), rated.timestamps)


def test_places_follow_time_and_ties_share_them(ratings: Ratings) -> None:
    """Ann rated brazil, duel, clue, alien; bob alien, duel; eve clue, brazil. Twice the place."""
    assert_array_equal(in_time(ratings), [6, 0, 4, 2, 0, 2, 2, 0])
    tied = Ratings.from_columns(
        np.array([1] * 4), np.arange(4), np.arange(1.0, 5.0), np.array([9, 5, 9, 9])
    )
    assert_array_equal(in_time(tied), [4, 0, 4, 4])  # places 1, 2 and 3 have the mean 2
    timeless = Ratings.from_columns(np.array([1, 1]), np.arange(2), np.arange(1.0, 3.0))
    assert_array_equal(in_time(timeless), [0, 0])


@pytest.mark.parametrize("nearness", [3.0, 1e9])
def test_pairs_are_summed_as_by_hand(planted: Ratings, nearness: float) -> None:
    core = np.arange(planted.n_items, dtype=np.int32)
    summed = pairs(Told.of(planted, Interest.of(planted, 0.6), 0.4), core, nearness)
    found = gram(summed, core, len(core))
    assert_allclose(found, plain_gram(planted, 0.6, 0.4, nearness), rtol=1e-3, atol=0.02)


def test_pairs_with_a_part_of_the_items_are_a_part_of_the_pairs(planted: Ratings) -> None:
    core = np.array([2, 3, 11, 17, 29], np.int32)
    summed = pairs(Told.of(planted, Interest.of(planted, 0.6), 0.4), core, 5.0)
    every = np.arange(planted.n_items, dtype=np.int32)
    whole = plain_gram(planted, 0.6, 0.4, 5.0)
    assert_allclose(gram(summed, every, len(core)), whole[:, core], rtol=1e-3, atol=0.02)


def test_penalties_grow_with_what_is_rated() -> None:
    """Of counts 1 and 16 the mean is 8.5: 2 · (1 / 8.5)^½ + 0.25, and 2 · (16 / 8.5)^½ + 4."""
    found = penalties(np.array([1, 16], np.float32), strength=2, exponent=0.5, share=0.25)
    assert_allclose(found, [2 * (1 / 8.5) ** 0.5 + 0.25, 2 * (16 / 8.5) ** 0.5 + 4], rtol=1e-6)
    least = penalties(np.array([1, 10**6], np.float32), strength=2, exponent=0.5, share=0)
    assert least[0] == pytest.approx(0.1)


def test_each_item_is_regressed_on_all_others() -> None:
    """Column j minimises |x_j - X b|² + Σ λ b² without item j: here by normal equations."""
    rng = np.random.default_rng(5)
    x = (rng.random((40, 300)) < 0.1) * rng.uniform(0.5, 2, (40, 300))
    whole, penalty = x @ x.T, rng.uniform(1, 3, 40)
    found = item_item(whole.astype(np.float32), penalty.astype(np.float32))
    for item in range(40):
        others = np.arange(40) != item
        system = whole[np.ix_(others, others)] + np.diag(penalty[others])
        expected = np.linalg.solve(system, whole[others, item])
        assert_allclose(found[others, item], expected, atol=2e-5)
        assert found[item, item] == 0


def test_an_unsolvable_system_is_refused() -> None:
    indefinite = np.array([[1, 5], [5, 1]], np.float32)
    with pytest.raises(TrainingError, match="larger penalty"):
        item_item(indefinite, np.full(2, 0.1, np.float32))


def trained(train: Ratings, **given: Any) -> ItemItemEngine:
    engine = ItemItemEngine(ItemItemSettings(**{"nearness": 3.0, **given}), train, 1)
    engine.run_epoch()
    return engine


def test_a_tail_of_the_core_alone_is_a_ridge_regression(planted: Ratings) -> None:
    """With fewer core items than neighbours, the tail is regressed on the whole core."""
    engine = trained(planted, core_items=8, regularization_factor=0.5, nearness=1e9)
    weights = engine.weights()
    core = weights["core_items"].astype(int)
    counts = np.bincount(planted.item_rows, minlength=planted.n_items)
    assert set(core) <= set(np.flatnonzero(counts >= np.sort(counts)[-8]))
    chosen = ItemItemSettings(core_items=8, regularization_factor=0.5)
    whole = plain_gram(planted, chosen.interest_weight, chosen.activity_exponent, 1e9)
    inner = whole[np.ix_(core, core)]
    penalty = penalties(
        np.diagonal(inner).astype(np.float32),
        0.5 * np.sqrt(planted.n_users),
        chosen.popularity_exponent,
        chosen.dropped_share / (1 - chosen.dropped_share),
    )
    tail = np.setdiff1d(np.arange(planted.n_items), core)
    for n, item in enumerate(tail):
        expected = np.linalg.solve(inner + np.diag(penalty), whole[core, item])
        found = np.zeros(8)
        np.add.at(found, weights["tail_neighbours"][n].astype(int), weights["tail_weights"][n])
        assert_allclose(found, expected, atol=2e-3)


@pytest.mark.parametrize("core_items", [8, 1000])
def test_what_is_deployed_adds_up_the_users_own_items(planted: Ratings, core_items: int) -> None:
    weights = trained(planted, core_items=core_items).weights()
    core, n_items = weights["core_items"].astype(int), planted.n_items
    whole = np.zeros((n_items, n_items))
    whole[np.ix_(core, core)] = weights["item_item"]
    for item, near, values in zip(
        np.setdiff1d(np.arange(n_items), core),
        weights["tail_neighbours"].astype(int),
        weights["tail_weights"],
        strict=True,
    ):
        np.add.at(whole[:, item], core[near], values)
    interest = Interest(*weights["interest"].tolist())
    cared = weighted_histories(planted, interest, 0)
    scorer = ItemItemScorer(weights, SparseRows.by_user(planted))
    every = scorer.list_all(np.arange(planted.n_users, dtype=np.int32))
    for user in range(planted.n_users):
        items, values = cared.row(user)
        expected = values @ whole[items]
        assert_allclose(every[user], expected, atol=1e-5)
        assert_allclose(scorer.list_user(user), expected, atol=1e-5)
    items, stars = SparseRows.by_user(planted).row(3)
    person = scorer.fold_in(items, stars, 0.9)
    assert_allclose(person.list_all(), scorer.list_user(3), atol=1e-6)
    assert_allclose(person.score_all(), scorer.score_user(3), atol=1e-5)
    effects = person.list_effects(np.arange(n_items, dtype=np.int32))
    assert_allclose(effects, (cared.row(3)[1][:, np.newaxis] * whole[items]).T, atol=1e-6)


def test_likeness_is_partial_correlation(planted: Ratings) -> None:
    """Of the inverse P of the penalised pairs it is -P_ij / √(P_ii P_jj)."""
    settings = ItemItemSettings(nearness=3.0)
    weights = trained(planted).weights()
    whole = plain_gram(planted, settings.interest_weight, settings.activity_exponent, 3.0)
    penalty = penalties(
        np.diagonal(whole).astype(np.float32),
        settings.regularization_factor * np.sqrt(planted.n_users),
        settings.popularity_exponent,
        settings.dropped_share / (1 - settings.dropped_share),
    )
    inverse = np.linalg.inv(whole + np.diag(penalty))
    scale = np.sqrt(np.diagonal(inverse))
    expected = -inverse / np.outer(scale, scale)
    found = ItemItemScorer(weights, SparseRows.by_user(planted)).likeness(4)
    others = np.arange(planted.n_items) != 4
    assert_allclose(found[others], expected[4][others], atol=2e-3)
    assert found[4] == 1


def test_weights_come_back_as_they_were(planted: Ratings) -> None:
    weights = trained(planted, core_items=8).weights()
    other = ItemItemEngine(ItemItemSettings(core_items=8), planted, 2)
    other.load(weights)
    for name, array in other.weights().items():
        assert_array_equal(array, weights[name], name)
    with pytest.raises(ValueError, match="'item_item'"):
        other.load({**weights, "item_item": np.zeros((3, 3), np.float32)})


def test_a_matrix_that_was_handed_out_is_no_copy_and_stays_as_it_was(planted: Ratings) -> None:
    engine = ItemItemEngine(SMALL, planted, seed=1)
    engine.run_epoch()
    weights = engine.weights()
    matrix = weights["item_item"]
    before = matrix.copy()
    assert np.shares_memory(matrix, engine.weights()["item_item"])
    engine.load({**weights, "item_item": np.zeros_like(matrix)})
    engine.run_epoch()
    assert_array_equal(matrix, before)
    with pytest.raises(ValueError, match="read-only"):
        matrix[0, 1] = 1
