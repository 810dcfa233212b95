"""Cells of text: lines cut into them, numbers, and words for nothing."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, final

from starcast.data.files import figures

BLANKS = " "
"""The separator that any run of blanks and tabs is."""

COMMENTS = "#%"
"""Characters with which lines begin that may be comments."""

NOTHING = frozenset(
    ("", "na", "n/a", "n.a.", "#n/a", "nan", "null", "none", r"\n", "?", "nil", "missing", "<na>",
     "-", "--", "–", "—")
)  # fmt: skip
"""Words for a value that is not there, in small letters."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_WITH_COMMA = re.compile(r"[+-]?\d*,\d+", re.ASCII)


def is_number(text: str) -> bool:
    """Whether a cell holds a plain decimal number."""
    return _NUMBER.fullmatch(text.strip()) is not None


def is_figure(text: str) -> bool:
    """Whether a cell holds a number, maybe with a decimal comma, as "4/5", "80%" or "★★★½"."""
    bare = text.strip()
    if _NUMBER.fullmatch(bare) or _WITH_COMMA.fullmatch(bare):
        return True
    found = figures.figure(bare)
    return found is not None and not found.unit[:1].isalpha()  # "12 monkeys" is none


def is_nothing(text: str | None) -> bool:
    """Whether a cell is empty or holds a word for that."""
    return text is None or text.strip().lower() in NOTHING


@final
class Record(NamedTuple):
    """A row of a text table.

    Attributes:
        line: in which it begins, from 1.
        cells: its fields.
        below: the line after it.
    """

    line: int
    cells: list[str]
    below: int


class OpenQuoteError(ValueError):
    """A quotation mark that is never closed.

    Args:
        line: in which its record begins.
        why: what the reader says.
    """

    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line = line


def cut(
    lines: Iterable[str], separator: str, quote: str = '"', *, first: int = 1, strict: bool = True
) -> Iterator[Record]:
    """Records of a text table.

    Args:
        lines: with their ends.
        separator: a character, with which quotation marks count; other text; or `BLANKS`.
        quote: the quotation mark, or "" for none.
        first: the number of the first line.
        strict: whether a quotation mark within or after a field is refused.
    Raises: OpenQuoteError: a quotation mark that is never closed, or is refused.

    >>> [record.cells for record in cut(["a  b\\n", '"a c" d\\n'], BLANKS)]
    [['a', 'b'], ['a c', 'd']]
    """
    if len(separator) > 1:
        for number, line in enumerate(lines, first):
            bare = line.rstrip("\r\n")
            yield Record(number, bare.split(separator) if bare else [], number + 1)
        return
    if separator == BLANKS:
        lines = (line.strip().replace("\t", " ") for line in lines)
    reader = csv.reader(
        lines,
        delimiter=separator,
        quotechar=quote or None,
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
        skipinitialspace=separator == BLANKS,
        strict=strict,
    )
    begins = first
    try:
        for cells in reader:
            yield Record(begins, cells, first + reader.line_num)
            begins = first + reader.line_num
    except csv.Error as error:
        raise OpenQuoteError(begins, str(error)) from None


def modal_width(records: Sequence[Record]) -> tuple[int, float]:
    """The commonest number of fields, of two the larger, and the share of records that have it."""
    widths = [len(record.cells) for record in records]
    width = max(set(widths), key=lambda one: (widths.count(one), one), default=0)
    return width, widths.count(width) / max(len(widths), 1)
