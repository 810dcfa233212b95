"""Maximums and minimums of groups in a list that is chosen one by one."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, final

import numpy as np

from starcast.data.ids import Rows
from starcast.engines.rows import SparseRows
from starcast.recommend.item_columns import Mask


@final
class Maximum(NamedTuple):
    """No more than n items of each value; of no value in particular, or of one.

    Attributes:
        n: the most.
        rows: the values of each item.
        value: the only one that counts, or None.
    """

    n: int
    rows: SparseRows
    value: int | None


@final
class Minimum(NamedTuple):
    """At least n items of a group.

    Attributes:
        n: the least.
        has: bool (n_items,), those of the group.
    """

    n: int
    has: Mask


@final
class Room:
    """Which candidates may still be taken.

    Args:
        rows: int32 (n,), theirs.
        maximums, minimums: of the list.
    """

    def __init__(
        self, rows: Rows, maximums: Sequence[Maximum], minimums: Sequence[Minimum]
    ) -> None:
        self._free = np.ones(len(rows), bool)
        self._maximums = [_Counted(one, rows) for one in maximums]
        self._minimums = [one._replace(has=one.has[rows]) for one in minimums]
        for counted in self._maximums:
            self._free[counted.full()] = False

    def free(self, places: int) -> Mask:
        """bool (n,), those that may be the next of a list that so many places are left in."""
        there = [one._replace(has=one.has & self._free) for one in self._minimums if one.n > 0]
        counts = [(min(one.n, int(np.count_nonzero(one.has))), one.has) for one in there]
        n_wanted = sum(n for n, _ in counts)
        if not n_wanted or n_wanted < places:
            return self._free
        helped = np.sum([has for n, has in counts if n], axis=0)
        return np.asarray(helped > 0 if n_wanted == places else helped == helped.max())

    def take(self, at: int) -> None:
        """List a candidate."""
        self._free[at] = False
        for counted in self._maximums:
            self._free[counted.take(at)] = False
        self._minimums = [one._replace(n=one.n - int(one.has[at])) for one in self._minimums]


class _Counted:
    """How many of each value of a maximum are taken."""

    def __init__(self, maximum: Maximum, rows: Rows) -> None:
        own = maximum.rows.chosen(rows)
        counted = np.full(len(own.columns), True)
        if maximum.value is not None:
            counted = own.columns == maximum.value
        candidates = own.row_numbers()[counted]  # ascending, one for each of its values
        values, self._values = np.unique(own.columns[counted], return_inverse=True)
        self._ends = np.searchsorted(candidates, np.arange(len(rows) + 1)).tolist()
        self._having = candidates[np.argsort(self._values, kind="stable")]
        self._bounds = np.searchsorted(np.sort(self._values), np.arange(len(values) + 1)).tolist()
        self._n, self._counts = maximum.n, np.zeros(len(values), np.int64)

    def full(self) -> Rows:
        """Candidates that may not be taken now, whatever is before them in the list."""
        return self._barred(range(len(self._counts)))

    def take(self, at: int) -> Rows:
        """The candidates that may not be taken any more once this one is."""
        own = self._values[self._ends[at] : self._ends[at + 1]]
        self._counts[own] += 1
        return self._barred(own.tolist())

    def _barred(self, values: Iterable[int]) -> Rows:
        """Those that have one of some values of which there are enough."""
        enough = [one for one in values if self._counts[one] >= self._n]
        having = [self._having[self._bounds[one] : self._bounds[one + 1]] for one in enough]
        return np.concatenate([self._having[:0], *having])
