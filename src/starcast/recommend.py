"""Recommender: external ids in, stars and top-N lists out."""

from functools import cached_property
from typing import NamedTuple, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from starcast.artifact import Artifact
from starcast.engine import Scores, UncertainScorer
from starcast.errors import ConfigError, UnknownIdError
from starcast.ids import Rows
from starcast.scoring.layout import for_kernels
from starcast.scoring.threads import Progress, in_blocks
from starcast.split import TEST

_BLOCK = 32  # users scored at once: few enough for the cache, and for memory to stay flat
_DAMPING = 10.0  # ratings' worth of belief in the mean, in the fallback for unknown ids


class Recommendation(NamedTuple):
    """An item for a user: its id, title ("" if unknown) and predicted stars."""

    item_id: object
    title: str
    prediction: float


@final
class Recommender:
    """A trained model in use.

    Args:
        artifact: any trained model.
        fallback: answer for unknown ids with damped means instead of refusing them.
    """

    def __init__(self, artifact: Artifact, *, fallback: bool = False) -> None:
        self.artifact = artifact
        self._ratings = artifact.split.ratings
        self._fallback = fallback

    def predict(self, user_ids: ArrayLike, item_ids: ArrayLike) -> Scores:
        """Predicted stars for each pair.

        Args:
            user_ids, item_ids: (n,) external ids.
        Returns: float32 (n,), stars, clipped to the scale.
        Raises:
            UnknownIdError: an id that was not in the training data, unless `fallback` is set.
            ConfigError: the two columns differ in length.
        """
        user_ids, item_ids = np.atleast_1d(user_ids), np.atleast_1d(item_ids)
        if len(user_ids) != len(item_ids):
            raise ConfigError(f"{len(user_ids)} users and {len(item_ids)} items make no pairs")
        try:
            users, items = self._ratings.users.rows(user_ids), self._ratings.items.rows(item_ids)
        except UnknownIdError:
            if not self._fallback:
                raise
            return self._predict_with_means(user_ids, item_ids)
        return self._ratings.scale.clip(self.artifact.scorer.score_pairs(users, items))

    def deviations(self, user_ids: ArrayLike, item_ids: ArrayLike) -> Scores:
        """Standard deviation of each pair's rating about its prediction.

        Args:
            user_ids, item_ids: (n,) external ids.
        Returns: float32 (n,), stars; NaN where the model does not tell, or does not know an id.
        """
        user_ids, item_ids = np.atleast_1d(user_ids), np.atleast_1d(item_ids)
        deviations = np.full(len(user_ids), np.nan, np.float32)
        users, items, scorer = self._ratings.users, self._ratings.items, self.artifact.scorer
        if isinstance(scorer, UncertainScorer):
            pairs = zip(user_ids.tolist(), item_ids.tolist(), strict=True)
            known = np.array([user in users and item in items for user, item in pairs])
            rows = users.rows(user_ids[known]), items.rows(item_ids[known])
            deviations[known] = scorer.deviations(*rows)
        return deviations

    def recommend(
        self, user_id: object, k: int = 10, *, exclude_seen: bool = True
    ) -> list[Recommendation]:
        """The k items with the highest predicted stars, best first.

        Args:
            user_id: an external id.
            k: length of the list; shorter where the catalogue runs out.
            exclude_seen: leave out what the user rated in training or validation.
        Raises: UnknownIdError: a user that was not in the training data, unless `fallback` is set.
        """
        _check_length(k)
        try:
            user_row = self._ratings.users.row(user_id)
        except UnknownIdError:
            if not self._fallback:
                raise
            scores = self._means[2]
        else:
            scores = self.artifact.scorer.score_user(user_row)
            if exclude_seen:
                scores[self.seen_rows(user_row)] = -np.inf
        rows = _best(scores, k)
        stars = self._ratings.scale.clip(scores[rows])
        ids, titles = self._ratings.items.ids[rows], self._ratings.titles[rows]
        return list(map(Recommendation, ids.tolist(), titles.tolist(), stars.tolist()))

    def title(self, item_id: object) -> str:
        """An item's title, "" if it has none or is unknown."""
        items = self._ratings.items
        return str(self._ratings.titles[items.rows([item_id])[0]]) if item_id in items else ""

    def top_rows(
        self,
        user_rows: Rows,
        k: int,
        *,
        exclude_seen: bool = True,
        on_progress: Progress | None = None,
    ) -> Rows:
        """The k best item rows for many users, in memory that does not grow with their number.

        Args:
            user_rows: int32 (n,).
            k: length of the lists.
            exclude_seen: leave out what a user rated in training or validation.
            on_progress: told of the users done and of all there are, now and then.
        Returns: int32 (n, k), best first, ties to the lower row, -1 where the catalogue runs out.
        """
        from starcast.scoring.lists import exclude, take_best

        _check_length(k)
        users = for_kernels(user_rows)
        top = np.empty((len(users), k), np.int32)

        def fill(block: slice) -> None:
            scores = self.artifact.scorer.score_all(users[block])
            if exclude_seen:
                exclude(scores, users[block], *self._seen)
            take_best(scores, top[block])

        in_blocks(fill, len(users), _BLOCK, on_progress)
        return top

    def seen_rows(self, user_row: int) -> Rows:
        """Item rows the user rated in training or validation; int32, ascending."""
        users = self._ratings.user_rows
        ends = users.searchsorted(np.array([user_row, user_row + 1], users.dtype))
        own = slice(*ends.tolist())
        seen: Rows = self._ratings.item_rows[own][self.artifact.split.parts[own] != TEST]
        return seen

    @cached_property
    def _seen(self) -> tuple[NDArray[np.int64], Rows, NDArray[np.bool_]]:
        """Where each user's ratings start, their items, and which are of training or validation."""
        ratings = self._ratings
        starts = np.searchsorted(
            ratings.user_rows, np.arange(ratings.n_users + 1, dtype=ratings.user_rows.dtype)
        )
        is_known = self.artifact.split.parts != TEST
        return starts, for_kernels(ratings.item_rows), for_kernels(is_known)

    def _predict_with_means(
        self, user_ids: NDArray[np.generic], item_ids: NDArray[np.generic]
    ) -> Scores:
        """Known pairs by the model, others by the damped means of whatever is known."""
        mean, of_user, of_item = self._means
        stars = np.full(len(user_ids), mean, np.float32)
        for n, (user, item) in enumerate(zip(user_ids.tolist(), item_ids.tolist(), strict=True)):
            if user in self._ratings.users and item in self._ratings.items:
                known = self._ratings.users.rows([user]), self._ratings.items.rows([item])
                stars[n] = self.artifact.scorer.score_pairs(*known)[0]
            elif user in self._ratings.users:
                stars[n] = of_user[self._ratings.users.rows([user])[0]]
            elif item in self._ratings.items:
                stars[n] = of_item[self._ratings.items.rows([item])[0]]
        return self._ratings.scale.clip(stars)

    @cached_property
    def _means(self) -> tuple[float, Scores, Scores]:
        """Mean of the training ratings, and of each user and item, pulled towards it."""
        train = self.artifact.split.train
        mean = float(train.stars.mean(dtype=np.float64))

        def damped(rows: Rows, n: int) -> Scores:
            total = np.bincount(rows, weights=train.stars - mean, minlength=n)
            count = np.bincount(rows, minlength=n)
            return (mean + total / (count + _DAMPING)).astype(np.float32)

        return mean, damped(train.user_rows, train.n_users), damped(train.item_rows, train.n_items)


def _check_length(k: int) -> None:
    if k < 1:
        raise ConfigError(f"k must be at least 1, got {k}")


def _best(scores: Scores, k: int) -> NDArray[np.intp]:
    """Places of the k highest scores, best first, ties to the lower place; -∞ is none."""
    k = min(k, len(scores))
    lowest = max(np.partition(scores, -k)[-k], np.finfo(np.float32).min)  # more than -∞
    # A partition would choose among equal scores at will: all that tie with the k-th compete.
    rows = np.flatnonzero(scores >= lowest)
    return rows[np.argsort(-scores[rows], kind="stable")[:k]]
