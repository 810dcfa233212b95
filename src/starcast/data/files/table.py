"""What recognition makes of a file: a table, its columns without meaning and its values unread."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, final

if TYPE_CHECKING:
    import polars as pl

Cells = list[str | None]
PLACE = "starcast place"
"""The column of a frame that holds the numbers of the rows or lines its rows come from."""


class Body(Protocol):
    """The rows of a table."""

    def scan(self, places: Mapping[str, int]) -> "pl.LazyFrame":
        """Some columns, unread as yet.

        Args:
            places: the name that a column shall have to where it stands.
        """

    def records(self) -> Iterator[tuple[str, Cells]]:
        """Every row and where it lies, such as "line 7", by a slower reader that can tell.

        Raises: DataError: the table cannot be read to its end.
        """


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table that has been recognised.

    Attributes:
        label: what messages call it.
        form: what it was recognised as, in words.
        names: of its columns, "" for one without a name.
        body: its rows.
        has_header: whether the names are the table's own.
        empty: columns that are known to hold nothing.
        roles: kinds of columns that the form itself tells, to where they stand.
        notes: what the user should know of it.
        is_text: whether all values are text as somebody wrote it.
        has_blank_lines: whether rows in which nothing stands are no rows.
        is_exact: whether ids and times are as Starcast has them, with nothing to recognise.
    """

    label: str
    form: str
    names: tuple[str, ...]
    body: Body
    has_header: bool = True
    empty: frozenset[int] = frozenset()
    roles: Mapping[str, int] | None = None
    notes: tuple[str, ...] = ()
    is_text: bool = False
    has_blank_lines: bool = False
    is_exact: bool = False


@final
@dataclass(frozen=True, slots=True)
class FrameBody:
    """Rows that lie in a data frame.

    Attributes:
        frame: the table's columns in their order, and perhaps `PLACE`.
        unit: of what the places are numbers.
    """

    frame: "pl.LazyFrame"
    unit: str = "row"

    def scan(self, places: Mapping[str, int]) -> "pl.LazyFrame":
        """Some columns, renamed."""
        import polars as pl

        known = names_of(self.frame)
        return self.frame.select(pl.col(known[at]).alias(name) for name, at in places.items())

    def records(self) -> Iterator[tuple[str, Cells]]:
        """Rows by number, or by where they come from."""
        import polars as pl

        schema = self.frame.collect_schema()
        texts = (_as_text(name, dtype) for name, dtype in schema.items() if name != PLACE)
        places = (
            [pl.col(PLACE)] if PLACE in schema else [pl.int_range(1, pl.len() + 1).alias(PLACE)]
        )
        for place, *cells in self.frame.select(*places, *texts).collect().iter_rows():
            yield f"{self.unit} {place}", cells


def _as_text(name: str, dtype: "pl.DataType") -> "pl.Expr":
    """A column as text: dates as ISO 8601 has them, lists with bars; null for what is no value."""
    import polars as pl

    column = pl.col(name)
    if dtype.is_temporal():
        return column.dt.to_string("iso")
    if dtype == pl.List(pl.String):
        return column.list.join("|")
    if dtype.is_nested() or dtype in (pl.Binary, pl.Object):
        return pl.lit(None, pl.String).alias(name)
    return column.cast(pl.String, strict=False)


def is_utf8(cells: Cells) -> bool:
    """Whether text that was read with surrogates for all else was UTF-8."""
    text = "".join(cell or "" for cell in cells)
    return text.isascii() or not any("\udc80" <= character <= "\udcff" for character in text)


def names_of(frame: "pl.LazyFrame") -> tuple[str, ...]:
    """The names of a frame's columns, but for `PLACE`."""
    return tuple(name for name in frame.collect_schema().names() if name != PLACE)
