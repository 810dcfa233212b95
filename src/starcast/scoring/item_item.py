"""The item-item model, deployed: lists from a user's own items, stars from means."""

from functools import cached_property
from typing import NamedTuple, final

import numpy as np

from starcast.data.ids import Rows
from starcast.engines.blocks import in_blocks
from starcast.engines.interest import Interest
from starcast.engines.protocol import Scores, Weights
from starcast.engines.rows import SparseRows
from starcast.scoring.by_means import (
    FoldedByMeans,
    MeansScorer,
    are_places,
    interest_fault,
    stars_reach,
)
from starcast.scoring.panels import for_kernels
from starcast.scoring.schema import Schema, Shape

_USERS = 64  # per block


class ItemWeights(NamedTuple):
    """B, from core items to all items.

    Attributes:
        core, tail: int32 (m,) and (n_items - m,), rows of the items.
        numbers: int32 (n_items,), places in the core; -1 of the tail.
        matrix: float32 (m, m), from core items (rows) to core items.
        neighbours, tail_weights: int32 and float32 (n_items - m, K), from core items to the tail.
    """

    core: Rows
    tail: Rows
    numbers: Rows
    matrix: Scores
    neighbours: Rows
    tail_weights: Scores

    @classmethod
    def of(cls, weights: Weights) -> "ItemWeights":
        """As an item-item engine hands them out."""
        n_items, core = len(weights["item_bias"]), weights["core_items"].astype(np.int32)
        numbers = np.full(n_items, -1, np.int32)
        numbers[core] = np.arange(len(core), dtype=np.int32)
        tail = np.flatnonzero(numbers < 0).astype(np.int32)
        neighbours = for_kernels(weights["tail_neighbours"].astype(np.int32))
        matrix, tail_weights = map(for_kernels, (weights["item_item"], weights["tail_weights"]))
        return cls(core, tail, numbers, matrix, neighbours, tail_weights)

    def scores(self, interest: Scores) -> Scores:
        """List scores (n_items,) of interest (m,) in the core items."""
        found = np.empty(len(self.numbers), np.float32)
        known = np.flatnonzero(interest)
        # Not by BLAS, whose threads wait for each other longer than this takes.
        found[self.core] = np.einsum("n,ni->i", interest[known], self.matrix[known])
        found[self.tail] = np.einsum("nk,nk->n", self.tail_weights, interest[self.neighbours])
        return found

    def between(self, item_rows: Rows, target_rows: Rows) -> Scores:
        """B_ji from items j (n,) to items i (k,); float32 (n, k)."""
        found = np.zeros((len(item_rows), len(target_rows)), np.float32)
        numbers = self.numbers[item_rows]
        at_tail = np.searchsorted(self.tail, target_rows)
        for k, target in enumerate(self.numbers[target_rows].tolist()):
            if target >= 0:
                found[:, k] = np.where(numbers >= 0, self.matrix[numbers, target], 0)
            else:
                row = at_tail[k]
                same = numbers[:, np.newaxis] == self.neighbours[row]
                found[:, k] = same @ self.tail_weights[row]
        return found


@final
class ItemItemScorer(MeansScorer):
    """score_ui = Σ_j x_uj B_ji over the user's own items; stars by means.

    Who has none of them gets what everybody is interested in.

    Args:
        weights: interest (3,), item_bias (n_items,), and what `ItemWeights` takes.
        histories: who rated what in training, by user.
    """

    def __init__(self, weights: Weights, histories: SparseRows) -> None:
        self._interest = Interest(*weights["interest"].tolist())
        super().__init__(self._interest.mean, weights["item_bias"], histories)
        self._items = ItemWeights.of(weights)

    def list_all(self, user_rows: Rows) -> Scores:
        """List scores of every item; float32 (n, n_items)."""
        from starcast.scoring.list_kernels import add_rows, add_tail

        known, items = self._known, self._items
        rows = tuple(for_kernels(part) for part in (known.offsets, known.columns, known.values))
        users = for_kernels(user_rows)
        of_core = np.zeros((len(users), len(items.core)), np.float32)
        of_tail = np.zeros((len(users), len(items.tail)), np.float32)

        def fill(block: slice) -> None:
            add_rows(rows, items.matrix, users[block], of_core[block])
            tail = items.neighbours, items.tail_weights
            add_tail(rows, tail, len(items.core), users[block], of_tail[block])

        in_blocks(fill, len(users), _USERS)
        scores = np.empty((len(users), len(items.numbers)), np.float32)
        scores[:, items.core], scores[:, items.tail] = of_core, of_tail
        scores[np.diff(known.offsets)[user_rows] == 0] = self._everybody
        return scores

    def list_user(self, user_row: int) -> Scores:
        """List scores of every item for one user; float32 (n_items,)."""
        return self._listed(self._core_interest(*self.histories.row(user_row)))

    def fold_in(self, item_rows: Rows, stars: Scores, residual_rmse: float) -> "FoldedByItems":
        """A person known by ratings alone; no more is known of a user."""
        interest = self._core_interest(item_rows, stars)
        lists = self._listed(interest)
        return FoldedByItems(self.by_means(item_rows, stars), self._items, interest, lists)

    def likeness(self, item_row: int) -> Scores:
        """How much more two items go together than all others explain: partial correlations.

        float32 (n_items,), in [-1, 1]; NaN for items outside the core.
        """
        items = self._items
        found, number = np.full(len(items.numbers), np.nan, np.float32), items.numbers[item_row]
        if number >= 0:
            one, other = items.matrix[number], items.matrix[:, number]
            found[items.core] = np.sign(one) * np.sqrt(np.maximum(one * other, 0))
            found[item_row] = 1
        return np.clip(found, -1, 1)

    def _core_interest(self, item_rows: Rows, stars: Scores) -> Scores:
        """float32 (m,), a person's interest in each core item; 0 where nothing is known."""
        found = np.zeros(len(self._items.core), np.float32)
        numbers = self._items.numbers[item_rows]
        interest = self._interest.values(stars, self._interest.user_mean(stars))
        found[numbers[numbers >= 0]] = interest[numbers >= 0]
        return found

    def _listed(self, interest: Scores) -> Scores:
        """List scores (n_items,) of interest (m,) in the core items."""
        return self._items.scores(interest) if np.any(interest) else self._everybody.copy()

    @cached_property
    def _everybody(self) -> Scores:
        return self._interest.of_everybody(self.histories)

    @cached_property
    def _known(self) -> SparseRows:
        """Interest of every user; columns are numbers in the core."""
        items = self._items
        return self._interest.histories(self.histories).renumbered(items.numbers, len(items.core))


@final
class FoldedByItems:
    """A person whom an item-item model knows by ratings.

    Args:
        by_means: the same person's stars.
        items: B.
        interest: float32 (m,), in the core items.
        lists: float32 (n_items,), list scores.
    """

    def __init__(
        self, by_means: FoldedByMeans, items: ItemWeights, interest: Scores, lists: Scores
    ) -> None:
        self._by_means, self._items, self._interest = by_means, items, interest
        self._lists = lists
        self.score_all, self.score_items = by_means.score_all, by_means.score_items
        self.effects = by_means.effects

    def list_all(self) -> Scores:
        """List scores; float32 (n_items,)."""
        return self._lists.copy()

    def list_effects(self, item_rows: Rows) -> Scores:
        """What each rating adds to each list score; float32 (n, n_ratings)."""
        own = self._by_means.item_rows
        numbers = self._items.numbers[own]
        interest = np.where(numbers >= 0, self._interest[numbers], 0)
        return np.asarray((interest[:, np.newaxis] * self._items.between(own, item_rows)).T)


def item_item_schema(settings: object, n_users: int, n_items: int) -> Schema:
    """What the weights of an `ItemItemScorer` must be."""
    shapes: dict[str, Shape] = {
        "interest": (3,),
        "item_bias": (n_items,),
        "core_items": ("core",),
        "item_item": ("core", "core"),
        "tail_neighbours": ("tail", "neighbours"),
        "tail_weights": ("tail", "neighbours"),
    }
    return Schema(shapes, stars_reach, (n_users, n_items), _fault)


def _fault(weights: Weights) -> str:
    """Core items and neighbours are places in tables, which compiled loops believe."""
    n_items, core = len(weights["item_bias"]), weights["core_items"]
    if len(core) + len(weights["tail_neighbours"]) != n_items:
        return f"the core and the tail are not the {n_items:,} items"
    if not are_places(core, n_items) or not np.all(core[:-1] < core[1:]):
        return "'core_items' are not rows of items that ascend"
    if not are_places(weights["tail_neighbours"], len(core)):
        return "'tail_neighbours' are not places in the core"
    return interest_fault(weights)
