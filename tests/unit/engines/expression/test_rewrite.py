"""Expressions made of others: the same scores by other ways."""

from typing import Any

import numpy as np
import pytest

from starcast.engines.expression import Expression, concatenate, dense, item, output, user
from starcast.engines.expression.autodiff import scores
from starcast.engines.expression.networks import deep_network, ensemble, factor_model
from starcast.engines.expression.plain import as_plain
from starcast.engines.expression.rewrite import divided, renamed, softened, without_dropout
from starcast.engines.expression.weights import shapes_of

P, Q = user("a", 3), item("a", 3)
TOWERS = output(dense("top", concatenate(P, Q, P * Q, item("bias")), 4, "tanh"))
NETWORKS = [factor_model(3), deep_network(2, (4, 3)), ensemble(3, (4,), factors=2), TOWERS]
USERS, ITEMS = np.array([0, 2, 1, 2]), np.array([3, 0, 0, 1])


def drawn(expression: Expression) -> dict[str, Any]:
    rng = np.random.default_rng(1)
    shapes = shapes_of(expression, 3, 4)
    return {name: np.asarray(rng.normal(0.2, 0.6, shape)) for name, shape in shapes.items()}


@pytest.mark.parametrize("network", NETWORKS)
def test_divided_it_scores_the_same(network: Expression) -> None:
    weights = drawn(network)
    apart, views = divided(network, weights)
    np.testing.assert_allclose(
        scores(apart, views, USERS, ITEMS), scores(network, weights, USERS, ITEMS), rtol=1e-12
    )


def test_a_layer_over_pieces_is_divided_by_what_they_depend_on() -> None:
    apart, views = divided(TOWERS, drawn(TOWERS))
    (sums,) = [part for part in apart.parts() if part.kind == "add" and len(part.sides) == 2]
    assert [sorted(term.sides) for term in sums.inputs] == [["user"], ["item"], ["item", "user"]]
    assert sums.inputs[1].kind == "add", "q and the bias are the item's, and so is their sum"
    kernel = views["top_kernel"]
    for start, stop in ((0, 3), (3, 6), (6, 9), (9, 10)):
        assert np.shares_memory(views[f"top_kernel[{start}:{stop}]"], kernel)
        assert np.array_equal(views[f"top_kernel[{start}:{stop}]"], kernel[start:stop])


def test_a_layer_over_one_side_is_left_alone() -> None:
    one = output(dense("own", concatenate(P, user("b", 2)), 4) * dense("other", Q, 4))
    assert as_plain(divided(one, drawn(one))[0]) == as_plain(one)


def test_without_dropout_nothing_else_changes() -> None:
    given = deep_network(2, (4, 3), dropout_rate=0.3)
    assert as_plain(without_dropout(given)) == as_plain(deep_network(2, (4, 3)))
    assert as_plain(without_dropout(without_dropout(given))) == as_plain(deep_network(2, (4, 3)))


def test_renamed_it_reads_the_same_weights_by_other_names() -> None:
    network = ensemble(3, (4,), factors=2)
    weights = drawn(network)
    other = renamed(network, "0/some-model/")
    assert set(shapes_of(other, 3, 4)) == {f"0/some-model/{name}" for name in weights}
    given = {f"0/some-model/{name}": array for name, array in weights.items()}
    found = scores(other, given, USERS, ITEMS)
    np.testing.assert_array_equal(found, scores(network, weights, USERS, ITEMS))


@pytest.mark.parametrize(
    ("x", "value"), [(-3, 0), (-2, 0), (-1, 0.125), (0, 0.5), (1, 1.125), (2, 2), (5, 5)]
)
def test_a_soft_relu_by_hand(x: float, value: float) -> None:
    """(x + k)² / 4k between -k and k, here k = 2; the ReLU elsewhere."""
    bias = user("bias")
    relu = bias.apply("relu")
    soft = softened(relu, {relu: 2.0})
    weights = {"user_bias": np.array([x], np.float64)}
    assert scores(soft, weights, np.array([0]), np.array([0]))[0] == pytest.approx(value)
