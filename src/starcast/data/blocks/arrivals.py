"""Ids in order of arrival: the first have the numbers 0, 1, …, and whoever comes next the next."""

from typing import TYPE_CHECKING, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.files import encode, values
from starcast.data.ids import Rows, Vocabulary
from starcast.errors import DataError

if TYPE_CHECKING:
    import polars as pl

_MOST = 2**31 - 1  # rows are int32
Numbers = NDArray[np.int64]


@final
class Arrivals:
    """The ids of a column that comes a piece at a time.

    Numbers are kept sorted, until the first id that is none; from then on all are text.

    Args:
        kind: "user" or "item".
        label: where they come from, for messages.

    Attributes:
        counts: int64 (n_ids,), how often each has come.
    """

    def __init__(self, kind: str, label: str) -> None:
        self._kind, self._label = kind, label
        self._known, self._order = np.empty(0, np.int64), np.empty(0, np.int64)
        self._texts: dict[str, int] | None = None
        self.counts = np.empty(0, np.int64)

    def numbers(self, column: "pl.Series") -> Numbers:
        """The number of each id (n,), Int64 or text; new ones of a piece are taken in order.

        Raises: DataError: there are more than rows can tell apart.
        """
        import polars as pl

        if self._texts is None and column.dtype == pl.String:
            self._texts = {str(one): at for at, one in enumerate(self._by_arrival().tolist())}
        if self._texts is None:
            found, rows = Vocabulary.encode(column.to_numpy(), self._kind)
            numbers = self._of_integers(found.ids)
        else:
            texts = column.cast(pl.String)
            known = texts.unique().sort()
            rows = texts.cast(pl.Enum(known)).to_physical().cast(pl.Int32).to_numpy()
            numbers = self._of_texts(known.to_list(), self._texts)
        came = numbers[rows]
        self._count(numbers, came)
        return came

    def vocabulary(self) -> tuple[Vocabulary, Rows]:
        """All ids as a table read at once has them, and the row of each number.

        Raises: DataError: an id that cannot be one.
        """
        import polars as pl

        told = self._by_arrival() if self._texts is None else list(self._texts)
        column = values.ids(pl.Series(self._kind, told), self._label)
        return encode.vocabulary(column, self._kind, self._label)

    def _by_arrival(self) -> Numbers:
        return self._known[np.argsort(self._order)]

    def _of_integers(self, ids: Numbers) -> Numbers:
        """Those of ascending ids, each once."""
        at = self._known.searchsorted(ids)
        is_new = np.ones(len(ids), bool)
        inside = at < len(self._known)
        is_new[inside] = self._known[at[inside]] != ids[inside]
        fresh = len(self._known) + np.arange(np.count_nonzero(is_new))
        self._order = np.insert(self._order, at[is_new], fresh)
        self._known = np.insert(self._known, at[is_new], ids[is_new])
        return self._order[self._known.searchsorted(ids)]

    @staticmethod
    def _of_texts(ids: list[str], texts: dict[str, int]) -> Numbers:
        return np.array([texts.setdefault(one, len(texts)) for one in ids], np.int64)

    def _count(self, numbers: Numbers, came: Numbers) -> None:
        n_more = int(numbers.max(initial=-1)) + 1 - len(self.counts)
        if n_more > 0:
            self.counts = np.concatenate([self.counts, np.zeros(n_more, np.int64)])
        if len(self.counts) > _MOST:
            raise DataError(f"{self._label} has more than {_MOST:,} {self._kind}s")
        self.counts += np.bincount(came, minlength=len(self.counts))
