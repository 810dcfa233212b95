"""What made a tensor of Keras, as the tensor remembers it."""

from typing import Any

import keras

from starcast.errors import ConfigError

_HOW = ("training", "mask")  # what is said of a call beside its tensors


def given(tensor: Any) -> list[Any]:
    """What the operation that made a tensor was given, tensors and numbers, in order.

    Raises: ConfigError: a layer was called otherwise than it is here, or by names.
    """
    history = tensor._keras_history
    arguments = history.operation._inbound_nodes[history.node_index].arguments
    is_layer = isinstance(history.operation, keras.Layer)
    if is_layer:
        _check_call(history.operation, arguments.kwargs)
    named = [one for name, one in arguments.kwargs.items() if not (is_layer and name in _HOW)]
    found: list[Any] = []
    for one in (*arguments.args, *named):
        if isinstance(one, dict):
            raise ConfigError(f"'{history.operation.name}' is given a dictionary; give it a list")
        found += one if isinstance(one, list | tuple) else [one]
    return [
        one for one in found if isinstance(one, keras.KerasTensor) or not (is_layer or one is None)
    ]


def _check_call(layer: Any, arguments: dict[str, Any]) -> None:
    for name in _HOW:
        if any(one is not None and one is not False for one in _flat(arguments.get(name))):
            raise ConfigError(f"'{layer.name}' is called with {name}=, which has no effect here")


def _flat(value: Any) -> list[Any]:
    found: list[Any] = keras.tree.flatten(value)
    return found


def last_dense(tensor: Any) -> Any:
    """The `Dense` that ends a network, if one does."""
    operation = tensor._keras_history.operation
    return operation if type(operation).__name__ == "Dense" else None


def is_of_keras(operation: Any) -> bool:
    """Whether it is Keras's own, not of a class that somebody made of one."""
    return type(operation).__module__.startswith("keras.")
