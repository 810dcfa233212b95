"""A database that holds a store: opened, brought to this version, read and written."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from sqlalchemy import Connection, Engine

from starcast.data.scale import RatingScale
from starcast.data.store import schema
from starcast.data.store.address import label_of, without_secrets
from starcast.data.store.checks import key
from starcast.data.store.connect import WRITES, told, writable_engine
from starcast.data.store.records import Id
from starcast.data.store.writing import Transaction, digest_of
from starcast.errors import DataError


class Database:
    """A database that holds a store. Several threads and processes may use it at once.

    Args:
        engine: of the database.
        address: where it is.
    """

    def __init__(self, engine: Engine, address: str) -> None:
        self._engine, self.address = engine, address
        self.label = label_of(address)
        with self.reading() as connection:
            self._salt = schema.setting(connection, "salt")
            self._scale = _scale(connection)

    @property
    def scale(self) -> RatingScale | None:
        """The stars that exist; None before the first import."""
        if self._scale is None:  # another process may have imported since
            with self.reading() as connection:
                self._scale = _scale(connection)
        return self._scale

    @classmethod
    def open(cls, address: str) -> Self:
        """A store that is there, brought to this version.

        Raises: DataError: there is none, it is of a newer version, or the database refuses.
        """
        return cls._opened(address, make=False)

    @classmethod
    def create(cls, address: str, scale: RatingScale | None = None) -> Self:
        """A store, made if it is not there.

        Args:
            address: as "sqlite:///r.db" or "postgresql://user@host/shop".
            scale: the stars that exist; those of the first import if not given.
        Raises: DataError: the store has another scale, or as for `open`.
        """
        store = cls._opened(address, make=True)
        try:
            if scale:
                with store.writing() as transaction:
                    transaction.set_scale(scale)
        except BaseException:
            store.close()
            raise
        return store

    @classmethod
    def _opened(cls, address: str, *, make: bool) -> Self:
        label = label_of(address)
        with told(label, "opened"):
            engine = writable_engine(address, make=make)
            try:
                if not schema.is_current(engine, label):
                    with engine.connect().execution_options(**WRITES) as connection:
                        if not make and not schema.version_of(connection):
                            raise no_store(address)
                        schema.prepare(connection, label)
                        connection.commit()
                return cls(engine, address)
            except BaseException:
                engine.dispose()
                raise

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def digest(self, user: str) -> str:
        """What the store knows an erased user by, of their key."""
        return digest_of(user, self._salt)

    def is_erased(self, user: Id, digests: set[str]) -> bool:
        """Whether a person is one of those that were erased, as `Changes.erased` has them."""
        return self.digest(key(user, "user")) in digests

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """A transaction: what is done in it is on disk when it ends, or not there at all.

        Raises: DataError: the database refuses.
        """
        with told(self.label, "written"):
            scale = self.scale
            connected = self._engine.connect().execution_options(**WRITES)
            with connected as connection, connection.begin():
                yield Transaction(connection, scale, self._salt)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection whose statements see one state. Raises: DataError."""
        with told(self.label), self._engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection


def no_store(address: str) -> DataError:
    """The error for a database that holds no store."""
    shown = without_secrets(address)
    return DataError(f"{shown} holds no store; make one: starcast store init {shown}")


def _scale(connection: Connection) -> RatingScale | None:
    written = schema.setting(connection, "scale")
    return RatingScale.parse(written) if written else None
