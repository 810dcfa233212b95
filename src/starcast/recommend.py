"""Recommender: external ids in, stars and top-N lists out."""

from functools import cached_property
from typing import NamedTuple, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from starcast.artifact import Artifact
from starcast.engine import Scores
from starcast.errors import ConfigError, UnknownIdError
from starcast.ids import Rows
from starcast.split import TEST

_BLOCK = 256  # users scored at once: a block times the catalogue stays small in memory
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
        if k < 1:
            raise ConfigError(f"k must be at least 1, got {k}")
        try:
            user_row = self._ratings.users.rows([user_id])
        except UnknownIdError:
            if not self._fallback:
                raise
            scores = self._means[2]
            rows = np.argsort(-scores, kind="stable")[:k]
        else:
            scores = self.artifact.scorer.score_all(user_row)[0]
            rows = self.top_rows(user_row, k, exclude_seen=exclude_seen)[0]
        rows = rows[rows >= 0]
        stars = self._ratings.scale.clip(scores[rows])
        ids, titles = self._ratings.items.ids[rows].tolist(), self._ratings.titles[rows].tolist()
        return [Recommendation(*row) for row in zip(ids, titles, stars.tolist(), strict=True)]

    def title(self, item_id: object) -> str:
        """An item's title, "" if it has none or is unknown."""
        items = self._ratings.items
        return str(self._ratings.titles[items.rows([item_id])[0]]) if item_id in items else ""

    def top_rows(self, user_rows: Rows, k: int, *, exclude_seen: bool = True) -> Rows:
        """The k best item rows for many users, in memory that does not grow with their number.

        Args:
            user_rows: int32 (n,).
            k: length of the lists.
            exclude_seen: leave out what a user rated in training or validation.
        Returns: int32 (n, k), best first, ties to the lower row, -1 where the catalogue runs out.
        """
        k_found = min(k, self._ratings.n_items)
        top = np.full((len(user_rows), k), -1, np.int32)
        for start in range(0, len(user_rows), _BLOCK):
            block = user_rows[start : start + _BLOCK]
            scores = self.artifact.scorer.score_all(block)
            if exclude_seen:
                for n, row in enumerate(block):
                    scores[n, self.seen_rows(int(row))] = -np.inf
            top[start : start + len(block), :k_found] = _best(scores, k_found)
        return top

    def seen_rows(self, user_row: int) -> Rows:
        """Item rows the user rated in training or validation; int32, ascending."""
        items, starts = self._seen
        return items[starts[user_row] : starts[user_row + 1]]

    @cached_property
    def _seen(self) -> tuple[Rows, NDArray[np.int64]]:
        known = self.artifact.split.parts != TEST
        users = self._ratings.user_rows[known]
        starts = np.searchsorted(users, np.arange(self._ratings.n_users + 1))
        return self._ratings.item_rows[known], starts

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


def _best(scores: Scores, k: int) -> Rows:
    """Columns of the k highest scores of each row, best first, -1 for scores of -inf."""
    best = np.full((len(scores), k), -1, np.int32)
    kth = np.partition(scores, -k, axis=1)[:, -k]
    for listed, row, lowest in zip(best, scores, kth, strict=True):
        # A partition would choose among equal scores at will: all that tie with the k-th compete.
        columns = np.flatnonzero((row >= lowest) & (row > -np.inf))
        order = np.argsort(-row[columns], kind="stable")[:k]
        listed[: len(order)] = columns[order]
    return best
