"""Ratings: who rated what, with how many stars, and when."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.columns import ascending, chosen_of, columns_fault, distinct, lie_in
from starcast.data.ids import Ids, Rows, Vocabulary
from starcast.data.reading import Reading
from starcast.data.scale import RatingScale
from starcast.errors import DataError

Stars = NDArray[np.float32]
_COLUMNS = ("user_rows", "item_rows", "stars", "timestamps", "given_test")  # a row each


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
        is_feature: whether models may learn from it; other columns of an items file, such as a
            price, are there to filter by.
    """

    side: str
    name: str
    values: NDArray[np.str_]
    value_rows: Rows
    member_rows: Rows
    is_feature: bool = True

    @classmethod
    def of(
        cls,
        members: Vocabulary,
        name: str,
        known: Mapping[Any, Sequence[str]],
        *,
        is_feature: bool = True,
    ) -> Self:
        """An attribute from the values that each id has.

        Args:
            members: the users or the items.
            name: of the attribute.
            known: id to its values; ids that are not among the members do not count.
            is_feature: as the attribute.

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
        return cls(members.kind, name, values, value_rows.astype(np.int32), rows, is_feature)

    def fault(self, n_members: int) -> str:
        """What is not as said above, of so many users or items; "" if all is."""
        said = f"knows '{self.name}' of a {self.side}"
        if self.values.dtype.kind != "U" or not np.all(self.values[:-1] < self.values[1:]):
            return f"{said} by values that do not ascend"
        for rows, n in ((self.value_rows, len(self.values)), (self.member_rows, n_members)):
            is_column = rows.dtype == np.int32 and rows.shape == self.member_rows.shape
            if not (is_column and lie_in(rows, n)):
                return f"{said}, or a value, that there is none of"
        in_order = np.all(self.member_rows[:-1] <= self.member_rows[1:])
        return "" if in_order else f"{said} before that of an earlier one"


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
        given_test: bool (n,), the rows that were handed over as test rows, or None.
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
    given_test: NDArray[np.bool_] | None = None

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
        scale = scale or RatingScale.infer(distinct(stars))
        known = titles or {}
        names = np.array([known.get(item, "") for item in items.ids.tolist()], np.str_)
        known_of = tuple(attributes)
        return cls.checked(
            user_rows, item_rows, stars, when, users, items, scale, names, name, known_of
        )

    @classmethod
    def checked(cls, *columns: Any) -> Self:
        """The ratings of columns from a file or a caller, refused unless they are what they must.

        Args:
            columns: the attributes, in their order.
        Raises: DataError: of the things said above of attributes, the first that does not hold.
        """
        one = cls(*columns)
        fault = columns_fault(*columns[:8])
        sizes = {"user": one.n_users, "item": one.n_items}
        for known in () if fault else one.attributes:
            fault = fault or known.fault(sizes.get(known.side, 0))
        if fault:
            raise DataError(f"{one.name} {fault}")
        return one

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

    def take(self, chosen: NDArray[Any] | slice) -> Self:
        """The rows that a mask, ascending numbers or a slice choose; vocabularies stay whole."""
        columns = {name: getattr(self, name) for name in _COLUMNS}
        known = {name: column for name, column in columns.items() if column is not None}
        taken: dict[str, Any] = dict(
            zip(known, chosen_of(list(known.values()), chosen), strict=True)
        )
        return replace(self, **taken)

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
