"""The network engine against hand-written backpropagation in float64.

The order of visits is the engine's own affair: the plain implementation runs every order there
is, and the engine must agree with one of them.
"""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray
from plain_network import (
    PlainAdam,
    batchings,
    doubles,
    forward,
    gradients,
    is_table,
    largest_difference,
    objective,
    ratings_of,
)

from starcast.config import Config
from starcast.networks.deep_network import DeepNetwork
from starcast.networks.engine import Network, NetworkEngine
from starcast.networks.ensemble import Ensemble
from starcast.ratings import Ratings
from starcast.scoring import DeepScorer, EnsembleScorer

RATE, PENALTY = 0.05, 0.3
SCORERS: dict[Any, Any] = {DeepNetwork: DeepScorer, Ensemble: EnsembleScorer}
EVERY_NETWORK = pytest.mark.parametrize("network", SCORERS)
MakeNetwork = Callable[[Config, float, int], Network]


class Counted:
    """A network that counts how often Python, rather than the graph, runs it."""

    def __init__(self, network: Network) -> None:
        self.network, self.columns, self.n_calls = network, network.columns, 0
        self.trainable_variables: list[Any] = []

    def __call__(self, user: Any, item: Any, training: bool = False) -> Any:
        self.n_calls += 1
        stars = self.network(user, item, training=training)
        self.trainable_variables = self.network.trainable_variables  # the first call built them
        return stars


def tiny() -> Ratings:
    """Five ratings by users 0 to 2 of items 0 to 2; user 3 and item 3 have none."""
    rows = [(0, 0, 5.0), (0, 1, 2.0), (1, 0, 1.0), (1, 2, 4.0), (2, 1, 3.5)]
    return ratings_of(rows, n_users=4, n_items=4)


def config_of(**settings: Any) -> Config:
    given: dict[str, Any] = {
        "dimension": 2,
        "layers": (4, 3, 1),
        "learning_rate": RATE,
        "batch_size": 2,
    }
    return Config(**given | {"regularization_factor": PENALTY} | settings)


def engine_of(network: MakeNetwork, **settings: Any) -> NetworkEngine:
    config = config_of(**settings)
    return NetworkEngine(config, tiny(), network(config, 3.1, 3), seed=3)


def spread(engine: NetworkEngine, seed: int = 1) -> dict[str, NDArray[np.float32]]:
    """Random weights, far enough from zero for every term of every gradient to show."""
    rng = np.random.default_rng(seed)
    drawn = {
        name: rng.normal(0.2, 0.5, array.shape).astype(np.float32)
        for name, array in engine.weights().items()
    }
    engine.load(drawn)
    return drawn


@EVERY_NETWORK
def test_backpropagation_by_hand_is_the_slope_of_the_objective(network: MakeNetwork) -> None:
    """So that what follows compares with something true."""
    weights, step = doubles(spread(engine_of(network))), 1e-6
    found = gradients(weights, tiny(), PENALTY)
    assert found.keys() == weights.keys()
    for name, array in weights.items():
        for place in np.ndindex(array.shape):
            kept = array[place]
            array[place] = kept + step
            above = objective(weights, tiny(), PENALTY)
            array[place] = kept - step
            below = objective(weights, tiny(), PENALTY)
            array[place] = kept
            assert found[name][place] == pytest.approx((above - below) / (2 * step), abs=1e-5)


@EVERY_NETWORK
def test_an_epoch_is_lazy_adam_on_hand_made_gradients(network: MakeNetwork) -> None:
    """Batches of two among five ratings: several steps, shared rows, and a padded last batch."""
    engine = engine_of(network)
    plain = PlainAdam(spread(engine), RATE, PENALTY)
    for _ in range(2):
        loss, _ = engine.run_epoch()
        ended = []
        for batches in batchings(list(range(5)), 2):
            other = deepcopy(plain)
            total = sum(other.visit(tiny().take(np.array(batch))) for batch in batches)
            far = largest_difference(engine.weights(), other.weights)
            ended.append((far, total / 5, other))
        far, plain_loss, plain = min(ended, key=lambda end: end[0])
        assert far < 1e-4
        assert np.median([end[0] for end in ended]) > 1e-3
        assert loss == pytest.approx(plain_loss, rel=1e-4)


@EVERY_NETWORK
@pytest.mark.parametrize("optimizer", ["Adam", "RMSProp", "GradientDescent"])
def test_one_batch_of_all_rows_is_one_step(network: MakeNetwork, optimizer: str) -> None:
    """From rest, each rule's first step is a known function of the gradient."""
    engine = engine_of(network, optimizer=optimizer, batch_size=5, learning_rate=0.01)
    before = doubles(spread(engine))
    engine.run_epoch()
    for name, g in gradients(before, tiny(), PENALTY).items():
        step = {
            "Adam": np.sqrt(0.001) * g / (np.sqrt(0.001 * g**2) + 1e-7),
            "RMSProp": g / np.sqrt(0.1 * g**2 + 1e-7),
            "GradientDescent": g,
        }[optimizer]
        np.testing.assert_allclose(engine.weights()[name], before[name] - 0.01 * step, atol=1e-4)


@EVERY_NETWORK
def test_rows_in_no_batch_stay_bit_for_bit(network: MakeNetwork) -> None:
    engine = engine_of(network)
    before = spread(engine)  # penalised or swept densely, these would shrink or drift
    for _ in range(3):
        engine.run_epoch()
    after = engine.weights()
    for name in filter(is_table, before):
        assert np.array_equal(after[name][3], before[name][3])
        assert np.all(after[name][:3] != before[name][:3])


@EVERY_NETWORK
def test_rows_without_ratings_start_at_zero(network: MakeNetwork) -> None:
    weights = engine_of(network).weights()
    for name in filter(is_table, weights):
        assert not np.any(weights[name][3])
        assert np.any(weights[name][:3]) == (not name.endswith("_bias"))


@EVERY_NETWORK
def test_a_fit_traces_its_graph_once(network: MakeNetwork) -> None:
    config = config_of(dropout_rate=0.5)
    counted = Counted(network(config, 3.1, 3))
    engine = NetworkEngine(config, tiny(), counted, seed=3)
    engine.run_epoch()
    traced = counted.n_calls
    for _ in range(3):
        engine.run_epoch()
        engine.load(engine.weights())
    assert counted.n_calls == traced


@EVERY_NETWORK
@pytest.mark.parametrize("make", [spread, NetworkEngine.weights], ids=["loaded", "fresh"])
def test_the_padding_of_the_last_batch_changes_nothing(
    network: MakeNetwork, make: Callable[[NetworkEngine], Any]
) -> None:
    """Gradient descent that hardly moves: any batch size adds up to the same objective."""
    for batch_size in (3, 10**9):
        engine = engine_of(
            network, optimizer="GradientDescent", learning_rate=1e-9, batch_size=batch_size
        )
        weights = doubles(make(engine))
        loss, training_error = engine.run_epoch()
        error = tiny().stars - forward(weights, tiny())[0]
        assert loss == pytest.approx(objective(weights, tiny(), PENALTY) / 5, rel=1e-5)
        assert training_error == pytest.approx(np.sqrt(np.mean(error**2)), rel=1e-5)


@EVERY_NETWORK
def test_dropout_acts_in_training_and_nowhere_else(network: MakeNetwork) -> None:
    standing = {"learning_rate": 1e-12, "optimizer": "GradientDescent"}
    engine = engine_of(network, dropout_rate=0.5, **standing)
    weights = spread(engine)
    losses = {engine.run_epoch().loss for _ in range(4)}
    assert len(losses) == 4, "every epoch draws new masks"
    assert largest_difference(engine.weights(), weights) < 1e-6
    scores = SCORERS[network](engine.weights()).score_pairs(tiny().user_rows, tiny().item_rows)
    np.testing.assert_allclose(scores, forward(doubles(weights), tiny())[0], atol=1e-5)


@EVERY_NETWORK
def test_without_dropout_the_loss_of_weights_that_stand_still_stands_still(
    network: MakeNetwork,
) -> None:
    engine = engine_of(network, learning_rate=1e-12, optimizer="GradientDescent")
    spread(engine)
    losses = [engine.run_epoch().loss for _ in range(3)]
    assert losses == pytest.approx([losses[0]] * 3, rel=1e-6)


@EVERY_NETWORK
def test_loaded_weights_start_with_fresh_moments(network: MakeNetwork) -> None:
    engine = engine_of(network, batch_size=5)
    weights = spread(engine)
    engine.run_epoch()
    first = engine.weights()
    engine.load(weights)
    engine.run_epoch()
    assert largest_difference(first, engine.weights()) < 1e-5  # orders differ, and so do sums


@EVERY_NETWORK
def test_weights_are_copies(network: MakeNetwork) -> None:
    engine = engine_of(network)
    spread(engine)
    before = engine.weights()
    kept = doubles(before)
    engine.run_epoch()
    assert largest_difference(before, kept) == 0


@EVERY_NETWORK
def test_the_graph_is_a_graph_definition_with_every_layer(network: MakeNetwork) -> None:
    definition = tf.compat.v1.GraphDef.FromString(engine_of(network).graph())
    layers = [node.name.split("/")[-2] for node in definition.node if node.op == "MatMul"]
    assert len(layers) == 3
    for layer, name in zip(layers, ("hidden_0", "hidden_1", "output"), strict=True):
        assert layer.startswith(name)  # TensorFlow may number a name to make it unique
