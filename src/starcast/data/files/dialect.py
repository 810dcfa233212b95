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
    COMMENTS,
    OpenQuoteError,
    Record,
    cut,
    is_figure,
    modal_width,
)
from starcast.data.files.header import Rows
from starcast.data.files.naming import EVERY_OTHER, Kinds
from starcast.data.files.options import ReadingOptions
from starcast.errors import DataError

SEPARATORS = (",", "\t", ";", "|", "::", "\x01")  # the last is Hive's
ESCAPED = '\\"'
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
        escapes: whether quotation marks within others have a backslash, not a second one.
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
    escapes: bool = False
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
    least = 2 if EVERY_OTHER in options.columns.values() else len(needed)
    escapes = _has_escapes(lines)
    below = ["\n"] * options.skip + [
        unescaped(line) if escapes else line for line in lines[options.skip :]
    ]
    marks = "".join(mark for mark in COMMENTS if any(line.startswith(mark) for line in below))
    bare = without_comments(below, marks)
    separator = options.separator or _separator(bare, least, naming.known_keys(kinds))
    quote = _quote(bare)
    rows = Rows(_records(bare, separator, quote))
    marked = [line for line in below if line[0] in marks]
    if any(map(rows.fits, _records(marked, separator, quote))):  # ids begin like that
        rows, marks, marked = Rows(_records(below, separator, quote)), "", []
    if rows.width - len(rows.empty) < least:
        raise _too_narrow(rows.width, needed, label)
    told = _records([line.lstrip(COMMENTS) for line in marked], separator, quote)
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
        escapes=escapes,
        comments=marks,
        empty=rows.empty,
    )


def unescaped(line: str) -> str:
    r"""A line with quotation marks doubled, as CSV has them, where it has backslashes before them.

    >>> print(unescaped(r'"He said \"no\" twice"'))
    "He said ""no"" twice"
    """
    return line.replace(ESCAPED, '""')


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

    def merit(separator: str) -> tuple[bool, bool, float, float, int]:
        records = [one for one in _records(lines, separator, '"') if any(one.cells)]
        width, share = modal_width(records)
        below = [len(one.cells) == width for one in records[len(records) // 2 :]]
        share = max(share, sum(below) / max(len(below), 1))  # prose may stand above a short table
        cells = [cell for one in records if len(one.cells) == width for cell in one.cells]
        others = [other for other in SEPARATORS if other != separator]
        clean = sum(is_figure(cell) or not any(map(cell.__contains__, others)) for cell in cells)
        tidy = round(clean / max(len(cells), 1), 1)
        is_table = width >= max(n_needed, 2) and share >= _TABLE
        is_named = any(_names(one, names) >= n_needed for one in records)
        return is_table, is_named, round(share, 1) if width > 1 else 0.0, tidy, width

    best = max(SEPARATORS, key=merit)
    is_narrow = any(_names(one, names) for one in _records(lines[:1], best, '"'))
    return best if merit(best)[0] or is_narrow or not merit(BLANKS)[0] else BLANKS


def _names(record: Record, names: set[str]) -> int:
    """How many cells of a record are names of columns."""
    return sum(naming.key(cell) in names for cell in record.cells)


def _has_escapes(lines: Sequence[str]) -> bool:
    """Whether quotation marks have backslashes before them: by commas or not, CSV has them not."""
    if not any(ESCAPED in line for line in lines):
        return False
    for separator in (one for one in SEPARATORS if len(one) == 1):
        try:
            width, share = modal_width(list(cut(lines, separator)))
        except OpenQuoteError:
            continue
        if width > 1 and share >= _TABLE:
            return False
    return True


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
