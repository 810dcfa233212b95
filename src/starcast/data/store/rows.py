"""Rows of a store's tables, read and written in blocks."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar, final

from sqlalchemy import Connection, Table, bindparam, insert, select, update

from starcast.data.store import schema

BLOCK = 5_000  # values in one statement; SQLite takes 32,766
_MOST_COMBINED = 40_000  # users × items that are looked up for some of them, in about 10 ms
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

    def ratings(self, pairs: Sequence[Pair]) -> dict[Pair, tuple[float | None, int | None]]:
        """Stars and times of those pairs (n,), ascending, that have any, or had.

        Asked for as users × items, which both databases look up by the index; of rows of pairs
        SQLite reads the whole table.
        """
        one, wanted = schema.ratings.c, set(pairs)
        found: dict[Pair, tuple[float | None, int | None]] = {}
        for users, items in _rectangles(pairs):
            asked = select(one.user_number, one.item_number, one.stars, one.rated_at)
            among = asked.where(one.user_number.in_(users), one.item_number.in_(items))
            for user, item, stars, when in self.connection.execute(among):
                if (user, item) in wanted:
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


def _rectangles(pairs: Iterable[Pair]) -> Iterator[tuple[list[int], list[int]]]:
    """Users and items whose combinations hold all pairs, and not many more than there need be."""
    users: dict[int, None] = {}
    items: dict[int, None] = {}
    for user, item in pairs:
        wider = (len(users) + (user not in users)) * (len(items) + (item not in items))
        if wider > _MOST_COMBINED or len(users) + len(items) >= BLOCK:
            yield list(users), list(items)
            users, items = {}, {}
        users[user] = items[item] = None
    if users:
        yield list(users), list(items)
