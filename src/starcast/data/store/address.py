"""What is asked of which database, as an address says it."""

import re
from typing import NamedTuple, final
from urllib.parse import unquote_plus

from starcast.errors import DataError

_ADDRESS = re.compile(r"[a-zA-Z][\w+.-]*://")
_SECRET = re.compile(r"(://[^:/?@]*):.*@|(?<=password=)[^&]*()")
_FILES = {"http", "https", "ftp", "s3", "s3a", "gs", "hdfs", "file"}  # schemes of no database


def is_address(source: object) -> bool:
    """Whether text is an address, such as "sqlite:///shop.db?table=ratings"."""
    return isinstance(source, str) and _ADDRESS.match(source) is not None


def without_secrets(text: str) -> str:
    """Text with the password of an address in it made unreadable.

    >>> without_secrets("postgresql://ann:s3cret@host/shop?table=ratings")
    'postgresql://ann:***@host/shop?table=ratings'
    """
    return _SECRET.sub(lambda found: f"{found[1]}:***@" if found[1] else "***", text)


def has_secret(address: str) -> bool:
    """Whether a password stands in an address; what its query says is no part of that.

    >>> has_secret("postgresql://h:5432/shop?query=SELECT * FROM r WHERE who LIKE '%@%'")
    False
    """
    before = _cut_at_query(address)[0]
    return without_secrets(before) != before


def label_of(store: str) -> str:
    """What messages call the store at an address."""
    return f"the store {without_secrets(store)}"


def is_plain(address: str) -> bool:
    """Whether an address is that of a database alone, without what to read from it."""
    is_file = address.split(":", 1)[0].lower() in _FILES
    return is_address(address) and not is_file and not re.search(r"[?&]\w+=", address)


@final
class Query(NamedTuple):
    """What is asked of which database.

    Attributes:
        address: of the database alone.
        table: the name of a table, perhaps with its schema, as "shop.ratings"; "" for a query.
        sql: the query; "" for a whole table.
        store: the name of a store, of which all ratings are asked; "" for any other database.
    """

    address: str
    table: str
    sql: str
    store: str = ""

    @classmethod
    def parse(cls, text: str) -> "Query":
        """A query from an address that ends in "?table=NAME" or "?query=SELECT …".

        What follows "query=" is SQL to its end, as it is or as addresses write it.

        Raises: DataError: neither is there, or it is the address of something else.

        >>> Query.parse("sqlite:///shop.db?query=SELECT * FROM r WHERE stars > 0").sql
        'SELECT * FROM r WHERE stars > 0'
        """
        if text.split(":", 1)[0].lower() in _FILES:
            raise DataError(f"{without_secrets(text)} is no database; download the file first")
        before, asks, sql = _cut_at_query(text)
        address, _, options = before.partition("?")
        told = [option for option in options.split("&") if option]
        tables = [option[6:] for option in told if option.startswith("table=")]
        if len(tables) + asks != 1 or not "".join([*tables, sql]):
            shown = without_secrets(address)
            raise DataError(
                f"{shown}: say what to read from it, once: {shown}?table=ratings or "
                f"{shown}?query=SELECT …"
            )
        rest = "&".join(option for option in told if not option.startswith("table="))
        return cls(f"{address}?{rest}" if rest else address, unquote_plus("".join(tables)), sql)

    @property
    def name(self) -> str:
        """For folders and reports."""
        return re.sub(r"[^\w.-]", "-", self.store or self.table) or "query"

    @property
    def label(self) -> str:
        """For messages."""
        if self.store:
            return label_of(self.address)
        what = f"table {self.table}" if self.table else "the query"
        return f"{what} of {without_secrets(self.address)}"


def _cut_at_query(text: str) -> tuple[str, bool, str]:
    found = re.search(r"[?&]query=", text)
    if not found:
        return text, False, ""
    sql = text[found.end() :]
    return text[: found.start()], True, sql if " " in sql else unquote_plus(sql)
