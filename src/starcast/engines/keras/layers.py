"""What each of Keras's layers and operations is as an expression."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from numbers import Real
from typing import Any

import keras

from starcast.engines.expression import Expression, concatenate, dense
from starcast.engines.expression.layers import constant
from starcast.engines.keras.activations import KNOWN, applied, clipped, elu, gelu, leaky_relu
from starcast.errors import ConfigError

Make = Callable[[Any, str, Sequence[Expression]], Expression]
"""A layer, what its weights are called, and its inputs, to what it hands on."""

_UNTOLD = ("regularizer", "constraint")
_READ = frozenset({
    "activation", "alpha", "axis", "center", "data_format", "dtype", "epsilon", "mask_zero",
    "max_value", "momentum", "name", "negative_slope", "offset", "scale", "trainable", "use_bias",
})  # fmt: skip
"""What layers may set, since it is read, or refused in words of its own."""
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
    if not layer.trainable:
        raise ConfigError(f"the layer '{layer.name}' has trainable=False, which has no effect here")
    usual = inspect.signature(type(layer).__init__).parameters
    for name, value in _settings(layer).items():
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
        elif name not in _READ and what != "initializer" and not _is_usual(value, usual.get(name)):
            raise ConfigError(
                f"the layer '{layer.name}' has {name}={value}, which has no effect here"
            )


def _is_usual(value: Any, parameter: inspect.Parameter | None) -> bool:
    """Whether a setting is at its default; what no signature tells, is off by default."""
    if parameter is None:
        return not value
    return parameter.default is inspect.Parameter.empty or bool(value == parameter.default)


def _settings(layer: Any) -> Mapping[str, Any]:
    """What a layer was made with. Raises: ConfigError: by something that Keras cannot name."""
    try:
        return dict(layer.get_config())
    except (TypeError, ValueError, NotImplementedError):
        raise ConfigError(
            f"the layer '{layer.name}' was given what cannot be kept as data, as a function of "
            "one's own; give an activation by its name"
        ) from None


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
    return activated(layer, below)


def activated(layer: Any, value: Expression) -> Expression:
    """What a layer's activation makes of a value; it may be a layer that has no weights itself."""
    own = layer.activation
    if type(own) not in _ACTIVATION_LAYERS:
        return applied(own, value)
    require_plain(own)
    return LAYERS[type(own).__name__](own, "", [value])


def _layer_normalization(layer: Any, name: str, inputs: Sequence[Expression]) -> Expression:
    _require(layer, axis=(-1, 1, [-1], [1]), center=(True,), scale=(True,))
    return inputs[0].normalized(name, layer.epsilon)


def _batch_normalization(layer: Any, name: str, inputs: Sequence[Expression]) -> Expression:
    _require(layer, axis=(-1, 1), center=(True,), scale=(True,))
    return inputs[0].normalized(name, layer.epsilon, layer.momentum)


def _dropout(layer: Any, name: str, inputs: Sequence[Expression]) -> Expression:
    return inputs[0].dropout(float(layer.rate))


def _relu(layer: Any, name: str, inputs: Sequence[Expression]) -> Expression:
    _require(layer, threshold=(0.0,))
    x = leaky_relu(inputs[0], float(layer.negative_slope))
    return x if layer.max_value is None else x - (x - float(layer.max_value)).apply("relu")


def _dot(layer: Any, name: str, inputs: Sequence[Expression]) -> Expression:
    _require(layer, axes=(-1, 1, [1, 1], (1, 1), [-1, -1], (-1, -1)))
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
    "Activation": lambda layer, name, inputs: activated(layer, inputs[0]),
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


def _applying(activation: Callable[[Expression], Expression]) -> Make:
    return lambda op, name, inputs: activation(inputs[0])


_ACTIVATION_LAYERS = tuple(
    getattr(keras.layers, name) for name in ("Activation", "ReLU", "LeakyReLU", "ELU", "Identity")
)

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
    "ReLU": _relu,
    "Elu": LAYERS["ELU"],
    "LeakyRelu": LAYERS["LeakyReLU"],
    "Gelu": lambda op, name, inputs: gelu(inputs[0], bool(op.approximate)),
    **{
        name.title().replace("_", ""): _applying(make)
        for name, make in KNOWN.items()
        if name not in ("linear", "elu", "leaky_relu", "gelu")
    },
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
