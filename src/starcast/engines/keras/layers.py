"""What each of Keras's layers and operations is as an expression."""

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from numbers import Real
from typing import Any

from starcast.engines.expression import Expression, concatenate, dense
from starcast.engines.expression.layers import constant
from starcast.engines.keras.activations import applied, clipped, elu, leaky_relu
from starcast.errors import ConfigError

Make = Callable[[Any, str, Sequence[Expression]], Expression]
"""A layer, what its weights are called, and its inputs, to what it hands on."""

_UNTOLD = ("regularizer", "constraint")
_IDLE = {"trainable": True, "quantization_config": None, "lora_rank": None, "renorm": False}
_DTYPE = "float32"
_STARTS = {"kernel": "GlorotUniform", "bias": "Zeros", "gamma": "Ones", "beta": "Zeros",
           "moving_mean": "Zeros", "moving_variance": "Ones"}  # fmt: skip


def require_plain(layer: Any) -> None:
    """Refuse what would have no effect here. Raises: ConfigError."""
    if layer.dtype_policy.name != _DTYPE:
        raise ConfigError(
            f"the layer '{layer.name}' is of {layer.dtype_policy.name}; here all are of {_DTYPE}, "
            "but for --precision on Keras"
        )
    for name, value in layer.get_config().items():
        if name in _IDLE and value != _IDLE[name]:
            raise ConfigError(
                f"the layer '{layer.name}' has {name}={value}, which has no effect here"
            )
        own, _, what = name.rpartition("_")
        if what in _UNTOLD and value is not None:
            raise ConfigError(
                f"the layer '{layer.name}' has a {name}, which has no effect here: "
                "--regularization-factor holds the rows of tables"
            )
        if what == "initializer" and own in _STARTS and value:
            given = value["class_name"] if isinstance(value, dict) else str(value)
            if given != _STARTS[own]:
                raise ConfigError(
                    f"the layer '{layer.name}' has the {name} {given}; here it is {_STARTS[own]}"
                )


def table_start(layer: Any) -> str:
    """How a table starts: drawn, or at zeros. Raises: ConfigError."""
    require_plain(layer)
    if layer.mask_zero:
        raise ConfigError(f"the Embedding '{layer.name}' masks row 0, which is somebody's")
    given = type(layer.embeddings_initializer).__name__
    if given not in ("RandomUniform", "Zeros"):
        raise ConfigError(
            f"the Embedding '{layer.name}' has the embeddings_initializer {given}; it can be "
            "'uniform' or 'zeros' here"
        )
    return "zeros" if given == "Zeros" else ""


def _dense(layer: Any, name: str, inputs: Sequence[Expression]) -> Expression:
    below = dense(name, inputs[0], layer.units, bias=layer.use_bias)
    return applied(layer.activation.__name__, below)


def _layer_normalization(layer: Any, name: str, inputs: Sequence[Expression]) -> Expression:
    _require(layer, axis=(-1, 1, [-1], [1]), center=(True,), scale=(True,))
    return inputs[0].normalized(name, layer.epsilon)


def _batch_normalization(layer: Any, name: str, inputs: Sequence[Expression]) -> Expression:
    _require(layer, axis=(-1, 1), center=(True,), scale=(True,), synchronized=(False,))
    return inputs[0].normalized(name, layer.epsilon, layer.momentum)


def _dropout(layer: Any, name: str, inputs: Sequence[Expression]) -> Expression:
    _require(layer, noise_shape=(None,), seed=(None,))
    return inputs[0].dropout(float(layer.rate))


def _relu(layer: Any, name: str, inputs: Sequence[Expression]) -> Expression:
    _require(layer, threshold=(0.0,))
    x = leaky_relu(inputs[0], float(layer.negative_slope))
    return x if layer.max_value is None else x - (x - float(layer.max_value)).apply("relu")


def _dot(layer: Any, name: str, inputs: Sequence[Expression]) -> Expression:
    _require(layer, axes=(-1, 1, [1, 1], (1, 1), [-1, -1], (-1, -1)), normalize=(False,))
    one, other = inputs
    return (one * other).total().column()


def _concatenate(layer: Any, name: str, inputs: Sequence[Expression]) -> Expression:
    _require(layer, axis=(-1, 1))
    return concatenate(*inputs)


def _sum(layer: Any, name: str, inputs: Sequence[Expression]) -> Expression:
    _require(layer, axis=(-1, 1, (-1,), (1,), [-1], [1]))
    total = inputs[0].total()
    return total.column() if layer.keepdims else total


def _total(layer: Any, name: str, inputs: Sequence[Expression]) -> Expression:
    return reduce(lambda one, other: one + other, inputs)


def _product(layer: Any, name: str, inputs: Sequence[Expression]) -> Expression:
    return reduce(lambda one, other: one * other, inputs)


def _reshaped(layer: Any, name: str, inputs: Sequence[Expression]) -> Expression:
    shape = tuple(getattr(layer, "target_shape", inputs[0].shape))
    if shape not in (inputs[0].shape, (-1,)):
        raise ConfigError(f"the layer '{layer.name}' makes a matrix of a vector: {shape}")
    return inputs[0]


def _largest(layer: Any, name: str, inputs: Sequence[Expression]) -> Expression:
    return reduce(lambda one, other: one + (other - one).apply("relu"), inputs)


def _least(layer: Any, name: str, inputs: Sequence[Expression]) -> Expression:
    return reduce(lambda one, other: one - (one - other).apply("relu"), inputs)


def _quotient(layer: Any, name: str, inputs: Sequence[Expression]) -> Expression:
    if inputs[1].kind != "constant" or not inputs[1].numbers[0]:
        raise ConfigError("a network divides by numbers other than 0 alone")
    return inputs[0] * (1 / inputs[1].numbers[0])


LAYERS: Mapping[str, Make] = {
    "Dense": _dense,
    "Dropout": _dropout,
    "Activation": lambda layer, name, inputs: applied(layer.activation.__name__, inputs[0]),
    "ReLU": _relu,
    "LeakyReLU": lambda layer, name, inputs: leaky_relu(inputs[0], float(layer.negative_slope)),
    "ELU": lambda layer, name, inputs: elu(inputs[0], float(layer.alpha)),
    "Concatenate": _concatenate,
    "Add": _total,
    "Subtract": lambda layer, name, inputs: inputs[0] - inputs[1],
    "Multiply": _product,
    "Average": lambda layer, name, inputs: _total(layer, name, inputs) * (1 / len(inputs)),
    "Maximum": _largest,
    "Minimum": _least,
    "Dot": _dot,
    "BatchNormalization": _batch_normalization,
    "LayerNormalization": _layer_normalization,
    "Flatten": _reshaped,
    "Reshape": _reshaped,
    "Rescaling": lambda layer, name, inputs: inputs[0] * layer.scale + layer.offset,
    "Identity": lambda layer, name, inputs: inputs[0],
}
"""Layers by the names of their classes, beside `Embedding`, which alone reads rows."""

OPERATIONS: Mapping[str, Make] = {
    "Add": _total,
    "Subtract": LAYERS["Subtract"],
    "Multiply": _product,
    "TrueDivide": _quotient,
    "Divide": _quotient,
    "Negative": lambda op, name, inputs: -inputs[0],
    "Square": lambda op, name, inputs: inputs[0] * inputs[0],
    "Maximum": _largest,
    "Minimum": _least,
    "Sum": _sum,
    "Concatenate": _concatenate,
    "Clip": lambda op, name, inputs: clipped(inputs[0], float(op.x_min), float(op.x_max)),
    "Relu": lambda op, name, inputs: applied("relu", inputs[0]),
    "Sigmoid": lambda op, name, inputs: applied("sigmoid", inputs[0]),
    "Tanh": lambda op, name, inputs: applied("tanh", inputs[0]),
    "Softplus": lambda op, name, inputs: applied("softplus", inputs[0]),
    "Elu": lambda op, name, inputs: elu(inputs[0], float(op.alpha)),
    "Silu": lambda op, name, inputs: applied("silu", inputs[0]),
    "Selu": lambda op, name, inputs: applied("selu", inputs[0]),
}
"""Of `keras.ops` and of signs such as + and *, likewise."""


def number(value: object) -> Expression:
    """A number that is given to an operation. Raises: ConfigError: it is none."""
    if isinstance(value, Real):
        return constant(float(value))
    raise ConfigError(f"a network takes tensors and numbers, no {type(value).__name__}")


def _require(layer: Any, **wanted: Sequence[Any]) -> None:
    """Refuse what is set otherwise. Raises: ConfigError."""
    for name, values in wanted.items():
        if getattr(layer, name, values[0]) not in values:
            raise ConfigError(
                f"'{layer.name}' has {name}={getattr(layer, name)!r}; it can be {values[0]!r} here"
            )
