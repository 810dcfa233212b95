"""FoldedInUser: a person unknown to the model, known by a few ratings."""

from collections.abc import Sequence
from functools import cached_property
from typing import Unpack, final

import numpy as np
from numpy.typing import ArrayLike

from starcast.data.ids import Rows
from starcast.data.ratings import Ratings
from starcast.engines.protocol import Folded, FoldingScorer, ListFolded, Scores
from starcast.evaluation.list_size import LIST_SIZE
from starcast.recommend.answers import (
    Explanation,
    Recommendation,
    Unit,
    check_length,
    reasons,
)
from starcast.recommend.lister import Lister
from starcast.recommend.remarks import OnRemark, warned
from starcast.recommend.rules import RuleFields, Rules
from starcast.scoring.ranker import Ranker
from starcast.scoring.top_lists import Allowed


@final
class FoldedInUser:
    """A person folded into a trained model, which stays as it is.

    Made by `Recommender.fold_in`; may be asked by several threads at once.

    Args:
        ratings: whose items and scale these are.
        ranker: what orders lists, and the model behind it.
        known_by: int32 (n,), what the person rated, each once; float32 (n,), with how many stars.
        residual_rmse: how far ratings lie from predictions that have not seen them, RMSE in stars.
        lister: makes the lists.
    """

    def __init__(
        self,
        ratings: Ratings,
        ranker: Ranker,
        known_by: tuple[Rows, Scores],
        residual_rmse: float,
        lister: Lister,
    ) -> None:
        self._lister, self._named = lister, lister.pairs.named_items
        self.item_rows, self.stars = known_by
        self._ratings, self._ranker, self._residual_rmse = ratings, ranker, residual_rmse
        self._folded = self._fold_in(*known_by)

    def __len__(self) -> int:
        """How many ratings the person is known by."""
        return len(self.item_rows)

    def predict(self, item_ids: ArrayLike | Sequence[object]) -> Scores:
        """Predicted stars for items.

        Args:
            item_ids: (n,) external ids, or titles.
        Returns: float32 (n,), stars, clipped to the scale.
        Raises: UnknownIdError: an item that was not in the training data.
        """
        rows = self._named.rows(item_ids)
        return self._ratings.scale.clip(self._folded.score_items(rows))

    def recommend(
        self,
        k: int = LIST_SIZE,
        *,
        exclude_seen: bool = True,
        allowed: Allowed | None = None,
        rules: Rules | None = None,
        on_remark: OnRemark = warned,
        **given: Unpack[RuleFields],
    ) -> list[Recommendation]:
        """The k items that suit the person best, best first, with the stars they are predicted.

        Args:
            k: length of the list; shorter where no more items are left.
            exclude_seen: leave out what the person rated.
            allowed, rules, on_remark, given: as in `Recommender.recommend`.
        Raises:
            UnknownNameError, ConfigError: k is less than 1; a rule that there is not, or that
                cannot be obeyed here.
        """
        check_length(k)
        limits = self._lister.limits(exclude_seen, allowed, rules, given)
        chosen = self._lister.for_person(self._folded, self.item_rows, k, limits)
        return self._lister.answer(chosen, k, limits, on_remark)

    def explain(self, item_id: object, k: int = 5) -> Explanation:
        """Which of the person's own ratings speak for an item, and which against it.

        Where lists are ordered by stars, an effect is the prediction less what it would be had the
        person not given that rating, in stars and before clipping. Effects do not add up to
        prediction - base: two ratings that say the same are each worth little beside the other.
        Of a model made for lists it is the rating's part in the list score, as a share of all parts
        for and against it.

        Args:
            item_id: an external id, or a title.
            k: most reasons that are given.
        Raises:
            UnknownIdError: an item that was not in the training data.
            ConfigError: k is less than 1.
        """
        check_length(k)
        row = self._named.rows([item_id])
        clip = self._ratings.scale.clip
        return Explanation(
            float(clip(self._folded.score_items(row))[0]),
            float(clip(self._stranger.score_items(row))[0]),
            reasons(self._ratings, self.item_rows, self.stars, self._effects(row)[0], k),
            self.unit,
        )

    @cached_property
    def usual(self) -> float:
        """Stars that the person gives to what people rate, as predicted: the mean over ratings."""
        rows = self._lister.pairs.means.typical_rows
        return float(self._ratings.scale.clip(self._folded.score_items(rows)).mean())

    def predictive_std(self, item_ids: ArrayLike | Sequence[object]) -> Scores:
        """How far the person's ratings may lie from `predict`, whatever the model.

        σ = residual RMSE · √(v_i / v · v_u / v), with v_i and v_u the variances of the item's and
        of the person's ratings about damped means, each with 20 ratings' worth of all ratings' v.
        On test rows of ml-latest-small that is worth 0.05 nats a rating beside σ = residual RMSE.

        Args:
            item_ids: (n,) external ids, or titles.
        Returns: float32 (n,), stars.
        Raises: UnknownIdError: an item that was not in the training data.
        """
        means = self._lister.pairs.means
        of_all, of_item = means.variances
        own = means.variance_of(self.item_rows, self.stars)
        variances = of_item[self._named.rows(item_ids)] * own / of_all**2
        return np.asarray(self._residual_rmse * np.sqrt(variances), np.float32)

    def particular_effects(self, item_ids: ArrayLike | Sequence[object]) -> Scores:
        """Effects of the ratings on items, as `explain` tells them, less those on all others.

        Whoever gives five stars is kind, and is predicted to be so to everything; what is left is
        what a rating says of these items more than of what people rate in general.

        Args:
            item_ids: (m,) external ids, or titles.
        Returns: float32 (m, n), of the person's ratings in their order.
        Raises: UnknownIdError: an item that was not in the training data.
        """
        rows = self._named.rows(item_ids)
        return np.asarray(self._effects(rows) - self._general_effects, np.float32)

    @cached_property
    def _general_effects(self) -> Scores:
        return np.asarray(self._effects(self._lister.pairs.means.typical_rows).mean(axis=0))

    @property
    def unit(self) -> Unit:
        """Of effects; see `explain`."""
        is_listed = self._ranker.by_lists and isinstance(self._folded, ListFolded)
        return "share" if is_listed else "stars"

    def _effects(self, rows: Rows) -> Scores:
        """Of each rating on items (m,); float32 (m, n)."""
        if not (self._ranker.by_lists and isinstance(self._folded, ListFolded)):
            return np.asarray(self._folded.effects(rows))
        parts = self._folded.list_effects(rows)
        return np.asarray(parts / np.maximum(np.abs(parts).sum(axis=1, keepdims=True), 1e-12))

    @cached_property
    def _stranger(self) -> Folded:
        """Somebody of whom no rating is known."""
        return self._fold_in(self.item_rows[:0], self.stars[:0])

    def _fold_in(self, item_rows: Rows, stars: Scores) -> Folded:
        scorer = self._ranker.scorer
        assert isinstance(scorer, FoldingScorer)  # which `Recommender` has seen to
        return scorer.fold_in(item_rows, stars, self._residual_rmse)
