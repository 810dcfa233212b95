"""Predictor: stars of pairs of external ids."""

from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from starcast.artifacts.artifact import Artifact
from starcast.data.files.naming import ITEM, USER
from starcast.engines.protocol import Scores
from starcast.recommend.pairs import PairScorer, asked_pairs, predictions

if TYPE_CHECKING:
    import polars as pl


class Predictor:
    """Predicts stars. It may be asked by several threads at once.

    Args:
        artifact: any trained model.
        fallback: answer for unknown ids with damped means instead of refusing them.
    """

    def __init__(self, artifact: Artifact, *, fallback: bool = False) -> None:
        self.artifact, self._fallback = artifact, fallback
        self._ratings, self._pairs = artifact.split.ratings, PairScorer(artifact)

    def predict(self, user_ids: ArrayLike, item_ids: ArrayLike) -> Scores:
        """Predicted stars for each pair.

        Args:
            user_ids, item_ids: (n,) external ids.
        Returns: float32 (n,), stars, clipped to the scale.
        Raises:
            UnknownIdError: an id that was not in the training data, unless `fallback` is set.
            ConfigError: the two columns differ in length.
        """
        return self._pairs.predict(*self._pairs.rows(user_ids, item_ids, refuse=not self._fallback))

    def predict_pairs(self, pairs: object, *, unknown: str = "fallback") -> "pl.DataFrame":
        """Predicted stars for every row of a table of users and items, in its order.

        Args:
            pairs: a path or a data frame in any form of docs/data.md, with a column of users and
                one of items.
            unknown: of ids that were not in the training data. "fallback": damped means stand in;
                "skip": their rows are left out; "refuse". A warning says of how many.
        Returns: user_id, item_id, prediction, and, of a model that tells, predictive_std.
        Raises:
            DataError: it cannot be read, with file, line and reason.
            UnknownIdError: an unknown id that is to be refused.
        """
        from starcast.data.load import load_ids

        columns = load_ids(pairs, (USER, ITEM)).columns
        asked = asked_pairs(self._ratings.users, self._ratings.items, columns, unknown)
        return predictions(asked, self._pairs)

    def predictive_std(self, user_ids: ArrayLike, item_ids: ArrayLike) -> Scores:
        """Standard deviation of each pair's rating about its prediction.

        Args:
            user_ids, item_ids: (n,) external ids.
        Returns: float32 (n,), stars; NaN where the model does not tell, or does not know an id.
        """
        return self._pairs.predictive_std(*self._pairs.rows(user_ids, item_ids, refuse=False))
