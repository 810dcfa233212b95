"""Ratings as they come, kept on disk until all have come, and handed out sorted.

Rows are dealt out to files without a name, some users to each, and every file is sorted in memory:
an external sort of one distribution (Knuth 1998, section 5.4.6).
"""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.blocks.arrivals import Arrivals
from starcast.data.blocks.writing import Piece, require_levels
from starcast.data.columns import blocks_of
from starcast.data.files.encode import Encoded, latest
from starcast.data.files.naming import ITEM, RATING, TIMESTAMP, USER
from starcast.data.ids import Rows, Vocabulary

if TYPE_CHECKING:
    import polars as pl

_AT_ONCE = 1 << 20  # rows
_IN_MEMORY = 1 << 21  # rows of a file, about, unless there would be too many files
_MOST_FILES = 200


@final
class Spool:
    """Ratings in order of arrival; a context, which they are gone after.

    Args:
        folder: where files without a name may lie.
        label: where they come from, for messages.
        timed: whether times are known.

    Attributes:
        users, items: those that have come.
        levels: float32, every rating that has come, ascending.
        times: the first and the last so far.
        n: rows so far.
    """

    def __init__(self, folder: Path, label: str, *, timed: bool) -> None:
        kinds = [("user", np.uint32), ("item", np.uint32), ("stars", np.float32)]
        self._row = np.dtype(kinds + ([("when", np.int64)] if timed else []))
        self._folder, self._label, self.timed = folder, label, timed
        self._open = ExitStack()
        self._file = self._nameless()
        self.users, self.items = Arrivals("user", label), Arrivals("item", label)
        self.levels = np.empty(0, np.float32)
        self.times = (2**63 - 1, -(2**63))
        self._last_user, self._is_in_order = -1, True
        self.n = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def add(self, frame: "pl.DataFrame") -> None:
        """Take rows of user and item (Int64 or text), rating (Float32) and perhaps timestamp.

        Raises: DataError: there are too many different ratings or ids.
        """
        rows = np.empty(len(frame), self._row)
        rows["user"] = users = self.users.numbers(frame[USER])
        rows["item"] = self.items.numbers(frame[ITEM])
        rows["stars"] = frame[RATING].to_numpy()
        if self.timed:
            rows["when"] = when = frame[TIMESTAMP].to_numpy()
            first, last = self.times
            self.times = min(first, int(when.min())), max(last, int(when.max()))
        found = np.union1d(self.levels, frame[RATING].unique().to_numpy())
        self.levels = require_levels(found, self._label)
        if self._is_in_order:
            self._is_in_order = users[0] >= self._last_user and bool(
                np.all(users[:-1] <= users[1:])
            )
            self._last_user = int(users[-1])
        self.n += len(rows)
        self._file.write(rows.data)

    def pieces(
        self, users: tuple[Vocabulary, Rows], items: tuple[Vocabulary, Rows]
    ) -> Iterator[Piece]:
        """All rows sorted by user and item, of each pair the latest; they can be had once.

        Args:
            users, items: of `Arrivals.vocabulary`.
        """
        n_users = len(users[0])
        counts = np.bincount(users[1], self.users.counts, n_users).astype(np.int64)
        ends = np.cumsum(counts)
        most = max(_IN_MEMORY, self.n // _MOST_FILES)
        cuts = np.searchsorted(ends, np.arange(most, self.n, most)) + 1
        bounds = np.unique([0, *np.minimum(cuts, n_users), n_users])
        self._file.seek(0)
        if self._is_in_order and np.all(np.diff(users[1]) > 0):
            sizes = np.diff(ends[bounds[1:] - 1], prepend=0).tolist()
            found: Iterator[NDArray[np.void]] = (self._read(self._file, size) for size in sizes)
        else:
            found = self._dealt(users[1], bounds)
        for rows in found:
            yield self._sorted(rows, users, items)

    def _dealt(self, row_of: Rows, bounds: NDArray[np.int64]) -> Iterator[NDArray[np.void]]:
        files = [self._nameless() for _ in bounds[1:]]
        for block in blocks_of(self.n, _AT_ONCE):
            rows = self._read(self._file, block.stop - block.start)
            side = np.searchsorted(bounds, row_of[rows["user"]], side="right") - 1
            rows = rows[np.argsort(side, kind="stable")]
            ends = np.cumsum(np.bincount(side, minlength=len(files)))
            for file, start, end in zip(files, [0, *ends[:-1]], ends, strict=True):
                file.write(rows[start:end].data)
        self._file.close()
        for file in files:
            size = file.tell() // self._row.itemsize
            file.seek(0)
            yield self._read(file, size)
            file.close()

    def _sorted(
        self,
        rows: NDArray[np.void],
        users: tuple[Vocabulary, Rows],
        items: tuple[Vocabulary, Rows],
    ) -> Piece:
        when = np.ascontiguousarray(rows["when"]) if self.timed else None
        stars = np.ascontiguousarray(rows["stars"])
        user_rows, item_rows = users[1][rows["user"]], items[1][rows["item"]]
        once = latest(Encoded(users[0], items[0], user_rows, item_rows, stars, when, None))
        return Piece(once.user_rows, once.item_rows, once.stars, once.timestamps)

    def _read(self, file: IO[bytes], n: int) -> NDArray[np.void]:
        rows = np.empty(n, self._row)
        wanted: Any = rows.view(np.uint8)
        if file.readinto(wanted.data) != rows.nbytes:  # type: ignore[attr-defined]  # files have it
            raise OSError("a temporary file was cut off")
        return rows

    def _nameless(self) -> IO[bytes]:
        return self._open.enter_context(
            tempfile.TemporaryFile(dir=self._folder, prefix=".starcast-")
        )
