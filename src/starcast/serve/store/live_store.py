"""The store as a service uses it: what is written, who is asked for, and what others write."""

import asyncio
import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import RLock
from typing import TypeVar, final

from starcast.data.store.connect import DatabaseError
from starcast.data.store.putting import NO_SCALE
from starcast.data.store.ratings_store import RatingsStore
from starcast.data.store.records import Id, Item
from starcast.data.store.writing import Transaction
from starcast.errors import ConfigError
from starcast.serve.api_errors import LOG
from starcast.serve.catalogue import Catalogue, Means
from starcast.serve.model_store import ModelStore
from starcast.serve.prometheus import ServiceMetrics
from starcast.serve.served_model import ServedModel
from starcast.serve.store.drift import Drift
from starcast.serve.store.people import People, SeenPerson
from starcast.serve.store.writer import StoreWriter, unavailable

T = TypeVar("T")
_COUNTED_ANEW = 5.0  # seconds after which ratings of new items count


@final
class LiveStore:
    """What the service has to do with the store.

    Args:
        store: of ratings; closed with this.
        model_store: the models that answer; newer ones learn which items may be listed before they
            answer anybody.
        metrics: of the service.
    Raises:
        ConfigError: the store has no scale, or another than a model.
        DatabaseError: it does not answer.
    """

    def __init__(
        self, store: RatingsStore, model_store: ModelStore, metrics: ServiceMetrics
    ) -> None:
        self.store, self._models = store, model_store
        counted = metrics.of_store(lambda: self._sequence)
        self.people, self.drift = People(store, counted), Drift(model_store, counted)
        self._sequence, self._lock = store.sequence(), RLock()
        self._items: dict[Id, Item] = {one.id: one for one in store.items_since()}
        self._laid_out: list[ServedModel] = []
        self._until = self._counted_until = math.inf
        for model in model_store.in_use():
            _check_scale(store, model)
        self._lay_out()
        model_store.prepare = self._prepare
        self.writer = StoreWriter(store, counted, self._committed)

    async def find(self, user: Id) -> SeenPerson:
        """What the store has of a person. Raises: ApiError: it does not answer."""
        with _told():
            return await self.people.find(user)

    async def ask(self, question: Callable[..., T], *given: object) -> T:
        """What the store answers, asked aside. Raises: ApiError: it does not answer."""
        with _told():
            return await self.people.aside(question, *given)

    def shown(self, model: ServedModel, seen: SeenPerson, text: str) -> None:
        """Keep which of several models showed what to a person, so that they can be compared.

        Args:
            model: that answered.
            seen: the person; nobody becomes known by being shown something.
            text: the answer.
        """
        if len(self._models.in_use()) < 2 or not seen.person.is_known:
            return
        user, at = seen.person.key, int(time.time())
        version = model.artifact.split.fingerprint[:12]

        def record(written: Transaction) -> None:
            items = [one["item"] for one in json.loads(text)["recommendations"]]
            written.record_shown(user, model.name, version, items, at)

        self.writer.later(record)

    def look(self) -> None:
        """Find out what was written since the last look, by whomever.

        Raises: DatabaseError: the store does not answer.
        """
        with self._lock:
            is_news = self.store.sequence() != self._sequence
            has_items = self._take_in() if is_news else False
            has_models = self._laid_out != list(self._models.in_use())
            if has_items or has_models or time.time() >= self._until:
                self._lay_out()
            elif time.time() >= self._counted_until:
                self._count_anew()

    async def keep_up(self, every: float) -> None:
        """Look again and again; a store that does not answer is told of once, and asked again."""
        was_well = True
        while True:
            await asyncio.sleep(every)
            try:
                await asyncio.to_thread(self.look)
                await asyncio.to_thread(self.drift.tell)
                was_well = True
            except Exception as error:
                if was_well:
                    LOG.error("%s", error)
                was_well = False

    def close(self) -> None:
        """Write what waits, and let go."""
        self.writer.close()
        self.people.close()
        self.store.close()

    def _committed(self, users: Sequence[str], is_of_items: bool) -> None:
        self.people.forget(users)
        if is_of_items:
            self.look()

    def _take_in(self) -> bool:
        """Take in what is new. Returns: whether items changed."""
        news = self.store.news_since(self._sequence)
        self._items |= {one.id: one for one in news.items}
        if news.users is None:
            self.people.forget_all()
        else:
            self.people.forget(news.users)
        if news.has_erased:
            for model in self._models.in_use():
                model.kept.clear()
        self._sequence = news.sequence
        return bool(news.items)

    def _prepare(self, model: ServedModel) -> None:
        """Tell a newer model what it may list. Raises: ConfigError: it knows other stars."""
        _check_scale(self.store, model)
        self.people.forget_all()  # what older models made of them
        with self._lock:
            self._lay_out_for(model, self._means(model))

    def _lay_out(self) -> None:
        """Tell all models what they may list."""
        self._laid_out, self._until = list(self._models.in_use()), math.inf
        self._counted_until = time.time() + _COUNTED_ANEW
        for model in self._laid_out:
            self._lay_out_for(model, self._means(model))

    def _count_anew(self) -> None:
        """Tell those models for whose new items ratings have come in."""
        self._counted_until = time.time() + _COUNTED_ANEW
        for model in self._laid_out:
            means = self._means(model)
            if means != model.catalogue.means:
                self._lay_out_for(model, means)

    def _means(self, model: ServedModel) -> Means:
        known = model.item_rows
        items = self._items.values()
        fresh = [one.id for one in items if str(one.id) not in known and not one.deleted]
        return self.store.item_means(fresh)

    def _lay_out_for(self, model: ServedModel, means: Means) -> None:
        items = list(self._items.values())
        columns = model.recommender.item_columns
        model.catalogue = Catalogue.of(model.artifact, items, means, model.item_rows, columns)
        self._until = min(self._until, model.catalogue.until)


def _check_scale(store: RatingsStore, model: ServedModel) -> None:
    if store.scale is None:
        raise ConfigError(NO_SCALE)
    if store.scale != model.ratings.scale:
        raise ConfigError(
            f"{store.label} holds {store.scale}, and {model.folder} was trained on "
            f"{model.ratings.scale}; train a model from the store"
        )


@contextmanager
def _told() -> Iterator[None]:
    """Say that the store does not answer, and let the log say why."""
    try:
        yield
    except DatabaseError as error:
        LOG.error("%s", error)
        raise unavailable() from None
