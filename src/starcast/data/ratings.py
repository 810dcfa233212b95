"""Ratings: who rated what, with how many stars, and when."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.ids import Ids, Rows, Vocabulary
from starcast.data.reading import Reading
from starcast.data.scale import RatingScale
from starcast.errors import DataError

Stars = NDArray[np.float32]
_BLOCK = 1 << 16  # rows; what is made of a block stays in the processor's cache


@final
@dataclass(frozen=True, eq=False, slots=True)
class Attribute:
    """Something known of users or of items beside their ratings: an occupation, genres.

    Attributes:
        side: "user" or "item".
        name: such as "genre".
        values: str (n_values,), ascending.
        value_rows: int32 (n_pairs,), rows of `values`.
        member_rows: int32 (n_pairs,), the user rows or item rows that have them, ascending.
    """

    side: str
    name: str
    values: NDArray[np.str_]
    value_rows: Rows
    member_rows: Rows

    @classmethod
    def of(cls, members: Vocabulary, name: str, known: Mapping[Any, Sequence[str]]) -> Self:
        """An attribute from the values that each id has.

        Args:
            members: the users or the items.
            name: of the attribute.
            known: id to its values; ids that are not among the members do not count.

        >>> films = Vocabulary(np.array([3, 7]), kind="item")
        >>> genre = Attribute.of(films, "genre", {3: ["War"], 7: ["Drama", "War"]})
        >>> genre.values[genre.value_rows].tolist(), genre.member_rows.tolist()
        (['War', 'Drama', 'War'], [0, 1, 1])
        """
        rows_and_values = [
            (row, value)
            for row, member in enumerate(members.ids.tolist())
            for value in sorted(set(known.get(member, ())))
        ]
        texts = np.array([value for _, value in rows_and_values], np.str_)
        values, value_rows = np.unique(texts, return_inverse=True)
        rows = np.array([row for row, _ in rows_and_values], np.int32)
        return cls(members.kind, name, values, value_rows.astype(np.int32), rows)


@final
@dataclass(frozen=True, eq=False, slots=True)
class Ratings:
    """Immutable columns over two vocabularies, sorted by (user, item), each pair once.

    Attributes:
        user_rows: int32 (n,), rows in [0, n_users).
        item_rows: int32 (n,), rows in [0, n_items).
        stars: float32 (n,), the ratings.
        timestamps: int64 (n,), any unit that grows with time, or None.
        users, items: the vocabularies behind the rows.
        scale: the stars that exist.
        titles: str (n_items,), one per item row, "" where unknown.
        name: the data set's name, for folders and reports.
        attributes: of users and items; no part of the content that `content_hash` tells.
        reading: what was taken for what when a table of one's own was read, or None.
    """

    user_rows: Rows
    item_rows: Rows
    stars: Stars
    timestamps: NDArray[np.int64] | None
    users: Vocabulary
    items: Vocabulary
    scale: RatingScale
    titles: NDArray[np.str_]
    name: str
    attributes: tuple[Attribute, ...] = ()
    reading: Reading | None = None

    @classmethod
    def from_columns(
        cls,
        user_ids: Ids,
        item_ids: Ids,
        stars: NDArray[np.floating[Any]],
        timestamps: NDArray[np.integer[Any]] | None = None,
        *,
        titles: dict[Any, str] | None = None,
        scale: RatingScale | None = None,
        name: str = "ratings",
    ) -> Self:
        """Ratings from columns of external ids, in any order, each (user, item) pair once.

        Args:
            user_ids, item_ids: (n,) integers or strings.
            stars: (n,) ratings.
            timestamps: (n,) integers, or None.
            titles: item id to title.
            scale: the stars that exist; inferred from `stars` if not given.
            name: the data set's name.
        Raises: DataError: no rows, ratings outside the scale, or a pair that occurs twice.

        >>> ratings = Ratings.from_columns(
        ...     np.array(["ann", "ann", "bob"]), np.array([7, 3, 7]), np.array([4.0, 1.0, 5.0]))
        >>> ratings.item_rows.tolist(), ratings.stars.tolist()
        ([0, 1, 1], [1.0, 4.0, 5.0])
        """
        users, user_rows = Vocabulary.encode(user_ids, "user")
        items, item_rows = Vocabulary.encode(item_ids, "item")
        return cls.from_rows(
            users, items, user_rows, item_rows, stars, timestamps,
            titles=titles, scale=scale, name=name,
        )  # fmt: skip

    @classmethod
    def from_rows(
        cls,
        users: Vocabulary,
        items: Vocabulary,
        user_rows: Rows,
        item_rows: Rows,
        stars: NDArray[np.floating[Any]],
        timestamps: NDArray[np.integer[Any]] | None = None,
        *,
        titles: dict[Any, str] | None = None,
        scale: RatingScale | None = None,
        name: str = "ratings",
        attributes: Sequence[Attribute] = (),
    ) -> Self:
        """Ratings from ids that are rows of vocabularies already, in any order, each pair once.

        Args:
            users, items: the vocabularies behind the rows.
            user_rows, item_rows: int32 (n,), rows in them.
            stars, timestamps, titles, scale, name: as in `from_columns`.
            attributes: of users and items.
        Raises: DataError: no rows, ratings outside the scale, or a pair that occurs twice.
        """
        if not len(stars):
            raise DataError(f"{name} holds no ratings")
        stars = np.ascontiguousarray(stars, np.float32)
        when = None if timestamps is None else np.ascontiguousarray(timestamps, np.int64)
        if not ascending(user_rows, item_rows):
            order = np.argsort(user_rows.astype(np.int64) * len(items) + item_rows, kind="stable")
            user_rows, item_rows, stars = user_rows[order], item_rows[order], stars[order]
            when = None if when is None else when[order]
            if not ascending(user_rows, item_rows):
                raise DataError(f"{name} rates the same item twice for one user")
        scale = scale or RatingScale.infer(_distinct(stars))
        # A scale knows millionths of a star, float32 knows fewer of large ones; NaN is outside too.
        largest = max(abs(scale.lowest), abs(scale.highest))
        margin = 1e-6 + float(np.finfo(np.float32).eps) * largest
        if not (stars.min() >= scale.lowest - margin and stars.max() <= scale.highest + margin):
            raise DataError(f"{name} has ratings outside {scale}")
        known = titles or {}
        names = np.array([known.get(item, "") for item in items.ids.tolist()], np.str_)
        known_of = tuple(attributes)
        return cls(user_rows, item_rows, stars, when, users, items, scale, names, name, known_of)

    def __len__(self) -> int:
        return len(self.stars)

    @property
    def n_users(self) -> int:
        """Users in the vocabulary, whether or not they have a row here."""
        return len(self.users)

    @property
    def n_items(self) -> int:
        """Items in the vocabulary, whether or not they have a row here."""
        return len(self.items)

    def take(self, chosen: NDArray[Any]) -> Self:
        """The rows that a boolean mask or ascending row numbers choose; vocabularies stay whole."""
        return type(self)(
            _chosen(self.user_rows, chosen),
            _chosen(self.item_rows, chosen),
            _chosen(self.stars, chosen),
            None if self.timestamps is None else _chosen(self.timestamps, chosen),
            self.users,
            self.items,
            self.scale,
            self.titles,
            self.name,
            self.attributes,
            self.reading,
        )

    def content_hash(self) -> str:
        """SHA-256 (hex) of ids and ratings: equal for equal data in any order of rows."""
        digest = hashlib.sha256()
        for ids in (self.users.ids, self.items.ids):
            digest.update(json.dumps(ids.tolist()).encode())  # tells 1 from "1", and any two lists
        for column in (self.user_rows, self.item_rows, self.stars):
            digest.update(np.ascontiguousarray(column).data)
        return digest.hexdigest()

    def __repr__(self) -> str:
        return (
            f"Ratings({self.name!r}: {len(self):,} ratings, {self.n_users:,} users, "
            f"{self.n_items:,} items, {self.scale})"
        )


def _chosen(column: NDArray[Any], chosen: NDArray[Any]) -> NDArray[Any]:
    """`column[chosen]`; with a mask twice as fast, and without large arrays on the way."""
    if chosen.dtype != bool or len(chosen) != len(column):
        taken: NDArray[Any] = column[chosen]
        return taken
    whole, at = np.empty(np.count_nonzero(chosen), column.dtype), 0
    for start in range(0, len(chosen), _BLOCK):
        rows = np.flatnonzero(chosen[start : start + _BLOCK])
        whole[at : at + len(rows)] = column[start : start + _BLOCK][rows]
        at += len(rows)
    return whole


def _distinct(stars: Stars) -> Stars:
    """Every rating that occurs, once."""
    blocks = range(0, len(stars), _BLOCK)
    return np.unique(np.concatenate([np.unique(stars[at : at + _BLOCK]) for at in blocks]))


def ascending(user_rows: Rows, item_rows: Rows) -> bool:
    """Whether every (user, item) pair is greater than the one before it."""
    for start in range(0, len(user_rows), _BLOCK):
        users = user_rows[start : start + _BLOCK + 1]  # the next block's first row, too
        items = item_rows[start : start + _BLOCK + 1]
        later_item = (users[:-1] == users[1:]) & (items[:-1] < items[1:])
        if not np.all((users[:-1] < users[1:]) | later_item):
            return False
    return True
