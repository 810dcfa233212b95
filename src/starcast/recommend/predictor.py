"""Predictor: stars of pairs, and items that are alike."""

import warnings
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

from numpy.typing import ArrayLike

from starcast.artifacts.artifact import Artifact
from starcast.artifacts.updating import update
from starcast.data.files.naming import ITEM, USER
from starcast.data.ratings import Ratings
from starcast.engines.protocol import Scores
from starcast.errors import LeftOutWarning
from starcast.evaluation.charts.epochs import draw_history
from starcast.evaluation.list_size import LIST_SIZE
from starcast.recommend.answers import Similar
from starcast.recommend.matching import ids_for_titles
from starcast.recommend.named_items import NamedItems
from starcast.recommend.pairs import PairScorer, asked_pairs, predictions
from starcast.recommend.similar_items import similar_items

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.figure import Figure


class Predictor:
    """Predicts stars. It may be asked by several threads at once.

    Args:
        artifact: any trained model.
        fallback: answer for unknown ids with damped means instead of refusing them.
    """

    _made_with: Mapping[str, Any] = MappingProxyType({})  # what else a subclass is made with

    def __init__(self, artifact: Artifact, *, fallback: bool = False) -> None:
        self.artifact, self._fallback = artifact, fallback
        self._ratings, self._pairs = artifact.split.ratings, PairScorer(artifact)

    @property
    def named_items(self) -> NamedItems:
        """The items by id or title."""
        return self._pairs.named_items

    def update(self, ratings: Ratings) -> Self:
        """The same with later ratings in it, without training it again; see docs/updates.md.

        Known users and items keep their rows, new ones follow. Test rows stay unseen, so that
        figures before and after are of the same; a warning says what is left out for that.

        Args:
            ratings: later ones, as `starcast.load` reads them with the model's scale.
        Returns: a new one; this very one, which stays as it is, where there is nothing to learn.
        Raises: ConfigError, DataError: the model has to be trained again, or stars outside its
            scale.
        """
        grown, arrivals = update(self.artifact, ratings)
        for line in arrivals.remarks():
            warnings.warn(line, LeftOutWarning, stacklevel=2)
        if arrivals.change_nothing:
            return self
        return type(self)(grown, fallback=self._fallback, **self._made_with)

    def plot_history(self) -> "Figure":
        """What decided on validation rows, over epochs: a figure of Matplotlib.

        Raises: ConfigError: it was not trained in epochs.
        """
        return draw_history(self.artifact)

    def predict(self, user_ids: ArrayLike, item_ids: ArrayLike) -> Scores:
        """Predicted stars for each pair.

        Args:
            user_ids: (n,) external ids.
            item_ids: (n,) external ids, or titles; a warning says which is taken for another.
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
                one of items, by id or title.
            unknown: of ids that were not in the training data. "fallback": damped means stand in;
                "skip": their rows are left out; "refuse". A warning says of how many.
        Returns: user_id, item_id, prediction, and, of a model that tells, predictive_std.
        Raises:
            DataError: it cannot be read, with file, line and reason.
            UnknownIdError: an unknown id that is to be refused.
        """
        from starcast.data.load import load_ids

        columns = dict(load_ids(pairs, (USER, ITEM)).columns)
        columns[ITEM], notes = ids_for_titles(columns[ITEM], self.named_items.finder)
        for note in notes:
            warnings.warn(note, stacklevel=2)
        asked = asked_pairs(self._ratings.users, self._ratings.items, columns, unknown)
        return predictions(asked, self._pairs)

    def similar(self, item_id: object, k: int = LIST_SIZE) -> list[Similar]:
        """The k items most like another, best first.

        Likeness is the cosine of what the model learned of the two. It counts n / (n + 10) for an
        item with n training ratings: the weights of a film that three people rated are mostly
        chance. Items without a training rating are like nothing.

        Args:
            item_id: an external id, or a title.
            k: length of the list; shorter where the catalogue runs out.
        Raises:
            UnknownIdError: an item that was not in the training data, or a title that may mean
                several; says what is near.
            ConfigError: k is less than 1, or the model knows of no likeness.
        """
        return similar_items(self.artifact, self.named_items.row(item_id), k)

    def title(self, item_id: object) -> str:
        """An item's title, "" if it has none or is unknown."""
        items = self._ratings.items
        return str(self._ratings.titles[items.rows([item_id])[0]]) if item_id in items else ""

    def predictive_std(self, user_ids: ArrayLike, item_ids: ArrayLike) -> Scores:
        """Standard deviation of each pair's rating about its prediction.

        Args:
            user_ids, item_ids: (n,) as for `predict`.
        Returns: float32 (n,), stars; NaN where the model does not tell, or does not know an id.
        """
        return self._pairs.predictive_std(*self._pairs.rows(user_ids, item_ids, refuse=False))
