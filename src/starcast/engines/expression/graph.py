"""A network as TensorBoard shows it: a GraphDef, for eyes and not to be run."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from starcast.engines.expression.kinds import ACTIVATIONS, NORMALIZATIONS, POOLS, ROWS, TIME
from starcast.engines.expression.node import Expression
from starcast.engines.expression.rewrite import without_dropout
from starcast.engines.expression.weights import weights_of

ANY = -1  # a size that is left open: rows of a table, pairs of a batch
_OPS = {
    "concatenate": "Concat",
    "add": "AddN",
    "multiply": "Mul",
    "total": "Sum",
    "column": "ExpandDims",
    "constant": "Const",
    "layer_normalization": "LayerNormalization",
    "batch_normalization": "BatchNormalization",
}
"""TensorFlow's names of operations, where they are not ours with a capital letter."""


class Node(NamedTuple):
    """A node of a GraphDef, with the shape of what it hands on."""

    name: str
    op: str
    inputs: tuple[str, ...]
    shape: tuple[int, ...]


def definition(expression: Expression) -> bytes:
    """A network as a serialized GraphDef, as it predicts, without dropout.

    The nodes of a layer share its name, as a scope; variables are called table, kernel and bias.
    """
    from tensorboardX.proto.graph_pb2 import GraphDef

    graph = GraphDef(node=[_written(node) for node in nodes(expression)])
    return bytes(graph.SerializeToString())


def nodes(expression: Expression) -> list[Node]:
    """The nodes of that graph, each after those it reads; the last hands on the prediction."""
    expression = without_dropout(expression)
    n_rows = {"user": ANY, "item": ANY}
    shapes = {name: weight.whole(n_rows) for name, weight in weights_of(expression).items()}
    found = {side: Node(side, "Placeholder", (), (ANY,)) for side in n_rows}
    last: dict[Expression, Node] = {}
    for part, scope in names_of(expression).items():
        variables = {name: _variable(part, name) for name in part.weights}
        for name, variable in variables.items():
            found[variable] = Node(variable, "VariableV2", (), shapes[name])
        read = [last[below].name for below in part.inputs] + list(variables.values())
        for node in _nodes(part, scope, read):
            found[node.name] = last[part] = node
    return list(found.values())


def names_of(expression: Expression) -> dict[Expression, str]:
    """A name of its own for every part: of its weights or, without any, of what it does.

    >>> from starcast.engines.expression.networks import deep_network
    >>> list(names_of(deep_network(2, [3])).values())[2:]
    ['concatenate', 'hidden_0', 'hidden_0/relu', 'output', 'total']
    """
    found: dict[Expression, str] = {}
    times: dict[str, int] = {}
    for part in expression.parts():
        is_of_layer = part.kind in ACTIVATIONS and part.inputs[0].kind == "dense"
        name = part.name or (f"{found[part.inputs[0]]}/" if is_of_layer else "") + part.kind
        times[name] = times.get(name, 0) + 1
        found[part] = name if times[name] == 1 else f"{name}_{times[name]}"
    return found


def _variable(part: Expression, name: str) -> str:
    if part.kind in (*ROWS, *POOLS):
        return f"{name}/table"
    is_of_layer = part.kind == "dense" or part.kind in NORMALIZATIONS
    return f"{part.name}/{name.removeprefix(part.name + '_')}" if is_of_layer else name


def _nodes(part: Expression, scope: str, read: list[str]) -> Iterator[Node]:
    """The nodes of a part beside its variables; the last one hands on what it does."""
    shape = (ANY, *part.shape) if part.sides else part.shape
    if part.kind in ROWS:
        yield Node(f"{scope}/row", "Gather", (read[0], part.kind.removesuffix("_row")), shape)
    elif part.kind in POOLS:
        side = POOLS[part.kind][0]
        yield Node(f"{scope}/pool", "SparseSegmentSqrtN", (read[0], side), shape)
    elif part.kind == TIME:
        yield Node(f"{scope}/date", "Time", tuple(read), shape)
    elif part.kind == "dense":
        yield Node(f"{scope}/MatMul", "MatMul", tuple(read[:2]), shape)
        for bias in read[2:]:
            yield Node(f"{scope}/BiasAdd", "BiasAdd", (f"{scope}/MatMul", bias), shape)
    elif part.kind in NORMALIZATIONS:
        yield Node(f"{scope}/Normalize", _OPS[part.kind], tuple(read), shape)
    elif part.kind == "weight":
        yield Node(f"{scope}/Identity", "Identity", tuple(read), shape)
    else:
        yield Node(scope, _OPS.get(part.kind, part.kind.capitalize()), tuple(read), shape)


def _written(node: Node) -> Any:
    """A node as a protobuf; TensorBoard writes the shape beside the arrow."""
    from tensorboardX.proto.attr_value_pb2 import AttrValue
    from tensorboardX.proto.node_def_pb2 import NodeDef
    from tensorboardX.proto.tensor_shape_pb2 import TensorShapeProto

    shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=size) for size in node.shape])
    attributes = {"_output_shapes": AttrValue(list=AttrValue.ListValue(shape=[shape]))}
    return NodeDef(name=node.name, op=node.op, input=node.inputs, attr=attributes)
