"""A table or a query of a database, read and never written."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

from starcast.data.files.table import Table
from starcast.data.store.address import Query
from starcast.data.store.connect import engine_of, told
from starcast.errors import DataError

if TYPE_CHECKING:
    import polars as pl
    from sqlalchemy import Connection, FromClause

_AT_ONCE = 100_000  # rows


@final
@dataclass(frozen=True, slots=True)
class DatabaseRows:
    """The rows of a table or a query; each look opens the database anew.

    Attributes:
        query: what is asked.
        names: of the columns.
    """

    query: Query
    names: tuple[str, ...]

    @classmethod
    def of(cls, query: Query) -> "DatabaseRows":
        """The rows that a query asks for, unread as yet.

        Raises: DataError: SQLAlchemy or a driver is not installed, the database does not answer, or
            there is no such table; in one line and without a password.
        """
        with _connected(query) as connection:
            return cls(query, _names(connection, query))

    def scan(self, places: Mapping[str, int]) -> "pl.LazyFrame":
        """Some columns of all rows, with the types they have; mixed types become text.

        Args:
            places: the name that a column shall have to where it stands.
        Raises: DataError: as of `of`.
        """
        import polars as pl

        blocks = list(self.fetched(places))
        empty = pl.DataFrame(schema=dict.fromkeys(places, pl.String))
        return pl.concat(_alike(blocks) or [empty]).lazy()

    def fetched(self, places: Mapping[str, int]) -> "Iterator[pl.DataFrame]":
        """The same a piece at a time; the types of a column may differ from piece to piece.

        Args: as of `scan`.
        Raises: DataError: as of `of`.
        """
        import polars as pl

        for rows in self._fetched(list(places.values())):
            yield pl.DataFrame(_columns(places, rows), strict=False)

    def records(self) -> Iterator[tuple[str, list[str | None]]]:
        """Every row and its number."""
        number = 0
        for rows in self._fetched(range(len(self.names))):
            for row in rows:
                number += 1
                yield f"row {number}", [None if cell is None else str(cell) for cell in row]

    def _fetched(self, places: Sequence[int]) -> Iterator[Sequence[Sequence[Any]]]:
        from sqlalchemy import select

        with _connected(self.query) as connection:
            rows = _source(self.query, self.names)
            asked = select(*(rows.c[self.names[at]] for at in places))
            streamed = connection.execution_options(stream_results=True)
            for block in streamed.execute(asked).partitions(_AT_ONCE):
                yield [tuple(row) for row in block]


def table_of(query: Query) -> Table:
    """What a query asks for, as a table; in that of a store there is nothing to recognise."""
    rows, form = DatabaseRows.of(query), "a store" if query.store else "a database"
    return Table(
        label=query.label, form=form, names=rows.names, body=rows, is_exact=bool(query.store)
    )


def _columns(places: Mapping[str, int], rows: Sequence[Sequence[Any]]) -> dict[str, "pl.Series"]:
    columns = zip(places, zip(*rows, strict=True), strict=True)
    return {kind: _series(kind, list(cells)) for kind, cells in columns}


def _series(kind: str, cells: list[Any]) -> "pl.Series":
    import polars as pl

    try:
        column = pl.Series(kind, cells)
        if column.dtype != pl.Object:
            return column
    except (TypeError, pl.exceptions.PolarsError):  # of several types, as SQLite allows
        pass
    texts = [None if cell is None else str(cell) for cell in cells]
    return pl.Series(kind, texts, dtype=pl.String)


def _alike(blocks: Sequence["pl.DataFrame"]) -> list["pl.DataFrame"]:
    """Blocks with one type for each column: text where there are several."""
    import polars as pl

    kinds = blocks[0].columns if blocks else []
    types = {kind: {block.schema[kind] for block in blocks} - {pl.Null()} for kind in kinds}
    wanted = pl.Schema(
        {kind: one.pop() if len(one) == 1 else pl.String() for kind, one in types.items()}
    )
    return [block.cast(wanted) for block in blocks]


@contextmanager
def _connected(query: Query) -> Iterator["Connection"]:
    """A connection that can only read.

    Raises: DataError: there is none to be had, or what is asked in it cannot be answered.
    """
    with told(query.label):
        engine = engine_of(query.address)
        try:
            with engine.connect() as connection:
                yield connection.execution_options(postgresql_readonly=True)
        finally:
            engine.dispose()


def _names(connection: "Connection", query: Query) -> tuple[str, ...]:
    from sqlalchemy import inspect, select, text
    from sqlalchemy.exc import NoSuchTableError

    if query.sql:
        return tuple(
            connection.execute(select(text("*")).select_from(_asked(query)).limit(0)).keys()
        )
    look = inspect(connection)
    schema, _, table = query.table.rpartition(".")
    try:
        return tuple(column["name"] for column in look.get_columns(table, schema or None))
    except NoSuchTableError:
        known = [*look.get_table_names(schema or None), *look.get_view_names(schema or None)]
        has = ", ".join(known[:12]) or "none at all"
        raise DataError(f"{query.label} does not exist; it has {has}") from None


def _source(query: Query, names: Sequence[str]) -> "FromClause":
    from sqlalchemy import column, table

    if query.sql:
        return _asked(query, names)
    schema, _, name = query.table.rpartition(".")
    return table(name, *map(column, names), schema=schema or None)


def _asked(query: Query, names: Sequence[str] = ()) -> "FromClause":
    """The query as if it were a table, so that it can be nothing but a query."""
    from sqlalchemy import column, text

    plain = query.sql.strip().rstrip(";").replace(":", r"\:")  # no parameters
    return text(plain).columns(*map(column, names)).subquery("asked")
