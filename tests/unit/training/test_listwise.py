"""How a list blend learns: its loss, its gradient, and LightGBM's trees as arrays."""

from typing import Any

import lightgbm
import numpy as np
import pytest

from starcast.errors import ConfigError
from starcast.training import listwise
from starcast.training.listwise import Examples, cross_fitted, fit, grow, loss_of, softmax, trees_of


def examples(n: int = 300, slopes: tuple[float, ...] = (1.5, -1.0, 0.0)) -> Examples:
    """Of 12 candidates of each user one is liked, drawn by a softmax; another was rated."""
    rng = np.random.default_rng(5)
    table = rng.normal(0, [1, 2, 1], (n, 12, 3)).astype(np.float32)
    odds = np.exp(table @ np.array(slopes))
    chosen = [rng.choice(12, p=one / one.sum()) for one in odds]
    liked = np.zeros((n, 12), np.bool_)
    liked[np.arange(n), chosen] = True
    rated = liked.copy()
    rated[:, 0] = True
    return Examples(table, np.ones((n, 12), np.bool_), rated, liked)


def test_the_loss_is_the_one_that_is_written_down() -> None:
    """Two users: one likes one of two candidates, the other two of three."""
    table = np.array([[[0.0], [1], [9]], [[1], [0], [2]]], np.float32)
    valid = np.array([[True, True, False], [True, True, True]])
    liked = np.array([[False, True, False], [True, False, True]])
    found = loss_of(Examples(table, valid, liked, liked), np.array([0.5]))
    first = np.exp([0, 0.5])
    other = np.exp([0.5, 0, 1])
    by_hand = -np.log(first[1] / first.sum())
    by_hand -= (np.log(other[0] / other.sum()) + np.log(other[2] / other.sum())) / np.sqrt(2)
    assert found == pytest.approx(by_hand / (1 + np.sqrt(2)), rel=1e-6)


def test_the_gradient_is_that_of_the_loss() -> None:
    loss = listwise._Loss(examples(40), np.array([0.7, 0.5, 1.0]))
    at = np.array([0.3, -0.2, 0.6])
    for n, slope in enumerate(loss(at)[1]):
        step = np.eye(3)[n] * 1e-2
        assert slope == pytest.approx((loss(at + step)[0] - loss(at - step)[0]) / 2e-2, rel=2e-3)


def test_a_planted_order_is_found() -> None:
    np.testing.assert_allclose(softmax(examples(4000)), [1.5, -1, 0], atol=0.12)


def test_what_is_alike_for_all_candidates_orders_nothing() -> None:
    known = examples()
    of_users = np.repeat(np.arange(300.0)[:, np.newaxis, np.newaxis], 12, axis=1)
    wider = np.concatenate([known.table, of_users.astype(np.float32)], axis=2)
    found = softmax(known._replace(table=wider))
    assert found[3] == 0
    np.testing.assert_allclose(found[:3], softmax(known), atol=1e-4)


def test_who_likes_nothing_teaches_nothing() -> None:
    known = examples()
    liked = known.liked.copy()
    liked[100:] = False
    few = known._replace(liked=liked)
    np.testing.assert_allclose(softmax(few), softmax(known.take(np.arange(100))), rtol=1e-6)
    np.testing.assert_array_equal(softmax(known._replace(liked=liked & False)), np.zeros(3))


def test_scores_of_a_fold_have_not_seen_what_it_likes() -> None:
    known, folds = examples(), np.arange(300) % 3
    liked = known.liked.copy()
    liked[folds == 1] = np.roll(liked[folds == 1], 1, axis=1)
    before, after = (
        cross_fitted(one, folds, trees=False, seed=1)
        for one in (known, known._replace(liked=liked))
    )
    np.testing.assert_array_equal(after[folds == 1], before[folds == 1])
    assert not np.any(after[folds == 0] == before[folds == 0])


@pytest.mark.parametrize("leaves", [2, 5, 31])
def test_trees_add_up_to_what_lightgbm_predicts(leaves: int) -> None:
    """Also where a value lies on a threshold, as float32 has it."""
    rng = np.random.default_rng(2)
    table = np.round(rng.normal(0, 1, (3000, 4)), 1).astype(np.float32)
    aims = (table[:, 0] * table[:, 1] + rng.normal(0, 0.1, 3000) > 0).astype(float)
    settings: dict[str, Any] = {"objective": "binary", "num_leaves": leaves, "verbose": -1}
    grown = lightgbm.train(settings, lightgbm.Dataset(table, aims), 20)
    expected = np.asarray(grown.predict(table, raw_score=True))
    trees = trees_of(grown.dump_model())
    np.testing.assert_allclose(trees.sums(table), expected, atol=1e-5)
    np.testing.assert_allclose(trees.plain_sums(table[:50]), expected[:50], atol=1e-5)


def test_a_tree_without_a_split_is_a_leaf() -> None:
    data = lightgbm.Dataset(np.zeros((100, 2)), np.arange(100) % 4 == 0)
    grown = lightgbm.train({"objective": "cross_entropy", "verbose": -1}, data, 1)
    sums = trees_of(grown.dump_model()).sums(np.zeros((3, 2), np.float32))
    np.testing.assert_allclose(sums, grown.predict(np.zeros((3, 2)), raw_score=True), rtol=1e-6)
    assert sums[0] != 0


def test_trees_learn_what_no_sum_of_features_says() -> None:
    """What is liked has two features of one sign."""
    known = examples(2000)
    product = known.table[..., 0] * known.table[..., 1]
    liked = product == product.max(axis=1, keepdims=True)
    known = known._replace(liked=liked, rated=liked)
    plain, grown = (fit(known, trees=trees, seed=1) for trees in (False, True))

    def hits(mix: Any) -> float:
        best = np.argmax(mix.of_candidates(known.table, known.valid), axis=1)
        return float(np.mean(liked[np.arange(2000), best]))

    assert hits(plain) < 0.3
    assert hits(grown) > 1.5 * hits(plain)


def test_without_lightgbm_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "lightgbm", None)
    with pytest.raises(ConfigError, match=r"pip install 'starcast\[rank\]'"):
        grow(examples(), seed=1)
