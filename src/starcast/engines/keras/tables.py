"""The weights of a network as few large arrays: what a step reads together lies together.

All tables of a side of which ratings train their own rows are one array, and so are all other
weights, each beside its two moments; tables of what the data tell are another.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from starcast.engines.expression import Expression
from starcast.engines.expression.weights import Weight, tables_of, weights_of
from starcast.engines.protocol import Weights

Array = NDArray[np.float32]
SIDES = ("user", "item")
SHARED = ""  # what is of no side
PLANES = 3  # weights, first moments, second moments


class Arrays(NamedTuple):
    """The weights of a network, each beside its moments; of Keras's backend, or of NumPy.

    Attributes:
        user, item: float32 (n_rows + 1, 3, width); the last row is of nobody, and stays 0.
        shared: float32 (1, 3, n), all other weights; tables that are pooled among them.
    """

    user: Any
    item: Any
    shared: Any


class Given(NamedTuple):
    """What the data tell, of Keras's backend, or of NumPy; a last row of nobody, too.

    Attributes:
        user, item: float32 (n_rows + 1, width), a width of 0 if nothing is told.
    """

    user: Any
    item: Any


@final
class Packing:
    """Which columns of these arrays hold which weights.

    Args:
        network: whose weights.
        n_rows: how many users and items there are, by side.
        still: names of those that training leaves as they are.
    """

    def __init__(
        self, network: Expression, n_rows: Mapping[str, int], still: frozenset[str] = frozenset()
    ) -> None:
        self._still = still
        self._names = list(weights_of(network))
        by_rows = {name for names in tables_of(network).values() for name in names}
        self._groups: dict[str, dict[str, Weight]] = {
            group: {} for group in (*SIDES, SHARED, *map(_told_of, SIDES))
        }
        for name, weight in weights_of(network).items():
            is_told = weight.side and not weight.is_trained
            if weight.side and not is_told and name not in by_rows:  # pooled: moved as a whole
                weight = Weight(SHARED, weight.whole(n_rows), weight.start)
            group = _told_of(weight.side) if is_told else weight.side
            self._groups[group][name] = weight

    def packed(self, weights: Weights) -> Arrays:
        """Weights as arrays, moments at rest; NumPy."""
        groups = (*SIDES, SHARED)
        return Arrays(*(_beside_moments(self._joined(group, weights)) for group in groups))

    def told(self, weights: Weights) -> Given:
        """What the data tell, among weights; NumPy."""
        n_rows = {side: len(weights[name]) for side in SIDES for name in self._groups[side]}
        return Given(*(self._joined(_told_of(side), weights, n_rows[side]) for side in SIDES))

    def unpacked(self, arrays: Arrays, given: Given) -> dict[str, Array]:
        """Copies of the weights by name, of NumPy's arrays."""
        shared = {name: part[0] for name, part in self.named(SHARED, arrays.shared[:, 0]).items()}
        found: dict[str, Array] = shared
        for side, planes, told in zip(SIDES, arrays, given, strict=False):
            found |= self.named(side, planes[:-1, 0]) | self.named(_told_of(side), told[:-1])
        return {name: np.array(found[name]) for name in self._names}

    def rows(self, side: str, own: Any, told: Any, reshape: Callable[..., Any]) -> dict[str, Any]:
        """The rows of a side's tables by name, trained (n, width) and told (n, width)."""
        return self.named(side, own, reshape) | self.named(_told_of(side), told, reshape)

    def named(
        self, group: str, rows: Any, reshape: Callable[..., Any] = np.reshape
    ) -> dict[str, Any]:
        """The weights of a group in rows (n, width): each (n, …), by NumPy or Keras."""
        found, at = {}, 0
        for name, weight in self._groups[group].items():
            stop = at + int(np.prod(weight.shape))
            found[name] = reshape(rows[:, at:stop], (rows.shape[0], *weight.shape))
            at = stop
        return found

    @property
    def moving(self) -> Array:
        """Of the weights that are shared: 1 where training moves them, else 0; (n,)."""
        parts = []
        for name, weight in self._groups[SHARED].items():
            moves = weight.is_trained and name not in self._still
            parts.append(np.full(int(np.prod(weight.shape)), moves, np.float32))
        return np.concatenate([np.zeros(0, np.float32), *parts])

    def _joined(self, group: str, weights: Weights, n: int = 1) -> Array:
        """Rows (n, width) of a group; of a side with one more, of zeros."""
        parts = [weights[name] for name in self._groups[group]]
        if group == SHARED:
            return np.concatenate([np.zeros(0, np.float32), *map(np.ravel, parts)])[np.newaxis]
        n = len(parts[0]) if parts else n
        wide = [np.zeros((n, 0), np.float32), *(part.reshape(n, -1) for part in parts)]
        rows = np.concatenate(wide, axis=1)
        return np.concatenate([rows, np.zeros_like(rows[:1])])


def _told_of(side: str) -> str:
    return f"told of {side}"


def _beside_moments(rows: Array) -> Array:
    planes = np.zeros((len(rows), PLANES, rows.shape[1]), np.float32)
    planes[:, 0] = rows
    return planes
