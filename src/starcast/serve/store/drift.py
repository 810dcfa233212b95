"""How the ratings that come in differ from those that the models learned from."""

from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import NamedTuple, final

import numpy as np

from starcast.data.store.putting import Put
from starcast.data.store.records import Outcome
from starcast.serve.model_store import ModelStore
from starcast.serve.prometheus import StoreMetrics
from starcast.serve.served_model import ServedModel
from starcast.serve.store.person import rows_of

_MOST_WAITING = 100_000  # ratings; of more within a second the latest stand for all


class _Given(NamedTuple):
    user: str
    item: str
    stars: float


@final
class Drift:
    """Tells the metrics of every rating, and of how far it lies from what was predicted.

    Predicted is what the weights that a model trained for the user say, so that ratings of people
    and items that it does not know have no prediction.

    Args:
        model_store: whose models predict, each for the users that it answers.
        metrics: are told.
    """

    def __init__(self, model_store: ModelStore, metrics: StoreMetrics) -> None:
        self._models, self._metrics = model_store, metrics
        self._waiting: deque[_Given] = deque(maxlen=_MOST_WAITING)

    def add(self, puts: Sequence[Put], outcome: Outcome) -> None:
        """Ratings were put, which the next `tell` is about, if that changed anything."""
        if outcome.new or outcome.changed:
            self._waiting.extend(
                _Given(one.user, one.item, one.stars) for one in puts if one.stars is not None
            )

    def tell(self) -> None:
        """Tell the metrics of all that was put since the last time."""
        by_model: dict[ServedModel, list[_Given]] = {}
        with suppress(IndexError):
            while True:
                one = self._waiting.popleft()
                by_model.setdefault(self._models.find(None, one.user), []).append(one)
        for model, given in by_model.items():
            self._metrics.rated([one.stars for one in given])
            self._metrics.missed(_errors(model, given))


def _errors(model: ServedModel, given: Sequence[_Given]) -> Iterable[float]:
    """Given less predicted stars, of users and items that the model knows."""
    users = rows_of(model.ratings.users, [one.user for one in given])
    items = rows_of(model.ratings.items, [one.item for one in given])
    known = (users >= 0) & (items >= 0)
    if not known.any():
        return []
    stars = np.array([one.stars for one in given])[known]
    ids = model.ratings.users.ids[users[known]], model.ratings.items.ids[items[known]]
    return list(map(float, stars - model.recommender.predict(*ids)))
