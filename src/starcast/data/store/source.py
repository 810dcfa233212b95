"""Databases as sources of ratings: what an address asks for, and what a store adds to ratings."""

from typing import TYPE_CHECKING

from starcast.data.ratings import Ratings
from starcast.data.store.address import Query, is_plain, label_of, without_secrets
from starcast.data.store.connect import told
from starcast.display import quoted
from starcast.errors import DataError

if TYPE_CHECKING:
    from starcast.data.scale import RatingScale
    from starcast.data.store.ratings_store import RatingsStore


def asked_of(address: str) -> Query:
    """What an address asks for: of a store all ratings, else what it says.

    Raises: DataError: it says nothing, and is not that of a store.
    """
    if is_plain(address):
        with told(without_secrets(address)):
            from starcast.data.store.reading import store_query

            if found := store_query(address):
                return found
    return Query.parse(address)


def require_store(address: str) -> None:
    """Refuse what is asked for as a store and is none, such as a file of ratings.

    Raises: DataError: it is none, or does not answer.
    """
    if not is_plain(address):
        raise DataError(
            f"{quoted(without_secrets(address))} is no address of a store; write "
            "sqlite:///folder/file.db or postgresql://user@host/database"
        )
    opened(address).close()


def scale_of(query: Query) -> "RatingScale | None":
    """The stars that exist in a store."""
    with opened(query.address) as store:
        return store.scale


def with_known(ratings: Ratings, query: Query) -> Ratings:
    """Ratings with the titles and attributes that a store has, where they have none."""
    with opened(query.address) as store:
        from starcast.data.store import reading

        return reading.with_known(ratings, store.items_since(), store.users())


def opened(
    address: str, scale: "RatingScale | None" = None, *, make: bool = False
) -> "RatingsStore":
    """A store; made where it is not there, if that is wanted, and then with a scale.

    Raises: DataError: SQLAlchemy or a driver is not installed, or as for `RatingsStore.open`.
    """
    with told(label_of(address), "opened"):
        from starcast.data.store.ratings_store import RatingsStore

        return RatingsStore.create(address, scale) if make else RatingsStore.open(address)
