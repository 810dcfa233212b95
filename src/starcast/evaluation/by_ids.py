"""A model asked about ratings of other ids than it knows: by what a service would answer."""

from collections.abc import Sequence
from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from starcast.artifacts.artifact import Artifact
from starcast.data.ids import Ids
from starcast.data.ratings import Ratings
from starcast.engines.protocol import Scores
from starcast.recommend import Recommendation, Recommender

Lists = NDArray[np.int32]


class Answers(NamedTuple):
    """What is said of ratings.

    Attributes:
        stars: float32 (n,), clipped to the scale.
        by_fallback: bool (n,), where damped means stood in, for a user or an item not known.
    """

    stars: Scores
    by_fallback: NDArray[np.bool_]


@final
class ByIds:
    """A model that answers by ids, with damped means for those that it does not know.

    Args:
        artifact: the model.
        whole: ratings whose items rows of lists are.
    """

    def __init__(self, artifact: Artifact, whole: Ratings) -> None:
        self.recommender, self._whole = Recommender(artifact, fallback=True), whole
        self.known = artifact.split.ratings
        self._rows = whole.items.find(self.known.items.ids)

    def answers(self, user_ids: Ids, item_ids: Ids) -> Answers:
        """Stars of pairs (n,)."""
        is_strange = (self.known.users.find(user_ids) < 0) | (self.known.items.find(item_ids) < 0)
        return Answers(self.recommender.predict(user_ids, item_ids), is_strange)

    def lists(self, user_ids: Ids, k: int) -> Lists:
        """Lists less what the model knows that a user has rated; int32 (n, k), rows of `whole`,
        -1 where none are left, or where an item is none of `whole`."""
        rows = self.known.users.find(user_ids)
        found = np.full((len(user_ids), k), -1, np.int32)
        known = np.flatnonzero(rows >= 0)
        listed = self.recommender.top_rows(rows[known], k)
        found[known] = np.where(listed >= 0, self._rows[listed], -1)
        for at in np.flatnonzero(rows < 0).tolist():
            found[at] = self.row_of(self.recommender.recommend(user_ids[at].item(), k), k)
        return found

    def row_of(self, listed: Sequence[Recommendation], k: int) -> Lists:
        """A list as rows of `whole`; int32 (k,)."""
        rows = np.full(k, -1, np.int32)
        ids = [one.item_id for one in listed]
        if ids:
            rows[: len(ids)] = self._whole.items.find(ids)
        return rows
