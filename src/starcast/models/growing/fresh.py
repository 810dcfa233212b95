"""What later ratings say of some users, or items, whose rows they move."""

from typing import NamedTuple, Self, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.ids import Rows
from starcast.engines.rows import SparseRows
from starcast.models.growing.request import Growing


@final
class Fresh(NamedTuple):
    """Fresh ratings of some users, or items.

    Attributes:
        side: "user" or "item".
        rows: int32 (k,), of the users or items that are to move.
        rated: k rows, with fresh ratings in units.
        learned: float64 (k,), how many ratings each had so far.
    """

    side: str
    rows: Rows
    rated: SparseRows
    learned: NDArray[np.float64]

    @classmethod
    def of(cls, growing: Growing, side: str, chosen: Rows) -> Self:
        """Of a request: of some users, or items, int32 (k,)."""
        by = SparseRows.by_user if side == "user" else SparseRows.by_item
        rated = by(growing.fresh).chosen(chosen)
        return cls(side, chosen, rated, growing.learned(side)[chosen].astype(np.float64))

    def pairs(self) -> tuple[Rows, Rows]:
        """The user row and the item row of each rating; int32 (n,)."""
        own, others = self.rows[self.rated.row_numbers()], self.rated.columns
        return (own, others) if self.side == "user" else (others, own)
