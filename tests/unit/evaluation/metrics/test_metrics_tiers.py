import numpy as np
import pytest

from starcast.evaluation.metrics import tiers


def numbered(counts: list[int], *, by_ratings: bool = False) -> dict[int, list[int]]:
    found = tiers(np.array(counts), by_ratings=by_ratings)
    return {number: np.array(counts)[tier.members].tolist() for number, tier in found.items()}


def test_thirds_of_the_members() -> None:
    assert numbered([6, 1, 5, 90, 2, 7]) == {0: [1, 2], 1: [6, 5], 2: [90, 7]}


def test_thirds_of_the_ratings() -> None:
    # of 36 ratings, 6 are of the items up to 2 and the next 6 of one item; the middle of 12 and 12
    # is at two thirds
    assert numbered([2, 1, 12, 2, 1, 6, 12], by_ratings=True) == {
        0: [2, 1, 2, 1, 6], 2: [12, 12],
    }  # fmt: skip
    assert numbered([2, 1, 3, 6, 6], by_ratings=True) == {0: [2, 1, 3], 2: [6, 6]}


def test_those_without_ratings_are_a_tier_of_their_own() -> None:
    assert numbered([0, 3, 0, 1, 2]) == {0: [1], 1: [2], 2: [3], 3: [0, 0]}
    assert numbered([0, 0]) == {3: [0, 0]}


def test_equal_counts_are_in_the_same_tier() -> None:
    assert numbered([4, 4, 4, 4]) == {1: [4, 4, 4, 4]}
    assert numbered([4, 4, 4, 9]) == {1: [4, 4, 4], 2: [9]}


def test_a_tier_says_how_many_ratings_its_members_have() -> None:
    found = tiers(np.array([6, 1, 5, 90, 2, 7, 0]))
    assert [(tier.fewest, tier.most) for tier in found.values()] == [
        (1, 2),
        (5, 6),
        (7, 90),
        (0, 0),
    ]


def test_many_members_are_cut_into_even_thirds() -> None:
    counts = np.random.default_rng(1).permutation(999) + 1
    assert [int(tier.members.sum()) for tier in tiers(counts).values()] == [333, 333, 333]
    weighed = [int(counts[t.members].sum()) for t in tiers(counts, by_ratings=True).values()]
    assert weighed == pytest.approx([counts.sum() / 3] * 3, rel=0.01)


def test_what_are_no_counts_is_refused() -> None:
    with pytest.raises(ValueError, match="counts holds -1"):
        tiers(np.array([3, -1]))
    with pytest.raises(ValueError, match="nothing to measure"):
        tiers(np.array([], np.int64))
