"""Keras's activations as expressions."""

from collections.abc import Callable, Mapping
from math import sqrt

from starcast.engines.expression import Expression
from starcast.engines.expression.kinds import ACTIVATIONS
from starcast.errors import UnknownNameError

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
    """x, not below the one and not above the other."""
    return (x - low).apply("relu") - (x - high).apply("relu") + low


def _relu(x: Expression) -> Expression:
    return x.apply("relu")


def _gelu(x: Expression) -> Expression:
    """x Φ(x). Source: Hendrycks, Gimpel 2016."""
    return x * ((x * (1 / sqrt(2))).apply("erf") + 1) * 0.5


KNOWN: Mapping[str, Callable[[Expression], Expression]] = {
    "linear": lambda x: x,
    **{name: lambda x, name=name: x.apply(name) for name in ACTIVATIONS if name != "erf"},  # type: ignore[misc]  # mypy infers no default's type
    "leaky_relu": leaky_relu,
    "relu6": lambda x: clipped(x, 0, 6),
    "selu": lambda x: elu(x, _SELU_ALPHA) * _SELU_SCALE,
    "gelu": _gelu,
    "silu": lambda x: x * x.apply("sigmoid"),
    "hard_sigmoid": lambda x: clipped(x * (1 / 6) + 0.5, 0, 1),
    "hard_tanh": lambda x: clipped(x, -1, 1),
}
"""By the name that Keras has for each."""


def applied(name: str, x: Expression) -> Expression:
    """An activation by its name. Raises: UnknownNameError: not one of `KNOWN`."""
    if name not in KNOWN:
        raise UnknownNameError("activation", name, KNOWN)
    return KNOWN[name](x)
