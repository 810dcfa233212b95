"""Normalizations by hand, their gradients by two values, and running averages by hand."""

from math import sqrt
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from starcast.data.ids import Vocabulary
from starcast.data.ratings import Ratings
from starcast.engines.expression import Expression, concatenate, item, output, user
from starcast.engines.expression.autodiff import evaluate, gradient, rows_of
from starcast.engines.expression.graph import nodes
from starcast.engines.expression.weights import shapes_of
from starcast.engines.networks.expression_engine import ExpressionEngine
from starcast.engines.settings import NetworkSettings
from starcast.errors import ConfigError

EPSILON, MOMENTUM = 0.5, 0.75
BOTH = concatenate(user("a", 2), item("a", 1))
LAYER, BATCH = BOTH.normalized("n", EPSILON), BOTH.normalized("n", EPSILON, MOMENTUM)
USERS, ITEMS = np.array([0, 1, 2, 1]), np.array([1, 0, 1, 1])
SLOPES = np.array([1.0, -2, 0.5, 3])


def drawn(network: Expression) -> dict[str, NDArray[np.float64]]:
    rng = np.random.default_rng(3)
    shapes = shapes_of(network, 3, 2)
    return {name: np.abs(rng.normal(0.4, 0.8, shape)) for name, shape in shapes.items()}


def values_of(network: Expression, weights: Any, masks: Any = None) -> Any:
    values = rows_of(network, weights, USERS, ITEMS)
    evaluate(network.parts(), weights, values, masks)
    return values


def below(weights: Any) -> NDArray[np.float64]:
    return np.column_stack([weights["user_a"][USERS], weights["item_a"][ITEMS]])


def test_a_vector_is_normalized_by_itself() -> None:
    weights = drawn(LAYER)
    found = values_of(LAYER, weights)[LAYER]
    for row, x in zip(found, below(weights).tolist(), strict=True):
        mean = sum(x) / 3
        variance = sum((one - mean) ** 2 for one in x) / 3
        standard = [(one - mean) / sqrt(variance + EPSILON) for one in x]
        np.testing.assert_allclose(row, standard * weights["n_gamma"] + weights["n_beta"])


def test_a_batch_is_normalized_by_its_own_in_training_and_by_averages_in_use() -> None:
    weights = drawn(BATCH)
    x = below(weights)
    in_use, trained = values_of(BATCH, weights)[BATCH], values_of(BATCH, weights, {})[BATCH]
    for n in range(3):
        column = x[:, n].tolist()
        mean = sum(column) / 4
        variance = sum((one - mean) ** 2 for one in column) / 4
        gamma, beta = weights["n_gamma"][n], weights["n_beta"][n]
        standard = [(one - mean) / sqrt(variance + EPSILON) * gamma + beta for one in column]
        np.testing.assert_allclose(trained[:, n], standard)
        mean, variance = weights["n_mean"][n], weights["n_variance"][n]
        standard = [(one - mean) / sqrt(variance + EPSILON) * gamma + beta for one in column]
        np.testing.assert_allclose(in_use[:, n], standard)


@pytest.mark.parametrize(("network", "masks"), [(LAYER, None), (BATCH, None), (BATCH, {})])
def test_slopes_are_those_of_two_values(network: Expression, masks: Any) -> None:
    whole = (network * network).total()  # so that slopes differ from number to number
    weights = drawn(whole)
    values = values_of(whole, weights, masks)
    found = gradient(whole.parts(), weights, values, SLOPES, masks)
    for side, rows in (("user", USERS), ("item", ITEMS)):
        table = np.zeros_like(weights[f"{side}_a"])
        np.add.at(table, rows, found[f"{side}_a"])
        found[f"{side}_a"] = table
    for name in weights:
        for place in np.ndindex(weights[name].shape):
            sums = []
            for step in (1e-6, -1e-6):
                moved = {one: array.copy() for one, array in weights.items()}
                moved[name][place] += step
                sums.append(float(values_of(whole, moved, masks)[whole] @ SLOPES))
            assert found[name][place] == pytest.approx((sums[0] - sums[1]) / 2e-6, abs=1e-5), name


def test_averages_run_with_the_batches_and_nothing_else_moves_them() -> None:
    ratings = Ratings.from_rows(
        Vocabulary(np.arange(3), "user"), Vocabulary(np.arange(2), "item"),
        USERS[[0, 1, 3, 2]].astype(np.int32), np.array([1, 0, 1, 1], np.int32),
        np.array([4, 2, 5, 3]),
    )  # fmt: skip
    config = NetworkSettings(optimizer="GradientDescent", learning_rate=1e-12, batch_size=4)
    engine = ExpressionEngine(config, ratings, output(BATCH), 1)
    start = engine.weights()
    assert (start["n_mean"].tolist(), start["n_variance"].tolist()) == ([0, 0, 0], [1, 1, 1])
    engine.run_epoch()
    x = np.column_stack([start["user_a"][ratings.user_rows], start["item_a"][ratings.item_rows]])
    after = engine.weights()
    np.testing.assert_allclose(after["n_mean"], 0.25 * x.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(after["n_variance"], 0.75 + 0.25 * x.var(axis=0), rtol=1e-5)
    other = ExpressionEngine(config, ratings, output(BATCH), 1)
    other.restore(engine.state())
    np.testing.assert_array_equal(other.weights()["n_variance"], after["n_variance"])


def test_it_draws_itself_as_a_layer() -> None:
    found = {node.name: node for node in nodes(output(BATCH))}
    assert found["n/Normalize"].op == "BatchNormalization"
    assert found["n/Normalize"].inputs[1:] == ("n/gamma", "n/beta", "n/mean", "n/variance")


@pytest.mark.parametrize("epsilon", [0.0, 1.0, -1e-3, float("nan")])
def test_what_may_divide_by_nothing_is_refused(epsilon: float) -> None:
    with pytest.raises(ConfigError, match="takes no"):
        BOTH.normalized("n", epsilon)
