"""The most popular items, deployed: the same list for everybody, less what they know."""

from typing import final

import numpy as np

from starcast.data.ids import Rows
from starcast.engines.protocol import Scores, Weights
from starcast.engines.rows import SparseRows
from starcast.scoring.by_means import FoldedByMeans, MeansScorer, stars_reach
from starcast.scoring.schema import Schema, Shape


@final
class PopularityScorer(MeansScorer):
    """score_i = training ratings of item i; stars by means.

    Args:
        weights: mean (), item_bias (n_items,), popularity (n_items,).
        histories: who rated what in training, by user.
    """

    def __init__(self, weights: Weights, histories: SparseRows) -> None:
        super().__init__(float(weights["mean"]), weights["item_bias"], histories)
        self._popularity = weights["popularity"]

    def list_all(self, user_rows: Rows) -> Scores:
        """Ratings of every item; float32 (n, n_items)."""
        return np.tile(self._popularity, (len(user_rows), 1))

    def list_user(self, user_row: int) -> Scores:
        """Ratings of every item; float32 (n_items,)."""
        return self._popularity.copy()

    def fold_in(self, item_rows: Rows, stars: Scores, residual_rmse: float) -> "FoldedByPopularity":
        """A person, who gets the same list."""
        folded = self.by_means(item_rows, stars)
        return FoldedByPopularity(folded, self._popularity)


@final
class FoldedByPopularity:
    """A person to whom everybody's list is shown.

    Args:
        by_means: the same person's stars.
        popularity: float32 (n_items,).
    """

    def __init__(self, by_means: FoldedByMeans, popularity: Scores) -> None:
        self.score_all, self.score_items = by_means.score_all, by_means.score_items
        self.effects = by_means.effects
        self._popularity, self._n_ratings = popularity, len(by_means.item_rows)

    def list_all(self) -> Scores:
        """Ratings of every item; float32 (n_items,)."""
        return self._popularity.copy()

    def list_effects(self, item_rows: Rows) -> Scores:
        """Nothing of the person's moves the list; float32 (n, n_ratings) of zeros."""
        return np.zeros((len(item_rows), self._n_ratings), np.float32)


def baseline_schema(settings: object, n_users: int, n_items: int) -> Schema:
    """What the weights of a `PopularityScorer`, and of the means, must be."""
    shapes: dict[str, Shape] = {"mean": (), "item_bias": (n_items,), "popularity": (n_items,)}
    return Schema(shapes, stars_reach, (n_users, n_items))
