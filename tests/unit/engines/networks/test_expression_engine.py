"""The engine of any network: against the compiled one, and on networks that only it knows."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from plain_network import PlainOptimizer, expression_of, largest_difference, some_ratings

from starcast.engines.expression import (
    Expression,
    concatenate,
    hidden_layers,
    item,
    output,
    user,
    weight,
)
from starcast.engines.expression.autodiff import scores
from starcast.engines.expression.networks import deep_network, ensemble, factor_model
from starcast.engines.networks.engine import NetworkEngine
from starcast.engines.networks.expression_engine import ExpressionEngine, network_engine
from starcast.engines.settings import NetworkSettings
from starcast.errors import ConfigError

RATINGS = some_ratings(600)
RATES = {"Adam": 0.01, "RMSProp": 0.005, "GradientDescent": 0.002}
P, Q = user("embedding", 5), item("embedding", 5)
TOWERS = output(hidden_layers(concatenate(P, Q, P * Q), (8, 4), "tanh", dropout_rate=0.3))
ODD = factor_model(3) + (user("taste", 2, 3).total() * weight("scale", 2)).total()


def config_of(**settings: Any) -> NetworkSettings:
    given: dict[str, Any] = {
        "dimension": 5, "layers": (6, 4, 1), "batch_size": 70, "regularization_factor": 0.2,
    }  # fmt: skip
    return NetworkSettings(**given | settings)


def spread(engine: Any) -> dict[str, NDArray[np.float32]]:
    """Random weights, far enough from zero for every term of every gradient to show."""
    rng = np.random.default_rng(1)
    drawn = {
        name: np.asarray(rng.normal(0.1, 0.4, array.shape), np.float32)
        for name, array in sorted(engine.weights().items())
    }
    engine.load(drawn)
    return drawn


@pytest.mark.parametrize("network", [deep_network, ensemble])
@pytest.mark.parametrize("rule", RATES)
def test_it_takes_the_steps_of_the_compiled_engine(network: Any, rule: str) -> None:
    """From the same weights in the same order: batches, the last one smaller."""
    config = config_of(optimizer=rule, learning_rate=RATES[rule])
    expression = expression_of(network, config)
    ours = ExpressionEngine(config, RATINGS, expression, seed=3)
    theirs = NetworkEngine(config, RATINGS, expression, seed=3)
    assert largest_difference(ours.weights(), theirs.weights()) == 0
    before = spread(ours)
    spread(theirs)
    one, other = ours.run_epoch(), theirs.run_epoch()
    assert one == pytest.approx(other, rel=1e-5)
    assert largest_difference(ours.weights(), theirs.weights()) < 1e-4
    assert largest_difference(ours.weights(), before) > 1e-2


@pytest.mark.parametrize("network", [TOWERS, ODD, factor_model(4)])
@pytest.mark.parametrize("rule", RATES)
def test_any_network_learns(network: Expression, rule: str) -> None:
    config = config_of(optimizer=rule, learning_rate=RATES[rule], regularization_factor=0.01)
    engine = ExpressionEngine(config, RATINGS, network, seed=3)
    losses = [engine.run_epoch().loss for _ in range(12)]
    assert losses[-1] < 0.97 * losses[0]
    weights = engine.weights()
    assert all(np.all(np.isfinite(array)) for array in weights.values())
    for name, array in weights.items():
        if name.startswith(("user_", "item_")):
            assert not np.any(array[-1]), "nobody rated: never touched"


def test_the_loss_is_the_objective_before_each_step() -> None:
    """At a rate that moves nothing, of the deployed scores and the rows that were visited."""
    config = config_of(optimizer="GradientDescent", learning_rate=1e-12)
    engine = ExpressionEngine(config, RATINGS, ODD, seed=3)
    weights = spread(engine)
    loss, training_error = engine.run_epoch()
    error = RATINGS.stars - scores(ODD, weights, RATINGS.user_rows, RATINGS.item_rows)
    norms = sum(
        np.sum(weights[name][rows].astype(np.float64) ** 2)
        for name in weights
        for side, rows in (("user_", RATINGS.user_rows), ("item_", RATINGS.item_rows))
        if name.startswith(side)
    )
    assert training_error == pytest.approx(np.sqrt(np.mean(error**2)), rel=1e-5)
    assert loss == pytest.approx(0.5 * (np.sum(error**2) + 0.2 * norms) / 600, rel=1e-5)


def test_dropout_acts_in_training_by_masks_of_its_own() -> None:
    config = config_of(optimizer="GradientDescent", learning_rate=1e-12)
    engine = ExpressionEngine(config, RATINGS, TOWERS, seed=3)
    weights = spread(engine)
    errors = [engine.run_epoch().training_error for _ in range(3)]
    stars = scores(TOWERS, weights, RATINGS.user_rows, RATINGS.item_rows)
    whole = np.sqrt(np.mean((RATINGS.stars - stars) ** 2))
    assert np.ptp(errors) > 1e-3
    assert np.abs(errors - whole).max() > 1e-3


def test_a_share_is_dropped_and_the_rest_scaled_up() -> None:
    engine = ExpressionEngine(config_of(), RATINGS, TOWERS, seed=3)
    ((part, mask),) = engine._masks(5000, np.uint32(7), 0).items()
    assert part.kind == "dropout"
    assert mask.shape == (5000, 8)
    assert np.mean(mask == 0) == pytest.approx(0.3, abs=0.01)
    assert np.unique(mask[mask != 0]) == pytest.approx(1 / 0.7)


def test_the_same_seed_gives_the_same_weights_to_the_bit() -> None:
    runs = []
    for seed in (3, 3, 4):
        engine = ExpressionEngine(config_of(), RATINGS, TOWERS, seed)
        runs.append(([engine.run_epoch() for _ in range(2)], engine.weights()))
    assert runs[0][0] == runs[1][0]
    assert largest_difference(runs[0][1], runs[1][1]) == 0
    assert largest_difference(runs[0][1], runs[2][1]) > 1e-3


@pytest.mark.parametrize("rule", RATES)
def test_loaded_weights_start_with_fresh_moments(rule: str) -> None:
    config = config_of(optimizer=rule, learning_rate=RATES[rule], batch_size=10**6)
    engine = ExpressionEngine(config, RATINGS, ODD, seed=3)
    weights = spread(engine)
    engine.run_epoch()
    first = engine.weights()
    engine.load(weights)
    engine.run_epoch()
    assert largest_difference(first, engine.weights()) < 1e-4  # orders differ, and so do sums


def test_weights_are_copies_on_the_way_out_and_in() -> None:
    engine = ExpressionEngine(config_of(), RATINGS, ODD, seed=3)
    given = spread(engine)
    kept = {name: array.copy() for name, array in given.items()}
    handed_out = engine.weights()
    engine.run_epoch()
    assert largest_difference(given, kept) == 0
    assert largest_difference(handed_out, kept) == 0


def test_the_yardstick_moves_alike() -> None:
    """The rules once more, written plainly, on one batch of all ratings."""
    config = config_of(learning_rate=0.01, batch_size=10**6)
    engine = ExpressionEngine(config, RATINGS, ensemble(5, (6, 4)), seed=3)
    plain = PlainOptimizer(spread(engine), "Adam", 0.01, 0.2)
    for _ in range(3):
        engine.run_epoch()
        plain.visit(RATINGS)
    assert largest_difference(engine.weights(), plain.weights) < 1e-4


def test_compiled_loops_are_taken_where_they_know_the_network() -> None:
    config = config_of()
    assert isinstance(network_engine(config, RATINGS, ensemble(5, (6,)), 1), NetworkEngine)
    assert isinstance(network_engine(config, RATINGS, TOWERS, 1), ExpressionEngine)


@pytest.mark.parametrize(
    ("network", "said"),
    [
        (user("bias") + weight("mean"), "reads nothing of the item"),
        (weight("mean") + item("bias"), "reads nothing of the user"),
        (P * Q, "a network hands on one number, not 'multiply' .width 5.; end it with output()"),
    ],
)
def test_what_is_no_network_is_refused(network: Expression, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        ExpressionEngine(config_of(), RATINGS, network, 1)
