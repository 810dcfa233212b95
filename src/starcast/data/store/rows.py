"""Rows of a store's tables, read and written in blocks."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar, final

from sqlalchemy import Connection, Table, bindparam, insert, select, tuple_, update

from starcast.data.store import schema

BLOCK = 5_000  # values in one statement; SQLite takes 32,766
T = TypeVar("T")
Pair = tuple[int, int]


@final
class Rows:
    """What one transaction does to rows.

    Args:
        connection: within a transaction that can write.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def sequence(self, n: int) -> int:
        """The last of `n` sequence numbers, ours from now on; others wait until we have ended."""
        counter = schema.counter
        self.connection.execute(update(counter).values(last=counter.c.last + n))
        return int(self.connection.execute(select(counter.c.last)).scalar_one())

    def numbers(self, table: Table, keys: Iterable[str]) -> dict[str, int]:
        """The numbers of those users or items that are there."""
        found: dict[str, int] = {}
        for block in blocks(keys, BLOCK):
            asked = select(table.c.id, table.c.number).where(table.c.id.in_(block))
            found |= {row.id: row.number for row in self.connection.execute(asked)}
        return found

    def numbered(self, table: Table, keys: Iterable[str], sequence: int) -> dict[str, int]:
        """The number of each user or item; who is not there comes in."""
        wanted = dict.fromkeys(keys)
        known = self.numbers(table, wanted)
        missing = [one for one in wanted if one not in known]
        if missing:
            more: dict[str, Any] = {"attributes": {}}
            if table is schema.items:
                more |= {"title": "", "sequence": sequence}
            self.insert(table, [{"id": one, **more} for one in missing])
            known |= self.numbers(table, missing)
        return known

    def ratings(self, pairs: Iterable[Pair]) -> dict[Pair, tuple[float | None, int | None]]:
        """Stars and times of those pairs that have any, or had."""
        one = schema.ratings.c
        found: dict[Pair, tuple[float | None, int | None]] = {}
        for block in blocks(pairs, BLOCK // 2):
            asked = select(one.user_number, one.item_number, one.stars, one.rated_at)
            among = asked.where(tuple_(one.user_number, one.item_number).in_(block))
            for user, item, stars, when in self.connection.execute(among):
                found[user, item] = stars, when
        return found

    def insert(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write rows that are not there."""
        if rows:
            self.connection.execute(insert(table), list(rows))

    def update(self, table: Table, by: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
        """Write rows that are there, known by some of their columns."""
        if not rows:
            return
        statement = update(table)
        for name in by:
            statement = statement.where(table.c[name] == bindparam(f"by_{name}"))
        statement = statement.values({name: bindparam(name) for name in rows[0] if name not in by})
        told = [{f"by_{name}" if name in by else name: row[name] for name in row} for row in rows]
        self.connection.execute(statement, told)


def blocks(values: Iterable[T], size: int) -> Iterator[Sequence[T]]:
    """The values, some at a time."""
    rest = iter(values)
    while block := list(islice(rest, size)):
        yield block
