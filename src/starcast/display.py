"""What is shown: text from data made harmless; tables in a terminal, a notebook, on GitHub."""

import re
from collections.abc import Iterable, Sequence
from html import escape
from math import isfinite
from typing import Any, NamedTuple, TypeVar, final

Row = TypeVar("Row")

# C0, DEL and C1; what joins, orders or breaks text unseen; surrogates; interlinear marks and tags.
# Two joiners, U+200C and U+200D, stay: Persian is written and emoji are made with them.
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
)
_MARKS = re.compile(r"[\\`*_{}\[\]<>#|~!&]")
_SHORT_ESCAPES = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
NO_FIGURE = "–"

_MOST_SHOWN = 60  # characters
_ENDLESS = "a number of thousands of digits"  # more than Python writes of an integer


def printable(text: object) -> str:
    """Text from data as it may be shown: on one line, and no terminal obeys it.

    Control characters, escape sequences and what turns the direction of writing are spelled out as
    Python does; everything else is left as it is.

    >>> print(printable("Alien\\x1b[2J\\n(1979) \\u202e"))
    Alien\\x1b[2J\\n(1979) \\u202e
    """
    return _UNSEEN.sub(_spelled, str(text))


def shortened(text: object) -> str:
    """Text from data in a message: printable, and no longer than a glance takes.

    >>> print(shortened("7" * 4000))
    777777777777777777777777777777777777777777777777777777777777…
    """
    whole = _as_text(text)
    return printable(whole[:_MOST_SHOWN]) + ("…" if len(whole) > _MOST_SHOWN else "")


def quoted(text: object) -> str:
    """The same between quotes."""
    return f"'{shortened(text)}'"


def shown(value: object) -> str:
    """A value of any kind in a message, short and on one line: text between quotes.

    >>> shown(12345), shown("adam"), shown([64, 1]), shown(None), shown(10**5000)
    ('12,345', "'adam'", '[64, 1]', 'None', 'a number of thousands of digits')
    """
    if isinstance(value, str):
        return quoted(value)
    try:
        return shortened(f"{value:,}" if type(value) is int else repr(value))
    except ValueError:
        return _ENDLESS


def csv_text(text: object) -> str:
    """Text from data in a CSV cell: printable, and no spreadsheet takes it for a formula.

    What would be one gets an apostrophe in front, which spreadsheets take for "this is text"
    (OWASP, CSV Injection).

    >>> print(csv_text("=1+1"), csv_text("Up (2009)"))
    '=1+1 Up (2009)
    """
    whole = str(text)
    return ("'" if whole.startswith(_FORMULA) else "") + printable(whole)


def _spelled(found: re.Match[str]) -> str:
    character = found[0]
    if character in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[character]
    number = ord(character)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _as_text(value: object) -> str:
    try:
        return str(value)
    except ValueError:
        return _ENDLESS


class Column(NamedTuple):
    """Cells below a name; numbers stand on the right."""

    name: str
    cells: Sequence[str]
    is_number: bool = True


def figure(value: float) -> str:
    """Four decimals, and a dash for what is no number, as where no user has a list that long."""
    return f"{value:.4f}" if isfinite(value) else NO_FIGURE


def as_text(columns: Sequence[Column]) -> str:
    """A table of fixed width.

    >>> print(as_text([Column("film", ["Alien", "Up"], is_number=False), Column("stars", ["4.5"] * 2)]))
    film   stars
    Alien    4.5
    Up       4.5
    """  # noqa: E501  # what it takes reads best as one line
    shown = [[*map(printable, [column.name, *column.cells])] for column in columns]
    widths = [max(map(len, cells)) for cells in shown]
    lines = (
        "  ".join(
            cell.rjust(width) if column.is_number else cell.ljust(width)
            for column, cell, width in zip(columns, row, widths, strict=True)
        )
        for row in zip(*shown, strict=True)
    )
    return "\n".join(line.rstrip() for line in lines)


def as_html(columns: Sequence[Column]) -> str:
    """A table as notebooks show it."""
    head = "".join(_cell("th", column, column.name) for column in columns)
    rows = (
        "".join(_cell("td", *pair) for pair in zip(columns, row, strict=True))
        for row in zip(*(column.cells for column in columns), strict=True)
    )
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def as_paragraphs(lines: Iterable[str]) -> str:
    """Lines of text as notebooks show them."""
    return "".join(f"<p>{escape(printable(line))}</p>" for line in lines)


def as_markdown(columns: Sequence[Column]) -> str:
    """A table as GitHub shows it.

    >>> print(as_markdown([Column("film", ["A|B"], is_number=False), Column("stars", ["4.5"])]))
    | film | stars |
    |---|---:|
    | A\\|B | 4.5 |
    """
    rows = [[column.name for column in columns]]
    rows += [list(row) for row in zip(*(column.cells for column in columns), strict=True)]
    lines = [f"| {' | '.join(map(markdown_text, row))} |" for row in rows]
    lines.insert(1, f"|{'|'.join('---:' if one.is_number else '---' for one in columns)}|")
    return "\n".join(lines)


def markdown_text(text: object) -> str:
    """Text from data in Markdown: printable, and nothing of it is taken for a mark.

    >>> print(markdown_text("<b> *[rec]* `a|b`"))
    \\<b\\> \\*\\[rec\\]\\* \\`a\\|b\\`
    """
    return _MARKS.sub(r"\\\g<0>", printable(text))


@final
class Listing(list[Row]):
    """A list of named tuples that shows as a table.

    >>> class Film(NamedTuple):
    ...     item_id: int
    ...     title: str
    ...     prediction: float
    >>> Listing([Film(7, "Alien (1979)", 4.456), Film(11, "Up (2009)", 4.0)])
    item id  title         prediction
          7  Alien (1979)        4.46
         11  Up (2009)           4.00
    """

    def __repr__(self) -> str:
        return as_text(self._columns()) if self else "[]"

    def _repr_html_(self) -> str:
        return as_html(self._columns()) if self else "<p>an empty list</p>"

    def _columns(self) -> list[Column]:
        names: tuple[str, ...] = getattr(self[0], "_fields", ())
        columns = zip(*map(_values, self), strict=True)
        return [_column(*pair) for pair in zip(names, columns, strict=True)]


def _values(row: Any) -> tuple[Any, ...]:
    return tuple(row)


def _column(name: str, values: Sequence[Any]) -> Column:
    cells = [f"{value:.2f}" if isinstance(value, float) else str(value) for value in values]
    is_number = not any(isinstance(value, str) for value in values)
    return Column(name.replace("_", " "), cells, is_number)


def _cell(tag: str, column: Column, text: str) -> str:
    side = "right" if column.is_number else "left"
    return f'<{tag} style="text-align: {side}">{escape(printable(text))}</{tag}>'
