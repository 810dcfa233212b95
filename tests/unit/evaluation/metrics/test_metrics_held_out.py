import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from starcast.evaluation.metrics import HeldOutCurves, held_out_curves

# user 0: mean 3, relevant 5 and 3, recommended the same two
# user 1: mean 3, relevant 4, recommended both, the wrong one first
# user 2: mean 4, relevant 4, recommended nothing
USER_ROWS = np.array([1, 0, 2, 0, 1, 0])
STARS = np.array([2.0, 1.0, 4.0, 5.0, 4.0, 3.0])
SCORES = np.array([3.2, 2.0, 3.9, 4.0, 3.1, 3.5])


def test_curves_by_hand() -> None:
    curves = held_out_curves(USER_ROWS, STARS, SCORES, max_k=4)
    np.testing.assert_allclose(curves.precision, [1 / 3, 3 / 4, 1, np.nan])
    np.testing.assert_allclose(curves.recall, [1 / 6, 1, 1, np.nan])
    np.testing.assert_allclose(curves.f1, [2 / 9, 6 / 7, 1, np.nan])
    assert curves.n_users.tolist() == [3, 2, 1, 0]


def test_a_user_to_whom_nothing_is_recommended_scores_zero() -> None:
    curves = held_out_curves(np.array([0, 0]), np.array([5.0, 1.0]), np.array([2.0, 1.0]), max_k=2)
    for curve in (curves.precision, curves.recall, curves.f1):
        assert curve.tolist() == [0, 0]


@pytest.mark.parametrize(("stars", "first_hit"), [([5.0, 1.0], 1.0), ([1.0, 5.0], 0.0)])
def test_equal_scores_rank_in_row_order(stars: list[float], first_hit: float) -> None:
    curves = held_out_curves(np.array([0, 0]), np.array(stars), np.array([4.0, 4.0]), max_k=1)
    assert curves.precision.tolist() == [first_hit]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [3, 7, 11])
def test_equal_ratings_are_all_relevant(dtype: type[np.floating[Any]], n: int) -> None:
    stars = np.full(n, 3.3, dtype)
    curves = held_out_curves(np.zeros(n, np.int32), stars, stars, max_k=n)
    np.testing.assert_allclose(curves.recall, np.arange(1, n + 1) / n)


def test_a_rating_equal_to_the_mean_is_relevant_in_float32() -> None:
    stars = np.array([3.2, 3.4, 3.3], np.float32)
    assert float(stars[2]) < float(stars.astype(np.float64).mean())  # by rounding alone
    curves = held_out_curves(np.zeros(3, np.int32), stars, stars, max_k=3)
    assert curves.recall.tolist() == [0.5, 1, 1]


def test_a_rating_just_below_the_mean_is_not_relevant() -> None:
    stars = np.full(1000, 4.0)
    stars[-1] = 4.5
    curves = held_out_curves(np.zeros(1000, np.int32), stars, np.arange(1000.0) + 5, max_k=1)
    assert (curves.precision.item(), curves.recall.item()) == (1, 1)


def test_curves_agree_with_the_definition_read_slowly() -> None:
    rng = np.random.default_rng(3)
    user_rows = rng.integers(0, 60, 1500)
    stars = rng.integers(1, 11, 1500) / 2
    scores = np.round(stars * 0.3 + rng.normal(2.5, 1, 1500), 1)  # rounded, so that many tie
    curves = held_out_curves(user_rows, stars, scores, max_k=40)
    for k in (1, 2, 5, 20, 25, 40):
        expected = slow_curves(user_rows, stars, scores, k)
        found = (curves.precision[k - 1], curves.recall[k - 1], curves.n_users[k - 1])
        np.testing.assert_allclose(found, expected)


def slow_curves(
    user_rows: NDArray[np.int64], stars: NDArray[np.float64], scores: NDArray[np.float64], k: int
) -> tuple[float, float, int]:
    precisions, recalls = [], []
    for user in set(user_rows.tolist()):
        rows = [row for row in range(len(user_rows)) if user_rows[row] == user]
        if len(rows) < k:
            continue
        mean = sum(stars[row] for row in rows) / len(rows)
        listed = sorted(rows, key=lambda row: -scores[row])[:k]
        relevant = {row for row in rows if stars[row] >= mean}
        recommended = {row for row in listed if scores[row] >= mean}
        hits = len(relevant & recommended)
        precisions.append(hits / len(recommended) if recommended else 0)
        recalls.append(hits / len(relevant))
    if not precisions:
        return np.nan, np.nan, 0
    return float(np.mean(precisions)), float(np.mean(recalls)), len(precisions)


def test_the_order_of_users_changes_no_bit() -> None:
    rng = np.random.default_rng(4)
    user_rows = rng.integers(0, 50, 2000).astype(np.int32)
    stars, scores = rng.integers(1, 6, 2000).astype(np.float32), rng.normal(3, 1, 2000)
    order = np.argsort(user_rows, kind="stable")
    mixed = held_out_curves(user_rows, stars, scores)
    grouped = held_out_curves(user_rows[order], stars[order], scores[order])
    assert bits(mixed) == bits(grouped)


def bits(curves: HeldOutCurves) -> bytes:
    return curves.precision.tobytes() + curves.recall.tobytes() + curves.f1.tobytes()


def test_user_rows_without_ratings_take_no_part() -> None:
    curves = held_out_curves(USER_ROWS * 7 + 3, STARS, SCORES, max_k=4)
    assert bits(curves) == bits(held_out_curves(USER_ROWS, STARS, SCORES, max_k=4))


def test_curves_have_100_places_unless_told() -> None:
    assert len(held_out_curves(USER_ROWS, STARS, SCORES).f1) == 100


def test_nothing_to_measure_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing to measure"):
        held_out_curves(np.array([], np.int32), np.array([]), np.array([]))


def test_columns_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match=r"scores \(5,\)"):
        held_out_curves(USER_ROWS, STARS, SCORES[:5])


def test_a_score_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="scores holds nan at row 1"):
        held_out_curves(USER_ROWS, STARS, np.array([1, np.nan, 3, 4, 5, 6]))


def test_a_negative_user_row_is_refused() -> None:
    with pytest.raises(ValueError, match="user_rows holds -1"):
        held_out_curves(USER_ROWS - 1, STARS, SCORES)


def test_a_list_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="max_k must be at least 1"):
        held_out_curves(USER_ROWS, STARS, SCORES, max_k=0)


def test_importing_metrics_leaves_the_compiler_alone() -> None:
    code = "import sys, starcast.evaluation.metrics; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
