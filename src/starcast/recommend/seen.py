"""What users have rated, and lists leave out."""

from functools import cached_property
from typing import final

import numpy as np

from starcast.artifacts.artifact import Artifact
from starcast.data.ids import Rows
from starcast.data.split import VALIDATION
from starcast.engines.rows import SparseRows


@final
class Seen:
    """What users rated in training or validation, and need not be recommended.

    Args:
        artifact: a model; of a final one, what they rated at all.
    """

    def __init__(self, artifact: Artifact) -> None:
        self._ratings, self._is_seen = artifact.split.ratings, artifact.up_to(VALIDATION)

    def own(self, user_row: int) -> slice:
        """Where the user's ratings are, those of the test among them."""
        users = self._ratings.user_rows
        ends = users.searchsorted(np.array([user_row, user_row + 1], users.dtype))
        return slice(*ends.tolist())

    def rows(self, user_row: int) -> Rows:
        """Item rows the user has seen; int32, ascending."""
        own = self.own(user_row)
        seen: Rows = self._ratings.item_rows[own][self._is_seen[own]]
        return seen

    @cached_property
    def histories(self) -> SparseRows:
        """What every user has seen."""
        return SparseRows.by_user(self._ratings.take(self._is_seen))
