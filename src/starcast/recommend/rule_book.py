"""Rules for a catalogue: masks, groups and weights, made once and kept."""

from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache, partial
from typing import Any, NamedTuple, final

import numpy as np

from starcast.artifacts.artifact import Artifact
from starcast.data.files.cells import is_number
from starcast.data.files.naming import GENRES
from starcast.display import quoted
from starcast.engines.rows import SparseRows
from starcast.errors import ConfigError, UnknownNameError
from starcast.recommend.group_bounds import Maximum, Minimum
from starcast.recommend.item_columns import ItemColumn, ItemColumns, Mask
from starcast.recommend.list_gains import Likeness
from starcast.recommend.matching import ItemFinder, find_items
from starcast.recommend.rerank import Wishes
from starcast.recommend.rules import Group, Rules
from starcast.recommend.similar_items import likeness_of
from starcast.scoring.top_lists import Selection

_KEPT = 64  # sets of rules
_KEPT_BYTES = 1 << 26  # of the items they select, and of likenesses


@final
class RuleSet(NamedTuple):
    """Rules as lists of a catalogue obey them.

    Attributes:
        rules: as they were asked for.
        selection: the only items to list; None lists any.
        wishes: what is chosen by beside scores; None where the best scores are taken.
        remarks: what should be known of them, a line each.
    """

    rules: Rules
    selection: Selection | None = None
    wishes: Wishes | None = None
    remarks: tuple[str, ...] = ()


@final
class RuleBook:
    """What rules mean for the items of a model. It may be asked by several threads at once.

    Args:
        artifact: any trained model.
    """

    def __init__(self, artifact: Artifact) -> None:
        self._artifact, self._ratings = artifact, artifact.split.ratings
        n_kept = min(_KEPT, _KEPT_BYTES // max(13 * self._ratings.n_items, 1) + 1)
        self._kept = lru_cache(n_kept)(self._compiled)

    def asked(self, rules: Rules | None, given: Mapping[str, Any]) -> RuleSet:
        """Rules, with those in their place that a call itself gives, for this catalogue.

        Those that were asked for before are not read again.

        Raises:
            ConfigError: a filter or a group that cannot be read.
            UnknownNameError: a rule or a column that there is not. UnknownIdError: items none of
                which is known.
        """
        try:
            return self._kept(rules, tuple(given.items()))
        except TypeError:  # a list, or an array, which nothing can be kept by
            return self._kept(Rules.of(rules, given), ())

    @cached_property
    def columns(self) -> ItemColumns:
        """What items are filtered and grouped by."""
        return ItemColumns.of(self._ratings)

    @cached_property
    def _finder(self) -> ItemFinder:
        return ItemFinder(self._ratings)

    def _compiled(self, asked: Rules | None, given: tuple[tuple[str, Any], ...]) -> RuleSet:
        rules = Rules.of(asked, dict(given))
        if rules == Rules():
            return RuleSet(rules)
        masks, remarks = self._masks(rules)
        selection = Selection(np.logical_and.reduce(masks)) if masks else None
        wishes = self._wishes(rules)
        remarks += self._unheard(wishes) if wishes else ()
        return RuleSet(rules, selection, wishes, tuple(remarks))

    def _masks(self, rules: Rules) -> tuple[list[Mask], list[str]]:
        """What each rule allows, and what should be known of it."""
        masks: list[Mask] = []
        remarks: list[str] = []
        if rules.where is not None:
            from starcast.recommend.filters import filtered  # its parser, when there is one to read

            found = filtered(rules.where, self.columns)
            masks.append(found.allowed)
            remarks += found.remarks
        for name, items in (("among", rules.among), ("without", rules.without)):
            if items is not None and (items or name == "among"):
                named = find_items(name, items, self._finder)
                mask = np.full(self._ratings.n_items, name == "without")
                mask[named.rows] = name == "among"
                masks.append(mask)
                remarks += named.notes
        if rules.min_ratings:
            masks.append(self._artifact.n_raters >= rules.min_ratings)
        return masks, remarks

    def _wishes(self, rules: Rules) -> Wishes | None:
        if not (rules.at_most or rules.at_least or rules.diversity or rules.calibration):
            return None
        return Wishes(
            tuple(map(self._maximum, rules.maximums)),
            tuple(map(self._minimum, rules.minimums)),
            rules.diversity,
            rules.calibration,
            self._likeness if rules.diversity else None,
            self._genres if rules.calibration else None,
        )

    def _maximum(self, group: Group) -> Maximum:
        column = self.columns.find(group.column)
        value = None if group.value is None else _value(column, group)
        return Maximum(group.n, column.rows, value)

    def _minimum(self, group: Group) -> Minimum:
        column = self.columns.find(group.column)
        chosen = np.zeros(len(column.values), bool)
        chosen[_value(column, group)] = True
        return Minimum(group.n, column.having(chosen))

    def _unheard(self, wishes: Wishes) -> Iterator[str]:
        """Of weights that nothing here can tell what to make of."""
        if wishes.calibration and wishes.values is None:
            yield "not calibrated: no genres are known of these items"
        if wishes.diversity and wishes.likeness is None:
            title = self._artifact.title
            yield f"not made diverse: neither {title} nor genres tell which items are alike"

    @property
    def _genres(self) -> SparseRows | None:
        column = self.columns.by_name.get(GENRES)
        return column.rows if column else None

    @cached_property
    def _likeness(self) -> Likeness | None:
        """The model's own, or else shared genres and years: |A ∩ B| / |A ∪ B| (Jaccard).

        Rows of items that many lists hold are kept.
        """
        features = [column.rows for column in self.columns.features]
        shared = partial(_shared, features) if features else None
        found = likeness_of(self._artifact) or shared
        n_kept = _KEPT_BYTES // max(4 * self._ratings.n_items, 1) + 1
        return lru_cache(n_kept)(found) if found else None


def _value(column: ItemColumn, group: Group) -> int:
    """The number of a group's value. Raises: ConfigError, UnknownNameError: no item has it."""
    wanted, text = group.value or "", column.values.tolist()
    if column.is_number:
        if not is_number(wanted):
            raise ConfigError(f"{quoted(column.name)} holds numbers; {quoted(wanted)} is none")
        found = np.flatnonzero(column.values == float(wanted))
    else:
        found = np.flatnonzero(column.values == wanted)
    if not len(found):
        raise UnknownNameError(f"value of {column.name}", wanted, map(str, text))
    return int(found[0])


def _shared(features: list[SparseRows], item_row: int) -> np.ndarray:
    """Jaccard's likeness of every item with one by the values of some columns; float32."""
    n = len(features[0])
    both, either = np.zeros(n), np.zeros(n)
    for rows in features:
        own = np.zeros(rows.n_columns, bool)
        own[rows.row(item_row)[0]] = True
        shared = np.bincount(rows.row_numbers()[own[rows.columns]], minlength=n)
        both += shared
        either += np.diff(rows.offsets) + np.count_nonzero(own) - shared
    return (both / np.maximum(either, 1)).astype(np.float32)
