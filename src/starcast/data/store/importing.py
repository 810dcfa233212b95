"""Ratings of any source brought into a store, with what is known of their items and users."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple, final

from starcast.data.attributes import cells_of
from starcast.data.ratings import Ratings
from starcast.data.store.checks import key
from starcast.data.store.item_attributes import column_name, is_told_by_title
from starcast.data.store.putting import Put
from starcast.data.store.ratings_store import RatingsStore
from starcast.data.store.records import Item, Outcome, total
from starcast.display import quoted
from starcast.errors import DataError

_PER_TRANSACTION = 50_000  # ratings; others who write wait for that long
_Attributes = dict[Any, dict[str, list[str]]]


@final
class Imported(NamedTuple):
    """What an import brought in.

    Attributes:
        ratings: what became of them.
        items, users: of how many titles or attributes were new or other than before.
    """

    ratings: Outcome
    items: int
    users: int


def import_ratings(store: RatingsStore, ratings: Ratings) -> Imported:
    """Store ratings, and titles and attributes of their items and users.

    Done again, it changes nothing; if it was ended before its time, it completes it. Times that the
    ratings do not have are not made up: a rating without one is older than all that have one.

    Raises: DataError: stars outside the store's scale, or an id that can be none; then nothing is
        stored.
    """
    users = [key(one, "user") for one in ratings.users.ids.tolist()]
    items = [key(one, "item") for one in ratings.items.ids.tolist()]
    _check_scale(store, ratings)
    of_items, of_users = _told_items(store, ratings), _told_users(store, ratings)
    with store.writing() as transaction:
        if store.scale is None:
            transaction.set_scale(ratings.scale)
        transaction.put_items(of_items)
        transaction.put_users(of_users)
    outcomes: list[Outcome] = []
    for start in range(0, len(ratings), _PER_TRANSACTION):
        puts = list(_puts(ratings, users, items, slice(start, start + _PER_TRANSACTION)))
        with store.writing() as transaction:
            outcomes.append(total(transaction.write(puts)))
    return Imported(total(outcomes), len(of_items), len(of_users))


def _check_scale(store: RatingsStore, ratings: Ratings) -> None:
    if not (scale := store.scale):
        return
    for stars in (float(ratings.stars.min()), float(ratings.stars.max())):
        if not scale.lowest <= stars <= scale.highest:
            raise DataError(
                f"{quoted(ratings.name)} has a rating of {stars:g}, and {store.label} holds {scale}"
            )


def _puts(ratings: Ratings, users: list[str], items: list[str], part: slice) -> Iterator[Put]:
    written = {one: float(str(one)) for one in set(ratings.stars[part])}  # 4.1 and not 4.0999999
    when = ratings.timestamps
    times = [None] * len(ratings.stars[part]) if when is None else when[part].tolist()
    columns = zip(
        ratings.user_rows[part].tolist(), ratings.item_rows[part].tolist(), ratings.stars[part],
        times, strict=True,
    )  # fmt: skip
    for user, item, stars, time in columns:
        yield Put(users[user], items[item], written[stars], time)


def _told_items(store: RatingsStore, ratings: Ratings) -> list[Item]:
    """Items as they shall be, of which something is told that the store does not have."""
    attributes = _attributes(ratings, "item")
    known = {str(one.id): one for one in store.items_since(0)}
    told = []
    for one, title in zip(ratings.items.ids.tolist(), ratings.titles.tolist(), strict=True):
        before = known.get(str(one), Item(one))
        more = {**before.attributes, **attributes.get(one, {})}
        after = replace(before, title=title or before.title, attributes=more)
        if after != before:
            told.append(after)
    return told


def _told_users(store: RatingsStore, ratings: Ratings) -> Mapping[Any, dict[str, Any]]:
    """The same of users' attributes."""
    attributes = _attributes(ratings, "user")
    known = {str(user): had for user, had in store.users().items()} if attributes else {}
    merged = {user: known.get(str(user), {}) | told for user, told in attributes.items()}
    return {user: told for user, told in merged.items() if told != known.get(str(user))}


def _attributes(ratings: Ratings, side: str) -> _Attributes:
    """Attributes of users or items, by id, as people would put them."""
    ids = (ratings.users if side == "user" else ratings.items).ids.tolist()
    found: _Attributes = {}
    for one in ratings.attributes:
        if one.side == side and not is_told_by_title(one):
            name = one.name if side == "user" else column_name(one.name)
            for row, texts in cells_of(one).items():
                found.setdefault(ids[row], {}).setdefault(name, []).extend(texts)
    return found
