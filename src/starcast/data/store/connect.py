"""Connections to databases, and their faults in one line without a password."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starcast.data.store.address import without_secrets
from starcast.display import quoted
from starcast.errors import DataError

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

WRITES = {"starcast_writes": True}
"""Options of a connection whose transactions write."""

_BUSY = 30.0  # seconds to wait for another process that writes
_DRIVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}


class DatabaseError(DataError):
    """A database that cannot do what it is asked, whatever that is."""


@contextmanager
def told(label: str, doing: str = "read") -> Iterator[None]:
    """Faults of a database as `DataError`, in one line and without a password.

    Args:
        label: what messages call the database.
        doing: what cannot be done, "read" or "written".
    Raises: DataError: SQLAlchemy or a driver is not installed. DatabaseError: it refuses.
    """
    try:
        from sqlalchemy.exc import NoSuchModuleError, SQLAlchemyError
    except ImportError:
        raise _not_installed("SQLAlchemy") from None
    try:
        yield
    except NoSuchModuleError:
        raise DataError(f"{label}: no such kind of database is known") from None
    except ImportError as error:
        raise _not_installed(error.name or "a driver") from None
    except SQLAlchemyError as error:
        why = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise DatabaseError(f"{label} cannot be {doing}: {without_secrets(why)}") from None


def url_of(address: str) -> "URL":
    """The URL of an address, with the driver that is meant.

    Raises: DataError: it is none.
    """
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        raise DataError(
            f"{quoted(without_secrets(address))} is no address; write sqlite:///folder/file.db or "
            "postgresql://user@host/database"
        ) from None
    return url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))


def engine_of(address: str, mode: str = "ro", **options: Any) -> "Engine":
    """An engine; nothing is connected yet.

    Args:
        address: of the database.
        mode: of a SQLite file: "ro" to read, "rw" to write, "rwc" to make it where it is missing.
        options: of SQLAlchemy.
    Raises: DataError: it is no address, or there is no such file.
    """
    from sqlalchemy import create_engine

    url = url_of(address)
    if url.get_backend_name() != "sqlite":
        return create_engine(url, **options)
    path = Path(url.database or "")
    if mode != "rwc" and not path.is_file():
        raise DataError(f"{path} does not exist; check the path: sqlite:///folder/file.db")
    if not path.parent.is_dir():
        raise DataError(f"the folder {path.parent} does not exist; make it first")
    file = f"file:{quote(str(path))}"
    return create_engine(url.set(database=file, query={"mode": mode, "uri": "true"}), **options)


def writable_engine(address: str, *, make: bool = False) -> "Engine":
    """An engine for those who write: what is committed outlives the process and the power.

    SQLite writes ahead to a log (WAL), so that readers and a writer do not wait for each other.

    Args:
        address: of the database.
        make: a SQLite file where it is missing.
    Raises: DataError: as for `engine_of`, or it lies in memory alone.
    """
    from sqlalchemy import event

    url = url_of(address)
    is_file = url.get_backend_name() == "sqlite"
    if asked := [name for name in url.query if is_file or name in ("table", "query")]:
        raise DataError(
            f"{without_secrets(address)}: '{asked[0]}' means nothing for a store, which is all of "
            "a database; leave it out"
        )
    if url.get_backend_name() == "postgresql":
        return engine_of(address, pool_pre_ping=True, isolation_level="READ COMMITTED")
    if not is_file:
        raise DataError(
            f"{without_secrets(address)}: stores lie in SQLite or PostgreSQL, as sqlite:///r.db"
        )
    if url.database in (None, "", ":memory:"):
        raise DataError("a store needs a file: sqlite:///folder/file.db")
    engine = engine_of(address, "rwc" if make else "rw", connect_args={"timeout": _BUSY})
    event.listen(engine, "connect", _set_up_wal if make else _set_up)
    event.listen(engine, "begin", _begin)
    return engine


def _set_up(connection: Any, _: object) -> None:
    connection.isolation_level = None  # transactions begin in `_begin`
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")


def _set_up_wal(connection: Any, _: object) -> None:
    _set_up(connection, _)
    connection.execute("PRAGMA journal_mode = WAL")  # which the file remembers


def _begin(connection: "Connection") -> None:
    writes = connection.get_execution_options().get("starcast_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _not_installed(what: str) -> DataError:
    return DataError(
        f"reading a database needs {what}, which is not installed: pip install 'starcast[store]'"
    )
