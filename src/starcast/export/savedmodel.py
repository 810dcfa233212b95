"""An expression as a SavedModel. Only this module imports TensorFlow."""

from collections.abc import Callable, Mapping
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from starcast.data.ids import Ids, Rows
from starcast.data.ratings import Ratings
from starcast.engines.expression import Expression
from starcast.engines.expression.kinds import NORMALIZATIONS
from starcast.engines.expression.rewrite import without_dropout
from starcast.engines.expression.weights import weights_of
from starcast.engines.protocol import Expressed, Scores


def _layer_normalization(x: Any, gamma: Any, beta: Any, epsilon: float) -> Any:
    mean, variance = tf.nn.moments(x, axes=[-1], keepdims=True)
    return tf.nn.batch_normalization(x, mean, variance, beta, gamma, epsilon)


_OPERATIONS: dict[str, Callable[..., Any]] = {
    "weight": tf.identity,
    "add": lambda *terms: reduce(tf.add, terms),
    "multiply": tf.multiply,
    "concatenate": lambda *parts: tf.concat(parts, axis=-1),
    "dense": lambda below, kernel, *bias: reduce(tf.add, bias, tf.matmul(below, kernel)),
    "total": lambda values: tf.reduce_sum(values, axis=-1),
    "column": lambda values: tf.expand_dims(values, axis=-1),
    "relu": tf.nn.relu,
    "elu": tf.nn.elu,
    "tanh": tf.tanh,
    "sigmoid": tf.sigmoid,
    "softplus": tf.math.softplus,
    "erf": tf.math.erf,
    "layer_normalization": _layer_normalization,
    "batch_normalization": lambda x, gamma, beta, mean, variance, epsilon, momentum: (
        tf.nn.batch_normalization(x, mean, variance, beta, gamma, epsilon)
    ),
}
"""What each kind of expression makes of its inputs and its own weights."""


def write(expressed: Expressed, ratings: Ratings, folder: Path) -> None:
    """Write a SavedModel of two signatures, both giving `stars`, float32 (n,), on the scale.

    "serving_default" takes user_rows and item_rows, int64 (n,); "ids" takes user_ids and item_ids,
    int64 or text (n,), of the training data.

    Args:
        expressed: raw scores.
        ratings: vocabularies and scale.
        folder: to write into.
    Raises: OSError: it cannot be written.
    """
    module, scale = tf.Module(), ratings.scale
    expression = without_dropout(expressed.expression)
    # Variables: unlike constants they are no part of the graph, which holds 2 GB at most.
    arrays = {
        name: tf.Variable(expressed.weights[name], trainable=False)
        for name in weights_of(expression)
    }
    module.arrays = list(arrays.values())
    module.users, module.items = _rows_of(ratings.users.ids), _rows_of(ratings.items.ids)

    def by_row(user_rows: Any, item_rows: Any) -> dict[str, Any]:
        scores = _value(expression, arrays, {"user_row": user_rows, "item_row": item_rows})
        return {"stars": tf.clip_by_value(scores, scale.lowest, scale.highest)}

    def by_id(user_ids: Any, item_ids: Any) -> dict[str, Any]:
        return by_row(
            _find(module.users, user_ids, "a user"), _find(module.items, item_ids, "an item")
        )

    rows = _column("user_rows", tf.int64), _column("item_rows", tf.int64)
    ids = (
        _column("user_ids", module.users.key_dtype),
        _column("item_ids", module.items.key_dtype),
    )
    signatures = {
        "serving_default": tf.function(by_row, input_signature=rows),
        "ids": tf.function(by_id, input_signature=ids),
    }
    try:
        tf.saved_model.save(module, str(folder), signatures)
    except tf.errors.OpError as error:  # a full disk, said in TensorFlow's own way
        raise OSError(error.message) from None


def read(folder: Path, user_rows: Rows, item_rows: Rows) -> Scores:
    """Stars of pairs as the model on disk tells them."""
    signature = tf.saved_model.load(str(folder)).signatures["serving_default"]
    stars = signature(
        user_rows=tf.constant(user_rows, tf.int64), item_rows=tf.constant(item_rows, tf.int64)
    )["stars"]
    return np.asarray(stars.numpy())


def _value(expression: Expression, arrays: Mapping[str, Any], rows: Mapping[str, Any]) -> Any:
    """What the expression comes to."""
    values: dict[Expression, Any] = {}
    for part in expression.parts():
        own = [arrays[name] for name in part.weights]
        if part.kind in rows:
            values[part] = tf.gather(*own, rows[part.kind])
        elif part.kind == "constant":
            values[part] = tf.constant(part.numbers, tf.float32, part.shape)
        else:
            read = [*(values[below] for below in part.inputs), *own]
            read += part.numbers if part.kind in NORMALIZATIONS else ()
            values[part] = _OPERATIONS[part.kind](*read)
    return values[expression]


def _column(name: str, dtype: Any) -> Any:
    return tf.TensorSpec((None,), dtype, name)


def _rows_of(ids: Ids) -> Any:
    """A table from external ids to rows."""
    keys = tf.constant(ids.tolist(), tf.int64 if ids.dtype.kind == "i" else tf.string)
    pairs = tf.lookup.KeyValueTensorInitializer(keys, tf.range(len(ids), dtype=tf.int64))
    return tf.lookup.StaticHashTable(pairs, default_value=-1)


def _find(rows_of: Any, ids: Any, kind: str) -> Any:
    rows = rows_of.lookup(ids)
    known = tf.debugging.assert_non_negative(rows, f"{kind} id was not in the training data")
    with tf.control_dependencies([known]):
        return tf.identity(rows)
