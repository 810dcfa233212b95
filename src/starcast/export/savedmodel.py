"""An expression as a SavedModel. Only this module imports TensorFlow."""

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from starcast.data.ids import Ids, Rows
from starcast.data.ratings import Ratings
from starcast.engines.protocol import Scores
from starcast.export.expression import Expression

_OPERATIONS = {
    "gather": tf.gather,
    "add": tf.add,
    "multiply": tf.multiply,
    "matmul": tf.matmul,
    "concatenate": lambda *parts: tf.concat(parts, axis=-1),
    "total": lambda values: tf.reduce_sum(values, axis=-1),
    "column": lambda values: tf.expand_dims(values, axis=-1),
    "relu": tf.nn.relu,
    "erf": tf.math.erf,
}


def write(expression: Expression, ratings: Ratings, folder: Path) -> None:
    """Write a SavedModel of two signatures, both giving `stars`, float32 (n,), on the scale.

    "serving_default" takes user_rows and item_rows, int64 (n,); "ids" takes user_ids and item_ids,
    int64 or text (n,), of the training data.

    Args:
        expression: raw scores.
        ratings: vocabularies and scale.
        folder: to write into.
    Raises: OSError: it cannot be written.
    """
    module, scale = tf.Module(), ratings.scale
    parts = expression.parts()
    # Variables: unlike constants they are no part of the graph, which holds 2 GB at most.
    module.arrays = [tf.Variable(part.array, trainable=False) for part in parts if _is_array(part)]
    module.users, module.items = _rows_of(ratings.users.ids), _rows_of(ratings.items.ids)

    def by_row(user_rows: Any, item_rows: Any) -> dict[str, Any]:
        scores = _value(parts, module.arrays, user_rows, item_rows)
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


def _is_array(part: Expression) -> bool:
    return part.kind == "array"


def _value(parts: list[Expression], arrays: list[Any], user_rows: Any, item_rows: Any) -> Any:
    """What the last of the parts comes to."""
    values: dict[Expression, Any] = dict(zip(filter(_is_array, parts), arrays, strict=True))
    for part in parts:
        if part.kind in ("user_rows", "item_rows"):
            values[part] = user_rows if part.kind == "user_rows" else item_rows
        elif not _is_array(part):
            values[part] = _OPERATIONS[part.kind](*(values[below] for below in part.inputs))
    return values[parts[-1]]


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
