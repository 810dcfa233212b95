"""What is known of items, as columns that lists are filtered and grouped by."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple, Self, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.attributes import cells_of, year_of
from starcast.data.files.cells import is_number
from starcast.data.files.naming import GENRES, TITLE, YEAR
from starcast.data.ids import Rows, Vocabulary
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

    def turned(self, to_numbers: bool) -> "ItemColumn":
        """The same column as one of numbers, without what is none, or of text."""
        if self.is_number == to_numbers:
            return self
        text = [f"{one:.15g}" if self.is_number else str(one) for one in self.values.tolist()]
        is_kept = np.array([not to_numbers or is_number(one) for one in text], bool)
        kept = [one for one, keep in zip(text, is_kept.tolist(), strict=True) if keep]
        values = np.array(kept, np.float64 if to_numbers else np.str_)
        numbers, among = np.cumsum(is_kept, dtype=np.int32) - 1, is_kept[self._value_rows]
        rows = numbers[self._value_rows[among]].astype(np.int32)
        return ItemColumn(self.name, values, rows, self._member_rows[among], self.n_items)

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
        titles: str (n_items,), "" where there is none.
        attributes: those of items count.
        like: columns of other items. If given, these are of the same names, of numbers and text as
            those are; what is no number there is not known.
    """

    def __init__(
        self,
        titles: NDArray[np.str_],
        attributes: Sequence[Attribute],
        like: "ItemColumns | None" = None,
    ) -> None:
        self._titles, self._n_items, self._like = titles, len(titles), like
        self._attributes = [one for one in attributes if one.side == "item"]

    @classmethod
    def of(cls, ratings: Ratings) -> Self:
        """Of the items that are rated."""
        return cls(ratings.titles, ratings.attributes)

    @cached_property
    def by_name(self) -> Mapping[str, ItemColumn]:
        """Every column that any item has a value of; of years that of the title, if no other is."""
        found = {one.name: one for one in self._all()}
        if self._like is None:
            return found
        nothing = np.empty(0, np.int32)
        return {
            name: found[name].turned(other.is_number)
            if name in found
            else ItemColumn(name, other.values[:0], nothing, nothing, self._n_items)
            for name, other in self._like.by_name.items()
        }

    @cached_property
    def features(self) -> list[ItemColumn]:
        """What models may learn from: genres, and years by groups of five."""
        known = [one for one in self._attributes if one.is_feature]
        return [ItemColumn.of(one.name, one, self._n_items) for one in known]

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
        titles, n = self._titles, self._n_items
        titled = np.flatnonzero(titles != "").astype(np.int32)
        if len(titled):
            values, rows = np.unique(titles[titled], return_inverse=True)
            yield ItemColumn(TITLE, values, rows.astype(np.int32), titled, n)
        own = {one.name: one for one in self._attributes if not one.is_feature}
        name = next((name for name in own if name.lower() == YEAR), YEAR)
        if year := self._years(name, own.pop(name, None)):
            yield ItemColumn.of(name, year, n)
        for one in self._attributes:
            if one.is_feature and one.name == "genre":
                yield ItemColumn.of(GENRES, one, n)
        for one in own.values():
            yield ItemColumn.of(one.name, one, n)

    def _years(self, name: str, own: Attribute | None) -> Attribute | None:
        """The year that is told of each item, else that which its title ends in."""
        told = {} if own is None else cells_of(own)
        titles = enumerate(self._titles.tolist())
        ends = {row: [str(year)] for row, title in titles if (year := year_of(title))}
        members = Vocabulary(np.arange(self._n_items), kind="item")
        found = Attribute.of(members, name, ends | told, is_feature=False)
        return found if len(found.values) else None
