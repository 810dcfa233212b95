"""RatingsStore: ratings in a database, SQLite or PostgreSQL, written and read."""

import math
import sys
from collections.abc import Mapping, Sequence
from typing import Any, final

import numpy as np
from sqlalchemy import Row, Select, func, select

from starcast.data.ratings import Ratings
from starcast.data.store import reading, schema
from starcast.data.store.checks import external, key
from starcast.data.store.database import Database, no_store
from starcast.data.store.records import (
    Changes,
    Id,
    Item,
    News,
    Outcome,
    Person,
    Rating,
    StoredRating,
    total,
)
from starcast.data.store.rows import BLOCK, blocks


@final
class RatingsStore(Database):
    """A store of ratings. It may be used by several threads, and by several processes at once.

    Ids are integers or text: what is written as an integer is one, so that 42 and "42" are one id
    and "042" is another. Times are seconds since 1970.

    >>> from tempfile import TemporaryDirectory
    >>> from starcast.data.scale import RatingScale
    >>> with TemporaryDirectory() as folder:
    ...     with RatingsStore.create(f"sqlite:///{folder}/r.db", RatingScale(0.5, 5, 0.5)) as store:
    ...         said = store.put_rating("ann", 42, 4.5, time=1_700_000_000)
    ...         store.ratings_of("ann")
    [StoredRating(item=42, stars=4.5, time=1700000000)]
    """

    def put_rating(self, user: Id, item: Id, stars: float, time: int | None = None) -> Outcome:
        """Store a rating, and say what became of it.

        Args:
            time: when it was given; an older one than the stored changes nothing. Now if not given.
        Raises: DataError: stars outside the scale, or an id that can be none.
        """
        return self.put_ratings([Rating(user, item, stars, time)])

    def put_ratings(
        self, ratings: Sequence[Rating], batch_key: str | None = None, digest: str = ""
    ) -> Outcome:
        """Store ratings together, or none of them.

        Args:
            ratings: in the order in which they were given.
            batch_key: what comes under it again is not stored again, and answered as before.
            digest: of what came under the key.
        Raises:
            DataError: as for `put_rating`.
            TakenKeyError: something else came under the key before.
        """
        with self.writing() as transaction:
            if batch_key is None:
                return total(transaction.put_ratings(ratings))
            return transaction.put_batch(batch_key, digest, ratings)

    def delete_rating(self, user: Id, item: Id) -> bool:
        """Take a rating back. Returns: whether there was one."""
        with self.writing() as transaction:
            return transaction.put_ratings([Rating(user, item, None)])[0] == Outcome(changed=1)

    def ratings_of(self, user: Id) -> list[StoredRating]:
        """All ratings of a user, in the order of the items' ids as text; none of a stranger's."""
        asked = _ratings_of(key(user, "user"))
        with self.reading() as connection:
            found = connection.execute(asked)
            return [StoredRating(external(row.id), row.stars, row.rated_at) for row in found]

    def rating(self, user: Id, item: Id) -> StoredRating | None:
        """A rating; None where there is none."""
        asked = _ratings_of(key(user, "user")).where(schema.items.c.id == key(item, "item"))
        with self.reading() as connection:
            found = connection.execute(asked).first()
        return StoredRating(external(found.id), *found[1:]) if found else None

    def person(self, user: Id) -> Person:
        """All that lists need to know of a user."""
        text, erased = key(user, "user"), schema.erased.c
        users, items, one = schema.users.c, schema.items.c, schema.ratings.c
        joined = schema.users.outerjoin(schema.ratings).outerjoin(schema.items)
        asked = select(items.id, one.stars).select_from(joined).where(users.id == text)
        gone = select(erased.digest).where(erased.digest == self.digest(text))
        with self.reading() as connection:
            rows = connection.execute(asked).all()
            is_erased = connection.execute(gone).first() is not None
        told = [(sys.intern(item), own) for item, own in rows if item is not None]
        stars = np.array([math.nan if own is None else own for _, own in told], np.float32)
        return Person(text, tuple(item for item, _ in told), stars, bool(rows), is_erased)

    def news_since(self, sequence: int) -> News:
        """Whom and what to look at anew, after a sequence number."""
        history, items, erased = schema.history, schema.items.c, schema.erased.c
        changed = select(schema.users.c.id).select_from(history.join(schema.users)).distinct()
        with self.reading() as connection:
            last = int(connection.execute(select(schema.counter.c.last)).scalar_one())
            gone = select(erased.digest).where(erased.sequence > sequence).limit(1)
            has_erased = connection.execute(gone).first() is not None
            told = connection.execute(select(schema.items).where(items.sequence > sequence))
            fresh = [item_of(row) for row in told]
            everybody = has_erased or any(one.deleted for one in fresh)
            users = connection.execute(changed.where(history.c.sequence > sequence)).scalars()
            return News(last, fresh, None if everybody else list(users), has_erased)

    def item_means(self, items: Sequence[Id]) -> dict[str, tuple[int, float]]:
        """Keys of items that have ratings, to how many they have and the mean of their stars."""
        one, told = schema.ratings.c, schema.items.c
        joined = schema.ratings.join(schema.items)
        asked = select(told.id, func.count(one.stars), func.avg(one.stars)).select_from(joined)
        found: dict[str, tuple[int, float]] = {}
        with self.reading() as connection:
            for block in blocks([key(one, "item") for one in items], BLOCK):
                among = asked.where(told.id.in_(block), one.stars.is_not(None)).group_by(told.id)
                found |= {row[0]: (row[1], float(row[2])) for row in connection.execute(among)}
        return found

    def put_item(self, item: Item) -> None:
        """Store what is known of an item. Raises: DataError: it cannot be stored."""
        with self.writing() as transaction:
            transaction.put_items([item])

    def item(self, item: Id) -> Item | None:
        """What is known of an item; None where there is no such item."""
        asked = select(schema.items).where(schema.items.c.id == key(item, "item"))
        with self.reading() as connection:
            found = connection.execute(asked).first()
        return item_of(found) if found and not found.deleted else None

    def items_since(self, sequence: int = 0) -> list[Item]:
        """Items that came or changed after a sequence number, deleted ones among them."""
        changed = schema.items.c.sequence > sequence
        with self.reading() as connection:
            return [item_of(row) for row in connection.execute(select(schema.items).where(changed))]

    def delete_item(self, item: Id) -> bool:
        """Delete an item with its ratings. Returns: whether it was there."""
        with self.writing() as transaction:
            return transaction.delete_item(item)

    def put_user(self, user: Id, attributes: Mapping[str, Any]) -> None:
        """Store what is known of a user. Raises: DataError: it cannot be stored."""
        with self.writing() as transaction:
            transaction.put_users({key(user, "user"): attributes})

    def users(self) -> dict[str, dict[str, Any]]:
        """Key of each user, which is their id as text, to their attributes."""
        with self.reading() as connection:
            found = connection.execute(select(schema.users.c.id, schema.users.c.attributes))
            return {row.id: row.attributes for row in found}

    def user(self, user: Id) -> dict[str, Any] | None:
        """The attributes of a user; None where there is no such user."""
        asked = select(schema.users.c.attributes).where(schema.users.c.id == key(user, "user"))
        with self.reading() as connection:
            found = connection.execute(asked).first()
        return None if found is None else dict(found.attributes)

    def erase_user(self, user: Id) -> bool:
        """Remove a person and all that they have left. Returns: whether they were there."""
        with self.writing() as transaction:
            return transaction.erase_user(user)

    def to_ratings(self) -> Ratings:
        """All current ratings with titles, attributes and times, as training takes them.

        A rating without a time is as old as the oldest that has one.

        Raises: DataError: there are none.
        """
        query = reading.store_query(self.address)
        if query is None:
            raise no_store(self.address)
        return reading.to_ratings(query, self.scale, self.items_since(), self.users())

    def sequence(self) -> int:
        """The number of the last change."""
        with self.reading() as connection:
            return int(connection.execute(select(schema.counter.c.last)).scalar_one())

    def changes_since(self, sequence: int = 0) -> Changes:
        """What changed after a sequence number, 0 for everything; no reader misses a change."""
        history, items, erased = schema.history.c, schema.items.c, schema.erased.c
        users = schema.users.c
        joined = schema.history.join(schema.users).join(schema.items)
        asked = select(users.id, items.id, history.stars, history.rated_at).select_from(joined)
        with self.reading() as connection:
            last = int(connection.execute(select(schema.counter.c.last)).scalar_one())
            rated = connection.execute(
                asked.where(history.sequence > sequence).order_by(history.sequence)
            )
            told = select(schema.items).where(items.sequence > sequence)
            gone = select(erased.digest).where(erased.sequence > sequence)
            return Changes(
                last,
                [Rating(external(one), external(other), *more) for one, other, *more in rated],
                [item_of(row) for row in connection.execute(told)],
                list(connection.execute(gone).scalars()),
            )


def item_of(row: Row[Any]) -> Item:
    """An item from its row."""
    return Item(
        external(row.id), row.title, row.attributes, row.hidden, row.available_from,
        row.available_until, row.deleted, row.sequence,
    )  # fmt: skip


def _ratings_of(user: str) -> Select[Any]:
    users, items, one = schema.users, schema.items, schema.ratings.c
    joined = schema.ratings.join(users).join(items)
    return (
        select(items.c.id, one.stars, one.rated_at)
        .select_from(joined)
        .where(users.c.id == user, one.stars.is_not(None), items.c.deleted.is_(False))
        .order_by(items.c.id)
    )
