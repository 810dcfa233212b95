"""What the store says of items: which may be listed now, and which the model does not know."""

import itertools
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from starcast.artifacts.artifact import Artifact
from starcast.data.attributes import cells_of
from starcast.data.ids import Rows
from starcast.data.split import TRAIN
from starcast.data.store.item_attributes import column_name
from starcast.data.store.records import Item
from starcast.engines.protocol import Scores
from starcast.recommend import Rules
from starcast.recommend.item_columns import ItemColumns
from starcast.recommend.new_items import NewItems
from starcast.recommend.search_words import words
from starcast.serve.new_by_rules import NewByRules
from starcast.serve.new_in_lists import NOTHING_NEW, NewForPerson, NewItem

Means = Mapping[str, tuple[int, float]]
"""Keys of items to how many ratings they have and the mean of their stars."""

_numbers = itertools.count(1)


@final
@dataclass(frozen=True, eq=False)
class Catalogue:
    """What a store says of the items of a model, at a time.

    Attributes:
        allowed: bool (n_items,), the items of the model that may be listed; None where all may.
        fresh: items that may be listed, and that the model does not know. What was rated and
            never told of may be a mistyped id, and is not among them.
        estimate: what these may be worth; None without any.
        by_rules: which of them a list by rules may hold; None without any.
        titles: keys of all items of the store to their titles.
        until: when, in seconds since 1970, this may no longer hold.
        means: of the ratings of new items.
        number: which no other has.
    """

    allowed: NDArray[np.bool_] | None
    fresh: Sequence[Item]
    estimate: NewItems | None
    by_rules: NewByRules | None
    titles: Mapping[str, str]
    until: float
    means: Means = field(default_factory=dict)
    number: int = field(default_factory=lambda: next(_numbers))

    @property
    def n_hidden(self) -> int:
        """How many items of the model may not be listed."""
        return 0 if self.allowed is None else int(np.count_nonzero(~self.allowed))

    def may_list(self, item_row: int) -> bool:
        """Whether an item of the model may be listed."""
        return self.allowed is None or bool(self.allowed[item_row])

    def title(self, item: object, known: str) -> str:
        """The title of an item: the store's, where it has one, else what the model knows."""
        return self.titles.get(str(item)) or known

    def rules_of_the_model(self, rules: Rules | None) -> Rules | None:
        """Rules of a list without what they say of new items, which the model does not know."""
        return self.by_rules.of_the_model(rules) if self.by_rules else rules

    def search(self, query: str) -> list[dict[str, Any]]:
        """New items whose titles have words that begin like those of a query."""
        wanted = words(query)
        return [
            {"item": one.id, "title": one.title}
            for one in self.fresh
            if wanted and all(_begins(word, words(one.title)) for word in wanted)
        ]

    @classmethod
    def of(
        cls,
        artifact: Artifact,
        items: Sequence[Item],
        means: Means,
        row_of: Mapping[str, int],
        columns: ItemColumns,
    ) -> "Catalogue":
        """What a store says now.

        Args:
            artifact: the model.
            items: all of the store, deleted ones among them.
            means: of new items.
            row_of: keys of the model's items to their rows.
            columns: of the model's items.
        """
        now, ratings = time.time(), artifact.split.ratings
        allowed = np.ones(ratings.n_items, np.bool_)
        for one in items:
            if str(one.id) in row_of and not one.is_listed(now):
                allowed[row_of[str(one.id)]] = False
        fresh = [
            one
            for one in items
            if str(one.id) not in row_of and one.is_listed(now) and (one.title or one.attributes)
        ]
        return cls(
            None if allowed.all() else allowed,
            fresh,
            _estimate(artifact, items, fresh, means) if fresh else None,
            NewByRules(fresh, ratings.titles, columns) if fresh else None,
            {str(one.id): one.title for one in items},
            min((at for one in items for at in _bounds(one) if at > now), default=math.inf),
            means,
        )

    def for_person(
        self,
        item_rows: Rows,
        stars: Scores,
        rated: Mapping[str, float | None],
        rules: Rules | None = None,
    ) -> NewForPerson:
        """New items that a person has not rated, those worth most to them first.

        Args:
            item_rows: int32 (m,), items of the model that they have rated.
            stars: float32 (m,), with how many stars.
            rated: keys of items that are left out, if they have stars.
            rules: of the list; the model has read them.
        """
        if self.estimate is None or self.by_rules is None:
            return NOTHING_NEW
        worth, average = self.estimate.for_person(item_rows, stars)
        allowed = self.by_rules.allowed(rules)
        found = [
            NewItem(one.id, one.title, stars)
            for one, stars, may in zip(self.fresh, worth.tolist(), allowed.tolist(), strict=True)
            if may and rated.get(str(one.id)) is None
        ]
        return NewForPerson(sorted(found, key=lambda one: -one.stars), average)


EVERYTHING = Catalogue(None, (), None, None, {}, math.inf)
"""What is said where there is no store: all that the model knows may be listed."""


def _estimate(
    artifact: Artifact,
    items: Sequence[Item],
    fresh: Sequence[Item],
    means: Means,
) -> NewItems:
    ratings = artifact.split.ratings
    told = {str(one.id): _values(one.attributes) for one in items}
    learned = _values_of_model(artifact)
    known = [
        told.get(str(one)) or learned.get(row, frozenset())
        for row, one in enumerate(ratings.items.ids.tolist())
    ]
    own = [means.get(str(one.id), (0, 0.0)) for one in fresh]
    return NewItems(
        ratings.take(artifact.up_to(TRAIN)), known, [told[str(one.id)] for one in fresh],
        np.array([n for n, _ in own], np.float64), np.array([mean for _, mean in own]),
    )  # fmt: skip


def _values(attributes: Mapping[str, Any]) -> frozenset[str]:
    """What two items may share, as texts; numbers are measures, of which few are the same."""
    return frozenset(
        f"{column_name(name)}={one}"
        for name, value in attributes.items()
        for one in (value if isinstance(value, list) else [value])
        if isinstance(one, str | bool)
    )


def _values_of_model(artifact: Artifact) -> dict[int, frozenset[str]]:
    found: dict[int, set[str]] = {}
    for one in artifact.split.ratings.attributes:
        if one.side == "item":
            for row, texts in cells_of(one).items():
                told = found.setdefault(row, set())
                told.update(f"{column_name(one.name)}={text}" for text in texts)
    return {row: frozenset(values) for row, values in found.items()}


def _begins(word: str, others: Sequence[str]) -> bool:
    return any(other.startswith(word) for other in others)


def _bounds(item: Item) -> list[int]:
    return [at for at in (item.available_from, item.available_until) if at is not None]
