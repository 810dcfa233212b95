"""Vocabulary: external ids on one side, row numbers on the other."""

from collections.abc import Sequence
from typing import Self, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from starcast.data.id_arrays import ZERO, are_whole_numbers, as_column, plain, refuse_zero_bytes
from starcast.data.id_arrays import Ids as Ids
from starcast.display import quoted, shortened
from starcast.errors import UnknownIdError

Rows = NDArray[np.int32]
_BLOCK = 1 << 16  # ids; what is made of a block stays in the processor's cache


@final
class Vocabulary:
    """External ids in row order.

    `encode` gives ascending ids their rows, so that equal sets of ids get equal rows. `grown` hands
    out the rows that follow, and moves none. A row is found by binary search.

    Args:
        ids: (n,) unique integers or strings.
        kind: what the ids name ("user", "item"), for messages.

    >>> films = Vocabulary(np.array([10, 20, 50]), kind="item")
    >>> films.rows([50, 10]).tolist()
    [2, 0]
    >>> films.ids[[2, 0]].tolist()
    [50, 10]
    """

    __slots__ = ("_order", "_sorted", "ids", "kind")

    def __init__(self, ids: Ids, kind: str = "id") -> None:
        self.ids, self.kind = plain(ids), kind
        self._order: Rows | None = None  # of the ids as they ascend; None where they do
        self._sorted = self.ids
        if not _ascend(self._sorted):
            self._order = np.argsort(self.ids, kind="stable").astype(np.int32)
            self._sorted = self.ids[self._order]
            if not _ascend(self._sorted):
                raise ValueError("vocabulary ids must be unique")

    @classmethod
    def encode(cls, values: Ids, kind: str = "id") -> tuple[Self, Rows]:
        """The vocabulary of `values` and the row of each of them.

        Args:
            values: (n,) integers or strings, repeats welcome.
            kind: what the ids name, for messages.
        Returns: the vocabulary; int32 (n,) rows.
        Raises: DataError: an id with a zero byte in it.
        """
        if values.dtype != np.int32:  # which is as good here, at half the memory
            values = plain(values)
        if np.issubdtype(values.dtype, np.integer) and len(values):
            lowest, highest = int(values.min()), int(values.max())
            if highest - lowest < 4 * len(values):  # dense integers: a table beats a sort
                return cls._encode_dense(values, lowest, highest, kind)
        ids, rows = np.unique(values, return_inverse=True)
        refuse_zero_bytes(ids, kind)
        return cls(ids, kind), rows.astype(np.int32)

    @classmethod
    def _encode_dense(cls, values: Ids, lowest: int, highest: int, kind: str) -> tuple[Self, Rows]:
        seen, rows = np.zeros(highest - lowest + 1, bool), np.empty(len(values), np.int32)
        blocks = [slice(start, start + _BLOCK) for start in range(0, len(values), _BLOCK)]
        for block in blocks:
            seen[values[block] - lowest] = True
        row_of = np.cumsum(seen, dtype=np.int32) - np.int32(1)
        for block in blocks:
            rows[block] = row_of[values[block] - lowest]
        return cls(np.flatnonzero(seen) + lowest, kind), rows

    @property
    def ascends(self) -> bool:
        """Whether the ids ascend with their rows, as those of ratings that were read at once."""
        return self._order is None

    def grown(self, external_ids: ArrayLike | Sequence[object]) -> Self:
        """These ids in their rows, and after them those of others that are not among them.

        Args:
            external_ids: (n,) ids in order of arrival, repeats welcome. Where they, or these, are
                text that is no number, all are text from then on.
        Raises: DataError: an id with a zero byte in it.

        >>> films = Vocabulary(np.array([10, 20]), kind="item")
        >>> films.grown([30, 20, 5]).ids.tolist(), films.grown(["5b"]).ids.tolist()
        ([10, 20, 30, 5], ['10', '20', '5b'])
        """
        wanted = self.like(external_ids)
        base = self if wanted.dtype.kind == self.ids.dtype.kind else self._as_text()
        fresh = wanted[base._find(wanted) < 0]
        if not len(fresh):
            return type(self)(self.ids, self.kind)
        refuse_zero_bytes(fresh, self.kind)
        _, first = np.unique(fresh, return_index=True)
        return type(self)(np.concatenate([base.ids, fresh[np.sort(first)]]), self.kind)

    def _as_text(self) -> Self:
        return type(self)(self.ids.astype(str), self.kind)

    def __len__(self) -> int:
        return len(self.ids)

    def __contains__(self, external_id: object) -> bool:
        if self._quick_row(external_id) >= 0:
            return True
        column = as_column([external_id])
        return column is not None and bool(self._find(column)[0] >= 0)

    def rows(self, external_ids: ArrayLike | Sequence[object]) -> Rows:
        """Rows of external ids.

        Args:
            external_ids: (n,) ids; text such as "42" is accepted where the ids are integers.
        Returns: int32 (n,), rows in [0, len(self)).
        Raises: UnknownIdError: an id that is not here, with the nearest known ids, or none that
            could be one, such as a list.
        """
        wanted = self._column(external_ids)
        rows = self._find(wanted)
        missing = np.flatnonzero(rows < 0)
        if len(missing):
            raise UnknownIdError(self._explain(wanted[missing[0]], len(missing)))
        return rows

    def find(self, external_ids: ArrayLike | Sequence[object]) -> Rows:
        """What `rows` gives, with -1 for ids that are not here.

        Raises: UnknownIdError: none that could be one, such as a list.
        """
        return self._find(self._column(external_ids))

    def like(self, external_ids: ArrayLike | Sequence[object]) -> Ids:
        """Ids (n,) in the type of those that are here, or as text where one cannot be of it."""
        wanted = self._column(external_ids)
        comparable = self._comparable(wanted)
        return plain(wanted).astype(str) if comparable is None else comparable

    def row(self, external_id: object) -> int:
        """The row of one id; what `rows` gives, in a tenth of the time where the type fits.

        Raises: UnknownIdError: an id that is not here, with the nearest known ids.
        """
        at = self._quick_row(external_id)
        return at if at >= 0 else int(self.rows([external_id])[0])

    def nearest(self, external_id: object, n: int = 3) -> list[str]:
        """The `n` known ids that sort closest to an unknown one, as text."""
        if not len(self):
            return []
        column = as_column([external_id])
        wanted = None if column is None else self._comparable(column)
        if wanted is None:
            return [str(known) for known in self._sorted[:n]]
        at = int(np.searchsorted(self._sorted, wanted[0]))
        start = min(max(at - (n + 1) // 2, 0), max(len(self) - n, 0))
        return [str(known) for known in self._sorted[start : start + n]]

    def _quick_row(self, external_id: object) -> int:
        """The row of an id of the type of those that are here; -1 if it is not quickly found."""
        kind = self.ids.dtype.kind
        if kind == "i" and type(external_id) is str and _is_short_number(external_id):
            external_id = int(external_id)
        is_odd = type(external_id) is str and external_id.endswith(ZERO)
        if type(external_id) is (int if kind == "i" else str) and not is_odd:
            at = int(self._sorted.searchsorted(external_id))
            if at < len(self) and self._sorted[at] == external_id:
                return at if self._order is None else int(self._order[at])
        return -1

    def _column(self, external_ids: ArrayLike | Sequence[object]) -> Ids:
        column = as_column(external_ids)
        if column is None:
            raise UnknownIdError(f"a list is no {self.kind} id; give single numbers or texts")
        return column

    def _find(self, wanted: Ids) -> Rows:
        comparable = self._comparable(wanted)
        if comparable is None and len(wanted) > 1:  # one odd id must not hide the others
            ids, at = np.unique(plain(wanted), return_inverse=True)
            return np.concatenate([self._find(one) for one in ids[:, np.newaxis]])[at]
        if comparable is None or not len(self):
            return np.full(len(wanted), -1, np.int32)
        at = np.minimum(np.searchsorted(self._sorted, comparable), len(self) - 1)
        rows = at if self._order is None else self._order[at]
        return np.where(self._sorted[at] == comparable, rows, -1).astype(np.int32)

    def _comparable(self, wanted: Ids) -> Ids | None:
        """`wanted` in the type of the ids, or None where that is impossible."""
        theirs = plain(wanted)
        if self.ids.dtype.kind != "i":
            return theirs.astype(str, copy=False)
        if theirs.dtype.kind == "U" and not are_whole_numbers(theirs):
            return None
        try:
            return theirs.astype(np.int64, copy=False)
        except (ValueError, OverflowError):
            return None

    def _explain(self, external_id: object, n_missing: int) -> str:
        others = f" (and {n_missing - 1} more)" if n_missing > 1 else ""
        return (
            f"{self.kind} {quoted(external_id)}{others} was not in the training data; "
            f"nearest known: {', '.join(map(shortened, self.nearest(external_id)))}"
        )


def _ascend(ids: Ids) -> bool:
    return len(ids) < 2 or bool(np.all(ids[:-1] < ids[1:]))


def _is_short_number(text: str) -> bool:
    return len(text) < 19 and text.isascii() and text.isdecimal()  # 18 digits fit 64 bits
