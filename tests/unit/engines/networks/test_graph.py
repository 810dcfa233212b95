"""The network as a graph: evaluated node by node, it predicts what the deployed scorers predict."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tensorboardX.proto.graph_pb2 import GraphDef

from starcast.data.ratings import Ratings
from starcast.engines.networks.backpropagation import forward
from starcast.engines.networks.deep_network import deep_network
from starcast.engines.networks.engine import NetworkEngine
from starcast.engines.networks.ensemble import ensemble
from starcast.engines.networks.graph import definition, operations
from starcast.engines.networks.layout import Layout
from starcast.engines.protocol import Weights
from starcast.engines.settings import Config
from starcast.scoring import DeepScorer, EnsembleScorer

SCORERS: dict[Any, Any] = {deep_network: DeepScorer, ensemble: EnsembleScorer}
EVERY_NETWORK = pytest.mark.parametrize("network", SCORERS)
TOY = Ratings.from_columns(np.array([1, 1, 2]), np.array([1, 2, 3]), np.array([4.0, 2.0, 5.0]))
USERS, ITEMS = np.array([0, 1, 1, 0, 1], np.int32), np.array([2, 0, 1, 1, 2], np.int32)
COMPUTE: dict[str, Callable[..., NDArray[Any]]] = {
    "Gather": lambda table, rows: table[rows].reshape(len(rows), -1),
    "Concat": lambda *parts: np.concatenate(parts, axis=1),
    "Mul": np.multiply,
    "MatMul": np.matmul,
    "BiasAdd": np.add,
    "Relu": lambda values: np.maximum(values, 0),
}


def engine_of(network: Any, *layers: int) -> NetworkEngine:
    config = Config(dimension=3, layers=layers)
    return NetworkEngine(config, TOY, network(config), seed=1)


def drawn(engine: NetworkEngine) -> Weights:
    """Random weights, none of them zero or like another."""
    rng = np.random.default_rng(5)
    return {
        name: rng.normal(0, 1, array.shape).astype(np.float32)
        for name, array in engine.weights().items()
    }


def evaluated(graph: bytes, weights: Weights) -> tuple[NDArray[Any], set[str]]:
    """What the last node of a GraphDef hands on, and the weights that were read on the way."""
    value: dict[str, Any] = {"user": USERS, "item": ITEMS}
    used = set()
    for node in GraphDef.FromString(graph).node:
        if node.op == "VariableV2":
            name = node.name.removesuffix("/table").replace("/", "_")
            used.add(name)
            value[node.name] = weights[name]
        elif node.op != "Placeholder":
            value[node.name] = COMPUTE[node.op](*(value[name] for name in node.input))
        # A bias of a row is one number wide when it is read from its table.
        array = value[node.name]
        assert_shape(node, array[:, None] if node.name.endswith("_bias/table") else array)
    return value[node.name][:, 0], used


def assert_shape(node: Any, array: NDArray[Any]) -> None:
    """A node says the shape of what it hands on, -1 for what the layout leaves open."""
    (shape,) = node.attr["_output_shapes"].list.shape
    sizes = [dim.size for dim in shape.dim]
    assert len(sizes) == array.ndim, node.name
    assert all(said in (-1, size) for said, size in zip(sizes, array.shape, strict=True)), node.name


@EVERY_NETWORK
@pytest.mark.parametrize("layers", [(6, 1), (6, 4, 1), (5, 9, 4, 1)])
def test_the_graph_predicts_what_the_scorer_predicts(network: Any, layers: tuple[int, ...]) -> None:
    engine = engine_of(network, *layers)
    weights = drawn(engine)
    predictions, used = evaluated(engine.graph(), weights)
    scored = SCORERS[network](weights).score_pairs(USERS, ITEMS)
    assert np.ptp(scored) > 0.5
    np.testing.assert_allclose(predictions, scored, rtol=1e-5, atol=1e-5)
    assert used == set(weights)


def test_the_graph_leaves_open_what_the_layout_leaves_open() -> None:
    graph = GraphDef.FromString(definition(operations(Layout(3, (5,), factors=2))))
    is_open = {
        node.name
        for node in graph.node
        if node.attr["_output_shapes"].list.shape[0].dim[0].size == -1
    }
    of_weights = {
        f"{layer}/{part}" for layer in ("hidden_0", "output") for part in ("kernel", "bias")
    }
    assert {node.name for node in graph.node} - is_open == of_weights


def test_an_operation_comes_after_what_it_reads() -> None:
    seen: set[str] = set()
    for operation in operations(Layout(3, (5, 4), factors=2)):
        assert seen.issuperset(operation.inputs)
        seen.add(operation.name)
    assert len(seen) == 6 + 1 + 2 + 2 + 1


@pytest.mark.parametrize("hidden", [(40,), (40, 30), (40, 30, 50)])
def test_dropout_acts_where_the_compiled_layers_drop(hidden: tuple[int, ...]) -> None:
    layout, n = Layout(4, hidden), 8
    dense = np.ones(len(layout.initial(3.0, np.random.default_rng(1))), np.float32)
    stack = np.array(layout.stack)
    values = np.ones(n * int(stack.sum()), np.float32)  # positive all the way, so ReLU cuts nothing
    forward(stack, dense, values, n, np.float32(0.5), np.uint32(1))
    layers = np.split(values, np.cumsum(n * stack)[:-1])
    dropped = {f"hidden_{at}" for at, layer in enumerate(layers[1:]) if np.any(layer == 0)}
    said = {step.name for step in operations(layout, 0.5) if step.dropout_rate}
    assert said == dropped
    assert not [step for step in operations(layout) if step.dropout_rate]
