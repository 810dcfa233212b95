from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from starcast import scoring
from starcast.engine import Scorer, Weights
from starcast.scoring import DeepScorer, EnsembleScorer, FactorScorer

Rows = NDArray[np.int32]
CHUNK = scoring._PAIRS


def single(*values: Any) -> NDArray[np.float32]:
    return np.array(values, np.float32)


FACTOR = {
    "mean": np.array(3, np.float32),
    "user_factors": single([1, 2], [0, -1]),
    "user_bias": single(0.5, -0.5),
    "item_factors": single([0.5, 0], [1, 1], [0, 2]),
    "item_bias": single(0.25, 0, -1),
}
# μ + b_u + b_i + p·q, for user 0: 3.75 + 0.5, 3.5 + 3, 2.5 + 4; for user 1: 2.75, 2.5 - 1, 1.5 - 2
FACTOR_SCORES = [[4.25, 6.5, 6.5], [2.75, 1.5, -0.5]]

DEEP = {
    "user_embedding": single([1], [-2]),
    "item_embedding": single([1], [0], [3]),
    "hidden_0_kernel": single([1, -1], [2, 1]),  # [p + 2q, -p + q]
    "hidden_0_bias": single(0.5, 0),
    "hidden_1_kernel": single([1], [10]),
    "hidden_1_bias": single(-1),
    "output_kernel": single([2]),
    "output_bias": single(0.125),
}
# First layer before ReLU, for user 0: [3.5, 0], [1.5, -1], [7.5, 2]; user 1: [0.5, 3], [-1.5, 2],
# [4.5, 5]. Second: [2.5], [0.5], [26.5]; [29.5], [19], [53.5]. Then times 2, plus 0.125.
DEEP_SCORES = [[5.125, 1.125, 53.125], [59.125, 38.125, 107.125]]

ENSEMBLE = {
    **{name: array for name, array in FACTOR.items() if name != "mean"},
    **{name: array for name, array in DEEP.items() if not name.startswith("output")},
    "output_kernel": single([1], [0.5], [2], [-4], [0.1]),  # p⊙q, b_u, b_i, deep
    "output_bias": single(3.5),
}
# Factor branch and bias, for user 0: 3.5 + 1 + [0.5 - 1, 1 + 1, 2 + 4]; user 1: 2.5 + [-1, -0.5, 3]
# (p⊙q is [0, 0], [0, -1], [0, -2]). Deep branch: 0.1 · the second layer above.
ENSEMBLE_SCORES = [[4.25, 6.55, 13.15], [4.45, 3.9, 10.85]]

GOLDEN = pytest.mark.parametrize(
    ("scorer", "weights", "golden"),
    [
        (FactorScorer, FACTOR, FACTOR_SCORES),
        (DeepScorer, DEEP, DEEP_SCORES),
        (EnsembleScorer, ENSEMBLE, ENSEMBLE_SCORES),
    ],
)
EVERY_SCORER = pytest.mark.parametrize(
    "scorer", [FactorScorer(FACTOR), DeepScorer(DEEP), EnsembleScorer(ENSEMBLE)]
)


def rows(*values: int) -> Rows:
    return np.array(values, np.int32)


@GOLDEN
def test_scores_of_every_item_by_hand(
    scorer: Callable[[Weights], Scorer], weights: Weights, golden: list[list[float]]
) -> None:
    scores = scorer(weights).score_all(rows(0, 1))
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, golden, rtol=1e-6)


@GOLDEN
def test_scores_of_pairs_by_hand(
    scorer: Callable[[Weights], Scorer], weights: Weights, golden: list[list[float]]
) -> None:
    scores = scorer(weights).score_pairs(rows(1, 0, 0, 1), rows(2, 0, 2, 2))
    assert scores.dtype == np.float32
    expected = [golden[1][2], golden[0][0], golden[0][2], golden[1][2]]
    np.testing.assert_allclose(scores, expected, rtol=1e-6)


@EVERY_SCORER
@pytest.mark.parametrize("n", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 1])
def test_chunks_leave_no_gap_and_no_seam(scorer: Scorer, n: int) -> None:
    rng = np.random.default_rng(n)
    users, items = (rng.integers(0, size, n).astype(np.int32) for size in (2, 3))
    scores = scorer.score_pairs(users, items)
    assert scores.shape == (n,)
    expected = scorer.score_all(rows(0, 1))[users, items]
    np.testing.assert_allclose(scores, expected, rtol=1e-6)


@EVERY_SCORER
def test_users_may_repeat_come_in_any_order_or_be_none(scorer: Scorer) -> None:
    each = scorer.score_all(rows(0, 1))
    np.testing.assert_allclose(scorer.score_all(rows(1, 0, 1)), each[[1, 0, 1]], rtol=1e-6)
    assert scorer.score_all(rows()).shape == (0, 3)


@EVERY_SCORER
def test_scoring_leaves_nothing_behind(scorer: Scorer) -> None:
    before = scorer.score_all(rows(0, 1))
    scorer.score_pairs(rows(0, 0, 1), rows(2, 1, 0))
    assert np.array_equal(scorer.score_all(rows(0, 1)), before)


@GOLDEN
def test_weights_are_read_only_to_a_scorer(
    scorer: Callable[[Weights], Scorer], weights: Weights, golden: list[list[float]]
) -> None:
    kept = {name: array.copy() for name, array in weights.items()}
    scorer(weights).score_all(rows(0, 1))
    scorer(weights).score_pairs(rows(0, 1), rows(0, 1))
    assert all(np.array_equal(weights[name], array) for name, array in kept.items())


def test_one_hidden_layer_is_enough() -> None:
    shallow = {name: array for name, array in DEEP.items() if not name.startswith("hidden_1")}
    shallow["output_kernel"] = single([2], [1])
    scores = DeepScorer(shallow).score_all(rows(0))  # 2 · 3.5, 2 · 1.5, 2 · 7.5 + 2, plus 0.125
    np.testing.assert_allclose(scores, [[7.125, 3.125, 17.125]], rtol=1e-6)
