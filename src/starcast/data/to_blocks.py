"""Tables of ratings to blocks, in one pass and in memory that does not grow with them.

What only a whole table can tell (dates as text, decimal commas, what is missing) is read whole, as
long as the table is small enough for that.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, Self, final

import numpy as np
from numpy.typing import NDArray

from starcast.data import attributes
from starcast.data.blocks import writing
from starcast.data.blocks.opening import blocks_at, open_blocks
from starcast.data.blocks.spool import Spool
from starcast.data.blocks.writing import Known, Piece
from starcast.data.files import source as where
from starcast.data.files import tabular, times
from starcast.data.files.batches import NotPlainError, all_batches, recognised
from starcast.data.files.encode import Encoded
from starcast.data.files.loaded import Loaded
from starcast.data.files.naming import TIMESTAMP
from starcast.data.files.options import RECOGNISED, ReadingOptions
from starcast.data.files.source import Place
from starcast.data.files.table import Table
from starcast.data.ids import Vocabulary
from starcast.data.load import asked_of, label_of, load_own
from starcast.data.ratings import Attribute, Ratings
from starcast.data.reading import Reading
from starcast.data.scale import RatingScale
from starcast.data.store.address import Query
from starcast.data.store.query import table_of
from starcast.errors import DataError

_READ_WHOLE = 1 << 30  # bytes of a table that takes about ten times as many in memory


def to_blocks(
    source: object,
    folder: Path,
    items_path: Place | None = None,
    *,
    options: ReadingOptions = RECOGNISED,
    scale: RatingScale | None = None,
) -> Ratings:
    """Write ratings of your own as blocks, and open them.

    Args:
        source, items_path, options, scale: as for `load_own`.
        folder: where the blocks go; blocks that are there are replaced, whole or not at all.
    Raises: DataError: a file or a value that cannot be used, or a folder that cannot be written.
    """
    if (held := blocks_at(source)) is not None:
        raise DataError(f"{held} holds blocks already; name the table that they were made of")
    sources = asked_of(source)
    writing.require_place(folder)
    try:
        with where.scratch_folder() as scratch:
            _stream(sources, folder, scratch, items_path, options, scale)
    except NotPlainError as error:
        _require_small(sources, str(error))
        whole = load_own(source, items_path, options=options, scale=scale)
        writing.write_ratings(folder, whole)
    except OSError as error:
        raise DataError(f"cannot write {folder}: {error.strerror or error}") from None
    return open_blocks(folder, folder.resolve().name.split(".")[0] or "ratings")


def _require_small(sources: Sequence[object], why: str) -> None:
    places = [one for one in sources if isinstance(one, str | Path)]
    files = where.files(places)
    if files is None:
        raise DataError(f"{why}, and a pipe cannot be read twice; save the table to a file")
    size = sum(path.stat().st_size for path in files if path.is_file())
    if size > _READ_WHOLE:
        raise DataError(
            f"{why}: a table of {size:,} bytes is not read whole for that; write plain numbers, or "
            "save it as Parquet"
        )


def _stream(
    sources: Sequence[object],
    folder: Path,
    scratch: Path,
    items_path: Place | None,
    options: ReadingOptions,
    scale: RatingScale | None,
) -> None:
    """Write blocks in one pass. Raises: NotPlainError: they cannot be."""
    label = ", ".join(dict.fromkeys(map(label_of, sources)))
    tables = [one for source in sources for one in _tables(source, options, scratch)]
    timed = all(TIMESTAMP in one.places for one in tables)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with Spool(folder.parent, label, timed=timed) as spool:
        for frame in all_batches(tables, options):
            spool.add(frame)
        if not spool.n:
            raise DataError(f"{label} holds no ratings; it needs a row per rating")
        if scale and not (scale.lowest <= spool.levels[0] and spool.levels[-1] <= scale.highest):
            raise NotPlainError(f"{label} has ratings outside {scale}")
        is_exact = all(one.table.is_exact for one in tables)
        unit = _Unit.of(spool.times[1]) if timed and not is_exact else _SECONDS
        _write(folder, spool, unit, _Told(tables, label, items_path, scale))


@final
class _Told(NamedTuple):
    """What is known of a table beside its rows."""

    tables: Sequence[Loaded]
    label: str
    items_path: Place | None
    scale: RatingScale | None


def _write(folder: Path, spool: Spool, unit: "_Unit", told: _Told) -> None:
    users, items = spool.users.vocabulary(), spool.items.vocabulary()
    told_of = known_of(items[0], told.items_path)
    ends = (unit.seconds(spool.times[0]), unit.seconds(spool.times[1])) if spool.timed else None
    known = Known(users[0], items[0], *told_of[:2], spool.levels, ends, told.scale)
    n_kept = 0

    def pieces() -> Iterator[Piece]:
        nonlocal n_kept
        for piece in spool.pieces(users, items):
            n_kept += len(piece.stars)
            when = piece.timestamps
            yield piece._replace(timestamps=None if when is None else unit.seconds(when))

    def reading(found: RatingScale) -> Reading:
        plain = tabular.reading_of(told.tables, told.label, spool.n)
        again = {tabular.REPEATED: spool.n - n_kept} if n_kept < spool.n else {}
        every = (*plain.notes, *tabular.unit_notes(None, unit.name), *told_of[2])
        return replace(plain, left_out=again, scale=str(found), notes=every)

    writing.write(folder, known, pieces(), reading)


@final
class _Unit(NamedTuple):
    """What times are written in: a name, and how many make a second."""

    name: str | None
    per_second: int

    @classmethod
    def of(cls, latest: int) -> Self:
        """That of a column by its latest time. Raises: NotPlainError: all must be known."""
        second, name = times.in_seconds(np.array([latest]), are_a_column=True)
        if name is None:
            return cls(None, 1)
        per_second = times.per_second(name)
        if per_second is None or latest // per_second != second[0]:
            raise NotPlainError(f"times may be written as {name}")
        return cls(name, per_second)

    def seconds(self, when: Any) -> Any:
        """Times, or one, as seconds."""
        return when // self.per_second


_SECONDS = _Unit(None, 1)


def known_of(
    items: Vocabulary, items_path: Place | None
) -> tuple[NDArray[np.str_], tuple[Attribute, ...], Sequence[str]]:
    """Titles of items, "" where none is known, attributes, and what is to be said of them."""
    nothing = np.empty(0, np.int32)
    rows = Encoded(items, items, nothing, nothing, np.empty(0, np.float32), None, None)
    known = tabular.known_items(rows, items_path)
    texts = [known[one].title if one in known else "" for one in items.ids.tolist()]
    notes = [*tabular.titled_notes(known, rows, items_path)]
    return np.array(texts, np.str_), attributes.of_items(items, known), notes


def _tables(source: object, options: ReadingOptions, scratch: Path) -> Iterator[Loaded]:
    if isinstance(source, Query):
        if source.store:
            raise NotPlainError(f"{source.label} has titles and attributes")
        yield recognised(table_of(source), options)
    elif isinstance(source, str | Path):
        first: Table | None = None
        for part in where.parts(source, scratch):
            found = recognised(part, options, first)
            first = first or found.table
            yield found
    else:
        raise NotPlainError("a data frame is in memory")
