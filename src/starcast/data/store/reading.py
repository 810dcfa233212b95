"""A store as a source of ratings: all that are current, with what is known of items and users."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import func, select

from starcast.data.files import tabular
from starcast.data.files.loaded import load_table
from starcast.data.files.options import RECOGNISED
from starcast.data.ids import Vocabulary
from starcast.data.ratings import Attribute, Ratings
from starcast.data.scale import RatingScale
from starcast.data.store import schema
from starcast.data.store.address import Query, label_of, without_secrets
from starcast.data.store.connect import engine_of, told, url_of
from starcast.data.store.item_attributes import of_items, texts_by_column
from starcast.data.store.query import table_of
from starcast.data.store.records import Item

_ROWS = (
    "SELECT u.id AS user_id, i.id AS item_id, r.stars AS rating{time} FROM starcast_ratings r "
    "JOIN starcast_users u ON u.number = r.user_number "
    "JOIN starcast_items i ON i.number = r.item_number "
    "WHERE r.stars IS NOT NULL AND NOT i.deleted"
)
_EARLIEST = (  # what has no time was there before all that has one
    ", COALESCE(r.rated_at, (SELECT MIN(rated_at) FROM starcast_ratings WHERE stars IS NOT NULL)) "
    "AS timestamp"
)
_Known = Mapping[str, Mapping[str, Any]]


def store_query(address: str) -> Query | None:
    """What asks a store for all its ratings; None where an address is that of no store.

    Raises: DataError: it is a store of a newer version, or the database does not answer.
    """
    url, shown = url_of(address), without_secrets(address)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        return None
    with told(shown):
        engine = engine_of(address)
        try:
            with engine.connect() as connection:
                version = schema.version_of(connection)
                schema.require_known(version, label_of(address))
                if not version:
                    return None
                rated = select(func.min(schema.ratings.c.rated_at))
                first = connection.execute(rated.where(schema.ratings.c.stars.is_not(None)))
                sql = _ROWS.format(time="" if first.scalar() is None else _EARLIEST)
        finally:
            engine.dispose()
    return Query(address, "", sql, store=Path(url.database or "store").stem)


def to_ratings(
    query: Query, scale: RatingScale | None, items: Sequence[Item], users: _Known
) -> Ratings:
    """All current ratings of a store.

    Args:
        query: of `store_query`.
        scale, items, users: as the store has them.
    Raises: DataError: it holds no ratings.
    """
    tables = [load_table(table_of(query), RECOGNISED)]
    ratings = tabular.of_tables(tables, query.label, scale=scale, name=query.name)
    return with_known(ratings, items, users)


def with_known(ratings: Ratings, items: Sequence[Item], users: _Known) -> Ratings:
    """Ratings with titles and attributes that a store has for their items and users.

    What they have already, as from a file of items, stays.

    Args:
        ratings: of the store, perhaps joined with others.
        items: of the store.
        users: key of each user of the store to their attributes.
    """
    known = {str(one.id): one for one in items}
    ids = [str(one) for one in ratings.items.ids.tolist()]
    titles = np.array([known[one].title if one in known else "" for one in ids], np.str_)
    had = {(one.side, one.name) for one in ratings.attributes}
    found = [*of_items(ratings.items, items), *_of_users(ratings.users, users)]
    more = tuple(one for one in found if (one.side, one.name) not in had)
    return replace(
        ratings,
        titles=np.where(ratings.titles != "", ratings.titles, titles),
        attributes=(*ratings.attributes, *more),
    )


def _of_users(members: Vocabulary, known: _Known) -> list[Attribute]:
    told = {one: known[str(one)] for one in members.ids.tolist() if str(one) in known}
    columns = texts_by_column(told, str)
    found = [Attribute.of(members, name, values) for name, values in columns.items()]
    return [one for one in found if len(one.values)]
