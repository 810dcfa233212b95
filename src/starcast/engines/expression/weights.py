"""The weights an expression reads: their names, shapes and first values."""

from collections import Counter
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from starcast.engines.expression.checks import GIVEN, Shape
from starcast.engines.expression.kinds import NORMALIZATIONS, POOLS, ROWS, TIME
from starcast.engines.expression.node import Expression
from starcast.errors import ConfigError

_UNTRAINED = (GIVEN, "average", "average of squares")
EMBEDDING_DEVIATION = 0.05  # Keras's default for embeddings, as in the 2018 system


class Weight(NamedTuple):
    """One of the weights.

    Attributes:
        side: "user" or "item" of a table, else "".
        shape: of a row of a table, else of all of it.
        start: "normal", "glorot", "zeros", "ones" or "mean"; "given" if the data tell what they
            are, "average" and "average of squares" of running averages, none of which is trained.
    """

    side: str
    shape: Shape
    start: str

    @property
    def is_trained(self) -> bool:
        """Whether the gradient moves them."""
        return self.start not in _UNTRAINED

    def whole(self, n_rows: Mapping[str, int]) -> Shape:
        """The shape of all of it, given the numbers of users and items."""
        return (n_rows[self.side], *self.shape) if self.side else self.shape


def weights_of(expression: Expression) -> dict[str, Weight]:
    """Every weight by name: users' tables, items' tables, then the others, layer by layer.

    Raises: ConfigError: two layers of one name, or one name with two shapes.
    """
    found: dict[str, Weight] = {}
    named = ("dense", *NORMALIZATIONS)
    pooled = {part.weights[0] for part in expression.parts() if part.kind in POOLS}
    if both := pooled & {name for _, name in _rows_read(expression)}:
        raise ConfigError(f"'{min(both)}' is read by rows and as a whole; give each its own")
    layers = Counter(part.name for part in expression.parts() if part.kind in named)
    for name, count in layers.items():
        if count > 1:
            raise ConfigError(f"{count} layers are called '{name}'; give each a name of its own")
    for part in expression.parts():
        for name, weight in _own(part):
            if found.setdefault(name, weight) != weight:
                raise ConfigError(
                    f"weights '{name}' have shape {found[name].shape} in one place and "
                    f"{weight.shape} in another; give them names of their own"
                )
    tables = sorted((w.side != "user", name) for name, w in found.items() if w.side)
    return {name: found[name] for name in [*(name for _, name in tables), *found]}


def check_network(expression: Expression) -> None:
    """Refuse what is no network: one number for a pair, from a row of a user and one of an item.

    Raises: ConfigError: what is missing, or what `weights_of` refuses.
    """
    weights_of(expression)
    for side, tables in tables_of(expression).items():
        if not tables:
            raise ConfigError(f"the network reads nothing of the {side}: {side}(...) is a row")
    if expression.shape:
        raise ConfigError(f"a network hands on one number, not {expression}; end it with output()")


def tables_of(expression: Expression) -> dict[str, list[str]]:
    """Names of the tables of "user" and of "item" whose rows are trained as their own."""
    own = {name: side for side, name in _rows_read(expression)}
    return {
        side: [name for name, one in weights_of(expression).items() if own.get(name) == side]
        for side in ("user", "item")
    }


def _rows_read(expression: Expression) -> list[tuple[str, str]]:
    """Side and name of each table of which a pair reads its own row, but for what is given."""
    return [
        (part.kind.removesuffix("_row"), part.weights[0])
        for part in expression.parts()
        if part.kind in ROWS and part.start != GIVEN
    ]


def given_of(expression: Expression) -> dict[str, Weight]:
    """The tables that hold what the data tell, by name."""
    return {name: one for name, one in weights_of(expression).items() if one.start == GIVEN}


def shapes_of(expression: Expression, n_users: int, n_items: int) -> dict[str, Shape]:
    """Shape of every weight by name."""
    n_rows = {"user": n_users, "item": n_items}
    return {name: weight.whole(n_rows) for name, weight in weights_of(expression).items()}


def initial(
    expression: Expression,
    is_seen: Mapping[str, NDArray[np.bool_]],
    mean: float,
    rng: np.random.Generator,
    given: Mapping[str, NDArray[np.float32]] = MappingProxyType({}),
) -> dict[str, NDArray[np.float32]]:
    """First weights: normal rows, Glorot-uniform kernels, zero biases but what starts at the mean.

    Args:
        expression: the network.
        is_seen: for "user" and "item", whether a row has training ratings, (n_rows,); the rows of
            those without are zeros.
        mean: of the training ratings.
        rng: of all that is random.
        given: what the data tell, by name; see `given_of`.
    Raises: ConfigError: something that is to be given is not, or in another shape.
    Source: Glorot, Bengio 2010, eq. 16.
    """
    n_rows = {side: len(seen) for side, seen in is_seen.items()}
    drawn = {}
    for name, weight in weights_of(expression).items():
        if weight.start == GIVEN:
            drawn[name] = _checked(name, given.get(name), weight.whole(n_rows))
            continue
        array = _START[weight.start](rng, weight.whole(n_rows), mean).astype(np.float32)
        if weight.side:
            array[~is_seen[weight.side]] = 0
        drawn[name] = array
    return drawn


def _own(part: Expression) -> Iterator[tuple[str, Weight]]:
    """The weights that a part reads itself."""
    if part.kind == "dense":
        width = part.shape[-1]
        shapes = ((part.inputs[0].shape[-1], width), (width,))
        layer = ("glorot", part.start or "glorot")
        for name, shape, start in zip(part.weights, shapes, layer, strict=False):
            yield name, Weight("", shape, start)
    elif part.kind == TIME:
        yield part.weights[0], Weight("user", (1,), GIVEN)
        yield part.weights[1], Weight("", part.shape, GIVEN)
    elif part.kind in POOLS:
        yield part.weights[0], Weight(POOLS[part.kind][1], part.shape, "normal")
    elif part.kind in NORMALIZATIONS:
        starts = ("ones", "zeros", "average", "average of squares")
        for name, start in zip(part.weights, starts, strict=False):
            yield name, Weight("", part.shape, start)
    elif part.weights:
        side = next(iter(part.sides), "")
        start = part.start or ("normal" if side and part.shape else "zeros")
        yield part.weights[0], Weight(side, part.shape, start)


def _checked(name: str, array: NDArray[np.float32] | None, wanted: Shape) -> NDArray[np.float32]:
    """A table that is given, if it is."""
    if array is None:
        raise ConfigError(f"the network reads '{name}', which these data do not tell")
    if array.shape != wanted:
        raise ConfigError(f"the network reads '{name}' as {wanted}, these data tell {array.shape}")
    return array


def _normal(rng: np.random.Generator, shape: Shape, mean: float) -> NDArray[Any]:
    return rng.normal(0, EMBEDDING_DEVIATION, shape)


def _glorot(rng: np.random.Generator, shape: Shape, mean: float) -> NDArray[Any]:
    """A bias has no reach: zeros, drawn all the same, so that a seed gives what it always gave."""
    reach = np.sqrt(6 / sum(shape)) if len(shape) == 2 else 0.0
    return rng.uniform(-reach, reach, shape)


def _zeros(rng: np.random.Generator, shape: Shape, mean: float) -> NDArray[Any]:
    return np.zeros(shape)


def _mean(rng: np.random.Generator, shape: Shape, mean: float) -> NDArray[Any]:
    return np.full(shape, mean)


def _ones(rng: np.random.Generator, shape: Shape, mean: float) -> NDArray[Any]:
    return np.ones(shape)


_START = {
    "normal": _normal,
    "glorot": _glorot,
    "zeros": _zeros,
    "mean": _mean,
    "ones": _ones,
    "average": _zeros,
    "average of squares": _ones,
}
