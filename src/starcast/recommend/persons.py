"""People folded into a model: those it has never seen, and its own users anew."""

from typing import final

from starcast.artifacts.artifact import Artifact
from starcast.data.ids import Rows
from starcast.engines.protocol import FoldingScorer, Scores
from starcast.errors import ConfigError
from starcast.recommend.folded_in import FoldedInUser
from starcast.recommend.lister import Lister
from starcast.scoring.ranker import Ranker

_KEPT = 128  # known users: several items are explained in a row


@final
class Persons:
    """Folds people in. It may be asked by several threads at once.

    Args:
        artifact: any trained model.
        ranker: what orders lists.
        lister: makes them.
    """

    def __init__(self, artifact: Artifact, ranker: Ranker, lister: Lister) -> None:
        self._artifact, self._ranker, self._lister = artifact, ranker, lister
        self._known: dict[int, FoldedInUser] = {}

    def known_by(self, item_rows: Rows, stars: Scores) -> FoldedInUser:
        """A person by ratings (n,). Raises: ConfigError: the model folds nobody in."""
        artifact = self._artifact
        if not isinstance(artifact.scorer, FoldingScorer):
            raise ConfigError(f"{artifact.title} cannot fold in people it was not trained on")
        ratings, rmse = artifact.split.ratings, artifact.residual_rmse
        return FoldedInUser(ratings, self._ranker, (item_rows, stars), rmse, self._lister)

    def user(self, user_row: int) -> FoldedInUser:
        """A known user as a person: folded in from the ratings that trained the model."""
        if (person := self._known.get(user_row)) is not None:
            return person
        ratings, own = self._artifact.split.ratings, self._lister.seen.own(user_row)
        trained = self._artifact.trained_on[own]
        rows, stars = ratings.item_rows[own][trained], ratings.stars[own][trained]
        if len(self._known) >= _KEPT:
            self._known.clear()
        return self._known.setdefault(user_row, self.known_by(rows, stars))
