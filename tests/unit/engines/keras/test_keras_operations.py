"""Expressions in Keras beside those in NumPy: values and gradients, of every operation."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from plain_network import doubles

from starcast.engines.expression import (
    ACTIVATIONS,
    Expression,
    concatenate,
    constant,
    dense,
    hidden_layers,
    item,
    output,
    user,
    weight,
)
from starcast.engines.expression.autodiff import evaluate as evaluate_in_numpy
from starcast.engines.expression.autodiff import gradient, rows_of
from starcast.engines.expression.kinds import DEPLOYED, ROWS
from starcast.engines.expression.weights import shapes_of
from starcast.engines.keras import backend as keras_backend
from starcast.engines.keras_settings import KerasSettings
from starcast.errors import ConfigError

keras_backend.require_keras(KerasSettings())
tf = pytest.importorskip("tensorflow")
operations = pytest.importorskip("starcast.engines.keras.operations")

N_USERS, N_ITEMS = 11, 9


def every_kind() -> Expression:
    p, q = user("p", 4), item("q", 4)
    activated = [dense(f"to_{name}", p * q, 3, name) for name in ACTIVATIONS]
    shared = weight("shared", 2) * constant([1.5, -0.5])
    both = concatenate(user("bias"), *activated, shared, item("grid", 2, 3).total())
    both = both.normalized("each", 0.01).normalized("batch", 0.02, 0.9)
    hidden = hidden_layers(both, (5, 4), dropout_rate=0.3)
    return output(hidden) + (p - q).total() + 0.25


def drawn(network: Expression) -> tuple[dict[str, Any], Any, Any]:
    rng = np.random.default_rng(3)
    shapes = shapes_of(network, N_USERS, N_ITEMS)
    weights = {name: rng.normal(0, 0.6, shape) for name, shape in shapes.items()}
    weights |= {n: np.abs(one) for n, one in weights.items() if n.endswith("_variance")}
    users, items = rng.integers(0, N_USERS, 50), rng.integers(0, N_ITEMS, 50)
    return weights, users, items


def in_keras(network: Expression, weights: Mapping[str, Any], rows: Mapping[str, Any]) -> Any:
    """Values, and the gradients of their sum, float64."""
    with tf.GradientTape() as tape:
        given = {name: tf.constant(array) for name, array in {**weights, **rows}.items()}
        tape.watch(given)
        tables = {name: given[name] for name in rows}
        value = operations.evaluate(network, given, tables, dtype="float64")[network]
        total = tf.reduce_sum(value)
    return value, tape.gradient(total, given)


def test_it_has_every_operation() -> None:
    assert set(operations.OPERATIONS) == set(DEPLOYED) - {*ROWS, "constant", "dropout"}
    assert {part.kind for part in every_kind().parts()} == set(DEPLOYED)


def test_values_and_gradients_are_those_of_numpy() -> None:
    network = every_kind()
    weights, users, items = drawn(network)
    values = rows_of(network, doubles(weights), users, items)
    rows = {part.weights[0]: value for part, value in values.items()}
    shared = {name: array for name, array in weights.items() if name not in rows}
    evaluate_in_numpy(network.parts(), weights, values)
    wanted = gradient(network.parts(), weights, values, np.ones(50))
    found, slopes = in_keras(network, shared, rows)
    np.testing.assert_allclose(found, values[network], rtol=1e-9, atol=1e-9)
    assert set(slopes) == set(wanted)
    for name, slope in slopes.items():
        np.testing.assert_allclose(slope, wanted[name], rtol=1e-8, atol=1e-9, err_msg=name)


def test_each_dropout_is_told_apart() -> None:
    network = hidden_layers(concatenate(user("p", 3), item("q", 3)), (4, 4, 2), dropout_rate=0.4)
    weights, users, items = drawn(network)
    rows = {"user_p": weights["user_p"][users], "item_q": weights["item_q"][items]}
    seen: list[Any] = []

    def dropout(values: Any, rate: float, place: int) -> Any:
        seen.append((rate, place))
        return values * 0

    found = operations.evaluate(network, weights, rows, dtype="float64", dropout=dropout)[network]
    assert seen == [(0.4, 0), (0.4, 1)]
    bias = weights["hidden_2_bias"]
    np.testing.assert_allclose(found, np.broadcast_to(np.maximum(bias, 0), (50, 2)))


def test_another_backend_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    with pytest.raises(ConfigError, match="runs on tensorflow or jax, not on KERAS_BACKEND=torch"):
        keras_backend.require_keras(KerasSettings())


@pytest.mark.parametrize("missing", ["keras", "jax"])
def test_what_is_missing_is_said_with_where_it_comes_from(
    missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lacking(name: str) -> Any:
        raise ModuleNotFoundError(f"No module named '{missing}'", name=missing)

    monkeypatch.setattr(keras_backend, "import_module", lacking)
    with pytest.raises(ConfigError, match=f"needs {missing}, which is not .*'starcast\\[keras\\]'"):
        keras_backend.require_keras(KerasSettings())
