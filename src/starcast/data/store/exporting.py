"""The ratings of a store as a table, and figures of all that it holds."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, final

from sqlalchemy import Connection, Table, func, select, text

from starcast.data.store import schema
from starcast.data.store.checks import external
from starcast.data.store.ratings_store import RatingsStore

if TYPE_CHECKING:
    import polars as pl

_AT_ONCE = 100_000  # rows


@final
class Stats(NamedTuple):
    """Figures of a store.

    Attributes:
        users, items: how many there are, whether or not they have a rating.
        hidden: items that no list may have.
        ratings: current ones.
        history: all that were ever put or taken back.
        first, last: when the first and last current rating was given, in seconds since 1970; None
            where no time is known.
        mean: of the stars; None without ratings.
        scale: the stars that exist, in words; None before the first import.
        bytes: what it takes on disk.
        schema: its version.
    """

    users: int
    items: int
    hidden: int
    ratings: int
    history: int
    first: int | None
    last: int | None
    mean: float | None
    scale: str | None
    bytes: int
    schema: int


def stats_of(store: RatingsStore) -> Stats:
    """Count what a store holds. Raises: DataError: the database does not answer."""
    rated, items = schema.ratings.c, schema.items.c
    current = select(
        func.count(), func.min(rated.rated_at), func.max(rated.rated_at), func.avg(rated.stars)
    ).where(rated.stars.is_not(None))
    with store.reading() as connection:
        n, first, last, mean = connection.execute(current).one()

        def count(table: Table, *which: Any) -> int:
            asked = select(func.count()).select_from(table).where(*which)
            return int(connection.execute(asked).scalar_one())

        there = items.deleted.is_(False)
        return Stats(
            count(schema.users),
            count(schema.items, there),
            count(schema.items, there, items.hidden.is_(True)),
            n,
            count(schema.history),
            first,
            last,
            mean,
            str(store.scale) if store.scale else None,
            _bytes(connection),
            schema.version_of(connection),
        )


def column_types(store: RatingsStore) -> dict[str, Any]:
    """The columns of `exported` and their types, of Polars: ids are integers where all are."""
    import polars as pl

    def type_of(table: Table) -> "type[pl.DataType]":
        with store.reading() as connection:
            ids = connection.execute(select(table.c.id)).scalars()
            return pl.Int64 if all(isinstance(external(one), int) for one in ids) else pl.String

    ids = {"user_id": type_of(schema.users), "item_id": type_of(schema.items)}
    return ids | {"rating": pl.Float64, "timestamp": pl.Int64}


def exported(store: RatingsStore, types: dict[str, Any]) -> "Iterator[pl.DataFrame]":
    """All current ratings, some at a time, in no order; times that are not known are null.

    Args:
        store: the store.
        types: of `column_types`.
    """
    import polars as pl

    users, items, one = schema.users.c, schema.items.c, schema.ratings.c
    joined = schema.ratings.join(schema.users).join(schema.items)
    asked = select(users.id, items.id, one.stars, one.rated_at).select_from(joined)
    kept = asked.where(one.stars.is_not(None), items.deleted.is_(False))
    with store.reading() as connection:
        streamed = connection.execution_options(stream_results=True)
        for rows in streamed.execute(kept).partitions(_AT_ONCE):
            written = {**types, "user_id": pl.String, "item_id": pl.String}
            columns = zip(written.items(), zip(*rows, strict=True), strict=True)
            frame = pl.DataFrame(
                [pl.Series(name, list(cells), dtype=dtype) for (name, dtype), cells in columns]
            )
            yield frame.cast(pl.Schema(types))


def _bytes(connection: Connection) -> int:
    if connection.dialect.name != "sqlite":
        names = ", ".join(f"'{one}'" for one in schema.TABLES.tables)
        asked = f"SELECT SUM(pg_total_relation_size(to_regclass(n))) FROM unnest(ARRAY[{names}]) n"
        return int(connection.execute(text(asked)).scalar() or 0)
    file = Path(connection.execute(text("PRAGMA database_list")).one()[2])
    beside = [file, file.with_name(f"{file.name}-wal")]
    return sum(one.stat().st_size for one in beside if one.is_file())
