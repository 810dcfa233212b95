"""Every operation by its name: what it takes, and the shape of what it hands on."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from starcast.engines.expression.checks import Shape
from starcast.errors import ConfigError

ACTIVATIONS = ("relu", "elu", "tanh", "sigmoid", "softplus", "erf")


class Valued(Protocol):
    """What shape rules ask of an expression."""

    @property
    def shape(self) -> Shape:
        """Of what it hands on for each pair."""
        ...

    @property
    def sides(self) -> frozenset[str]:
        """ "user" and "item", as far as it depends on their rows."""
        ...


Inputs = tuple[Valued, ...]


class Kind(NamedTuple):
    """What an operation takes.

    Attributes:
        inputs, weights, numbers: fewest and most; numbers of None are as many as its shape holds.
        shape: of what it hands on, from its kind, its inputs and the shape asked for.
        has_shape: whether one is asked for.
    """

    inputs: tuple[int, int]
    shape: Callable[[str, Inputs, Shape], Shape]
    weights: tuple[int, int] = (0, 0)
    numbers: tuple[int, int] | None = (0, 0)
    has_shape: bool = False


def _given(kind: str, inputs: Inputs, shape: Shape) -> Shape:
    return shape


def _same(kind: str, inputs: Inputs, shape: Shape) -> Shape:
    return inputs[0].shape


def _vector(kind: str, inputs: Inputs, shape: Shape) -> Shape:
    if len(inputs[0].shape) != 1 or not inputs[0].sides:
        raise ConfigError(f"'{kind}' takes a vector for each pair, not {inputs[0]}")
    return inputs[0].shape


def _column(kind: str, inputs: Inputs, shape: Shape) -> Shape:
    return (*inputs[0].shape, 1)


def _total(kind: str, inputs: Inputs, shape: Shape) -> Shape:
    _require_vectors(kind, inputs)
    return inputs[0].shape[:-1]


def _dense(kind: str, inputs: Inputs, shape: Shape) -> Shape:
    _require_vectors(kind, inputs)
    if len(shape) != 1:
        raise ConfigError("a dense layer hands on a vector: give it a width")
    return (*inputs[0].shape[:-1], *shape)


def _concatenation(kind: str, inputs: Inputs, shape: Shape) -> Shape:
    _require_vectors(kind, inputs)
    fronts = {part.shape[:-1] for part in inputs}
    if len(fronts) > 1:
        raise ConfigError(f"'{kind}': {_listed(inputs)} do not fit each other")
    return (*fronts.pop(), sum(part.shape[-1] for part in inputs))


def _broadcast(kind: str, inputs: Inputs, shape: Shape) -> Shape:
    """NumPy's rule, but values of pairs bring all axes: else pairs would meet another axis."""
    rank = max(len(part.shape) for part in inputs)
    fits = all(len(part.shape) == rank for part in inputs if part.sides)
    whole = []
    for axis in range(-rank, 0):
        sizes = {part.shape[axis] for part in inputs if len(part.shape) >= -axis} - {1}
        fits = fits and len(sizes) <= 1
        whole.append(max(sizes, default=1))
    if not fits:
        raise ConfigError(f"'{kind}': {_listed(inputs)} do not fit each other")
    return tuple(whole)


def _require_vectors(kind: str, inputs: Inputs) -> None:
    for part in inputs:
        if not part.shape:
            raise ConfigError(f"'{kind}' takes vectors, not {part}")


def _listed(inputs: Inputs) -> str:
    return " and ".join(map(str, inputs))


TIME = "time"
ROWS = ("user_row", "item_row")
POOLS = {"rated_items": ("user", "item"), "raters": ("item", "user")}
"""Of what is pooled: whose it is, and whose tables it adds up."""
NORMALIZATIONS = ("layer_normalization", "batch_normalization")
_ONE = (1, 1)
KINDS: dict[str, Kind] = {
    "user_row": Kind((0, 0), _given, weights=_ONE, has_shape=True),
    "item_row": Kind((0, 0), _given, weights=_ONE, has_shape=True),
    "rated_items": Kind((0, 0), _given, weights=_ONE, has_shape=True),
    "raters": Kind((0, 0), _given, weights=_ONE, has_shape=True),
    "time": Kind((0, 0), _given, weights=(2, 2), has_shape=True),
    "weight": Kind((0, 0), _given, weights=_ONE, has_shape=True),
    "constant": Kind((0, 0), _given, numbers=None, has_shape=True),
    "dense": Kind(_ONE, _dense, weights=(1, 2), has_shape=True),
    "concatenate": Kind((1, 10_000), _concatenation),
    "add": Kind((2, 10_000), _broadcast),
    "multiply": Kind((2, 2), _broadcast),
    "total": Kind(_ONE, _total),
    "column": Kind(_ONE, _column),
    "dropout": Kind(_ONE, _same, numbers=_ONE),
    "layer_normalization": Kind(_ONE, _vector, weights=(2, 2), numbers=_ONE),
    "batch_normalization": Kind(_ONE, _vector, weights=(4, 4), numbers=(2, 2)),
    **dict.fromkeys(ACTIVATIONS, Kind(_ONE, _same)),
}
"""Every operation by its name."""

DEPLOYED = tuple(kind for kind in KINDS if kind not in (*POOLS, TIME))
"""Those that are left in a network once it is in use; see `engines.pools` and `times`."""
