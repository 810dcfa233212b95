"""An expression of which what depends on the user or the item alone is found once for each."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from starcast.engines.expression import Expression
from starcast.engines.expression.autodiff import Values, evaluate
from starcast.engines.expression.kinds import ROWS
from starcast.engines.expression.rewrite import divided
from starcast.engines.protocol import Scores, Weights

Choice = NDArray[np.integer[Any]] | slice


@final
class PartialEvaluation:
    """A network over weights, cut where parts of both sides read parts of one.

    Args:
        network: of both sides.
        weights: by name; tables of users and of items among them.

    Attributes:
        network: the same scores, cut as finely as its layers allow.
        weights: its weights.
        edge: for "user" and "item" the parts of that side alone that others read.
    """

    def __init__(self, network: Expression, weights: Weights) -> None:
        self.network, self.weights = divided(network, weights)
        parts = self.network.parts()
        read = [below for part in parts if len(part.sides) == 2 for below in part.inputs]
        self.edge = {
            side: list(dict.fromkeys(part for part in read if part.sides == {side}))
            for side in ("user", "item")
        }
        self._rows = [part for part in parts if part.kind in ROWS]
        self._rest = self.network.parts({part for each in self.edge.values() for part in each})

    def rows_of(self, side: str, chosen: Choice) -> Values:
        """What the tables hold of some users or items, by part."""
        return {
            part: self.weights[part.weights[0]][chosen] for part in self._rows if side in part.sides
        }

    def of(self, side: str, rows: Values) -> Values:
        """The edge of a side, from what the tables hold."""
        values = dict(rows)
        for part in self.edge[side]:
            evaluate(part.parts(values), self.weights, values)
        return {part: values[part] for part in self.edge[side]}

    @cached_property
    def of_items(self) -> Values:
        """The edge of all items."""
        return self.of("item", self.rows_of("item", slice(None)))

    def values(self, of_users: Values, of_items: Values) -> Values:
        """What every part comes to; an edge of a single user is repeated along the items."""
        values = of_users | of_items
        evaluate(self._rest, self.weights, values)
        return values

    def scores(self, of_users: Values, of_items: Values) -> Scores:
        """What the network comes to; (n,)."""
        return self.values(of_users, of_items)[self.network]


def taken(values: Mapping[Expression, NDArray[Any]], chosen: Choice) -> Values:
    """Some rows of values."""
    return {part: numbers[chosen] for part, numbers in values.items()}
