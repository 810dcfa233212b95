"""How a text table is written: its separators, its comments, and what stands above it."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import final

from starcast.data.files import header, naming
from starcast.data.files.cells import (
    BLANKS,
    OpenQuoteError,
    Record,
    cut,
    is_figure,
    modal_width,
)
from starcast.data.files.header import Rows
from starcast.data.files.naming import Kinds
from starcast.data.files.options import ReadingOptions
from starcast.errors import DataError

SEPARATORS = (",", "\t", ";", "|", "::")
_MARKS = "#%"  # with which lines begin that are comments
_SPOKEN = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "bars", BLANKS: "blanks"}
_MOST = 200  # records looked at
_QUOTED = re.compile(r"(?:^|[,;|\s])'[^'\n]*'(?=[,;|\s])", re.MULTILINE)
_TABLE = 0.8  # of all records have one width where the separator is the right one


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a text table is written.

    Attributes:
        separator: a character, other text, or `BLANKS`.
        names: of the columns; "" for one without a name.
        has_header: whether they come from the text.
        skip: lines above the first row.
        above: how many of these are neither blank, nor comments, nor the header.
        quote: what stands about a field that holds a separator; "" for nothing.
        comments: first characters of lines that are no rows.
        empty: columns in which nothing was found.
        kind: what this form of text is called.
    """

    separator: str
    names: tuple[str, ...]
    has_header: bool = True
    skip: int = 0
    above: int = 0
    quote: str = '"'
    comments: str = ""
    empty: frozenset[int] = frozenset()
    kind: str = "text"

    def __str__(self) -> str:
        return f"{self.kind} separated by {_SPOKEN.get(self.separator, repr(self.separator))}"


def sniff(
    lines: Sequence[str], kinds: Kinds, needed: Sequence[str], options: ReadingOptions, label: str
) -> Dialect:
    """How the text is written that begins with some lines.

    Args:
        lines: with their ends.
        kinds, needed, options, label: as in `header.find`.
    Raises: DataError: it is no table, or names no column that is known.
    """
    below = ["\n"] * options.skip + list(lines[options.skip :])
    marks = "".join(mark for mark in _MARKS if any(line.startswith(mark) for line in below))
    bare = without_comments(below, marks)
    separator = options.separator or _separator(bare, len(needed), naming.known_keys(kinds))
    quote = _quote(bare)
    rows = Rows(_records(bare, separator, quote))
    marked = [line for line in below if line[0] in marks]
    if any(map(rows.fits, _records(marked, separator, quote))):  # ids begin like that
        rows, marks, marked = Rows(_records(below, separator, quote)), "", []
    if rows.width - len(rows.empty) < len(needed):
        raise _too_narrow(rows.width, needed, label)
    told = _records([line.lstrip(_MARKS) for line in marked], separator, quote)
    found = header.find(rows, told, kinds, needed, options, label, by_blanks=separator == BLANKS)
    if found.names and len(rows.records) == found.above + 1 and not marks:
        raise DataError(f"{label} holds a header and no rows; add rows below it")
    return Dialect(
        separator=separator,
        names=tuple(found.names or [""] * rows.width),
        has_header=found.names is not None,
        skip=max(found.skip, options.skip),
        above=found.above,
        quote=quote,
        comments=marks,
        empty=rows.empty,
    )


def without_comments(lines: Sequence[str], marks: str) -> list[str]:
    """Lines, blank where they begin with one of some marks."""
    return ["\n" if line[:1] in tuple(marks) else line for line in lines]


def _records(lines: Sequence[str], separator: str, quote: str) -> list[Record]:
    found: list[Record] = []
    with suppress(OpenQuoteError):  # the reader proper names the line
        found.extend(islice(cut(lines, separator, quote, strict=False), _MOST))
    return found


def _separator(lines: Sequence[str], n_needed: int, names: set[str]) -> str:
    """The likeliest separator: most records have one width by it, and no other in their cells.

    Blanks are it only where nothing else is, as they stand in titles, dates and prose, too.
    """

    def merit(separator: str) -> tuple[bool, float, float, int]:
        records = [one for one in _records(lines, separator, '"') if any(one.cells)]
        width, share = modal_width(records)
        below = [len(one.cells) == width for one in records[len(records) // 2 :]]
        share = max(share, sum(below) / max(len(below), 1))  # prose may stand above a short table
        cells = [cell for one in records if len(one.cells) == width for cell in one.cells]
        others = [other for other in SEPARATORS if other != separator]
        clean = sum(is_figure(cell) or not any(map(cell.__contains__, others)) for cell in cells)
        is_table = width >= max(n_needed, 2) and share >= _TABLE
        tidy = round(clean / max(len(cells), 1), 1)
        return is_table, round(share, 1) if width > 1 else 0.0, tidy, width

    best = max(SEPARATORS, key=merit)
    is_named = any(
        naming.key(cell) in names
        for record in _records(lines[:1], best, '"')
        for cell in record.cells
    )
    return best if merit(best)[0] or is_named or not merit(BLANKS)[0] else BLANKS


def _quote(lines: Sequence[str]) -> str:
    """What stands about fields: a double quotation mark, unless only single ones do."""
    text = "".join(lines)
    return "'" if '"' not in text and len(_QUOTED.findall(text)) >= len(lines) else '"'


def _too_narrow(width: int, needed: Sequence[str], label: str) -> DataError:
    has = f"{width} column" + "s" * (width != 1)
    return DataError(
        f"{label} has {has}; it needs {', '.join(needed)} columns, separated by comma, tab, "
        "semicolon, bar, blanks or '::', or by what --separator says"
    )
