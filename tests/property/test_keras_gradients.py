"""Compiled gradients, written by hand, beside those that Keras finds by itself: any layout."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from drawn_networks import PENALTY, drawn, layouts
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plain_network import is_table, some_ratings

from starcast.data.ratings import Attribute
from starcast.engines.expression.networks import deep_network, ensemble
from starcast.engines.expression.weights import given_of
from starcast.engines.factorization.minibatch import MiniBatchEngine
from starcast.engines.keras import on_tensorflow
from starcast.engines.keras.engine import factor_engine, network_engine
from starcast.engines.keras_settings import KerasNetworkSettings, KerasSettings
from starcast.engines.networks.expression_engine import ExpressionEngine
from starcast.engines.networks.layout import Layout
from starcast.engines.ordinal import in_steps
from starcast.engines.protocol import Engine, Weights
from starcast.engines.setting_catalogue import NETWORK_FEATURES
from starcast.engines.settings import MiniBatchSettings, NetworkSettings
from starcast.models.features import besides_of

BY_GRADIENT: dict[str, Any] = {  # whose one step of one batch moves the weights by the gradient
    "optimizer": "GradientDescent", "learning_rate": 1.0, "batch_size": 10**6,
    "regularization_factor": PENALTY,
}  # fmt: skip
EXAMPLES = settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(autouse=True)
def _uncompiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is compiled for a single step."""
    monkeypatch.setattr(on_tensorflow, "compiled", lambda function, by_xla: function)


def moved(engine: Engine, before: Weights) -> dict[str, Any]:
    """What a step takes from the weights."""
    engine.load(before)
    engine.run_epoch()
    after = engine.weights()
    return {name: before[name].astype(np.float64) - after[name] for name in before}


def assert_same(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    for name, slope in theirs.items():
        far = np.abs(ours[name] - slope).max()
        assert far < 1e-5 * max(1.0, np.abs(slope).max()), name


@EXAMPLES
@given(layouts, st.integers(0, 2**32 - 1))
def test_the_compiled_gradient_of_a_network_is_that_of_keras(layout: Layout, seed: int) -> None:
    compiled, before = drawn(layout, seed)
    on_keras = network_engine(
        KerasNetworkSettings(**BY_GRADIENT), some_ratings(300), layout.network, 1
    )
    assert_same(moved(compiled, before), moved(on_keras, before))


TOLD = replace(
    some_ratings(300),
    timestamps=np.random.default_rng(2).integers(10**9, 2 * 10**9, 300),
    attributes=(
        Attribute.of(some_ratings(300).users, "age", {n: [str(n % 3)] for n in range(40)}),
        Attribute.of(some_ratings(300).items, "genre", {n: ["War", str(n % 2)] for n in range(39)}),
    ),
)
features = st.sets(st.sampled_from(NETWORK_FEATURES), min_size=1).map(tuple)


@EXAMPLES
@given(layouts, features, st.sampled_from(["mse", "huber", "ordinal"]), st.integers(0, 2**32 - 1))
def test_the_gradient_of_what_reads_more_than_ids_is_that_of_keras(
    layout: Layout, features: tuple[str, ...], loss: str, seed: int
) -> None:
    given = BY_GRADIENT | {"features": features, "loss": loss, "dimension": layout.embedding}
    besides = besides_of(NetworkSettings(**given), TOLD)
    shape: dict[str, Any] = {"factors": layout.factors} if layout.factors else {}
    network = (ensemble if shape else deep_network)(
        layout.embedding, layout.hidden, besides=besides, **shape
    )
    network = in_steps(network, TOLD) if loss == "ordinal" else network
    compiled = ExpressionEngine(NetworkSettings(**given), TOLD, network, 1)
    on_keras = network_engine(KerasNetworkSettings(**given), TOLD, network, 1)
    rng, before = np.random.default_rng(seed), compiled.weights()
    for name in before.keys() - given_of(network).keys():
        spread = 0.7 / np.sqrt(1 if is_table(name) else len(before[name]))
        before[name] = rng.normal(0, spread, before[name].shape).astype(np.float32)
    assert_same(moved(compiled, before), moved(on_keras, before))


@EXAMPLES
@given(st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_the_compiled_gradient_of_factors_is_that_of_keras(dimension: int, seed: int) -> None:
    given = BY_GRADIENT | {"dimension": dimension}
    compiled = MiniBatchEngine(MiniBatchSettings(**given), some_ratings(300), 1)
    on_keras = factor_engine(KerasSettings(**given), some_ratings(300), 1)
    rng, before = np.random.default_rng(seed), compiled.weights()
    for name in filter(is_table, before):
        before[name] = rng.normal(0, 0.3, before[name].shape).astype(np.float32)
        before[name][-1] = 0
    assert_same(moved(compiled, before), moved(on_keras, before))
