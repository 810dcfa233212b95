"""FoldedInUser: a person unknown to the model, known by a few ratings."""

from collections.abc import Sequence
from functools import cached_property
from typing import final

import numpy as np
from numpy.typing import ArrayLike

from starcast.data.ids import Rows
from starcast.data.ratings import Ratings
from starcast.data.scale import RatingScale
from starcast.display import quoted
from starcast.engines.protocol import Folded, FoldingScorer, ListFolded, Scores
from starcast.errors import ConfigError
from starcast.recommend.answers import (
    Explanation,
    Recommendation,
    check_length,
    listed,
    reasons,
)
from starcast.recommend.lister import Limits, Lister
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
        self._lister = lister
        self.item_rows, self.stars = known_by
        self._ratings, self._ranker, self._residual_rmse = ratings, ranker, residual_rmse
        self._folded = self._fold_in(*known_by)

    def __len__(self) -> int:
        """How many ratings the person is known by."""
        return len(self.item_rows)

    def predict(self, item_ids: ArrayLike | Sequence[object]) -> Scores:
        """Predicted stars for items.

        Args:
            item_ids: (n,) external ids.
        Returns: float32 (n,), stars, clipped to the scale.
        Raises: UnknownIdError: an item that was not in the training data.
        """
        rows = self._ratings.items.rows(item_ids)
        return self._ratings.scale.clip(self._folded.score_items(rows))

    def recommend(
        self, k: int = 10, *, exclude_seen: bool = True, allowed: Allowed | None = None
    ) -> list[Recommendation]:
        """The k items that suit the person best, best first, with the stars they are predicted.

        Args:
            k: length of the list; shorter where the catalogue runs out.
            exclude_seen: leave out what the person rated.
            allowed: bool (n_items,), the only item rows to list; None lists any.
        Raises: ConfigError: k is less than 1.
        """
        check_length(k)
        limits = Limits(exclude_seen, allowed)
        return listed(
            self._ratings, *self._lister.for_person(self._folded, self.item_rows, k, limits)
        )

    def explain(self, item_id: object, k: int = 5) -> Explanation:
        """Which of the person's own ratings speak for an item, and which against it.

        Where lists are ordered by stars, an effect is the prediction less what it would be had the
        person not given that rating, in stars and before clipping. Effects do not add up to
        prediction - base: two ratings that say the same are each worth little beside the other.
        Of a model made for lists it is the rating's part in the list score, as a share of all parts
        for and against it.

        Args:
            item_id: an external id.
            k: most reasons that are given.
        Raises:
            UnknownIdError: an item that was not in the training data.
            ConfigError: k is less than 1.
        """
        check_length(k)
        row = self._ratings.items.rows([item_id])
        clip = self._ratings.scale.clip
        return Explanation(
            float(clip(self._folded.score_items(row))[0]),
            float(clip(self._stranger.score_items(row))[0]),
            reasons(self._ratings, self.item_rows, self.stars, self._effects(row), k),
            "share" if self._is_listed else "stars",
        )

    @property
    def _is_listed(self) -> bool:
        """Whether lists are ordered by the model's own list scores."""
        return self._ranker.by_lists and isinstance(self._folded, ListFolded)

    def _effects(self, row: Rows) -> Scores:
        """Of each rating on one item; float32 (n,)."""
        if not (self._ranker.by_lists and isinstance(self._folded, ListFolded)):
            return np.asarray(self._folded.effects(row)[0])
        parts = self._folded.list_effects(row)[0]
        return np.asarray(parts / max(float(np.abs(parts).sum()), 1e-12))

    @cached_property
    def _stranger(self) -> Folded:
        """Somebody of whom no rating is known."""
        return self._fold_in(self.item_rows[:0], self.stars[:0])

    def _fold_in(self, item_rows: Rows, stars: Scores) -> Folded:
        scorer = self._ranker.scorer
        assert isinstance(scorer, FoldingScorer)  # which `Recommender` has seen to
        return scorer.fold_in(item_rows, stars, self._residual_rmse)


def checked_ratings(
    ratings: Ratings, item_ids: ArrayLike | Sequence[object], stars: ArrayLike
) -> tuple[Rows, Scores]:
    """A person's ratings as rows and stars, refused unless they can be meant.

    Args:
        ratings: whose items and scale these are.
        item_ids, stars: (n,), n may be 0.
    Returns: int32 (n,); float32 (n,).
    Raises:
        UnknownIdError: an item that was not in the training data.
        ConfigError: columns of different length, an item that is rated twice, or stars that are no
            numbers or outside the scale.
    """
    ids, values = _column(item_ids, "items"), _numbers(_column(stars, "stars"))
    if len(ids) != len(values):
        raise ConfigError(f"{len(ids)} items and {len(values)} stars make no ratings")
    rows = ratings.items.rows(ids)
    check_once(ratings, rows)
    check_stars(ratings.scale, ids.tolist(), values)
    return rows, values.astype(np.float32)


def check_stars(scale: RatingScale, item_ids: Sequence[object], stars: ArrayLike) -> None:
    """Refuse stars (n,) that are outside the scale, known items or not. Raises: ConfigError."""
    values = np.asarray(stars, np.float64)
    margin = 1e-6 * (scale.highest - scale.lowest)  # 0.1 and the like are not exact in binary
    with np.errstate(invalid="ignore"):
        inside = (values >= scale.lowest - margin) & (values <= scale.highest + margin)
    if not inside.all():
        at = int(np.argmin(inside))
        item = quoted(item_ids[at])
        raise ConfigError(f"{values[at]:g} stars for item {item} are outside {scale}")


def _column(values: object, what: str) -> np.ndarray:
    try:
        column = np.atleast_1d(np.asarray(values))
    except ValueError:  # rows of different length
        column = np.empty((0, 0))
    if column.ndim != 1:
        raise ConfigError(f"{what} must be a list of single values")
    return column


def _numbers(values: np.ndarray) -> np.ndarray:
    try:
        return values.astype(np.float64)
    except (TypeError, ValueError, OverflowError):
        raise ConfigError("stars must be numbers") from None


def check_once(ratings: Ratings, rows: ArrayLike) -> None:
    """Refuse items that are rated twice. Raises: ConfigError."""
    first, times = np.unique(rows, return_counts=True)
    if np.any(times > 1):
        twice = ratings.items.ids[first[np.argmax(times > 1)]]
        raise ConfigError(f"item {quoted(twice)} is rated more than once; give each item once")
