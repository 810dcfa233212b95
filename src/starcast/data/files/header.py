"""Where a text table begins, and which line names its columns."""

from collections.abc import Sequence
from typing import NamedTuple, final

from starcast.data.files import naming
from starcast.data.files.cells import (
    NOTHING,
    Record,
    is_figure,
    is_nothing,
    is_number,
    modal_width,
)
from starcast.data.files.naming import ITEM, RATING, USER, Kinds
from starcast.data.files.options import ReadingOptions
from starcast.display import quoted
from starcast.errors import DataError

_NARROW = 5  # columns; a table of user × item has more
_PLAIN = 0.9  # of the cells of a column of numbers are numbers


@final
class Rows:
    """Records of the beginning of a table, and what most of them have in common.

    Args:
        records: of which the blank ones do not count.

    Attributes:
        records: the others.
        width: how many fields most of them have.
    """

    def __init__(self, records: Sequence[Record]) -> None:
        self.records = [one for one in records if any(map(str.strip, one.cells))]
        self.width, _ = modal_width(self.records)
        self._same = [one.cells for one in self.records if len(one.cells) == self.width]
        below = self._same[-(-len(self._same) // 3) :] or self._same  # no header is among them
        self._figures = [_are_figures(column) for column in zip(*below, strict=True)]

    def fits(self, record: Record) -> bool:
        """Whether a record has as many fields as most, and numbers where they have them."""
        return len(record.cells) == self.width and all(
            is_figure(cell) or is_nothing(cell)
            for cell, figures in zip(record.cells, self._figures, strict=True)
            if figures
        )

    @property
    def lead(self) -> list[Record]:
        """What stands above the first row."""
        first = next((at for at, one in enumerate(self.records) if self.fits(one)), 0)
        return self.records[:first]

    @property
    def empty(self) -> frozenset[int]:
        """The columns that hold nothing."""
        cells = enumerate(zip(*self._same, strict=True))
        return frozenset(at for at, column in cells if not any(map(str.strip, column)))


@final
class Header(NamedTuple):
    """What stands above the rows.

    Attributes:
        names: of the columns; None where no line names them.
        skip: lines above the first row.
        above: how many records stand above the header, or above the rows where there is none.
    """

    names: list[str] | None
    skip: int
    above: int


def find(
    rows: Rows,
    comments: Sequence[Record],
    kinds: Kinds,
    needed: Sequence[str],
    options: ReadingOptions,
    label: str,
    *,
    by_blanks: bool,
) -> Header:
    """What names the columns of a table, if anything does.

    Args:
        rows: its beginning.
        comments: lines that are none of its rows, cut likewise.
        kinds, needed: as in `columns.positions`. Without a header the fields are taken in the
            order of `kinds`, and the rating, or else the item, must be a number.
        options: what is said of it.
        label: the file, for messages.
        by_blanks: whether blanks separate, as they do words of prose.
    Raises: DataError: a line stands where a header would, and names no column that is known.
    """
    if options.header == "first":
        return _named_by(rows, rows.records[0])
    if options.header == "none":
        return Header(None, rows.records[0].line - 1, 0)
    keys = _known_keys(kinds, options)
    if known := _known(rows, keys, kinds):
        return _named_by(rows, known)
    lead = rows.lead
    skip = rows.records[len(lead)].line - 1
    for comment in reversed(comments):
        if sum(naming.key(cell) in keys for cell in comment.cells) >= len(needed) == rows.width:
            return Header(comment.cells, skip, len(lead))
    if lead and _is_as_wide(lead[-1], rows) and not by_blanks:
        if not _may_name(lead[-1], rows, needed, options):
            raise _unknown(lead[-1], kinds, needed, label)
        return _named_by(rows, lead[-1])
    _check_headless(rows, kinds, needed, options, label)
    return Header(None, skip, len(lead))


def _known(rows: Rows, keys: set[str], kinds: Kinds) -> Record | None:
    """The last record above the rows that has a known name, or a first one that can be no row."""
    lead, first = rows.lead, rows.records[0]
    for record in reversed(lead):
        if _is_as_wide(record, rows) and any(_is_name(cell, keys, kinds) for cell in record.cells):
            return record
    is_header = _names_columns(first.cells, keys) or _has_corner(first, rows)
    return first if is_header and not lead else None


def _may_name(record: Record, rows: Rows, needed: Sequence[str], options: ReadingOptions) -> bool:
    """Whether unknown names above the rows are a header: said to be, or each may be an item."""
    is_wide = RATING in needed and rows.width > _NARROW
    is_said = options.columns and not any(map(is_figure, record.cells))
    return is_wide or bool(is_said) or naming.EVERY_OTHER in options.columns.values()


def _named_by(rows: Rows, record: Record) -> Header:
    names = _trimmed(record.cells)
    has_index = len(names) == _n_filled(rows) - 1 and len(record.cells) < rows.width
    index = [""] * (has_index and record.cells[-1:] != [""])
    padded = [*index, *names]
    padded += [""] * (rows.width - len(padded))
    return Header(padded, record.below - 1, rows.records.index(record))


def _is_as_wide(record: Record, rows: Rows) -> bool:
    """Whether it names every column, or every one but that of row names, as R writes them.

    Columns at the end that hold nothing need no names.
    """
    n_names, n_filled = len(_trimmed(record.cells)), _n_filled(rows)
    return n_filled <= n_names <= rows.width or n_names == n_filled - 1


def _n_filled(rows: Rows) -> int:
    """How many columns there are up to the last that holds anything."""
    return max((at + 1 for at in range(rows.width) if at not in rows.empty), default=0)


def _trimmed(cells: Sequence[str]) -> list[str]:
    """Cells without the empty ones at the end."""
    last = max((at for at, cell in enumerate(cells) if cell.strip()), default=-1)
    return list(cells[: last + 1])


def _known_keys(kinds: Kinds, options: ReadingOptions) -> set[str]:
    said = {naming.key(name) for name in options.columns.values()}
    return (naming.known_keys(kinds) | said) - {""}


def _is_name(cell: str, keys: set[str], kinds: Kinds) -> bool:
    told = naming.words(cell)
    like = any(kind.words & set(told[-1:]) for kind in kinds.values())
    return naming.key(cell) in keys or like


def _names_columns(cells: Sequence[str], keys: set[str]) -> bool:
    return any(naming.key(cell) in keys for cell in cells) and not any(map(is_number, cells))


def _has_corner(first: Record, rows: Rows) -> bool:
    """Whether a row of different numbers follows an empty cell, as above a table of user × item."""
    corner, *others = first.cells
    return (
        len(others) > 3
        and not corner.strip()
        and len(set(others)) == len(others)
        and all(map(str.strip, others))
        and all(one.cells[0].strip() for one in rows.records[1:])
    )


def _are_figures(cells: Sequence[str]) -> bool:
    told = [cell for cell in cells if cell.strip().lower() not in NOTHING]
    return bool(told) and sum(map(is_figure, told)) >= _PLAIN * len(told)


def _check_headless(
    rows: Rows, kinds: Kinds, needed: Sequence[str], options: ReadingOptions, label: str
) -> None:
    """Refuse rows whose rating, or else item, is no number: more likely a header unheard of."""
    number = _number(needed)
    if needed == (USER,):
        return  # a list of ids, one a line
    filled = [at for at in range(rows.width) if at not in rows.empty]
    at = filled[list(kinds).index(number) :][:1]
    if options.columns or not at:
        return
    told = [one for one in rows.records if rows.fits(one)] or rows.records[:1]
    cells = ((one, one.cells[at[0]].strip()) for one in told)
    numbered = ((one, cell) for one, cell in cells if not is_nothing(cell))
    first, cell = next(
        (both for both in numbered if both[1] not in options.missing), (told[0], "0")
    )
    if not is_figure(cell):
        raise _unknown(first, kinds, needed, label)


def _number(needed: Sequence[str]) -> str:
    """The kind of column that is a number, or nothing tells a header from a row."""
    return next(kind for kind in (RATING, ITEM, USER) if kind in needed)


def _unknown(record: Record, kinds: Kinds, needed: Sequence[str], label: str) -> DataError:
    number = _number(needed)
    shown = ", ".join(map(quoted, record.cells[:12]))
    names = ", ".join(kind.names[0] for kind in kinds.values())
    said = ",".join(f"{kind}=…" for kind in needed)
    return DataError(
        f"{label}, line {record.line}: {shown} are neither known column names nor a row whose "
        f"{number} is a number; name the columns {names}, or say which they are: --columns {said}"
    )
