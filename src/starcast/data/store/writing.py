"""What is written within one transaction: ratings, items, users, and what was shown to them."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from time import time
from typing import Any, final

from sqlalchemy import Connection, delete, func, insert, select, update

from starcast.data.scale import RatingScale
from starcast.data.store import putting, schema
from starcast.data.store.checks import (
    checked_attributes,
    checked_time,
    checked_title,
    key,
    storable,
)
from starcast.data.store.putting import Put
from starcast.data.store.records import Id, Item, Outcome, Rating, total
from starcast.data.store.rows import Rows
from starcast.errors import ConfigError, DataError

_KEY_IS_KEPT = 30 * 86_400  # seconds: nobody repeats a request for longer
_FORGOTTEN = 10  # old keys with each new one, so that no request pays for a month


class TakenKeyError(ConfigError):
    """A key of a batch under which other ratings came before."""


@final
class Transaction:
    """Writes to a store that are there together, or not at all. Made by `RatingsStore.writing`.

    Args:
        connection: within a transaction that can write.
        scale: of the store.
        salt: of the store, for `erase_user`.
    """

    def __init__(self, connection: Connection, scale: RatingScale | None, salt: str) -> None:
        self._connection, self._scale, self._salt = connection, scale, salt
        self._rows, self._now = Rows(connection), int(time())

    @property
    def connection(self) -> Connection:
        """Of this transaction."""
        return self._connection

    def set_scale(self, scale: RatingScale) -> None:
        """Say which stars exist. Raises: DataError: others have been said before."""
        self._rows.sequence(1)
        before = schema.setting(self._connection, "scale")
        if before and RatingScale.parse(before) != scale:
            raise DataError(
                f"the store holds {RatingScale.parse(before)}, not {scale}; a store keeps its scale"
            )
        if not before:
            text = f"{scale.lowest!r}:{scale.highest!r}:{scale.step!r}"
            self._connection.execute(insert(schema.settings).values(name="scale", value=text))
        self._scale = scale

    def put_ratings(self, ratings: Sequence[Rating]) -> list[Outcome]:
        """Write ratings in their order, and their history. Returns: what became of each.

        Raises: DataError: stars outside the scale, or an id that can be none.
        """
        return self.write([putting.checked(one, self._scale, self._now) for one in ratings])

    def write(self, puts: Sequence[Put]) -> list[Outcome]:
        """The same for ratings that have been checked."""
        return putting.write(self._rows, puts, self._now)

    def put_batch(self, batch_key: str, digest: str, ratings: Sequence[Rating]) -> Outcome:
        """Write ratings once, however often they come under one key within 30 days.

        Args:
            batch_key: by which a repetition is known.
            digest: of what was asked.
            ratings: what was asked.
        Returns: what became of them, the first time.
        Raises:
            TakenKeyError: something else was asked under this key.
            DataError: as for `put_ratings`.
        """
        batches, text = schema.batches, storable(batch_key, "the key")
        self._rows.sequence(1)  # from now on nobody else can write the same
        self._forget_old_keys()
        asked = select(batches.c.digest, batches.c.answer).where(batches.c.key == text)
        if found := self._connection.execute(asked).first():
            if found.digest not in ("", digest):
                raise TakenKeyError("this key came with other ratings before; take a fresh one")
            return Outcome(**found.answer)
        answer = total(self.put_ratings(ratings))
        row = {"key": text, "digest": digest, "answer": answer._asdict(), "recorded_at": self._now}
        self._connection.execute(insert(batches).values(**row))
        number = self._connection.execute(select(batches.c.number).where(batches.c.key == text))
        batch = number.scalar_one()
        users = self._rows.numbers(schema.users, {key(one.user, "user") for one in ratings})
        named = [{"batch_number": batch, "user_number": one} for one in users.values()]
        self._rows.insert(schema.batch_users, named)
        return answer

    def put_items(self, items: Sequence[Item]) -> None:
        """Write what is known of items; their ratings stay. Of several of one the last counts.

        Raises: DataError: something in them cannot be stored.
        """
        rows = {row["id"]: row for row in map(_item_row, items)}
        last = self._rows.sequence(1)
        known = self._rows.numbers(schema.items, rows)
        for one in rows.values():
            one["sequence"] = last
        self._rows.insert(schema.items, [row for one, row in rows.items() if one not in known])
        again = [row for one, row in rows.items() if one in known]
        self._rows.update(schema.items, ("id",), again)

    def delete_item(self, item: Id) -> bool:
        """Delete an item with its ratings and their history. Returns: whether it was there."""
        items, text = schema.items, key(item, "item")
        sequence = self._rows.sequence(1)
        asked = select(items.c.number).where(items.c.id == text, items.c.deleted.is_(False))
        number = self._connection.execute(asked).scalar()
        if number is None:
            return False
        for table in (schema.ratings, schema.history):
            self._connection.execute(delete(table).where(table.c.item_number == number))
        gone = _item_row(Item(text)) | {"deleted": True, "sequence": sequence}
        self._connection.execute(update(items).where(items.c.number == number).values(**gone))
        return True

    def put_users(self, known: Mapping[Id, Mapping[str, Any]]) -> None:
        """Write attributes of users. Raises: DataError: something in them cannot be stored."""
        told = {key(user, "user"): checked_attributes(one) for user, one in known.items()}
        numbers = self._rows.numbered(schema.users, told, self._rows.sequence(1))
        rows = [{"number": numbers[user], "attributes": one} for user, one in told.items()]
        self._rows.update(schema.users, ("number",), rows)

    def erase_user(self, user: Id) -> bool:
        """Remove a person and all that they have left. Returns: whether they were there.

        What stays are a salted hash of their id, so that models trained before forget them, too,
        and the keys of batches, so that one that is sent again does not bring them back.
        """
        text, users = key(user, "user"), schema.users
        sequence, digest = self._rows.sequence(1), digest_of(text, self._salt)
        erased = schema.erased
        self._connection.execute(delete(erased).where(erased.c.digest == digest))
        self._connection.execute(insert(erased).values(digest=digest, sequence=sequence))
        number = self._connection.execute(select(users.c.number).where(users.c.id == text)).scalar()
        if number is not None:
            self._erase(number)
        return number is not None

    def record_shown(
        self, user: Id, model: str, version: str, items: Sequence[Id], at: int | None = None
    ) -> None:
        """Keep which model, of which version, showed what to whom, and when.

        Raises: DataError: an id that can be none.
        """
        text = key(user, "user")
        numbers = self._rows.numbered(schema.users, [text], self._rows.sequence(1))
        row = {
            "user_number": numbers[text],
            "model": storable(model, "the model"),
            "version": storable(version, "the version"),
            "items": [key(one, "item") for one in items],
            "shown_at": self._now if at is None else checked_time(at),
        }
        self._connection.execute(insert(schema.shown).values(**row))

    def _forget_old_keys(self) -> None:
        theirs, batches = schema.batch_users, schema.batches
        first = select(func.min(batches.c.number)).scalar_subquery()
        oldest = batches.c.number < first + _FORGOTTEN
        is_old = batches.c.recorded_at < self._now - _KEY_IS_KEPT
        old = self._connection.scalars(select(batches.c.number).where(oldest, is_old)).all()
        if old:
            self._connection.execute(delete(theirs).where(theirs.c.batch_number.in_(old)))
            self._connection.execute(delete(batches).where(batches.c.number.in_(old)))

    def _erase(self, number: int) -> None:
        theirs, batches = schema.batch_users, schema.batches
        named = select(theirs.c.batch_number).where(theirs.c.user_number == number)
        blank = update(batches).where(batches.c.number.in_(named)).values(digest="")
        self._connection.execute(blank)
        for table in (schema.ratings, schema.history, schema.shown, theirs):
            self._connection.execute(delete(table).where(table.c.user_number == number))
        self._connection.execute(delete(schema.users).where(schema.users.c.number == number))


def digest_of(user: str, salt: str) -> str:
    """What an erased person is known by: HMAC-SHA256 (hex) of their key."""
    return hmac.new(salt.encode(), user.encode(), hashlib.sha256).hexdigest()


def _item_row(item: Item) -> dict[str, Any]:
    """An item as it is written. Raises: DataError: it cannot be."""
    return {
        "id": key(item.id, "item"),
        "title": checked_title(item.title),
        "attributes": checked_attributes(item.attributes),
        "hidden": bool(item.hidden),
        "deleted": False,
        "available_from": checked_time(item.available_from, "available_from"),
        "available_until": checked_time(item.available_until, "available_until"),
    }
