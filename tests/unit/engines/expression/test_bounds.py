"""No value of an expression is beyond its bound."""

import numpy as np
import pytest
from numpy.typing import NDArray

from starcast.engines.expression import (
    ACTIVATIONS,
    Expression,
    concatenate,
    constant,
    dense,
    item,
    user,
    weight,
)
from starcast.engines.expression.autodiff import scores
from starcast.engines.expression.bounds import bound, largest
from starcast.engines.expression.kinds import DEPLOYED
from starcast.engines.expression.networks import deep_network, ensemble, factor_model
from starcast.engines.expression.weights import shapes_of


def floats(values: object) -> NDArray[np.float32]:
    return np.array(values, np.float32)


EVERY_PAIR = np.divmod(np.arange(20), 4)


def drawn(expression: Expression, seed: int, spread: float) -> dict[str, NDArray[np.float32]]:
    rng, shapes = np.random.default_rng(seed), shapes_of(expression, 5, 4)
    drawn = {n: rng.normal(0, spread, shape).astype(np.float32) for n, shape in shapes.items()}
    return {n: np.abs(one) if n.endswith("_variance") else one for n, one in drawn.items()}


def bound_of(expression: Expression, weights: dict[str, NDArray[np.float32]]) -> float:
    return bound(expression, weights, {name: largest(array) for name, array in weights.items()})


BOTH = concatenate(user("a", 3), item("a", 3))
NETWORKS = {
    "factors": factor_model(3),
    "deep": deep_network(3, (4, 2), dropout_rate=0.5),
    "ensemble": ensemble(3, (4, 2)),
    "constants": (user("a", 2) * constant([3.0, -5.0])).total() * -2.0 + weight("w"),
    "normalized": BOTH.normalized("one", 1e-3).normalized("other", 1e-3, 0.9).total(),
    **{name: dense("one", BOTH, 4, name).total() for name in ACTIVATIONS},
}


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS.keys())
@pytest.mark.parametrize("spread", [0.1, 1, 30])
def test_no_score_is_beyond_it(network: Expression, spread: float) -> None:
    for seed in range(20):
        weights = drawn(network, seed, spread)
        found = scores(network, weights, *EVERY_PAIR)
        assert np.abs(found).max() <= bound_of(network, weights) * (1 + 1e-6)


def test_every_operation_has_a_rule() -> None:
    seen = {part.kind for network in NETWORKS.values() for part in network.parts()}
    assert seen == set(DEPLOYED)


def test_what_is_no_variance_bounds_nothing() -> None:
    network = BOTH.normalized("one", 1e-3, 0.9).total()
    weights = drawn(network, 1, 1)
    weights["one_variance"][2] = -0.5
    assert bound_of(network, weights) == np.inf


def test_layers_are_bounded_as_reckoned_by_hand() -> None:
    """Of weights that are all 0.5, before 1 is added for whatever an activation may add:

    h_1 = 6 · 0.25 + 0.5 = 2, h_2 = 4 · 1 + 0.5 = 4.5, p ⊙ q = 0.25, and
    3 · 0.125 + 2 · 0.25 + 2 · 2.25 + 0.5 = 5.875, of which the bound takes 4.5 seven times.
    """
    network = ensemble(3, (4, 2))
    alike = {name: np.full_like(array, 0.5) for name, array in drawn(network, 1, 1).items()}
    assert scores(network, alike, *EVERY_PAIR) == pytest.approx(5.875)
    first = 6 * 0.25 + 0.5 + 1
    second = 4 * 0.5 * first + 0.5 + 1
    assert bound_of(network, alike) == pytest.approx(7 * 0.5 * second + 0.5)


def test_of_a_factor_model_it_is_as_reckoned_by_hand() -> None:
    weights = {
        "mean": floats(3),
        "user_factors": floats([[1, -2], [0, 1]]),
        "item_factors": floats([[4, 0]]),
        "user_bias": floats([-0.5, 0.25]),
        "item_bias": floats([0.125]),
    }
    assert bound_of(factor_model(2), weights) == 3 + 0.5 + 0.125 + 2 * 2 * 4


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_the_largest_of_what_is_no_number_is_none(value: float) -> None:
    assert not largest(floats([1, value, 2])) < np.inf
    assert largest(floats([])) == 0
    assert largest(floats([1, -2])) == 2
