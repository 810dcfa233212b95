"""Each operation in NumPy: its values, and how a slope at its output becomes slopes at its inputs.

What an operation reads are its inputs' values, then its own weights, and a normalization also its
numbers.
"""

from collections.abc import Callable
from functools import reduce
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from starcast.engines.expression import normalizations

Array = NDArray[np.floating[Any]]
Arrays = tuple[Array, ...]


class Operation(NamedTuple):
    """An operation.

    Attributes:
        value: what it reads to what it hands on.
        slopes: the slope at its output, its value, and what it reads, to a slope for each of these.
    """

    value: Callable[..., Array]
    slopes: Callable[..., Arrays]


def fitted(slope: Array, shape: tuple[int, ...]) -> Array:
    """The slope of something that was repeated along axes: summed over them."""
    lost = slope.ndim - len(shape)
    repeated = [lost + n for n, size in enumerate(shape) if size < slope.shape[lost + n]]
    return slope.sum(axis=(*range(lost), *repeated)).reshape(shape) if lost or repeated else slope


def _dense(below: Array, kernel: Array, *bias: Array) -> Array:
    product = below @ kernel
    for numbers in bias:
        product += numbers
    return product


def _dense_slopes(slope: Array, value: Array, below: Array, kernel: Array, *bias: Array) -> Arrays:
    flat = slope.reshape(-1, slope.shape[-1])
    of_kernel = below.reshape(-1, below.shape[-1]).T @ flat
    return slope @ kernel.T, of_kernel, *(flat.sum(axis=0) for _ in bias)


def _concatenation(*parts: Array) -> Array:
    front = np.broadcast_shapes(*(part.shape[:-1] for part in parts))
    whole = [np.broadcast_to(part, (*front, part.shape[-1])) for part in parts]
    return np.concatenate(whole, axis=-1)


def _concatenation_slopes(slope: Array, value: Array, *parts: Array) -> Arrays:
    ends = np.cumsum([part.shape[-1] for part in parts])[:-1]
    pieces = np.split(slope, ends, axis=-1)
    return tuple(fitted(piece, part.shape) for piece, part in zip(pieces, parts, strict=True))


def _sum_slopes(slope: Array, value: Array, *terms: Array) -> Arrays:
    return tuple(fitted(slope, term.shape) for term in terms)


def _product_slopes(slope: Array, value: Array, one: Array, other: Array) -> Arrays:
    return fitted(slope * other, one.shape), fitted(slope * one, other.shape)


def _total_slopes(slope: Array, value: Array, below: Array) -> Arrays:
    return (np.broadcast_to(slope[..., np.newaxis], below.shape),)


def _sigmoid(x: Array) -> Array:
    half = x.dtype.type(0.5)
    return half + half * np.tanh(half * x)  # which overflows nowhere


def _erf(x: Array) -> Array:
    from scipy.special import erf  # SciPy is large, and most expressions have none

    return np.asarray(erf(x))


def _activation(
    value: Callable[[Array], Array], derivative: Callable[[Array, Array], Any]
) -> Operation:
    """A function of each number, and its derivative from its value and the number."""
    return Operation(value, lambda slope, y, x: (slope * derivative(y, x).astype(x.dtype),))


OPERATIONS: dict[str, Operation] = {
    "dense": Operation(_dense, _dense_slopes),
    "concatenate": Operation(_concatenation, _concatenation_slopes),
    "add": Operation(lambda *terms: reduce(np.add, terms), _sum_slopes),
    "multiply": Operation(np.multiply, _product_slopes),
    "total": Operation(lambda x: x.sum(axis=-1), _total_slopes),
    "column": Operation(lambda x: x[..., np.newaxis], lambda slope, y, x: (slope[..., 0],)),
    "layer_normalization": Operation(normalizations.of_layer, normalizations.slopes_of_layer),
    "batch_normalization": Operation(normalizations.as_deployed, normalizations.slopes_as_deployed),
    "weight": Operation(lambda own: own, lambda slope, y, own: (slope,)),
    "relu": _activation(lambda x: np.maximum(x, 0), lambda y, x: ~(x <= 0)),  # lets NaN through
    "elu": _activation(
        lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
        lambda y, x: np.where(x > 0, 1, y + 1),
    ),
    "tanh": _activation(np.tanh, lambda y, x: 1 - y * y),
    "sigmoid": _activation(_sigmoid, lambda y, x: y * (1 - y)),
    "softplus": _activation(
        lambda x: np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))), lambda y, x: _sigmoid(x)
    ),
    "erf": _activation(_erf, lambda y, x: 2 / np.sqrt(np.pi) * np.exp(-x * x)),
}

IN_TRAINING = OPERATIONS | {
    "batch_normalization": Operation(normalizations.of_batch, normalizations.slopes_of_batch)
}
"""The same while a network is trained."""
