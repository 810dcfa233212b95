"""An expression as an ONNX model. Only this module imports onnx."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from starcast.data.ids import Rows
from starcast.data.ratings import Ratings
from starcast.engines.expression import Expression
from starcast.engines.expression.graph import names_of
from starcast.engines.expression.rewrite import without_dropout
from starcast.engines.protocol import Expressed, Scores

FILE = "model.onnx"
_OPSET, _FORMAT = 17, 8  # of 2022: what most runtimes in use understand
_MOST_BYTES = 1 << 30  # in one file, which can hold 2 GiB; larger weights get one of their own
_INLINE = 128  # bytes up to which an array stays in the graph even so
_LAST = "last_axis"
_OPERATIONS: dict[str, tuple[str, tuple[str, ...], dict[str, Any]]] = {
    "user_row": ("Gather", ("checked_user_rows",), {"axis": 0}),
    "item_row": ("Gather", ("checked_item_rows",), {"axis": 0}),
    "weight": ("Identity", (), {}),
    "constant": ("Identity", (), {}),
    "add": ("Sum", (), {}),
    "multiply": ("Mul", (), {}),
    "concatenate": ("Concat", (), {"axis": -1}),
    "total": ("ReduceSum", (_LAST,), {"keepdims": 0}),
    "column": ("Unsqueeze", (_LAST,), {}),
    "relu": ("Relu", (), {}),
    "elu": ("Elu", (), {"alpha": 1.0}),
    "tanh": ("Tanh", (), {}),
    "sigmoid": ("Sigmoid", (), {}),
    "softplus": ("Softplus", (), {}),
    "erf": ("Erf", (), {}),
}
"""For each kind of expression: ONNX's operator, what it reads besides, and its attributes."""

_NORMALIZED: dict[str, tuple[str, dict[str, Any]]] = {
    "layer_normalization": ("LayerNormalization", {"axis": -1}),
    "batch_normalization": ("BatchNormalization", {}),
}
"""The same of those that have an ε."""


def write(expressed: Expressed, ratings: Ratings, folder: Path) -> None:
    """Write model.onnx: user_rows and item_rows, int64 (n,), to stars, float32 (n,), on the scale.

    Args:
        expressed: raw scores.
        ratings: their numbers of users and items, and the scale.
        folder: to write into.
    """
    arrays: dict[str, NDArray[Any]] = {
        _LAST: np.array([-1], np.int64),
        "zero": np.array(0, np.int64),
        "n_users": np.array(ratings.n_users, np.int64),
        "n_items": np.array(ratings.n_items, np.int64),
        "lowest": np.array(ratings.scale.lowest, np.float32),
        "highest": np.array(ratings.scale.highest, np.float32),
    }
    expression, weights = without_dropout(expressed.expression), expressed.weights
    names = {part: f"{name}:value" for part, name in names_of(expression).items()}
    nodes = [*_rows("user"), *_rows("item")]
    for part, name in names.items():
        arrays |= {own: weights[own] for own in part.weights}
        read = [*(names[below] for below in part.inputs), *part.weights]
        if part.kind == "constant":
            read = [f"{name}:numbers"]
            arrays[read[0]] = np.array(part.numbers, np.float32).reshape(part.shape)
        nodes += _nodes(part, read, name)
    nodes.append(helper.make_node("Clip", [names[expression], "lowest", "highest"], ["stars"]))
    graph = helper.make_graph(
        nodes,
        "starcast",
        [_column("user_rows", TensorProto.INT64), _column("item_rows", TensorProto.INT64)],
        [_column("stars", TensorProto.FLOAT)],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    _save(graph, folder / FILE, sum(array.nbytes for array in arrays.values()))


def read(folder: Path, user_rows: Rows, item_rows: Rows) -> Scores:
    """Stars of pairs as the model on disk tells them, by ONNX's own reference."""
    rows = {"user_rows": user_rows.astype(np.int64), "item_rows": item_rows.astype(np.int64)}
    stars: Any = ReferenceEvaluator(str(folder / FILE)).run(["stars"], rows)
    return np.asarray(stars[0])


def _nodes(part: Expression, read: list[str], name: str) -> Iterator[onnx.NodeProto]:
    """The nodes of one operation; the last one hands on its value."""
    if part.kind == "dense":
        below, kernel, *biases = read
        product = f"{name}:product" if biases else name
        yield helper.make_node("MatMul", [below, kernel], [product])
        for bias in biases:
            yield helper.make_node("Add", [product, bias], [name])
    elif part.kind in _NORMALIZED:
        operator, attributes = _NORMALIZED[part.kind]
        yield helper.make_node(operator, read, [name], epsilon=part.numbers[0], **attributes)
    else:
        operator, more, attributes = _OPERATIONS[part.kind]
        yield helper.make_node(operator, [*read, *more], [name], **attributes)


def _rows(side: str) -> list[onnx.NodeProto]:
    """Negative rows, which would count from the end, become one past it, which is refused."""
    given, negative = f"{side}_rows", f"negative_{side}_rows"
    return [
        helper.make_node("Less", [given, "zero"], [negative]),
        helper.make_node("Where", [negative, f"n_{side}s", given], [f"checked_{given}"]),
    ]


def _column(name: str, dtype: int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, dtype, ["n"])


def _save(graph: onnx.GraphProto, path: Path, n_bytes: int) -> None:
    opset = [helper.make_opsetid("", _OPSET)]
    model = helper.make_model(
        graph, producer_name="starcast", opset_imports=opset, ir_version=_FORMAT
    )
    apart = n_bytes > _MOST_BYTES
    location = f"{path.name}.data" if apart else None
    onnx.save_model(
        model, str(path), save_as_external_data=apart, location=location, size_threshold=_INLINE
    )
    onnx.checker.check_model(str(path))
