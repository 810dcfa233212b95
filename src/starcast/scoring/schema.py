"""What the weights of every model must be, so that those read back from a disk are not believed.

Sizes follow from the settings and the numbers of users and items. A size that does not, such as the
number of draws, has a name, and is the same wherever that name stands. Values are finite, and so
are the scores that are made of them.
"""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import NamedTuple, final

import numpy as np

from starcast.data.units import Units
from starcast.engines.expression.bounds import Sizes, bound, largest
from starcast.engines.expression.node import Expression
from starcast.engines.expression.weights import shapes_of
from starcast.engines.protocol import Scorer, Weights

_LARGEST = 1e16  # of a weight: float32 holds products of two, and long sums of these
_SURELY_FINITE = 1e30  # a bound on scores below which none overflows on the way

Shape = tuple[int | str, ...]


@final
class Schema(NamedTuple):
    """What weights must be.

    Attributes:
        shapes: by name; a text in the place of a size stands for any.
        reach: weights of these shapes, and the largest of each, to a bound on their scores.
        n_rows: how many users and items there are.
        fault: such weights to what else is wrong with their values; "" if nothing is.
        is_said: whether anybody has said what the shapes are.
        optional: shapes of weights that may be missing.
    """

    shapes: Mapping[str, Shape]
    reach: Callable[[Weights, Sizes], float]
    n_rows: tuple[int, int] = (1, 1)
    fault: Callable[[Weights], str] = lambda weights: ""
    is_said: bool = True
    optional: Mapping[str, Shape] = MappingProxyType({})

    def in_stars(self, units: Units) -> "Schema":
        """Of weights whose scores are in units."""

        def reach(weights: Weights, sizes: Sizes) -> float:
            return units.factor * self.reach(weights, sizes) + abs(units.offset)

        return self._replace(reach=reach)

    def misfit(self, given: Mapping[str, tuple[int, ...]]) -> str:
        """What differs between the shapes of weights and the wanted ones; "" if nothing does.

        >>> wanted = Schema({"a": ("draws", 2), "b": ("draws",)}, reach=lambda weights, sizes: 0)
        >>> wanted.misfit({"a": (3, 2), "b": (4,)})
        "'b' is (4,), wanted (3,)"
        """
        if not self.is_said:
            return ""
        sizes: dict[str, int] = {}
        present = {name: shape for name, shape in self.optional.items() if name in given}
        for name, shape in {**self.shapes, **present}.items():
            if name not in given:
                return f"'{name}' is missing"
            found = given[name]
            if len(found) == len(shape):
                pairs = zip(shape, found, strict=True)
                sizes = {one: n for one, n in pairs if isinstance(one, str)} | sizes
            wanted = tuple(sizes.get(one, 1) if isinstance(one, str) else one for one in shape)
            if found != wanted:
                return f"'{name}' is {found}, wanted {wanted}"
        foreign = [name for name in given if name not in self.shapes and name not in present]
        return f"'{foreign[0]}' is not part of this model" if foreign else ""

    def wrong(self, weights: Weights, scorer: Callable[[], Scorer]) -> str:
        """What is wrong with weights of the right shapes, or with their scores; "" if nothing is.

        That scores are finite is mostly told by a bound on them. That of many layers is far beyond
        them; then every user and every item is scored once, by the scorer that is made for it.
        """
        sizes = {name: largest(array) for name, array in weights.items()}
        for name, size in sizes.items():
            if not size <= _LARGEST:
                return f"'{name}' holds what is no number from -{_LARGEST:g} to {_LARGEST:g}"
        if fault := self.fault(weights):
            return fault
        if self.reach(weights, sizes) <= _SURELY_FINITE:
            return ""
        n_users, n_items = self.n_rows
        n = np.arange(max(n_users, n_items), dtype=np.int32)
        with np.errstate(all="ignore"):
            scores = scorer().score_pairs(n % n_users, n % n_items)
        return "" if largest(scores) <= _SURELY_FINITE else "some scores are no numbers"


def network_schema(network: Expression, n_users: int, n_items: int) -> Schema:
    """Of what computes an expression."""
    shapes = shapes_of(network, n_users, n_items)
    return Schema(shapes, partial(bound, network), (n_users, n_items))


def unknown_schema(settings: object, n_users: int, n_items: int) -> Schema:
    """Of a model that does not say what its weights are; they are numbers all the same."""
    return Schema({}, lambda weights, sizes: 0.0, (n_users, n_items), is_said=False)
