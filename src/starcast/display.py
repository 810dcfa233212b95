"""Tables of results: plain text in a terminal, HTML in a notebook."""

from collections.abc import Iterable, Sequence
from html import escape
from math import isfinite
from typing import Any, NamedTuple, TypeVar, final

Row = TypeVar("Row")


class Column(NamedTuple):
    """Cells below a name; numbers stand on the right."""

    name: str
    cells: Sequence[str]
    is_number: bool = True


def figure(value: float) -> str:
    """Four decimals, and a dash for what is no number, as where no user has a list that long."""
    return f"{value:.4f}" if isfinite(value) else "–"


def as_text(columns: Sequence[Column]) -> str:
    """A table of fixed width.

    >>> print(as_text([Column("film", ["Alien", "Up"], is_number=False), Column("stars", ["4.5"] * 2)]))
    film   stars
    Alien    4.5
    Up       4.5
    """  # noqa: E501  # what it takes reads best as one line
    widths = [max(map(len, [column.name, *column.cells])) for column in columns]
    rows = [[column.name for column in columns], *zip(*(c.cells for c in columns), strict=True)]
    lines = (
        "  ".join(
            cell.rjust(width) if column.is_number else cell.ljust(width)
            for column, cell, width in zip(columns, row, widths, strict=True)
        )
        for row in rows
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
    return "".join(f"<p>{escape(line)}</p>" for line in lines)


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
    return f'<{tag} style="text-align: {side}">{escape(text)}</{tag}>'
