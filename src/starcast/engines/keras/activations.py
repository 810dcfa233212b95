"""Keras's activations as expressions."""

from collections.abc import Callable, Mapping
from math import pi, sqrt
from typing import Any

import keras

from starcast.engines.expression import Expression
from starcast.engines.expression.kinds import ACTIVATIONS
from starcast.errors import ConfigError, UnknownNameError

_SELU_SCALE, _SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
_LEAK = 0.2  # of `leaky_relu`, whose layer calls it negative_slope


def leaky_relu(x: Expression, negative_slope: float = _LEAK) -> Expression:
    """x above 0, a share of it below."""
    return x.apply("relu") - (-x).apply("relu") * negative_slope if negative_slope else _relu(x)


def elu(x: Expression, alpha: float = 1.0) -> Expression:
    """x above 0, α (eˣ - 1) below."""
    if alpha == 1:
        return x.apply("elu")
    above = x.apply("relu")
    return above + (x.apply("elu") - above) * alpha


def clipped(x: Expression, low: float, high: float) -> Expression:
    """x, not below the one and not above the other. Raises: ConfigError: low is above high."""
    if low > high:
        raise ConfigError(f"it clips to {low:g} at least and {high:g} at most, which nothing is")
    return (x - low).apply("relu") - (x - high).apply("relu") + low


def _relu(x: Expression) -> Expression:
    return x.apply("relu")


def gelu(x: Expression, approximate: bool = False) -> Expression:
    """x Φ(x), or near it by a tanh. Source: Hendrycks, Gimpel 2016."""
    if approximate:
        return x * (((x * x * x * 0.044715 + x) * sqrt(2 / pi)).apply("tanh") + 1) * 0.5
    return x * ((x * (1 / sqrt(2))).apply("erf") + 1) * 0.5


KNOWN: Mapping[str, Callable[[Expression], Expression]] = {
    "linear": lambda x: x,
    **{name: lambda x, name=name: x.apply(name) for name in ACTIVATIONS if name != "erf"},  # type: ignore[misc]  # mypy infers no default's type
    "leaky_relu": leaky_relu,
    "relu6": lambda x: clipped(x, 0, 6),
    "selu": lambda x: elu(x, _SELU_ALPHA) * _SELU_SCALE,
    "gelu": gelu,
    "silu": lambda x: x * x.apply("sigmoid"),
    "hard_sigmoid": lambda x: clipped(x * (1 / 6) + 0.5, 0, 1),
    "hard_tanh": lambda x: clipped(x, -1, 1),
}
"""By the name that Keras has for each."""


_BY_FUNCTION: Mapping[Any, Callable[[Expression], Expression]] = {
    **{getattr(keras.ops, name): one for name, one in KNOWN.items() if name != "linear"},
    keras.ops.gelu: lambda x: gelu(x, approximate=True),  # as it is unless told otherwise
    **{keras.activations.get(name): one for name, one in KNOWN.items()},
}


def applied(function: Any, x: Expression) -> Expression:
    """An activation as a layer has it: a function of Keras.

    Raises: UnknownNameError: one that is not among `KNOWN`; ConfigError: a function of one's own.
    """
    if function in _BY_FUNCTION:
        return _BY_FUNCTION[function](x)
    name = getattr(function, "__name__", type(function).__name__)
    if name not in KNOWN:
        raise UnknownNameError("activation", name, KNOWN)
    raise ConfigError(f"the activation '{name}' is not Keras's own; give that by its name")
