"""The network engine against the gradient of the expression in float64.

The order of visits is the engine's own affair: the plain implementation runs every order there
is, and the engine must agree with one of them.
"""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from plain_network import (
    PlainOptimizer,
    batchings,
    depth,
    doubles,
    expression_of,
    forward,
    gradients,
    is_table,
    largest_difference,
    objective,
    ratings_of,
)

from starcast.data.ratings import Ratings
from starcast.engines.expression import Expression
from starcast.engines.expression.networks import deep_network, ensemble
from starcast.engines.networks.engine import NetworkEngine
from starcast.engines.settings import NetworkSettings
from starcast.scoring import DeepScorer, EnsembleScorer

RATES = {"Adam": 0.05, "RMSProp": 0.02, "GradientDescent": 0.02}  # rule to a rate that shows
PENALTY = 0.3
STANDING: dict[str, Any] = {"optimizer": "GradientDescent", "learning_rate": 1e-12}  # moves nothing
SCORERS: dict[Any, Any] = {deep_network: DeepScorer, ensemble: EnsembleScorer}
EVERY_NETWORK = pytest.mark.parametrize("network", SCORERS)
EVERY_RULE = pytest.mark.parametrize("rule", RATES)
Network = Callable[..., Expression]


def tiny() -> Ratings:
    """Five ratings by users 0 to 2 of items 0 to 2; user 3 and item 3 have none."""
    rows = [(0, 0, 5.0), (0, 1, 2.0), (1, 0, 1.0), (1, 2, 4.0), (2, 1, 3.5)]
    return ratings_of(rows, n_users=4, n_items=4)


def engine_of(network: Network, seed: int = 3, **settings: Any) -> NetworkEngine:
    given: dict[str, Any] = {
        "dimension": 2,
        "layers": (4, 3, 1),
        "learning_rate": 0.05,
        "batch_size": 2,
        "regularization_factor": PENALTY,
    }
    config = NetworkSettings(**given | settings)
    return NetworkEngine(config, tiny(), expression_of(network, config), seed)


def spread(engine: NetworkEngine) -> dict[str, NDArray[np.float32]]:
    """Random weights, far enough from zero for every term of every gradient to show."""
    rng = np.random.default_rng(1)
    drawn = {
        name: rng.normal(0.2, 0.5, array.shape).astype(np.float32)
        for name, array in engine.weights().items()
    }
    engine.load(drawn)
    return drawn


@EVERY_NETWORK
@EVERY_RULE
def test_an_epoch_is_the_lazy_rule_on_the_gradients_of_the_expression(
    network: Network, rule: str
) -> None:
    """Batches of two among five ratings: several steps, shared rows, and a smaller last batch."""
    engine = engine_of(network, optimizer=rule, learning_rate=RATES[rule])
    plain = PlainOptimizer(spread(engine), rule, RATES[rule], PENALTY)
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
@EVERY_RULE
def test_one_batch_of_all_rows_is_one_step(network: Network, rule: str) -> None:
    """From rest, each rule's first step is a known function of the gradient."""
    engine = engine_of(network, optimizer=rule, batch_size=5, learning_rate=0.01)
    before = doubles(spread(engine))
    engine.run_epoch()
    for name, g in gradients(before, tiny(), PENALTY).items():
        step = {
            "Adam": np.sqrt(0.001) * g / (np.sqrt(0.001 * g**2) + 1e-7),
            "RMSProp": g / np.sqrt(0.1 * g**2 + 1e-7),
            "GradientDescent": g,
        }[rule]
        np.testing.assert_allclose(engine.weights()[name], before[name] - 0.01 * step, atol=1e-4)


@EVERY_NETWORK
@pytest.mark.parametrize("dimension", [1, 2, 3, 8, 9, 17])
@pytest.mark.parametrize("layers", [(3, 1), (9, 2, 1), (17, 8, 3, 1)])
def test_any_width_learns_and_what_fills_up_the_vectors_stays_zero(
    network: Network, dimension: int, layers: tuple[int, ...]
) -> None:
    shape: dict[str, Any] = {"dimension": dimension, "layers": layers, "learning_rate": 0.001}
    engine = engine_of(network, batch_size=5, optimizer="GradientDescent", **shape)
    before = doubles(spread(engine))
    engine.run_epoch()
    for name, g in gradients(before, tiny(), PENALTY).items():
        moved = before[name] - 0.001 * g
        np.testing.assert_allclose(engine.weights()[name], moved, rtol=1e-5, atol=1e-5)
    for rule in ("Adam", "RMSProp"):
        engine = engine_of(network, optimizer=rule, **shape)
        spread(engine)
        for _ in range(3):
            engine.run_epoch()
        assert np.any(engine._tables.user[:, 2]), "moments must have grown for this to say anything"
        assert not np.any(spare(engine))


def spare(engine: NetworkEngine) -> NDArray[np.float32]:
    """All that is stored beside the weights and their moments, end to end."""
    layout, found = engine.layout, []
    for table in (engine._tables.user, engine._tables.item):
        planes = table.reshape(len(table), 3, -1)
        is_spare = np.ones(planes.shape[2], bool)
        for place in layout.columns.values():
            is_spare[place] = False
        found.append(planes[:, :, is_spare].ravel())
    for plane in engine._tables.dense.reshape(3, -1):
        found.append(plane - layout.joined(layout.named(plane)))
    return np.concatenate(found)


@EVERY_NETWORK
@EVERY_RULE
def test_rows_in_no_batch_stay_bit_for_bit(network: Network, rule: str) -> None:
    """Penalised or swept densely they would shrink or drift, and their moments too."""
    engine = engine_of(network, optimizer=rule, learning_rate=RATES[rule])
    before = spread(engine)
    for table in (engine._tables.user, engine._tables.item):
        table[3, 1:] = 0.25
    for _ in range(3):
        engine.run_epoch()
    after = engine.weights()
    for name in filter(is_table, before):
        assert np.array_equal(after[name][3], before[name][3])
        assert np.all(after[name][:3] != before[name][:3])
    for table in (engine._tables.user, engine._tables.item):
        assert np.all(table[3, 1:] == 0.25)


@EVERY_NETWORK
def test_rows_without_ratings_start_at_zero(network: Network) -> None:
    weights = engine_of(network).weights()
    for name in filter(is_table, weights):
        assert not np.any(weights[name][3])
        assert np.any(weights[name][:3]) == (not name.endswith("_bias"))


@EVERY_NETWORK
@pytest.mark.parametrize("make", [spread, NetworkEngine.weights], ids=["loaded", "fresh"])
@pytest.mark.parametrize("batch_size", [1, 2, 3, 5, 10**9])
def test_the_losses_add_up_for_any_batch_size(
    network: Network, make: Callable[[NetworkEngine], Any], batch_size: int
) -> None:
    engine = engine_of(network, batch_size=batch_size, **STANDING)
    weights = doubles(make(engine))
    loss, training_error = engine.run_epoch()
    error = tiny().stars - forward(weights, tiny())
    assert loss == pytest.approx(objective(weights, tiny(), PENALTY) / 5, rel=1e-5)
    assert training_error == pytest.approx(np.sqrt(np.mean(error**2)), rel=1e-5)


@EVERY_NETWORK
def test_dropout_acts_in_training_and_nowhere_else(network: Network) -> None:
    engine = engine_of(network, dropout_rate=0.5, **STANDING)
    weights = spread(engine)
    losses = {engine.run_epoch().loss for _ in range(4)}
    assert len(losses) == 4, "every epoch draws new masks"
    assert largest_difference(engine.weights(), weights) < 1e-6
    scores = SCORERS[network](engine.weights()).score_pairs(tiny().user_rows, tiny().item_rows)
    np.testing.assert_allclose(scores, forward(doubles(weights), tiny()), atol=1e-5)


@EVERY_NETWORK
def test_a_seed_repeats_a_run_to_the_bit_and_another_does_not(network: Network) -> None:
    runs = []
    for seed in (3, 3, 4):
        engine = engine_of(network, seed=seed, dropout_rate=0.3)
        runs.append(([engine.run_epoch() for _ in range(3)], engine.weights()))
    assert runs[0][0] == runs[1][0]
    assert largest_difference(runs[0][1], runs[1][1]) == 0
    assert runs[0][0][0] != runs[2][0][0]
    assert largest_difference(runs[0][1], runs[2][1]) > 1e-3


@EVERY_NETWORK
@EVERY_RULE
def test_loaded_weights_start_with_fresh_moments(network: Network, rule: str) -> None:
    engine = engine_of(network, batch_size=5, optimizer=rule, learning_rate=RATES[rule])
    weights = spread(engine)
    engine.run_epoch()
    first = engine.weights()
    engine.load(weights)
    engine.run_epoch()
    assert largest_difference(first, engine.weights()) < 1e-5  # orders differ, and so do sums


@EVERY_NETWORK
def test_weights_are_copies_on_the_way_out_and_in(network: Network) -> None:
    engine = engine_of(network)
    given = spread(engine)
    handed_out = engine.weights()
    kept = doubles(handed_out)
    engine.run_epoch()
    assert largest_difference(handed_out, kept) == 0
    assert largest_difference(given, kept) == 0
    now = doubles(engine.weights())
    for array in (*given.values(), *handed_out.values(), *engine.weights().values()):
        array += 1
    assert largest_difference(engine.weights(), now) == 0


@EVERY_NETWORK
def test_a_weight_that_is_no_number_shows_in_the_loss(network: Network) -> None:
    """ReLU and fast sums must let it through: it is what ends a hopeless run."""
    engine = engine_of(network)
    weights = spread(engine)
    assert depth(weights) == 2
    for name in ("user_embedding", "hidden_0_bias", "hidden_1_kernel", "output_bias"):
        lost = {other: array.copy() for other, array in weights.items()}
        lost[name].flat[0] = np.nan
        engine.load(lost)
        assert np.isnan(engine.run_epoch().loss)
