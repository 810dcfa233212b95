"""A network as a graph of operations: what diagrams draw and TensorBoard shows."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from starcast.engines.networks.layout import Layout

ANY = -1  # a size that the layout leaves open: rows of a table, ratings of a batch


class Operation(NamedTuple):
    """One step from table rows to stars.

    Attributes:
        name: what the names of its weights begin with, if it has any.
        kind: "table", "concatenation", "element-wise product" or "dense".
        inputs: names of the operations it reads, in order.
        width: numbers it hands on for each rating.
        activation: of a dense layer, "relu" or "linear".
        dropout_rate: share of what it hands on that is dropped in training.
    """

    name: str
    kind: str
    inputs: tuple[str, ...]
    width: int
    activation: str = ""
    dropout_rate: float = 0.0


class _Node(NamedTuple):
    """A node of a GraphDef, with the shape of what it hands on."""

    name: str
    op: str
    inputs: tuple[str, ...]
    shape: tuple[int, ...]


def operations(layout: Layout, dropout_rate: float = 0.0) -> list[Operation]:
    """What a network computes for a rating, each operation after those it reads.

    >>> for operation in operations(Layout(embedding=2, hidden=(3,))):
    ...     print(operation.name, operation.width, operation.inputs)
    user_embedding 2 ()
    item_embedding 2 ()
    embeddings 4 ('user_embedding', 'item_embedding')
    hidden_0 3 ('embeddings',)
    output 1 ('hidden_0',)
    """
    found = [
        Operation(f"{side}_{column}", "table", (), place.stop - place.start)
        for side in ("user", "item")
        for column, place in layout.columns.items()
    ]
    read = ("user_embedding", "item_embedding")
    found.append(Operation("embeddings", "concatenation", read, 2 * layout.embedding))
    for n, width in enumerate(layout.hidden):
        dropped = dropout_rate if n + 1 < len(layout.hidden) else 0.0  # see hidden.forward
        found.append(Operation(f"hidden_{n}", "dense", (found[-1].name,), width, "relu", dropped))
    if layout.factors:
        found += _join(layout, found[-1])
    return [*found, Operation("output", "dense", (found[-1].name,), 1, "linear")]


def _join(layout: Layout, hidden: Operation) -> Iterator[Operation]:
    """[p_u ⊙ q_i ; b_u ; b_i ; h]."""
    read = ("user_factors", "item_factors")
    yield Operation("product", "element-wise product", read, layout.factors)
    branches = ("product", "user_bias", "item_bias", hidden.name)
    yield Operation("branches", "concatenation", branches, layout.factors + 2 + hidden.width)


def definition(network: Iterable[Operation]) -> bytes:
    """Operations as a serialized GraphDef: for eyes, not to be run.

    The network as it predicts, without dropout. The nodes of an operation share its name, as a
    scope; variables are called table, kernel and bias.
    """
    from tensorboardX.proto.graph_pb2 import GraphDef

    nodes = [_Node(side, "Placeholder", (), (ANY,)) for side in ("user", "item")]
    last: dict[str, _Node] = {}
    for operation in network:
        nodes += _nodes(operation, [last[name] for name in operation.inputs])
        last[operation.name] = nodes[-1]
    return bytes(GraphDef(node=[_written(node) for node in nodes]).SerializeToString())


def _nodes(operation: Operation, read: Sequence[_Node]) -> list[_Node]:
    """The nodes of an operation that reads other nodes; the last one hands on its numbers."""
    name, shape = operation.name, (ANY, operation.width)
    if operation.kind == "dense":
        return _dense(operation, read[0])
    if operation.kind == "table":
        table = _Node(f"{name}/table", "VariableV2", (), shape)
        return [table, _Node(f"{name}/row", "Gather", (table.name, name.partition("_")[0]), shape)]
    op = {"concatenation": "Concat", "element-wise product": "Mul"}[operation.kind]
    return [_Node(name, op, tuple(node.name for node in read), shape)]


def _dense(operation: Operation, read: _Node) -> list[_Node]:
    name, width = operation.name, operation.width
    kernel = _Node(f"{name}/kernel", "VariableV2", (), (read.shape[-1], width))
    bias = _Node(f"{name}/bias", "VariableV2", (), (width,))
    matmul = _Node(f"{name}/MatMul", "MatMul", (read.name, kernel.name), (ANY, width))
    total = _Node(f"{name}/BiasAdd", "BiasAdd", (matmul.name, bias.name), (ANY, width))
    relu = _Node(f"{name}/Relu", "Relu", (total.name,), (ANY, width))
    nodes = [kernel, bias, matmul, total]
    return [*nodes, relu] if operation.activation == "relu" else nodes


def _written(node: _Node) -> Any:
    """A node as a protobuf; TensorBoard writes the shape beside the arrow."""
    from tensorboardX.proto.attr_value_pb2 import AttrValue
    from tensorboardX.proto.node_def_pb2 import NodeDef
    from tensorboardX.proto.tensor_shape_pb2 import TensorShapeProto

    shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=size) for size in node.shape])
    attributes = {"_output_shapes": AttrValue(list=AttrValue.ListValue(shape=[shape]))}
    return NodeDef(name=node.name, op=node.op, input=node.inputs, attr=attributes)
