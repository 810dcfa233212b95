"""What is known of users and items beside their ratings, once there are more of them."""

import numpy as np
from numpy.typing import NDArray

from starcast.data.ids import Rows, Vocabulary
from starcast.data.ratings import Attribute, Ratings


def titles(old: Ratings, arrived: Ratings, items: Vocabulary) -> NDArray[np.str_]:
    """Those that were known, and new ones where none were; str (n_items,).

    Args:
        old, arrived: two sets of ratings.
        items: those of the old, grown by others.
    """
    titles = np.concatenate([old.titles, np.zeros(len(items) - len(old.titles), np.str_)])
    told = np.zeros(len(items), arrived.titles.dtype)
    rows = items.find(arrived.items.ids)
    told[rows[rows >= 0]] = arrived.titles[rows >= 0]
    return np.where(titles == "", told, titles)


def attributes(
    old: Ratings, arrived: Ratings, users: Vocabulary, items: Vocabulary
) -> tuple[Attribute, ...]:
    """What was known of old ids, and what is told of new ones.

    Args:
        old, arrived: two sets of ratings.
        users, items: those of the old, grown by others.
    """
    grown = []
    every = (*old.attributes, *arrived.attributes)
    for side, name, is_feature in dict.fromkeys(map(_kind, every)):
        first, second = (_of_kind(one, side, name, is_feature) for one in (old, arrived))
        members = users if side == "user" else items
        theirs = arrived.users if side == "user" else arrived.items
        n_old = old.n_users if side == "user" else old.n_items
        grown.append(_grown(first, second, members.find(theirs.ids), n_old))
    return tuple(grown)


def _kind(one: Attribute) -> tuple[str, str, bool]:
    return one.side, one.name, one.is_feature


def _of_kind(ratings: Ratings, side: str, name: str, is_feature: bool) -> Attribute:
    nothing = np.empty(0, np.int32)
    none = Attribute(side, name, np.empty(0, np.str_), nothing, nothing, is_feature)
    kind = side, name, is_feature
    return next((one for one in ratings.attributes if _kind(one) == kind), none)


def _grown(old: Attribute, arrived: Attribute, rows: Rows, n_old: int) -> Attribute:
    """An attribute of `n_old` members, and of others, whose rows now are `rows` (-1: none)."""
    now = rows[arrived.member_rows]
    is_new = now >= n_old
    values = np.union1d(old.values, arrived.values[arrived.value_rows[is_new]])
    members = np.concatenate([old.member_rows, now[is_new]])
    told = np.concatenate([old.values[old.value_rows], arrived.values[arrived.value_rows[is_new]]])
    order = np.argsort(members, kind="stable")
    value_rows = np.searchsorted(values, told[order]).astype(np.int32)
    rows_now = members[order].astype(np.int32)
    return Attribute(old.side, old.name, values, value_rows, rows_now, old.is_feature)
