"""What is known of items, as columns that lists are filtered and grouped by."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.attributes import year_of
from starcast.data.files.cells import is_number
from starcast.data.files.naming import GENRES, TITLE, YEAR
from starcast.data.ids import Rows
from starcast.data.ratings import Attribute, Ratings
from starcast.engines.rows import SparseRows, offsets_of
from starcast.errors import UnknownNameError

Mask = NDArray[np.bool_]
_OTHER_NAMES = {"genre": GENRES}  # what people call a column that holds several


@final
class Truth(NamedTuple):
    """For which items, bool (n_items,), something holds, and for which it does not.

    Neither is known of items without a value, as SQL has it.
    """

    holds: Mask
    fails: Mask

    def __and__(self, other: "Truth") -> "Truth":
        return Truth(self.holds & other.holds, self.fails | other.fails)

    def __or__(self, other: "Truth") -> "Truth":
        return Truth(self.holds | other.holds, self.fails & other.fails)

    def __invert__(self) -> "Truth":
        return Truth(self.fails, self.holds)


@final
class ItemColumn:
    """The values of items, of which an item has one, several or none.

    Args:
        name: of the column.
        values: (n_values,), float64 or str, each once.
        value_rows, member_rows: int32 (n,), a value and an item that has it, items ascending.
        n_items: of the catalogue.
    """

    def __init__(
        self, name: str, values: NDArray[Any], value_rows: Rows, member_rows: Rows, n_items: int
    ) -> None:
        self.name, self.values, self.n_items = name, values, n_items
        self._value_rows, self._member_rows = value_rows, member_rows

    @classmethod
    def of(cls, name: str, attribute: Attribute, n_items: int) -> "ItemColumn":
        """A column of numbers where every value is one, else of text."""
        values: NDArray[Any] = attribute.values
        if all(map(is_number, values.tolist())):
            values = values.astype(np.float64)
        return cls(name, values, attribute.value_rows, attribute.member_rows, n_items)

    @property
    def is_number(self) -> bool:
        """Whether it holds numbers, not text."""
        return self.values.dtype.kind == "f"

    def an_example(self) -> str:
        """A value that shows why the column is of text: one that is no number."""
        return next((one for one in map(str, self.values.tolist()) if not is_number(one)), "")

    @cached_property
    def is_known(self) -> Mask:
        """bool (n_items,), the items that have a value."""
        return self._having(self._member_rows)

    @cached_property
    def rows(self) -> SparseRows:
        """The values of each item, each with 1 / their number."""
        offsets = offsets_of(self._member_rows, self.n_items)
        shares = np.float32(1) / np.diff(offsets)[self._member_rows].astype(np.float32)
        return SparseRows(offsets, self._value_rows, shares, len(self.values))

    def having(self, chosen: Mask) -> Mask:
        """bool (n_items,), the items with one value at least of those chosen, bool (n_values,)."""
        return self._having(self._member_rows[chosen[self._value_rows]])

    def where(self, chosen: Mask) -> Truth:
        """Whether one of an item's values is among those chosen, bool (n_values,)."""
        holds = self.having(chosen)
        return Truth(holds, self.is_known & ~holds)

    def _having(self, item_rows: Rows) -> Mask:
        found = np.zeros(self.n_items, bool)
        found[item_rows] = True
        return found


@final
class ItemColumns:
    """The columns of a catalogue: title, year, genres, and those of its items file.

    Args:
        ratings: whose items these are.
    """

    def __init__(self, ratings: Ratings) -> None:
        self._ratings = ratings

    @cached_property
    def by_name(self) -> Mapping[str, ItemColumn]:
        """Every column that any item has a value of; a file's own year counts, not a title's."""
        return {one.name: one for one in self._all()}

    @cached_property
    def features(self) -> list[ItemColumn]:
        """What models may learn from: genres, and years by groups of five."""
        n, known = self._ratings.n_items, self._ratings.attributes
        return [
            ItemColumn.of(one.name, one, n)
            for one in known
            if one.side == "item" and one.is_feature
        ]

    def find(self, name: str) -> ItemColumn:
        """The column of a name, whatever its case. Raises: UnknownNameError: says what is near."""
        if name in self.by_name:
            return self.by_name[name]
        lower = _OTHER_NAMES.get(name.lower(), name.lower())
        for known, column in self.by_name.items():
            if known.lower() == lower:
                return column
        raise UnknownNameError("column of items", name, self.by_name)

    def _all(self) -> Iterator[ItemColumn]:
        ratings, n = self._ratings, self._ratings.n_items
        titled = np.flatnonzero(ratings.titles != "").astype(np.int32)
        if len(titled):
            titles, rows = np.unique(ratings.titles[titled], return_inverse=True)
            yield ItemColumn(TITLE, titles, rows.astype(np.int32), titled, n)
        own = [one for one in ratings.attributes if one.side == "item" and not one.is_feature]
        years = {row: year for row in titled.tolist() if (year := year_of(ratings.titles[row]))}
        if years and YEAR not in (one.name.lower() for one in own):
            values, rows = np.unique(np.array([*years.values()], np.float64), return_inverse=True)
            yield ItemColumn(YEAR, values, rows.astype(np.int32), np.array([*years], np.int32), n)
        for one in ratings.attributes:
            if one.side == "item" and one.is_feature and one.name == "genre":
                yield ItemColumn.of(GENRES, one, n)
        for one in own:
            yield ItemColumn.of(one.name, one, n)
