"""The network as TensorBoard shows it: evaluated node by node, it predicts the same."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tensorboardX.proto.graph_pb2 import GraphDef

from starcast.engines.expression import Expression, concatenate, dense, item, output, user, weight
from starcast.engines.expression.autodiff import scores
from starcast.engines.expression.graph import definition, names_of, nodes
from starcast.engines.expression.networks import deep_network, ensemble, factor_model
from starcast.engines.expression.weights import shapes_of

USERS, ITEMS = np.array([0, 1, 1, 0, 1]), np.array([2, 0, 1, 1, 2])
P, Q = user("a", 3), item("a", 3)
COMPUTE: dict[str, Callable[..., NDArray[Any]]] = {
    "Gather": lambda table, rows: table[rows],
    "Concat": lambda *parts: np.concatenate(parts, axis=-1),
    "Mul": np.multiply,
    "AddN": lambda *terms: sum(terms[1:], start=terms[0]),
    "Sum": lambda values: values.sum(axis=-1),
    "ExpandDims": lambda values: values[..., np.newaxis],
    "Identity": lambda values: values,
    "MatMul": np.matmul,
    "BiasAdd": np.add,
    "Relu": lambda values: np.maximum(values, 0),
    "Tanh": np.tanh,
}
NETWORKS = [
    factor_model(3),
    deep_network(3, (6,)),
    deep_network(3, (6, 4), dropout_rate=0.5),
    ensemble(3, (5, 9, 4), factors=2),
    output(dense("top", concatenate(P, Q, P * Q, user("a", 3)), 4, "tanh")) + weight("shift"),
]


def evaluated(graph: bytes, weights: dict[str, Any]) -> tuple[NDArray[Any], set[str]]:
    """What the last node of a GraphDef hands on, and the weights that were read on the way."""
    value: dict[str, Any] = {"user": USERS, "item": ITEMS}
    used = set()
    for node in GraphDef.FromString(graph).node:
        if node.op == "VariableV2":
            name = node.name.removesuffix("/table").replace("/", "_")
            assert name not in used
            used.add(name)
            value[node.name] = weights[name]
        elif node.op != "Placeholder":
            value[node.name] = COMPUTE[node.op](*(value[name] for name in node.input))
        assert_shape(node, value[node.name])
    return value[node.name], used


def assert_shape(node: Any, array: NDArray[Any]) -> None:
    """A node says the shape of what it hands on, -1 for what the network leaves open."""
    (shape,) = node.attr["_output_shapes"].list.shape
    sizes = [dim.size for dim in shape.dim]
    assert len(sizes) == array.ndim, node.name
    assert all(said in (-1, size) for said, size in zip(sizes, array.shape, strict=True)), node.name


@pytest.mark.parametrize("network", NETWORKS)
def test_the_graph_predicts_what_the_network_does(network: Expression) -> None:
    rng = np.random.default_rng(5)
    weights = {name: rng.normal(size=shape) for name, shape in shapes_of(network, 2, 3).items()}
    predictions, used = evaluated(definition(network), weights)
    expected = scores(network, weights, USERS, ITEMS)
    assert np.ptp(expected) > 0.5
    np.testing.assert_allclose(predictions, expected, rtol=1e-12)
    assert used == set(weights)


def test_the_graph_leaves_open_what_the_network_leaves_open() -> None:
    is_open = {node.name for node in nodes(ensemble(3, (5,), factors=2)) if node.shape[0] == -1}
    every = {node.name for node in nodes(ensemble(3, (5,), factors=2))}
    assert every - is_open == {
        f"{layer}/{part}" for layer in ("hidden_0", "output") for part in ("kernel", "bias")
    }


@pytest.mark.parametrize("network", NETWORKS)
def test_a_node_comes_after_what_it_reads_and_names_are_given_once(network: Expression) -> None:
    seen: set[str] = set()
    for node in nodes(network):
        assert seen.issuperset(node.inputs)
        assert node.name not in seen
        seen.add(node.name)
    names = list(names_of(network).values())
    assert len(set(names)) == len(names)
