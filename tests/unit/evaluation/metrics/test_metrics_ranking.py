from math import log2

import ir_measures
import numpy as np
import pytest
from ir_measures import AP, P, R, Success, nDCG
from numpy.typing import NDArray

from starcast.evaluation.metrics import (
    RankingMetrics,
    find_rows,
    ranking_at_k,
    ranking_by_user,
    ranking_curves,
)

# user 0: hits at 2 and 3 of four relevant; user 1: nothing relevant, left out;
# user 2: a list of one, a hit; user 3: no hit
LISTS = np.array([[7, 3, 5], [1, 2, 3], [4, -1, -1], [0, 1, 2]], np.int32)
OFFSETS = np.array([0, 4, 4, 5, 6])
RELEVANT = np.array([9, 3, 11, 5, 4, 8], np.int32)


def test_ranking_by_hand() -> None:
    metrics = ranking_at_k(LISTS, OFFSETS, RELEVANT)
    ndcg = (1 / log2(3) + 1 / 2) / (1 + 1 / log2(3) + 1 / 2)
    assert metrics.precision == pytest.approx((2 / 3 + 1 / 3 + 0) / 3)
    assert metrics.recall == pytest.approx((2 / 4 + 1 + 0) / 3)
    assert metrics.ndcg == pytest.approx((ndcg + 1 + 0) / 3)
    assert metrics.map == pytest.approx(((1 / 2 + 2 / 3) / 3 + 1 + 0) / 3)
    assert metrics.hit_rate == pytest.approx(2 / 3)
    assert metrics.n_users == 3


@pytest.mark.parametrize("k", [1, 5, 20])
def test_ranking_agrees_with_ir_measures(k: int) -> None:
    rng = np.random.default_rng(k)
    lists = np.argsort(rng.random((50, 60)), axis=1)[:, :k]
    relevant = [rng.choice(60, size=rng.integers(0, 25), replace=False) for _ in range(50)]
    offsets = np.concatenate([[0], np.cumsum([len(items) for items in relevant])])
    found = ranking_at_k(lists, offsets, np.concatenate(relevant))
    expected = measured(lists, relevant)
    assert found.n_users == expected.n_users
    for name in ("precision", "recall", "ndcg", "map", "hit_rate"):
        assert getattr(found, name) == pytest.approx(getattr(expected, name)), name


def measured(lists: NDArray[np.int64], relevant: list[NDArray[np.int64]]) -> RankingMetrics:
    k = lists.shape[1]
    truth = [
        ir_measures.Qrel(str(user), str(item), 1)
        for user, items in enumerate(relevant)
        for item in items
    ]
    run = [
        ir_measures.ScoredDoc(str(user), str(item), float(-place))
        for user, items in enumerate(lists)
        if len(relevant[user])
        for place, item in enumerate(items)
    ]
    values: dict[str, list[float]] = {}
    for metric in ir_measures.iter_calc([P @ k, R @ k, nDCG @ k, AP @ k, Success @ k], truth, run):
        n_relevant = len(relevant[int(metric.query_id)])
        # trec_eval divides average precision by all relevant items, we by those a list can hold
        factor = n_relevant / min(k, n_relevant) if metric.measure == AP @ k else 1
        values.setdefault(str(metric.measure), []).append(metric.value * factor)
    means = {name: float(np.mean(per_user)) for name, per_user in values.items()}
    return RankingMetrics(
        means[f"P@{k}"], means[f"R@{k}"], means[f"nDCG@{k}"], means[f"AP@{k}"],
        means[f"Success@{k}"], len(values[f"P@{k}"]),
    )  # fmt: skip


def test_each_user_has_figures_of_their_own() -> None:
    is_hit = find_rows(LISTS, OFFSETS, RELEVANT) >= 0
    found = ranking_by_user(is_hit, np.diff(OFFSETS))
    np.testing.assert_allclose(found.precision, [2 / 3, np.nan, 1 / 3, 0])
    np.testing.assert_allclose(found.recall, [2 / 4, np.nan, 1, 0])
    leading = 1 + 1 / log2(3) + 1 / 2
    np.testing.assert_allclose(found.ndcg, [1 - 1 / leading, np.nan, 1, 0])
    np.testing.assert_allclose(found.average_precision, [(1 / 2 + 2 / 3) / 3, np.nan, 1, 0])
    np.testing.assert_allclose(found.has_hit, [1, np.nan, 1, 0])


def test_listed_items_are_found_where_they_stand() -> None:
    found = find_rows(LISTS, OFFSETS, RELEVANT)
    assert found.tolist() == [[-1, 1, 3], [-1, -1, -1], [4, -1, -1], [-1, -1, -1]]


def test_items_are_found_in_every_block_of_users(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = find_rows(LISTS, OFFSETS, RELEVANT)
    for block in (1, 3):
        monkeypatch.setattr("starcast.evaluation.metrics.ranking._BLOCK", block)
        assert find_rows(LISTS, OFFSETS, RELEVANT).tolist() == whole.tolist()
        with pytest.raises(ValueError, match="the list of user 3"):
            find_rows(np.vstack([LISTS[:3], [[5, 5, 6]]]), OFFSETS, RELEVANT)


def test_curves_are_the_figures_of_every_length() -> None:
    rng = np.random.default_rng(11)
    lists = np.argsort(rng.random((30, 40)), axis=1)[:, :25]
    relevant = [rng.choice(40, size=rng.integers(0, 12), replace=False) for _ in range(30)]
    offsets = np.concatenate([[0], np.cumsum([len(items) for items in relevant])])
    own = np.concatenate(relevant)
    curves = ranking_curves(find_rows(lists, offsets, own) >= 0, np.diff(offsets))
    assert len(curves.ndcg) == len(curves.recall) == 25
    for k in (1, 2, 9, 25):
        alone = ranking_at_k(lists[:, :k], offsets, own)
        assert curves.ndcg[k - 1] == pytest.approx(alone.ndcg)
        assert curves.recall[k - 1] == pytest.approx(alone.recall)
        assert curves.n_users == alone.n_users


def test_curves_of_nobody_are_refused() -> None:
    with pytest.raises(ValueError, match="no user has a relevant item"):
        ranking_curves(np.zeros((2, 3), bool), np.zeros(2, np.int64))


def test_a_perfect_list_scores_one_even_where_more_is_relevant() -> None:
    metrics = ranking_at_k(np.array([[2, 0]]), np.array([0, 3]), np.array([0, 1, 2]))
    assert (metrics.precision, metrics.ndcg, metrics.map) == pytest.approx((1, 1, 1))
    assert metrics.recall == pytest.approx(2 / 3)


def test_an_empty_place_is_a_miss_and_never_an_item_of_the_user_before() -> None:
    # as a number, place -1 of user 1 would be the last item of user 0
    lists, offsets, relevant = np.array([[0], [-1]]), np.array([0, 1, 2]), np.array([1, 0])
    assert ranking_at_k(lists, offsets, relevant).hit_rate == 0


@pytest.mark.parametrize(
    ("lists", "offsets", "relevant", "message"),
    [
        ([[1, 2, 1]], [0, 1], [1], "the list of user 0 in recommended_rows names an item twice"),
        ([[1, 2, -2]], [0, 1], [1], "recommended_rows holds -2 to 2"),
        ([[-1, -1]], [0, 1], [1], "nothing to measure: every list"),
        ([[]], [0, 1], [1], "nothing to measure: every list"),
        ([[1, 2]], [0, 0], [], "nothing to measure: no user has a relevant item"),
        ([[1, 2]], [0, 2], [3, 3], "named twice among the items of one user"),
        ([[1, 2]], [0, 1], [-1], "item_rows holds -1"),
        ([[1, 2]], [0, 1, 1], [1], "1 users need 2 offsets, got 3"),
        ([[1, 2]], [0, 2], [1], "offsets must rise from 0 to the 1 item_rows"),
        ([[1], [2]], [0, 2, 1], [1], "offsets must rise"),
        ([1, 2], [0, 1, 1], [1], r"shape \(n_users, k\)"),
    ],
)
def test_lists_that_cannot_be_measured_are_refused(
    lists: list[list[int]], offsets: list[int], relevant: list[int], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        ranking_at_k(
            np.array(lists, np.int32), np.array(offsets, np.int64), np.array(relevant, np.int32)
        )
