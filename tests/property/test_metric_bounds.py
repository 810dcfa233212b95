from itertools import pairwise

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from starcast.evaluation.metrics import (
    Genres,
    accuracy,
    bootstrap_means,
    bootstrap_rmse,
    coverage,
    find_rows,
    gini,
    held_out_curves,
    long_tail_share,
    mae,
    miscalibration,
    novelty,
    ranking_at_k,
    ranking_curves,
    rmse,
    tiers,
)

Doubles = NDArray[np.float64]
Integers = NDArray[np.int64]

N_ITEMS = 12
ROUNDING = 1e-9

stars_on_scale = st.integers(1, 10).map(lambda halves: halves / 2)


@st.composite
def columns(draw: st.DrawFn, n_users: int = 5) -> tuple[Integers, Doubles, Doubles]:
    n = draw(st.integers(1, 40))
    user_rows = draw(arrays.arrays(np.int64, n, elements=st.integers(0, n_users - 1)))
    stars = draw(arrays.arrays(np.float64, n, elements=stars_on_scale))
    scores = draw(arrays.arrays(np.float64, n, elements=st.floats(-5, 10)))
    return user_rows, stars, scores


@st.composite
def lists(draw: st.DrawFn) -> tuple[Integers, list[list[int]]]:
    """Recommended rows with empty places, and each user's relevant items; never nothing at all."""
    n_users, k = draw(st.integers(1, 5)), draw(st.integers(1, N_ITEMS))
    items = st.permutations(range(N_ITEMS))
    rows = np.array([draw(items)[:k] for _ in range(n_users)])
    rows[draw(arrays.arrays(np.bool_, rows.shape))] = -1
    relevant = [draw(items)[: draw(st.integers(0, N_ITEMS))] for _ in range(n_users)]
    assume(bool((rows >= 0).any()) and any(relevant))
    return rows, relevant


def flat(relevant: list[list[int]]) -> tuple[Integers, Integers]:
    offsets = np.cumsum([0, *map(len, relevant)])
    return offsets, np.array([item for items in relevant for item in items])


@given(columns())
def test_mean_error_lies_below_root_mean_square_below_largest(
    drawn: tuple[Integers, Doubles, Doubles],
) -> None:
    _, stars, scores = drawn
    largest = float(np.abs(stars - scores).max())
    assert 0 <= mae(stars, scores) <= rmse(stars, scores) + ROUNDING
    assert rmse(stars, scores) <= largest + ROUNDING


@given(columns())
def test_errors_and_accuracy_know_a_perfect_prediction(
    drawn: tuple[Integers, Doubles, Doubles],
) -> None:
    _, stars, scores = drawn
    assert (rmse(stars, stars), mae(stars, stars), accuracy(stars, stars)) == (0, 0, 1)
    assert 0 <= accuracy(stars, np.round(scores)) <= 1


@settings(deadline=None)  # the first call compiles
@given(columns(), st.integers(1, 50))
def test_held_out_curves_are_shares(drawn: tuple[Integers, Doubles, Doubles], max_k: int) -> None:
    curves = held_out_curves(*drawn, max_k=max_k)
    longest = int(np.bincount(drawn[0]).max())
    reached = np.arange(1, max_k + 1) <= longest
    for curve in (curves.precision, curves.recall, curves.f1):
        assert np.array_equal(np.isfinite(curve), reached)
        assert np.all((curve[reached] >= 0) & (curve[reached] <= 1 + ROUNDING))
    halfway = (curves.precision + curves.recall) / 2
    assert np.all(curves.f1[reached] <= halfway[reached] + ROUNDING)
    assert np.all(np.diff(curves.n_users) <= 0)
    assert curves.n_users[0] == len(np.unique(drawn[0]))


@settings(deadline=None)
@given(columns())
def test_the_ratings_themselves_are_perfect_scores(
    drawn: tuple[Integers, Doubles, Doubles],
) -> None:
    user_rows, stars, _ = drawn
    curves = held_out_curves(user_rows, stars, stars, max_k=len(stars))
    reached = curves.n_users > 0
    np.testing.assert_allclose(curves.precision[reached], 1)


@settings(deadline=None)
@given(columns(n_users=1))
def test_a_longer_list_never_recalls_less_of_one_user(
    drawn: tuple[Integers, Doubles, Doubles],
) -> None:
    curves = held_out_curves(*drawn, max_k=len(drawn[0]))
    assert np.all(np.diff(curves.recall) >= 0)


@given(lists())
def test_ranking_metrics_are_shares(drawn: tuple[Integers, list[list[int]]]) -> None:
    rows, relevant = drawn
    found = ranking_at_k(rows, *flat(relevant))
    for share in (found.precision, found.recall, found.ndcg, found.map, found.hit_rate):
        assert 0 <= share <= 1 + ROUNDING
    assert max(found.precision, found.recall, found.ndcg, found.map) <= found.hit_rate + ROUNDING
    assert found.n_users == sum(1 for items in relevant if items)


@given(lists())
def test_relevant_items_in_front_are_a_perfect_ranking(
    drawn: tuple[Integers, list[list[int]]],
) -> None:
    rows, relevant = drawn
    perfect = np.full_like(rows, -1)
    for user, items in enumerate(relevant):
        leading = items[: rows.shape[1]]
        perfect[user, : len(leading)] = leading
    found = ranking_at_k(perfect, *flat(relevant))
    np.testing.assert_allclose([found.ndcg, found.map, found.hit_rate], 1)


@given(lists())
def test_a_reversed_list_holds_the_same_hits(drawn: tuple[Integers, list[list[int]]]) -> None:
    rows, relevant = drawn
    ahead, behind = (ranking_at_k(order, *flat(relevant)) for order in (rows, rows[:, ::-1]))
    assert (ahead.precision, ahead.recall, ahead.hit_rate) == (
        behind.precision,
        behind.recall,
        behind.hit_rate,
    )


@given(lists())
def test_longer_lists_recall_more_and_end_at_the_whole(
    drawn: tuple[Integers, list[list[int]]],
) -> None:
    rows, relevant = drawn
    offsets, own = flat(relevant)
    curves = ranking_curves(find_rows(rows, offsets, own) >= 0, np.diff(offsets))
    assert np.all(np.diff(curves.recall) >= -ROUNDING)
    assert np.all((curves.ndcg >= 0) & (curves.ndcg <= 1 + ROUNDING))
    whole = ranking_at_k(rows, offsets, own)
    np.testing.assert_allclose([curves.ndcg[-1], curves.recall[-1]], [whole.ndcg, whole.recall])


@given(lists(), st.data())
def test_miscalibration_is_bounded_and_nothing_for_the_users_own_items(
    drawn: tuple[Integers, list[list[int]]], data: st.DataObject
) -> None:
    rows, rated = drawn
    has = data.draw(arrays.arrays(np.bool_, (N_ITEMS, 4)))
    items, values = np.nonzero(has)
    genres = Genres.of(items, values, n_items=N_ITEMS, n_values=4)
    found = miscalibration(rows, *flat(rated), genres)
    told = found[np.isfinite(found)]
    assert np.all((told >= -ROUNDING) & (told <= -np.log(0.01) + ROUNDING))
    listed = [[item for item in row if item >= 0] for row in rows.tolist()]
    own = miscalibration(rows, *flat(listed), genres)
    np.testing.assert_allclose(own[np.isfinite(own)], 0, atol=ROUNDING)


@given(arrays.arrays(np.int64, st.integers(1, 30), elements=st.integers(0, 9)), st.booleans())
def test_everybody_is_in_one_tier_and_tiers_are_in_order(
    counts: Integers, by_ratings: bool
) -> None:
    found = tiers(counts, by_ratings=by_ratings)
    assert np.all(np.sum([tier.members for tier in found.values()], axis=0) == 1)
    ordered = [found[number] for number in sorted(found) if number < 3]
    assert all(below.most < above.fewest for below, above in pairwise(ordered))
    assert all(tier.fewest > 0 for tier in ordered)


@given(st.integers(1, 4), st.integers(2, 12), st.integers(0, 99))
def test_bootstrap_means_lie_between_users(n_models: int, n_users: int, seed: int) -> None:
    by_user = np.random.default_rng(seed).random((n_models, n_users))
    found = bootstrap_means(by_user, n_draws=30, seed=seed)
    assert np.all(by_user.min(axis=1) <= found.low + ROUNDING)
    assert np.all(found.low <= found.high)
    assert np.all(found.high <= by_user.max(axis=1) + ROUNDING)
    np.testing.assert_allclose(found.difference_low, -found.difference_high.T, atol=ROUNDING)
    assert np.all((found.p_value >= found.floor - ROUNDING) | (found.p_value == 1))


@given(lists(), st.integers(1, 1000), st.data())
def test_coverage_and_novelty_are_bounded(
    drawn: tuple[Integers, list[list[int]]], n_train_users: int, data: st.DataObject
) -> None:
    rows, _ = drawn
    raters = data.draw(arrays.arrays(np.int64, N_ITEMS, elements=st.integers(0, n_train_users)))
    assert 0 < coverage(rows, N_ITEMS) <= 1
    assert -ROUNDING <= gini(rows, N_ITEMS) <= 1 - 1 / N_ITEMS + ROUNDING
    assert 0 <= long_tail_share(rows, raters) <= 1
    assert 0 <= novelty(rows, raters, n_train_users) <= np.log2(n_train_users) + ROUNDING


@given(st.integers(1, 4), st.integers(2, 12), st.integers(0, 99))
def test_bootstrap_intervals_are_in_order_and_mirrored(
    n_models: int, n_users: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    errors, n_rows = rng.gamma(1, size=(n_models, n_users)), rng.integers(1, 9, n_users)
    found = bootstrap_rmse(errors, n_rows, n_draws=30, seed=seed)
    per_user = np.sqrt(errors / n_rows)
    assert np.all(per_user.min(axis=1) <= found.low + ROUNDING)
    assert np.all(found.low <= found.high)
    assert np.all(found.high <= per_user.max(axis=1) + ROUNDING)
    np.testing.assert_allclose(found.difference_low, -found.difference_high.T, atol=ROUNDING)
    assert np.all((found.p_value > 0) & (found.p_value <= 1))
    assert np.array_equal(found.p_value, found.p_value.T)
