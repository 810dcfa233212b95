"""Sparse rows: what each user, or each item, has, one row after the other.

NumPy alone, so that a service builds them without the wait for a compiler to be loaded.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Self, final

import numpy as np
from numpy.typing import DTypeLike, NDArray

from starcast.data.columns import AT_ONCE, blocks_of, chosen_of, counts_of
from starcast.data.ids import Rows
from starcast.data.ratings import Ratings
from starcast.disk.mapped import room_like

N_SHARES = 128  # of the rows, about as much work each; no fewer than threads
_DIGIT = 16  # bits: NumPy counts numbers of so many instead of comparing them


class SharedRows(NamedTuple):
    """Sparse rows as compiled loops take them, cut into shares that threads work on side by side.

    Attributes:
        offsets, columns, values: of the `SparseRows`.
        shares: int64 (N_SHARES + 1,), where each share of the rows begins.
    """

    offsets: NDArray[np.int64]
    columns: Rows
    values: NDArray[np.float32]
    shares: NDArray[np.int64]


@final
@dataclass(frozen=True, eq=False, slots=True)
class SparseRows:
    """A sparse matrix row by row ("compressed sparse rows").

    Attributes:
        offsets: int64 (n_rows + 1,), where the entries of each row begin.
        columns: int32 (n,), the column of each entry, ascending within a row.
        values: float32 (n,), one per entry.
        n_columns: columns there are, whether or not they have an entry.
    """

    offsets: NDArray[np.int64]
    columns: Rows
    values: NDArray[np.float32]
    n_columns: int

    @classmethod
    def by_user(cls, ratings: Ratings) -> Self:
        """Every user's items and stars; the columns are those of the ratings, not copied."""
        offsets = offsets_of(ratings.user_rows, ratings.n_users)
        return cls(offsets, ratings.item_rows, ratings.stars, ratings.n_items)

    @classmethod
    def by_item(cls, ratings: Ratings) -> Self:
        """Every item's users and stars."""
        return cls.by_user(ratings).transposed()

    def transposed(self) -> Self:
        """The same entries, column by column; on disk where these are."""
        offsets = offsets_of(self.columns, self.n_columns)
        next_of = offsets[:-1].copy()  # where each column's next entry goes
        rows = room_like(self.columns, len(self.columns), np.int32)
        values = room_like(self.columns, len(self.columns), self.values.dtype)
        for some, entries in self.pieces():
            columns = self.columns[entries]
            order = sorting(columns, self.n_columns)
            counts = np.bincount(columns, minlength=self.n_columns)
            before = np.cumsum(counts) - counts  # of the piece, in earlier columns
            places = np.repeat(next_of - before, counts) + np.arange(len(columns))
            lengths = np.diff(self.offsets[some.start : some.stop + 1])
            numbers = np.repeat(np.arange(some.start, some.stop, dtype=np.int32), lengths)
            rows[places], values[places] = numbers[order], self.values[entries][order]
            next_of += counts
        return type(self)(offsets, rows, values, len(self))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def row(self, n: int) -> tuple[Rows, NDArray[np.float32]]:
        """Columns and values of row n: views."""
        entries = slice(self.offsets[n], self.offsets[n + 1])
        return self.columns[entries], self.values[entries]

    def chosen(self, rows: Rows) -> Self:
        """Some rows (k,), in their order.

        >>> both = SparseRows(np.array([0, 1, 3]), np.array([5, 2, 4]), np.ones(3), 6)
        >>> both.chosen(np.array([1])).columns.tolist()
        [2, 4]
        """
        counts = np.diff(self.offsets)[rows]
        offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        entries = np.repeat(self.offsets[rows] - offsets[:-1], counts) + np.arange(offsets[-1])
        return type(self)(offsets, self.columns[entries], self.values[entries], self.n_columns)

    def masked(self, chosen: NDArray[np.bool_]) -> Self:
        """Some of the entries (n,), those that a mask chooses; on disk where these are.

        >>> both = SparseRows(np.array([0, 1, 3]), np.array([5, 2, 4]), np.ones(3), 6)
        >>> both.masked(np.array([True, False, True])).offsets.tolist()
        [0, 1, 2]
        """
        offsets = np.concatenate([[0], np.cumsum(self.sums(chosen, np.int64))])
        columns, values = chosen_of([self.columns, self.values], chosen)
        return type(self)(offsets, columns, values, self.n_columns)

    def renumbered(self, numbers: Rows, n_columns: int) -> Self:
        """The entries of columns that have a number ≥ 0, under that number; of `n_columns`."""
        is_kept = room_like(self.columns, len(self.columns), bool)
        for block in blocks_of(len(is_kept)):
            is_kept[block] = numbers[self.columns[block]] >= 0
        kept = self.masked(is_kept)
        columns = room_like(kept.columns, len(kept.columns), np.int32)
        for block in blocks_of(len(columns)):
            columns[block] = numbers[kept.columns[block]]
        return type(self)(kept.offsets, columns, kept.values, n_columns)

    def of_each(self, of_row: NDArray[np.float64]) -> Self:
        """Every value times a number of its row (n_rows,); float32."""
        values = room_like(self.values, len(self.values), np.float32)
        for some, entries in self.pieces():
            counts = np.diff(self.offsets[some.start : some.stop + 1])
            values[entries] = self.values[entries] * np.repeat(of_row[some], counts)
        return type(self)(self.offsets, self.columns, values, self.n_columns)

    def sums(
        self, values: NDArray[Any], dtype: DTypeLike = np.float64, some: slice | None = None
    ) -> NDArray[Any]:
        """The sum of values that lie as the entries do, row by row; 0 of a row without any.

        Args:
            values: (n, …), of the entries of those rows.
            dtype: of the sums.
            some: rows beside each other, as `pieces` gives them; without it all.
        Returns: (n_rows, …), of those.

        >>> both = SparseRows(np.array([0, 1, 1, 3]), np.array([5, 2, 4]), np.ones(3), 6)
        >>> both.sums(np.array([2, 3, 4])).tolist()
        [2.0, 0.0, 7.0]
        """
        offsets = self.offsets if some is None else self.offsets[some.start : some.stop + 1]
        has_some = np.diff(offsets) > 0
        sums = np.zeros((len(has_some), *values.shape[1:]), dtype)
        if has_some.any():
            starts = (offsets[:-1] - offsets[0])[has_some]
            sums[has_some] = np.add.reduceat(values, starts, axis=0, dtype=dtype)
        return sums

    def row_numbers(self) -> Rows:
        """int32 (n,), the row of each entry."""
        return np.repeat(np.arange(len(self), dtype=np.int32), np.diff(self.offsets))

    def pieces(self, most: int = AT_ONCE) -> Iterator[tuple[slice, slice]]:
        """Some rows after the others, and their entries: about so many, and whole rows."""
        first, n = 0, len(self)
        while first < n:
            end = int(np.searchsorted(self.offsets, self.offsets[first] + most, side="right")) - 1
            last = min(max(end, first + 1), n)
            yield slice(first, last), slice(int(self.offsets[first]), int(self.offsets[last]))
            first = last

    def shared(self, per_row: int = 1) -> SharedRows:
        """The rows in shares of about equal work.

        Args:
            per_row: entries' worth of work that a row costs beside its own, ≥ 1.
        """
        work = self.offsets + np.arange(len(self.offsets)) * per_row
        shares = np.searchsorted(work, work[-1] * np.arange(N_SHARES + 1) / N_SHARES)
        return SharedRows(self.offsets, self.columns, self.values, shares)


def offsets_of(rows: NDArray[Any], n_rows: int) -> NDArray[np.int64]:
    """Where each row begins once equal rows lie side by side; int64 (n_rows + 1,).

    Args:
        rows: (n,), in [0, n_rows), in any order.

    >>> offsets_of(np.array([2, 0, 2]), 4).tolist()
    [0, 1, 1, 3, 3]
    """
    return np.concatenate([[0], np.cumsum(counts_of(rows, n_rows))])


def sorting(rows: NDArray[Any], n_rows: int) -> NDArray[np.intp]:
    """The order that lays equal rows side by side and otherwise changes nothing; (n,).

    A radix sort, digit by digit: four times as fast as comparing.

    Args:
        rows: (n,), in [0, n_rows), in any order.

    >>> sorting(np.array([2, 0, 2, 1]), 3).tolist()
    [1, 3, 0, 2]
    """
    order = np.argsort(rows.astype(np.uint16), kind="stable")  # by what the cast leaves: one digit
    for shift in range(_DIGIT, int(n_rows - 1).bit_length(), _DIGIT):
        digits = (rows[order] >> shift).astype(np.uint16)
        order = order[np.argsort(digits, kind="stable")]
    return order
