"""The scorer of any expression, against the interpreter and the scorers of known networks."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from starcast.engines.expression import (
    Expression,
    concatenate,
    dense,
    hidden_layers,
    item,
    output,
    user,
    weight,
)
from starcast.engines.expression import autodiff as interpreter
from starcast.engines.expression.networks import deep_network, ensemble, factor_model
from starcast.engines.expression.plain import as_plain
from starcast.engines.expression.weights import shapes_of, tables_of
from starcast.errors import ConfigError
from starcast.scoring import DeepScorer, EnsembleScorer, FactorScorer, expressions
from starcast.scoring.expressions import ExpressionScorer
from starcast.scoring.partial_evaluation import PartialEvaluation

N_USERS, N_ITEMS = 60, 300  # the fourth user and item have no ratings
P, Q = user("embedding", 5), item("embedding", 5)
TOWERS = output(hidden_layers(concatenate(P, Q, P * Q), (8, 4), "tanh", dropout_rate=0.3))
OWN_TOWERS = (  # a tower for each side, each with ReLUs, that meet in a product
    dense("liked", concatenate(P, user("other", 2)), 6, "relu")
    * dense("offered", Q, 6, "relu")
).total() + user("bias") + item("bias") + weight("mean")  # fmt: skip
ODD = factor_model(3) + (user("taste", 2, 3).total() * weight("scale", 2)).total()
NETWORKS: dict[str, Expression] = {
    "towers": TOWERS,
    "own towers": OWN_TOWERS,
    "odd": ODD,
    "factor": factor_model(4),
    "deep": deep_network(5, (7, 3)),
    "ensemble": ensemble(5, (7, 3), factors=4),
}
KNOWN: dict[str, Any] = {"factor": FactorScorer, "deep": DeepScorer, "ensemble": EnsembleScorer}
EVERY = pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
EVERY_KNOWN = pytest.mark.parametrize("name", KNOWN)


def drawn(network: Expression) -> dict[str, NDArray[np.float32]]:
    rng = np.random.default_rng(1)
    weights = {
        name: np.asarray(rng.normal(0.1, 0.5, shape), np.float32)
        for name, shape in shapes_of(network, N_USERS, N_ITEMS).items()
    }
    for names in tables_of(network).values():
        for name in names:
            weights[name][3] = 0
    return weights


def with_means(network: Expression, weights: Any) -> dict[str, NDArray[np.float64]]:
    """In float64, the mean of all other rows in the place of the fourth."""
    exact = {name: array.astype(np.float64) for name, array in weights.items()}
    for names in tables_of(network).values():
        for name in names:
            exact[name][3] = np.delete(exact[name], 3, axis=0).mean(axis=0)
    return exact


def pairs(n: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    rng = np.random.default_rng(n)
    users, items = (rng.integers(0, size, n).astype(np.int32) for size in (N_USERS, N_ITEMS))
    return users, items


@EVERY
@pytest.mark.parametrize("n", [0, 1, 127, 128, 129, 1000])
def test_pairs_score_as_the_plain_interpreter_has_it(network: Expression, n: int) -> None:
    weights = drawn(network)
    users, items = pairs(n)
    expected = interpreter.scores(network, with_means(network, weights), users, items)
    scores = ExpressionScorer(network, weights).score_pairs(users, items)
    assert scores.dtype == np.float32
    assert scores.shape == (n,)
    np.testing.assert_allclose(scores, expected, rtol=1e-5, atol=1e-5)


@EVERY
def test_the_catalogue_scores_as_its_pairs_do(network: Expression) -> None:
    scorer, every = ExpressionScorer(network, drawn(network)), np.arange(N_ITEMS, dtype=np.int32)
    users = np.array([5, 3, 0, 5], np.int32)
    whole = scorer.score_all(users)
    assert whole.dtype == np.float32
    assert scorer.score_all(users[:0]).shape == (0, N_ITEMS)
    for user_row, scores in zip(users, whole, strict=True):
        expected = scorer.score_pairs(np.full(N_ITEMS, user_row, np.int32), every)
        np.testing.assert_allclose(scores, expected, rtol=1e-5, atol=1e-5)
        np.testing.assert_array_equal(scorer.score_user(int(user_row)), scores)


@EVERY_KNOWN
def test_it_scores_as_the_scorers_that_know_the_network(name: str) -> None:
    network, (users, items) = NETWORKS[name], pairs(1000)
    weights = drawn(network)
    ours, theirs = ExpressionScorer(network, weights), KNOWN[name](weights)
    for one, other in (
        (ours.score_pairs(users, items), theirs.score_pairs(users, items)),
        (ours.score_user(7), theirs.score_user(7)),
        (ours.score_all(users[:5]), theirs.score_all(users[:5])),
    ):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)
    if name != "ensemble":  # which takes the mean of its branches
        np.testing.assert_allclose(ours.likeness(9), theirs.likeness(9), atol=1e-6)


@EVERY_KNOWN
def test_people_are_folded_in_as_by_the_scorers_that_know_the_network(name: str) -> None:
    network = NETWORKS[name]
    weights = drawn(network)
    ours, theirs = ExpressionScorer(network, weights), KNOWN[name](weights)
    items = np.arange(0, 60, 3, dtype=np.int32)
    stars = theirs.score_user(11)[items] + np.linspace(-0.3, 0.3, len(items), dtype=np.float32)
    one, other = (scorer.fold_in(items, stars, 0.5) for scorer in (ours, theirs))
    assert np.ptp(other.score_all()) > 0.5
    np.testing.assert_allclose(one.score_all(), other.score_all(), atol=1e-4)
    np.testing.assert_allclose(one.score_items(items), other.score_items(items), atol=1e-4)
    np.testing.assert_allclose(one.effects(items[:4]), other.effects(items[:4]), atol=1e-4)
    one, other = (scorer.fold_in(items[:0], stars[:0], 0.5) for scorer in (ours, theirs))
    np.testing.assert_allclose(one.score_all(), other.score_all(), atol=1e-4)


@EVERY
def test_a_vector_of_a_trained_user_scores_as_the_user_does(network: Expression) -> None:
    weights = drawn(network)
    scorer, names = ExpressionScorer(network, weights), tables_of(network)["user"]
    vector = np.concatenate([weights[name][7].ravel() for name in names])
    np.testing.assert_array_equal(scorer.score_vector(vector), scorer.score_user(7))
    items = np.array([2, 250], np.int32)
    np.testing.assert_allclose(
        scorer.score_vector(vector, items), scorer.score_user(7)[items], atol=1e-5
    )


@EVERY
def test_slopes_are_those_of_the_smoothed_scores(network: Expression) -> None:
    """Along each of a vector's numbers, by two values."""
    scorer, items = ExpressionScorer(network, drawn(network)), np.array([2, 90, 250], np.int32)
    vector = scorer.prior.mean[0] + 0.1
    near, slopes = scorer.linearize(vector, items)
    assert slopes.shape == (3, len(vector))
    exact = scorer.score_vector(vector, items)
    assert np.abs(near - exact).max() < 0.5 * scorer.score_user(7).std()
    for place in range(len(vector)):
        step = np.zeros_like(vector)
        step[place] = 0.01
        (above, _), (below, _) = (scorer.linearize(vector + s, items) for s in (step, -step))
        np.testing.assert_allclose(slopes[:, place], (above - below) / 0.02, atol=2e-3)


def test_what_is_of_one_side_is_found_once_for_it() -> None:
    """The towers' first layer is cut in three: pairs need the product's part alone."""
    partly = PartialEvaluation(TOWERS, drawn(TOWERS))
    assert {side: {part.kind for part in parts} for side, parts in partly.edge.items()} == {
        "user": {"user_row", "add"},
        "item": {"item_row", "dense"},
    }
    edges = {*partly.edge["user"], *partly.edge["item"]}
    of_both = [part.kind for part in partly.network.parts(edges)]
    assert of_both[:3] == ["multiply", "dense", "add"]
    assert partly.of_items is partly.of_items


def test_a_catalogue_takes_the_users_part_once_however_many_blocks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scorer, seen = ExpressionScorer(TOWERS, drawn(TOWERS)), []
    of = PartialEvaluation.of

    def counted(partly: PartialEvaluation, side: str, rows: Any) -> Any:
        seen.append(side)
        return of(partly, side, rows)

    monkeypatch.setattr(PartialEvaluation, "of", counted)
    monkeypatch.setattr(expressions, "_ITEMS", 10)
    scorer.score_all(np.array([1, 2, 3], np.int32))
    assert sorted(seen) == ["item", "user", "user", "user"]


def test_likeness_goes_by_vectors_and_by_single_numbers_where_there_is_nothing_else() -> None:
    weights = drawn(ODD)
    scorer = ExpressionScorer(ODD, weights)
    factors = weights["item_factors"].astype(np.float64)
    factors[3] = np.delete(factors, 3, axis=0).mean(axis=0)
    lengths = np.linalg.norm(factors, axis=1)
    expected = factors @ factors[9] / (lengths * lengths[9])
    np.testing.assert_allclose(scorer.likeness(9), expected, atol=1e-5)
    bare = (user("bias") + item("bias")).apply("tanh")
    assert set(np.round(ExpressionScorer(bare, drawn(bare)).likeness(9), 6)) == {-1, 1}


def test_it_tells_its_expression_without_dropout_and_its_weights_with_typical_rows() -> None:
    expression, weights = ExpressionScorer(TOWERS, drawn(TOWERS)).expressed()
    plain = output(hidden_layers(concatenate(P, Q, P * Q), (8, 4), "tanh"))
    assert as_plain(expression) == as_plain(plain)
    exact = with_means(TOWERS, drawn(TOWERS))
    assert weights.keys() == exact.keys()
    for name, array in weights.items():
        np.testing.assert_allclose(array, exact[name], atol=1e-6)


def test_weights_stay_as_they_were() -> None:
    weights = drawn(TOWERS)
    kept = {name: array.copy() for name, array in weights.items()}
    scorer = ExpressionScorer(TOWERS, weights)
    scorer.score_all(np.array([3], np.int32))
    scorer.fold_in(np.array([3], np.int32), np.array([4], np.float32), 0.5).score_all()
    assert all(np.array_equal(weights[name], array) for name, array in kept.items())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"hidden_0_kernel": np.zeros((3, 3), np.float32)},
            r"'hidden_0_kernel' is \(3, 3\), wanted",
        ),
        ({"item_embedding": np.zeros((4, 9), np.float32)}, r"'item_embedding' is \(4, 9\), wanted"),
        ({"item_embedding": np.zeros((), np.float32)}, r"'item_embedding' is \(\), wanted"),
        ({"extra": np.zeros(1, np.float32)}, "'extra' is not part of this model"),
        ({"user_embedding": None}, "'user_embedding' is missing"),
    ],
)
def test_weights_of_another_network_are_refused_in_a_line(change: Any, said: str) -> None:
    weights = {name: a for name, a in (drawn(TOWERS) | change).items() if a is not None}
    with pytest.raises(ConfigError, match=f"not the weights of this network: .*{said}"):
        ExpressionScorer(TOWERS, weights)


def test_what_is_no_network_is_refused() -> None:
    with pytest.raises(ConfigError, match="reads nothing of the item"):
        ExpressionScorer(user("bias"), {"user_bias": np.zeros(3, np.float32)})
