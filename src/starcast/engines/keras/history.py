"""What made a tensor of Keras, as the tensor remembers it."""

from typing import Any

import keras


def given(tensor: Any) -> list[Any]:
    """What the operation that made a tensor was given, tensors and numbers, in order."""
    history = tensor._keras_history
    arguments = history.operation._inbound_nodes[history.node_index].arguments
    found: list[Any] = []
    for one in (*arguments.args, *arguments.kwargs.values()):
        found += one if isinstance(one, list | tuple) else [one]
    is_layer = isinstance(history.operation, keras.Layer)
    return [
        one for one in found if isinstance(one, keras.KerasTensor) or not (is_layer or one is None)
    ]


def last_dense(tensor: Any) -> Any:
    """The `Dense` that ends a network, if one does."""
    operation = tensor._keras_history.operation
    return operation if type(operation).__name__ == "Dense" else None
