"""Rules where a store knows items that the model does not: each side obeys its part."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import final

import numpy as np
from numpy.typing import NDArray

from starcast.data.ids import Vocabulary
from starcast.data.store.item_attributes import of_items
from starcast.data.store.records import Item
from starcast.recommend import Rules
from starcast.recommend.item_columns import ItemColumns, Mask


@final
class NewByRules:
    """Which new items a list by rules may hold, and what rules say beside them.

    Args:
        items: of a store, which the model does not know.
        titles: of the model's items, str (n_items,).
        columns: of the model's items, which filters are about.
    """

    def __init__(
        self, items: Sequence[Item], titles: NDArray[np.str_], columns: ItemColumns
    ) -> None:
        self._items, self._titles, self._known = items, titles, columns
        self._keys = [str(one.id) for one in items]

    def allowed(self, rules: Rules | None) -> Mask:
        """bool (n,), of these items.

        None of them, where groups or weights choose among what the model knows, or where training
        ratings are asked for. What cannot be read is refused before, for the model's items.
        """
        if rules is None:
            return np.ones(len(self._items), bool)
        if rules != Rules(where=rules.where, among=rules.among, without=rules.without):
            return np.zeros(len(self._items), bool)
        allowed = ~self._named(rules.without)
        if rules.among is not None:
            allowed &= self._named(rules.among)
        if rules.where is not None and allowed.any():
            from starcast.recommend.filters import filtered  # its parser, when there is one to read

            allowed &= filtered(rules.where, self._columns).allowed
        return allowed

    def of_the_model(self, rules: Rules | None) -> Rules | None:
        """The rules for items that the model knows, which need not know the others."""
        if rules is None:
            return None
        among = None if rules.among is None else self._not_new(rules.among)
        known = replace(rules, without=self._not_new(rules.without), among=among)
        return None if known == Rules() else known

    def _not_new(self, wanted: Sequence[object]) -> tuple[object, ...]:
        return tuple(one for one in wanted if str(one).casefold() not in self._names)

    def _named(self, wanted: Sequence[object]) -> Mask:
        """Those that are among ids or whole titles."""
        named = {str(one).casefold() for one in wanted if isinstance(one, str)}
        ids = set(map(str, wanted))
        return np.array(
            [
                key in ids or (one.title != "" and one.title.casefold() in named)
                for key, one in zip(self._keys, self._items, strict=True)
            ],
            bool,
        )

    @cached_property
    def _names(self) -> frozenset[str]:
        """Ids of these items, and titles that none of the model has."""
        titles = {one.title.casefold() for one in self._items if one.title}
        known = {one.casefold() for one in self._titles.tolist()}
        return frozenset({*map(str.casefold, self._keys), *(titles - known)})

    @cached_property
    def _columns(self) -> ItemColumns:
        titles = np.array([one.title for one in self._items], np.str_)
        members = Vocabulary(np.array(self._keys, np.str_), kind="item")
        return ItemColumns(titles, of_items(members, self._items), self._known)
