"""Maximums and minimums of groups in a list that is chosen one by one."""

from collections.abc import Iterator, Sequence
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
            self._free[list(counted.full())] = False

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
        self._n = maximum.n
        self._own: list[list[int]] = []
        self._having: dict[int, list[int]] = {}
        for at, row in enumerate(rows.tolist()):
            values = maximum.rows.row(row)[0].tolist()
            own = [one for one in values if maximum.value in (None, one)]
            self._own.append(own)
            for value in own:
                self._having.setdefault(value, []).append(at)
        self._counts = dict.fromkeys(self._having, 0)

    def full(self) -> Iterator[int]:
        """Candidates that no list may hold."""
        for value, having in self._having.items():
            if self._counts[value] >= self._n:
                yield from having

    def take(self, at: int) -> list[int]:
        """The candidates that may be taken no more now."""
        barred: list[int] = []
        for value in self._own[at]:
            self._counts[value] += 1
            if self._counts[value] >= self._n:
                barred += self._having[value]
        return barred
