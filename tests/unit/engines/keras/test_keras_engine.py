"""The Keras engine beside the compiled one: the same weights after an epoch, and all of a state.

It runs on the backend of $KERAS_BACKEND. `test_keras_on_jax` runs it once more on JAX, in a process
of its own, where two devices are simulated.
"""

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
from plain_network import largest_difference, some_ratings

from starcast.engines.expression import (
    Expression,
    concatenate,
    dense,
    hidden_layers,
    item,
    output,
    user,
)
from starcast.engines.expression.layers import rated_items, raters, time
from starcast.engines.expression.networks import Besides, deep_network, ensemble
from starcast.engines.expression.node import made
from starcast.engines.factorization.minibatch import MiniBatchEngine
from starcast.engines.keras.backend import require_keras
from starcast.engines.keras.engine import KerasEngine, factor_engine, network_engine
from starcast.engines.keras_settings import KerasNetworkSettings, KerasSettings
from starcast.engines.networks.expression_engine import ExpressionEngine
from starcast.engines.networks.expression_engine import network_engine as compiled_engine
from starcast.engines.networks.initial import first_weights
from starcast.engines.ordinal import in_steps
from starcast.engines.settings import MiniBatchSettings, NetworkSettings
from starcast.errors import ConfigError

BACKEND = keras.backend.backend()
WHEN = np.random.default_rng(2).integers(10**9, 2 * 10**9, 300)
RATINGS = replace(some_ratings(300), timestamps=WHEN)  # the last user and item have none
GIVEN: dict[str, Any] = {
    "dimension": 5, "learning_rate": 0.01, "regularization_factor": 0.2, "batch_size": 70,
}  # fmt: skip
DEEP, ENSEMBLE = deep_network(5, (8, 4)), ensemble(5, (6, 3), factors=4)
DROPPING = deep_network(5, (8, 4, 2), dropout_rate=0.4)
FEATURES = Besides(
    (rated_items("rated", 5), dense("user_date", time(), 5, bias=False)), (raters("raters", 5),)
)
READING = ensemble(5, (6, 3), factors=4, dropout_rate=0.3, besides=FEATURES)
STEPS = in_steps(deep_network(5, (8, 4), besides=FEATURES), RATINGS)


def on_keras(network: Expression = DEEP, seed: int = 3, **given: Any) -> KerasEngine:
    return network_engine(KerasNetworkSettings(**GIVEN | given), RATINGS, network, seed)


def towers() -> Expression:
    """A network that compiled loops do not know."""
    p, q = user("vector", 4), item("vector", 4)
    return output(hidden_layers(concatenate(p * q, p - q), (5,), "tanh")) + user("bias")


@pytest.mark.parametrize(
    ("network", "given"),
    [
        (DEEP, {}),
        (ENSEMBLE, {"optimizer": "RMSProp"}),
        (towers(), {"optimizer": "GradientDescent"}),
        (ENSEMBLE, {"batch_size": 7}),  # so few of the rows that they alone are looked at
        (ENSEMBLE, {"batch_size": 10**6}),
        (DROPPING, {}),
        (DROPPING, {"batch_size": 290}),  # more than a chunk of the compiled loops
        (READING, {}),
        pytest.param(READING, {"batch_size": 10**6, "loss": "huber"}, marks=pytest.mark.long),
        pytest.param(DEEP, {"loss": "huber"}, marks=pytest.mark.long),
        (STEPS, {"loss": "ordinal"}),
    ],
    ids=["deep", "ensemble", "towers", "small batches", "one batch", "dropout", "chunks",
         "features", "features huber", "huber", "ordinal"],
)  # fmt: skip
def test_epochs_leave_the_weights_of_the_compiled_engine(
    network: Expression, given: dict[str, Any]
) -> None:
    ours = on_keras(network, **given)
    theirs = compiled_engine(NetworkSettings(**GIVEN | given), RATINGS, network, 3)
    assert largest_difference(ours.weights(), theirs.weights()) == 0
    for _ in range(2):
        np.testing.assert_allclose(ours.run_epoch(), theirs.run_epoch(), rtol=1e-5)
        assert largest_difference(ours.weights(), theirs.weights()) < 1e-4


@pytest.mark.parametrize("optimizer", ["Adam", "GradientDescent"])
def test_an_epoch_leaves_the_factors_of_the_compiled_engine(optimizer: str) -> None:
    ours = factor_engine(KerasSettings(**GIVEN, optimizer=optimizer), RATINGS, 3)
    theirs = MiniBatchEngine(MiniBatchSettings(**GIVEN, optimizer=optimizer), RATINGS, 3)
    start = theirs.weights()
    assert largest_difference(ours.weights(), start) == 0
    errors = [engine.run_epoch().training_error for engine in (ours, theirs)]
    assert errors[0] == pytest.approx(errors[1], rel=1e-5)
    assert largest_difference(ours.weights(), theirs.weights()) < 1e-4
    assert largest_difference(ours.weights(), start) > 0.01
    assert ours.weights()["mean"] == start["mean"]
    assert not ours.weights()["user_factors"][-1].any()


def test_what_nobody_rated_stays_at_nothing_and_what_is_loaded_is_kept() -> None:
    engine, other = on_keras(ENSEMBLE), on_keras(ENSEMBLE, seed=4)
    engine.run_epoch()
    weights = engine.weights()
    assert not weights["user_factors"][-1].any()
    assert not weights["item_embedding"][-1].any()
    other.load(weights)
    assert largest_difference(other.weights(), weights) == 0
    with pytest.raises(ValueError, match="'item_bias' is missing, wanted"):
        engine.load({name: array for name, array in weights.items() if name != "item_bias"})


def test_a_fresh_engine_goes_on_from_a_state_to_the_bit() -> None:
    whole = on_keras(DROPPING)
    whole.run_epoch()
    state = whole.state()
    losses = [whole.run_epoch() for _ in range(2)]
    fresh = on_keras(DROPPING)
    fresh.restore(state)
    assert [fresh.run_epoch() for _ in range(2)] == losses
    for name, array in whole.state().items():
        np.testing.assert_array_equal(fresh.state()[name], array)


def test_a_state_of_others_is_refused() -> None:
    state = on_keras().state()
    with pytest.raises(ValueError, match="not of this seed"):
        on_keras(seed=4).restore(state)
    with pytest.raises(ValueError, match=f"its backend is not {BACKEND}"):
        on_keras().restore({**state, "backend": 1 - state["backend"]})
    with pytest.raises(ValueError, match="'user' is missing"):
        on_keras().restore({name: array for name, array in state.items() if name != "user"})
    with pytest.raises(ValueError, match="'shared' is float32"):
        on_keras(DROPPING).restore(state)


def test_dropout_keeps_the_mean_of_what_it_drops_from() -> None:
    """Of hidden_1 with all weights 0 but its biases, dropout of rate 0.4 leaves 0 or 1 / 0.6."""
    engine = on_keras(DROPPING, batch_size=10**6, optimizer="GradientDescent", learning_rate=1e-9)
    weights = {name: np.zeros_like(array) for name, array in engine.weights().items()}
    weights["hidden_1_bias"][:] = 1
    weights["hidden_2_kernel"][0, 0] = weights["output_kernel"][0, 0] = 1
    engine.load(weights)
    stars, errors = RATINGS.stars, [engine.run_epoch().training_error ** 2 for _ in range(40)]
    expected = np.mean(0.4 * stars**2 + 0.6 * (stars - 1 / 0.6) ** 2)
    assert np.mean(errors) == pytest.approx(expected, rel=0.02)
    assert len(set(errors)) == 40


def test_mixed_precision_computes_in_bfloat16_and_holds_float32() -> None:
    exact, mixed = on_keras(ENSEMBLE), on_keras(ENSEMBLE, precision="mixed_bfloat16")
    losses = [engine.run_epoch().loss for engine in (exact, mixed)]
    assert losses[0] == pytest.approx(losses[1], rel=0.02)
    assert losses[0] != losses[1]
    assert 1e-5 < largest_difference(exact.weights(), mixed.weights()) < 0.2
    assert {array.dtype for array in mixed.weights().values()} == {np.dtype(np.float32)}


def test_without_xla_it_is_the_same() -> None:
    if BACKEND == "jax":
        with pytest.raises(ConfigError, match="JAX compiles whatever it runs"):
            require_keras(KerasSettings(jit_compile="no"))
        return
    compiled, plain = on_keras(), on_keras(jit_compile="no")
    assert compiled.run_epoch().loss == pytest.approx(plain.run_epoch().loss, rel=1e-6)
    assert largest_difference(compiled.weights(), plain.weights()) < 1e-5


@pytest.mark.parametrize("batch_size", [6, 70, 10**6])
def test_two_devices_do_what_one_does(batch_size: int) -> None:
    given = KerasNetworkSettings(**GIVEN | {"batch_size": batch_size}, devices=2)
    if BACKEND != "jax":
        with pytest.raises(ConfigError, match="2 devices need KERAS_BACKEND=jax; tensorflow takes"):
            require_keras(given)
        return
    require_keras(given)
    with pytest.raises(ConfigError, match="there is no device 10, only cpu:0, cpu:1"):
        require_keras(replace(given, devices=10, batch_size=10))
    network = READING if batch_size == 70 else ENSEMBLE
    one, two = (on_keras(network, batch_size=batch_size, devices=n) for n in (1, 2))
    for _ in range(2):
        np.testing.assert_allclose(two.run_epoch(), one.run_epoch(), rtol=1e-5)
    assert largest_difference(one.weights(), two.weights()) < 1e-4
    fresh = on_keras(network, batch_size=batch_size, devices=2)
    fresh.restore(two.state())
    assert fresh.run_epoch() == two.run_epoch()


def told() -> Expression:
    """A network that reads what data tell, and normalizes over batches."""
    ages = made("user_row", shape=(2,), weights=("user_known_age",), start="given")
    below = dense("below", concatenate(user("vector", 3), item("vector", 3), ages), 4, "tanh")
    names = tuple(f"middle_{one}" for one in ("gamma", "beta", "mean", "variance"))
    return output(made("batch_normalization", (below,), weights=names, numbers=(1e-3, 0.9)))


@pytest.mark.parametrize("batch_size", [70, 10**6])
def test_what_data_tell_and_running_averages_are_those_of_the_compiled_engine(
    batch_size: int,
) -> None:
    """The last batch of 70 is filled up; what fills it counts in no mean."""
    by_gradient = {"optimizer": "GradientDescent", "learning_rate": 1e-3}
    network, given = told(), GIVEN | by_gradient | {"batch_size": batch_size}
    ages = np.random.default_rng(1).normal(0, 1, (RATINGS.n_users, 2)).astype(np.float32)
    first = first_weights(network, RATINGS, 3, {"user_known_age": ages})
    theirs = ExpressionEngine(
        NetworkSettings(**given), RATINGS, network, 3, {"user_known_age": ages}
    )
    ours = KerasEngine(KerasNetworkSettings(**given), RATINGS, network, first, 3)
    np.testing.assert_allclose(ours.run_epoch(), theirs.run_epoch(), rtol=1e-5)
    found = ours.weights()
    assert list(found) == list(theirs.weights())
    assert largest_difference(found, theirs.weights()) < 1e-4
    assert np.array_equal(found["user_known_age"], ages)
    assert np.abs(found["middle_mean"]).max() > 1e-3
    fresh = KerasEngine(KerasNetworkSettings(**given), RATINGS, network, first, 3)
    fresh.restore(ours.state())
    assert fresh.run_epoch() == ours.run_epoch()
