import numpy as np
import pytest

from starcast.evaluation.metrics import coverage, gini, long_tail_share, novelty
from starcast.evaluation.metrics.exposure import is_long_tail

LISTS = np.array([[7, 3, 5], [1, 2, 3], [4, -1, -1], [0, 1, 2]], np.int32)


def test_coverage_counts_each_item_once() -> None:
    assert coverage(LISTS, n_items=10) == 0.7  # 0 1 2 3 4 5 7


def test_gini_by_hand() -> None:
    # listed 0 0 0 1 1 1 1 2 2 2 times; the mean distance of two of the 100 pairs, over twice the
    # mean: 3 · 4 pairs are 1 apart, 3 · 3 are 2, 4 · 3 are 1, and each stands in both orders
    lists = LISTS.copy()
    assert gini(lists, n_items=10) == pytest.approx(2 * (12 + 18 + 12) / 100 / (2 * 1.0))


def test_gini_knows_the_even_and_the_uneven() -> None:
    assert gini(np.array([[0, 1], [2, 3]]), n_items=4) == 0
    assert gini(np.array([[2], [2], [2]]), n_items=5) == pytest.approx(1 - 1 / 5)


def test_gini_agrees_with_its_other_definition() -> None:
    lists = np.random.default_rng(6).integers(0, 30, (200, 1))
    counts = np.bincount(lists.ravel(), minlength=40)
    apart = np.abs(counts[:, None] - counts).mean()
    assert gini(lists, n_items=40) == pytest.approx(apart / (2 * counts.mean()))


def test_the_long_tail_is_outside_the_most_rated_fifth() -> None:
    raters = np.array([3, 9, 4, 0, 5, 8, 2, 1, 7, 6])  # the fifth: 9 and 8
    assert np.flatnonzero(~is_long_tail(raters)).tolist() == [1, 5]
    assert np.flatnonzero(~is_long_tail(np.append(raters, 8))).tolist() == [1, 5, 10]
    # eleven items have a head of three; the third is rated as often as the second


def test_items_of_equal_ratings_stand_on_the_same_side() -> None:
    assert not is_long_tail(np.array([2, 2, 2, 2, 2, 2])).any()
    assert is_long_tail(np.array([0, 0, 1, 0, 0, 0, 0, 0, 0, 0])).sum() == 9  # unrated: in the tail


def test_the_share_of_the_long_tail_is_a_mean_over_users() -> None:
    raters = np.array([9, 1, 1, 1, 1])
    lists = np.array([[0, 1], [2, 3], [0, -1], [-1, -1]])  # a half, all, none, and no list
    assert long_tail_share(lists, raters) == pytest.approx((0.5 + 1 + 0) / 3)


def test_novelty_is_the_mean_self_information_in_bits() -> None:
    raters = np.array([16, 8, 1, 0])
    # 0 bits, 1 bit, 4 bits, and 4 bits for the item nobody rated
    assert novelty(np.array([[0, 1], [2, 3]]), raters, n_train_users=16) == 2.25
    assert novelty(np.array([[0, 1], [1, -1]]), raters, n_train_users=16) == pytest.approx(2 / 3)


def test_items_outside_the_catalogue_are_refused() -> None:
    for figure in (coverage, gini):
        with pytest.raises(ValueError, match="0 to 7 in a catalogue of 7 items"):
            figure(LISTS, n_items=7)
    with pytest.raises(ValueError, match="in a catalogue of 3 items"):
        novelty(LISTS, np.array([1, 2, 3]), n_train_users=9)
    with pytest.raises(ValueError, match="in a catalogue of 3 items"):
        long_tail_share(LISTS, np.array([1, 2, 3]))


@pytest.mark.parametrize("raters", [[1, 10], [1, -1]])
def test_impossible_counts_of_raters_are_refused(raters: list[int]) -> None:
    with pytest.raises(ValueError, match="between 0 and 9"):
        novelty(np.array([[0, 1]]), np.array(raters), n_train_users=9)


def test_nothing_to_show_is_refused() -> None:
    empty = np.full((2, 3), -1)
    for figure in (coverage, gini):
        with pytest.raises(ValueError, match="nothing to measure"):
            figure(empty, n_items=5)
        with pytest.raises(ValueError, match="n_items must be at least 1"):
            figure(LISTS, n_items=0)
    with pytest.raises(ValueError, match="nothing to measure"):
        novelty(empty, np.array([1]), n_train_users=5)
    with pytest.raises(ValueError, match="n_train_users must be at least 1"):
        novelty(LISTS, np.ones(12, np.int64), n_train_users=0)
    with pytest.raises(ValueError, match="n_items must be at least 1"):
        is_long_tail(np.array([], np.int64))
