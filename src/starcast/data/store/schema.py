"""The tables of a store, the same in SQLite and PostgreSQL, and the steps that lead to them.

Names begin with "starcast_", so that a store may lie in the database of a shop. Rows refer to users
and items by number. Everything that changes takes a number of `counter` within its transaction;
the row of the counter is locked until that ends, so that numbers appear in their order, and who
has seen number n has seen all before it.
"""

import secrets
from collections.abc import Callable, Sequence
from time import time

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Double,
    Engine,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    false,
    func,
    insert,
    inspect,
    select,
    text,
)

from starcast.errors import DataError

TABLES = MetaData()
_NUMBER = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up in INTEGER keys alone
_LOCK = 0x57A2CA57  # of those who prepare a store on PostgreSQL, one after another


def _user(*, primary_key: bool = False) -> Column[int]:
    to = ForeignKey("starcast_users.number")
    return Column("user_number", _NUMBER, to, primary_key=primary_key, nullable=False)


def _item(*, primary_key: bool = False) -> Column[int]:
    to = ForeignKey("starcast_items.number")
    return Column("item_number", _NUMBER, to, primary_key=primary_key, nullable=False)


versions = Table(
    "starcast_versions", TABLES,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("applied_at", BigInteger, nullable=False),
)  # fmt: skip
settings = Table(  # "scale", as LOWEST:HIGHEST:STEP; "salt", of `erased`
    "starcast_settings", TABLES,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)  # fmt: skip
counter = Table(  # one row
    "starcast_counter", TABLES,
    Column("last", BigInteger, nullable=False),
)  # fmt: skip
users = Table(
    "starcast_users", TABLES,
    Column("number", _NUMBER, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("attributes", JSON, nullable=False),
)  # fmt: skip
items = Table(  # a deleted one keeps its id, so that whoever lists it hears of it
    "starcast_items", TABLES,
    Column("number", _NUMBER, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("title", Text, nullable=False),
    Column("attributes", JSON, nullable=False),
    Column("hidden", Boolean, nullable=False, server_default=false()),
    Column("deleted", Boolean, nullable=False, server_default=false()),
    Column("available_from", BigInteger),
    Column("available_until", BigInteger),
    Column("sequence", BigInteger, nullable=False),
    Index("starcast_items_by_sequence", "sequence"),
)  # fmt: skip
ratings = Table(  # the current one of each pair; without stars where it was taken back
    "starcast_ratings", TABLES,
    _user(primary_key=True),
    _item(primary_key=True),
    Column("stars", Double),
    Column("rated_at", BigInteger),
    Index("starcast_ratings_by_item", "item_number"),
)  # fmt: skip
history = Table(
    "starcast_history", TABLES,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    _user(),
    _item(),
    Column("stars", Double),
    Column("rated_at", BigInteger),
    Column("recorded_at", BigInteger, nullable=False),
    Index("starcast_history_by_user", "user_number"),
    Index("starcast_history_by_item", "item_number"),
)  # fmt: skip
batches = Table(
    "starcast_batches", TABLES,
    Column("number", _NUMBER, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("digest", Text, nullable=False),
    Column("answer", JSON, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
)  # fmt: skip
batch_users = Table(
    "starcast_batch_users", TABLES,
    Column("batch_number", _NUMBER, ForeignKey("starcast_batches.number"), primary_key=True),
    _user(primary_key=True),
    Index("starcast_batch_users_by_user", "user_number"),
)  # fmt: skip
shown = Table(
    "starcast_shown", TABLES,
    Column("number", _NUMBER, primary_key=True),
    _user(),
    Column("model", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("items", JSON, nullable=False),
    Column("shown_at", BigInteger, nullable=False),
    Index("starcast_shown_by_user", "user_number"),
)  # fmt: skip
erased = Table(  # whom models trained before are to forget: no id, what it hashes to with the salt
    "starcast_erased", TABLES,
    Column("digest", Text, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
)  # fmt: skip


def _first(connection: Connection) -> None:
    """Version 1: all of the above. Whoever changes a table adds a step that does so."""
    TABLES.create_all(connection, checkfirst=False)
    connection.execute(insert(counter).values(last=0))
    connection.execute(insert(settings).values(name="salt", value=secrets.token_hex(16)))


Step = Callable[[Connection], None]
STEPS: Sequence[Step] = (_first,)
"""What makes version 1 of nothing, 2 of 1, and so on; a step that was released never changes."""


def version_of(connection: Connection) -> int:
    """The version of the store in a database; 0 where there is none."""
    if not inspect(connection).has_table(versions.name):
        return 0
    return int(connection.execute(select(func.max(versions.c.version))).scalar() or 0)


def is_current(engine: Engine, label: str) -> bool:
    """Whether a database holds a store of this version. Raises: DataError: of a newer one."""
    with engine.connect() as connection:
        version = version_of(connection)
    require_known(version, label)
    return version == len(STEPS)


def setting(connection: Connection, name: str) -> str:
    """A value of `settings`; "" where there is none."""
    asked = select(settings.c.value).where(settings.c.name == name)
    return str(connection.execute(asked).scalar() or "")


def prepare(connection: Connection, label: str, steps: Sequence[Step] | None = None) -> None:
    """Bring a store to this version, within a transaction that can write.

    Args:
        connection: in a transaction: of several at once the others wait, and find it done.
        label: of the store, for messages.
        steps: those of this version if not given.
    Raises: DataError: the store is of a newer version.
    """
    steps = STEPS if steps is None else steps
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
    before = version_of(connection)
    require_known(before, label, len(steps))
    for version, step in enumerate(steps[before:], before + 1):
        step(connection)
        connection.execute(insert(versions).values(version=version, applied_at=int(time())))


def require_known(version: int, label: str, newest: int | None = None) -> None:
    """Refuse a store that a newer Starcast has made. Raises: DataError."""
    newest = len(STEPS) if newest is None else newest
    if version > newest:
        raise DataError(
            f"{label} has schema version {version}, and this Starcast knows {newest}: update it"
        )
