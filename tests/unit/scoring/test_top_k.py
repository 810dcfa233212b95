"""Lists against a stable sort of all the scores."""

import numpy as np
import pytest
from numpy.typing import NDArray

from starcast.scoring.top_k import _GROUPS, exclude, take_best


def best(scores: NDArray[np.float32], k: int) -> NDArray[np.int32]:
    rows = np.full((len(scores), k), 99, np.int32)
    take_best(scores, rows)
    return rows


def by_sorting(scores: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """Stable: of equal scores the lower column comes first."""
    order = np.argsort(-scores, axis=1, kind="stable")
    listed = np.where(np.take_along_axis(scores, order, axis=1) > -np.inf, order, -1)[:, :k]
    return np.pad(listed, ((0, 0), (0, k - listed.shape[1])), constant_values=-1)


@pytest.mark.parametrize("k", [1, 2, 7, 10, 100, 1000])
@pytest.mark.parametrize("n_items", [1, 5, _GROUPS, 2 * _GROUPS + 2, 7 * _GROUPS + 3])
@pytest.mark.parametrize("levels", [2, 5, 10**6])
def test_lists_are_the_head_of_a_stable_sort(k: int, n_items: int, levels: int) -> None:
    rng = np.random.default_rng(n_items)
    scores = rng.integers(-levels, levels, (20, n_items)).astype(np.float32)
    scores[rng.random(scores.shape) < 0.2] = -np.inf
    np.testing.assert_array_equal(best(scores, k), by_sorting(scores, k))


@pytest.mark.parametrize("step", [1, -1, 0])
def test_so_are_lists_of_scores_in_order(step: int) -> None:
    scores = (step * np.arange(5 * _GROUPS, dtype=np.float32))[np.newaxis]
    np.testing.assert_array_equal(best(scores, 20), by_sorting(scores, 20))


def test_nothing_is_listed_where_everything_is_left_out() -> None:
    assert best(np.full((2, 40), -np.inf, np.float32), 3).tolist() == [[-1, -1, -1]] * 2


@pytest.mark.parametrize("n_items", [40, 4 * _GROUPS])
def test_a_score_that_is_no_number_is_not_listed(n_items: int) -> None:
    scores = np.zeros((1, n_items), np.float32)
    scores[0, [1, n_items - 1]] = np.nan
    assert best(scores, 4).tolist() == [[0, 2, 3, 4]]


def test_known_items_are_left_out_of_their_users_row_alone() -> None:
    scores = np.zeros((3, 4), np.float32)
    starts = np.array([0, 2, 2, 4])  # user 0 rated items 1 and 3, user 1 nothing, user 2 the ends
    items = np.array([1, 3, 0, 3], np.int32)
    exclude(scores, np.array([2, 0, 1], np.int32), starts, items)
    assert np.isneginf(scores).tolist() == [
        [True, False, False, True],
        [False, True, False, True],
        [False, False, False, False],
    ]
