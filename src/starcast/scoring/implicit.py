"""The implicit factor model, deployed: lists from factors, stars from means."""

from functools import cached_property
from typing import final

import numpy as np

from starcast.data.ids import Rows
from starcast.engines.interest import Activity, Interest
from starcast.engines.protocol import Scores, Weights
from starcast.engines.rows import SparseRows
from starcast.scoring.by_means import FoldedByMeans, MeansScorer, interest_fault, stars_reach
from starcast.scoring.factors import Sized
from starcast.scoring.schema import Schema, Shape
from starcast.scoring.similarity import cosines
from starcast.scoring.solving import solved


@final
class ImplicitScorer(MeansScorer):
    """score_ui = p_u · q_i; stars by means.

    Who has rated nothing gets what everybody is interested in.

    Args:
        weights: as `ImplicitEngine.weights()` gives them.
        histories: who rated what in training, by user.
    """

    def __init__(self, weights: Weights, histories: SparseRows) -> None:
        self._interest = Interest(*weights["interest"].tolist())
        super().__init__(self._interest.mean, weights["item_bias"], histories)
        self._users, self._items = weights["user_factors"], weights["item_factors"]
        self._folding = weights["folding"].tolist()

    def list_all(self, user_rows: Rows) -> Scores:
        """List scores of every item; float32 (n, n_items)."""
        scores = np.asarray(self._users[user_rows] @ self._items.T)
        scores[np.diff(self.histories.offsets)[user_rows] == 0] = self._everybody
        return scores

    def list_user(self, user_row: int) -> Scores:
        """List scores of every item for one user; float32 (n_items,)."""
        if not len(self.histories.row(user_row)[0]):
            return self._everybody.copy()
        return np.asarray(self._items @ self._users[user_row])

    def likeness(self, item_row: int) -> Scores:
        """Cosines of factors; float32 (n_items,)."""
        return cosines(self._items, item_row)

    def fold_in(self, item_rows: Rows, stars: Scores, residual_rmse: float) -> "FoldedByFactors":
        """A person by the very ridge regression that made every user; exact."""
        alpha, strength, exponent, *activity = self._folding
        weights = self._interest.values(stars, self._interest.user_mean(stars)).astype(np.float64)
        weights *= Activity(*activity).weights(len(stars))
        reach = weights.sum() + alpha * len(self._items)
        known = self._items[item_rows].astype(np.float64)
        system = alpha * self._everywhere + known.T @ (weights[:, np.newaxis] * known)
        system[np.diag_indices(len(system))] += strength * reach**exponent
        # What each rating adds to the factors: a column of (A⁻¹ Kᵀ W).
        shares = solved(system, (weights[:, np.newaxis] * known).T)
        lists = np.asarray(self._items @ shares.astype(np.float32).sum(axis=1))
        return FoldedByFactors(
            self.by_means(item_rows, stars),
            self._items,
            shares.astype(np.float32),
            lists if len(stars) else self._everybody,
        )

    @cached_property
    def _everybody(self) -> Scores:
        return self._interest.of_everybody(self.histories)

    @cached_property
    def _everywhere(self) -> Scores:
        items = self._items.astype(np.float64)
        return np.asarray(items.T @ items)


@final
class FoldedByFactors:
    """A person whom an implicit factor model knows by ratings.

    Args:
        by_means: the same person's stars.
        items: float32 (n_items, d).
        shares: (d, n_ratings), what each rating adds to the person's factors.
        lists: float32 (n_items,), list scores.
    """

    def __init__(
        self, by_means: FoldedByMeans, items: Scores, shares: Scores, lists: Scores
    ) -> None:
        self.score_all, self.score_items = by_means.score_all, by_means.score_items
        self.effects = by_means.effects
        self._items, self._shares, self._lists = items, shares, lists

    def list_all(self) -> Scores:
        """List scores; float32 (n_items,)."""
        return self._lists.copy()

    def list_effects(self, item_rows: Rows) -> Scores:
        """What each rating adds to each list score; float32 (n, n_ratings).

        Source: Hu, Koren, Volinsky 2008, section 5.
        """
        return np.asarray(self._items[item_rows] @ self._shares)


def implicit_schema(settings: Sized, n_users: int, n_items: int) -> Schema:
    """What the weights of an `ImplicitScorer` must be."""
    shapes: dict[str, Shape] = {
        "user_factors": (n_users, settings.dimension),
        "item_factors": (n_items, settings.dimension),
        "interest": (3,),
        "item_bias": (n_items,),
        "folding": (5,),
    }
    return Schema(shapes, stars_reach, (n_users, n_items), _fault)


def _fault(weights: Weights) -> str:
    alpha, strength, exponent, activity, mean = weights["folding"].tolist()
    if min(alpha, strength, exponent, activity) < 0 or max(alpha, strength) > 1e9:
        return "'folding' holds what is no setting"
    if max(exponent, activity) > 2 or not 1e-30 < mean <= 1:
        return "'folding' holds what is no setting"
    return interest_fault(weights)
