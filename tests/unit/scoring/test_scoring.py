"""Scores by hand, by a plain float64 network, and the same whatever is scored beside them."""

import subprocess
import sys
from collections.abc import Callable
from itertools import count
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from plain_network import doubles, forward, ratings_of

from starcast.engines.protocol import Scorer, Weights
from starcast.scoring import DeepScorer, EnsembleScorer, FactorScorer, dense_layers, factors
from starcast.scoring.panels import FEW, PANEL

Rows = NDArray[np.int32]


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
    "item_embedding": single([1], [0.5], [3]),
    "hidden_0_kernel": single([1, -1], [2, 1]),  # [p + 2q, -p + q]
    "hidden_0_bias": single(0.5, 0),
    "hidden_1_kernel": single([1], [10]),
    "hidden_1_bias": single(-1),
    "output_kernel": single([2]),
    "output_bias": single(0.125),
}
# First layer before ReLU, for user 0: [3.5, 0], [2.5, -0.5], [7.5, 2]; user 1: [0.5, 3],
# [-0.5, 2.5], [4.5, 5]. Second: [2.5], [1.5], [26.5]; [29.5], [24], [53.5]. Then times 2, plus
# 0.125.
DEEP_SCORES = [[5.125, 3.125, 53.125], [59.125, 48.125, 107.125]]

ENSEMBLE = {
    **{name: array for name, array in FACTOR.items() if name != "mean"},
    **{name: array for name, array in DEEP.items() if not name.startswith("output")},
    "output_kernel": single([1], [0.5], [2], [-4], [0.1]),  # p⊙q, b_u, b_i, deep
    "output_bias": single(3.5),
}
# Factor branch and bias, for user 0: 3.5 + 1 + [0.5 - 1, 1 + 1, 2 + 4]; user 1: 2.5 + [-1, -0.5, 3]
# (p⊙q is [0, 0], [0, -1], [0, -2]). Deep branch: 0.1 · the second layer above.
ENSEMBLE_SCORES = [[4.25, 6.65, 13.15], [4.45, 4.4, 10.85]]

GOLDEN = pytest.mark.parametrize(
    ("scorer", "weights", "golden"),
    [
        (FactorScorer, FACTOR, FACTOR_SCORES),
        (DeepScorer, DEEP, DEEP_SCORES),
        (EnsembleScorer, ENSEMBLE, ENSEMBLE_SCORES),
    ],
)
SCORERS = (FactorScorer(FACTOR), DeepScorer(DEEP), EnsembleScorer(ENSEMBLE))
EVERY_SCORER = pytest.mark.parametrize("scorer", SCORERS, ids=lambda scorer: type(scorer).__name__)


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
def test_scores_of_one_user_by_hand(
    scorer: Callable[[Weights], Scorer], weights: Weights, golden: list[list[float]]
) -> None:
    for user in (0, 1):
        scores = scorer(weights).score_user(user)
        assert scores.dtype == np.float32
        np.testing.assert_allclose(scores, golden[user], rtol=1e-6)


@GOLDEN
def test_scores_of_pairs_by_hand(
    scorer: Callable[[Weights], Scorer], weights: Weights, golden: list[list[float]]
) -> None:
    scores = scorer(weights).score_pairs(rows(1, 0, 0, 1), rows(2, 0, 2, 2))
    assert scores.dtype == np.float32
    expected = [golden[1][2], golden[0][0], golden[0][2], golden[1][2]]
    np.testing.assert_allclose(scores, expected, rtol=1e-6)


@EVERY_SCORER
@pytest.mark.parametrize("n", [0, 1, FEW, FEW + 1, 3 * PANEL - 1, 3 * PANEL, 5 * PANEL + 1])
def test_few_pairs_and_many_leave_no_gap_and_no_seam(
    scorer: Scorer, n: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (factors, dense_layers):
        monkeypatch.setattr(module, "_PAIRS", 2 * PANEL)
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
    scores = DeepScorer(shallow).score_all(rows(0))  # 2 · 3.5, 2 · 2.5, 2 · 7.5 + 2, plus 0.125
    np.testing.assert_allclose(scores, [[7.125, 5.125, 17.125]], rtol=1e-6)


# Odd shapes

N_USERS, N_ITEMS = 11, dense_layers._ITEMS + PANEL + 5


def drawn(dimension: int, layers: tuple[int, ...]) -> dict[str, NDArray[np.float32]]:
    """An ensemble's random weights, layers without the output; also a mean, for its factors."""
    rng = np.random.default_rng(dimension)
    widths = (2 * dimension, *layers)
    shapes: dict[str, tuple[int, ...]] = {
        "mean": (), "output_kernel": (dimension + 2 + layers[-1], 1), "output_bias": (1,)
    }  # fmt: skip
    for side, n in (("user", N_USERS), ("item", N_ITEMS)):
        shapes |= {f"{side}_factors": (n, dimension), f"{side}_bias": (n,)}
        shapes |= {f"{side}_embedding": (n, dimension)}
    for n, below, above in zip(count(), widths, layers, strict=False):
        shapes |= {f"hidden_{n}_kernel": (below, above), f"hidden_{n}_bias": (above,)}
    return {
        name: np.asarray(rng.normal(0, 0.5, shape), np.float32) for name, shape in shapes.items()
    }


def deep_part(weights: Weights) -> dict[str, NDArray[np.float32]]:
    parts = ("embedding", "hidden", "output")
    chosen = {name: weights[name] for name in weights if any(part in name for part in parts)}
    depth = sum(name.startswith("hidden") for name in weights) // 2
    width = weights[f"hidden_{depth - 1}_bias"].shape[0]
    return chosen | {"output_kernel": weights["output_kernel"][-width:]}


ODD = pytest.mark.parametrize(
    ("dimension", "layers"), [(1, (1,)), (3, (5,)), (8, (16, 8)), (10, (9, 20, 3)), (32, (64, 32))]
)


@ODD
def test_any_shape_scores_as_plain_float64_does(dimension: int, layers: tuple[int, ...]) -> None:
    users, items = np.divmod(np.arange(N_USERS * N_ITEMS, dtype=np.int32), np.int32(N_ITEMS))
    pairs = list(zip(users.tolist(), items.tolist(), [3.0] * len(users), strict=True))
    everything = ratings_of(pairs, N_USERS, N_ITEMS)
    both = drawn(dimension, layers)
    deep = deep_part(both)
    exact = {name: array.astype(np.float64) for name, array in both.items()}
    by_factors = (
        both["mean"] + exact["user_factors"] @ exact["item_factors"].T
        + exact["user_bias"][:, None] + exact["item_bias"]
    )  # fmt: skip
    scorers: list[tuple[Scorer, NDArray[np.float64]]] = [
        (FactorScorer(both), by_factors),
        (DeepScorer(deep), forward(doubles(deep), everything).reshape(N_USERS, N_ITEMS)),
        (EnsembleScorer(both), forward(doubles(both), everything).reshape(N_USERS, N_ITEMS)),
    ]
    for scorer, expected in scorers:
        many = scorer.score_pairs(users, items).reshape(N_USERS, N_ITEMS)
        few = [scorer.score_pairs(users[n : n + 1], items[n : n + 1])[0] for n in range(50)]
        alone = np.array([scorer.score_user(user) for user in range(N_USERS)])
        together = scorer.score_all(np.arange(N_USERS, dtype=np.int32))
        for found in (many, alone, together):
            np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(few, expected.flat[:50], rtol=1e-5, atol=1e-5)


def odd_scorers() -> list[Scorer]:
    weights = drawn(10, (9, 20, 3))
    return [FactorScorer(weights), DeepScorer(deep_part(weights)), EnsembleScorer(weights)]


@pytest.mark.parametrize("scorer", odd_scorers(), ids=lambda scorer: type(scorer).__name__)
def test_who_is_scored_beside_changes_no_bit(scorer: Scorer) -> None:
    everyone = np.arange(N_USERS, dtype=np.int32)
    together = scorer.score_all(everyone)
    alone = np.vstack([scorer.score_all(everyone[n : n + 1]) for n in range(N_USERS)])
    assert np.array_equal(together, alone)
    users, items = np.divmod(np.arange(N_USERS * N_ITEMS, dtype=np.int32), np.int32(N_ITEMS))
    pairs = scorer.score_pairs(users, items)
    assert np.array_equal(scorer.score_pairs(users[77:], items[77:]), pairs[77:])


@pytest.mark.parametrize("scorer", [FactorScorer, DeepScorer, EnsembleScorer])
def test_equal_items_get_equal_scores_wherever_they_stand(
    scorer: Callable[[Weights], Scorer],
) -> None:
    """Or noise in the last bit would decide between items that nobody has rated yet."""
    weights = drawn(10, (9, 20, 3))
    for name in ("item_factors", "item_bias", "item_embedding"):
        weights[name][:] = weights[name][0]
    scores = scorer(deep_part(weights) if scorer is DeepScorer else weights).score_all(rows(4, 2))
    assert np.array_equal(scores, np.broadcast_to(scores[:, :1], scores.shape))


@EVERY_SCORER
@pytest.mark.parametrize("wrong", [-1, 3])
def test_a_row_outside_the_table_is_refused(scorer: Scorer, wrong: int) -> None:
    inside, outside = np.zeros(FEW + 1, np.int32), np.full(FEW + 1, wrong, np.int32)
    with pytest.raises(IndexError, match="a row lies outside its table"):
        scorer.score_all(rows(0, wrong))
    for users, items in ((outside, inside), (inside, outside)):
        with pytest.raises(IndexError, match="a row lies outside its table"):
            scorer.score_pairs(users, items)


@GOLDEN
def test_what_is_no_number_shows(
    scorer: Callable[[Weights], Scorer], weights: Weights, golden: list[list[float]]
) -> None:
    """A ReLU must not turn it into 0: training ends on it."""
    tables = [name for name in weights if name.startswith("item") and not name.endswith("bias")]
    spoilt = {name: array.copy() for name, array in weights.items()}
    for name in tables:
        spoilt[name][2] = np.nan
    once = scorer(spoilt)
    many = np.tile(rows(0, 2), FEW)
    found = [
        once.score_all(rows(0, 1)),
        once.score_user(0)[np.newaxis],
        once.score_pairs(many * 0, many).reshape(FEW, 2),
        once.score_pairs(rows(0, 0), rows(0, 2))[np.newaxis],
    ]
    for scores in found:
        assert np.isfinite(scores[:, :-1]).all()
        assert np.isnan(scores[:, -1]).all()


@pytest.mark.parametrize("n", [1, FEW, FEW + 1])
def test_weights_that_exploded_are_no_warning(n: int) -> None:
    exploded = {name: array.copy() for name, array in FACTOR.items()}
    exploded["user_factors"][0], exploded["user_bias"][0] = np.inf, -np.inf
    scores = FactorScorer(exploded).score_pairs(np.tile(rows(0), n), np.tile(rows(1), n))
    assert np.isnan(scores).all()


def test_one_user_and_few_pairs_are_not_kept_waiting_for_a_compiler() -> None:
    code = (
        "import sys, numpy as np; from starcast.scoring import EnsembleScorer\n"
        "one = lambda *shape: np.ones(shape, np.float32)\n"
        "scorer = EnsembleScorer({'user_factors': one(2, 1), 'item_factors': one(3, 1),"
        " 'user_bias': one(2), 'item_bias': one(3), 'user_embedding': one(2, 1),"
        " 'item_embedding': one(3, 1), 'hidden_0_kernel': one(2, 4), 'hidden_0_bias': one(4),"
        " 'output_kernel': one(7, 1), 'output_bias': one(1)})\n"
        "scorer.score_user(0), scorer.score_pairs(np.array([0, 1]), np.array([2, 2]))\n"
        "sys.exit(bool({'numba', 'tensorflow'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
