"""What a model is asked for when later ratings come, and what every way to grow begins with."""

from collections.abc import Mapping
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.ids import Rows
from starcast.data.ratings import Attribute, Ratings
from starcast.data.split.draws import Mask
from starcast.engines.protocol import Weights

_FRESH_SHARE = 0.02

Arrays = dict[str, NDArray[np.float32]]


@final
class Growing(NamedTuple):
    """A trained model, and the rows that its weights are to know.

    Attributes:
        weights: as they were trained, on fewer rows, users and items.
        settings: their own.
        rows: all training rows, as the model sees them (in units).
        is_fresh: bool (n,), the rows that `weights` have not seen, or with other stars.
        n_users, n_items: that `weights` have rows of.
        residual_rmse: how far ratings lie from predictions that have not seen them, in units.
        seed: of everything random.
        known: what was known, beside ratings, of users and items that `weights` have rows of.
    """

    weights: Weights
    settings: Any
    rows: Ratings
    is_fresh: Mask
    n_users: int
    n_items: int
    residual_rmse: float
    seed: int
    known: tuple[Attribute, ...] = ()

    @property
    def fresh(self) -> Ratings:
        """The rows that are fresh."""
        return self.rows.take(self.is_fresh)

    def learned(self, side: str) -> NDArray[np.int64]:
        """How many ratings of each user, or item, the weights have seen."""
        column, n = self.column(side)
        return np.bincount(column[~self.is_fresh], minlength=n)

    def touched(self, side: str) -> Rows:
        """The rows of users, or of items, that have fresh ratings; int32, ascending."""
        return np.unique(self.column(side)[0][self.is_fresh])

    def column(self, side: str) -> tuple[Rows, int]:
        """Whose each rating is, and how many of them there are."""
        rows = self.rows
        return (rows.user_rows, rows.n_users) if side == "user" else (rows.item_rows, rows.n_items)

    def moved_items(self) -> Rows:
        """The items of whose ratings a fair part is fresh; the rows of others would hardly move."""
        n_fresh = np.bincount(self.rows.item_rows[self.is_fresh], minlength=self.rows.n_items)
        n_all = np.bincount(self.rows.item_rows, minlength=self.rows.n_items)
        return np.flatnonzero(n_fresh > _FRESH_SHARE * n_all).astype(np.int32)

    @property
    def has_new_items(self) -> bool:
        """Whether there are items that the weights have no row of."""
        return self.n_items < self.rows.n_items

    def raters_of_new_items(self) -> Rows:
        """The users who have rated one; int32, ascending."""
        fresh = self.fresh
        return np.unique(fresh.user_rows[fresh.item_rows >= self.n_items])

    def widened(self, sides: Mapping[str, str] | None = None) -> Arrays:
        """Copies of the weights with rows of zeros for users and items that are new.

        Args:
            sides: by name, "user" or "item" of what has a row for each; else its name begins so.
        """
        more = {"user": self.rows.n_users - self.n_users, "item": self.rows.n_items - self.n_items}
        if sides is None:
            sides = {name: name.partition("_")[0] for name in self.weights}
        return {
            name: with_rows(array, more.get(sides[name], 0)) for name, array in self.weights.items()
        }


def with_rows(array: NDArray[np.float32], n_more: int, axis: int = 0) -> NDArray[np.float32]:
    """A copy with rows of zeros at its end."""
    if not n_more:
        return array.copy()
    shape = list(array.shape)
    shape[axis] = n_more
    return np.concatenate([array, np.zeros(shape, np.float32)], axis=axis)
