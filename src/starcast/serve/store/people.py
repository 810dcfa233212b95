"""People of the store, as far as they were asked for: their ratings, kept until they change."""

import asyncio
import itertools
from collections import OrderedDict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any, NamedTuple, TypeVar, final

from starcast.data.store.checks import key
from starcast.data.store.ratings_store import RatingsStore
from starcast.data.store.records import Id, Person
from starcast.errors import DataError
from starcast.serve.prometheus import StoreMetrics

T = TypeVar("T")
_MOST_KEPT = 2_000_000  # ratings, and people with none count as one
_THREADS = 2


@final
class SeenPerson(NamedTuple):
    """A person as the store had them.

    Attributes:
        number: which no other look has.
        person: what it had.
        to_models: names of models to what these make of the person.
    """

    number: int
    person: Person
    to_models: dict[str, Any]


@final
class People:
    """Whoever is asked for stays in memory until their ratings change, so that reads cost no query.

    What was written before a request began is seen by it: who writes calls `forget` before anybody
    is answered, and a look that was under way meanwhile is not kept.

    Args:
        store: where they are looked up.
        metrics: told of every look.
    """

    def __init__(self, store: RatingsStore, metrics: StoreMetrics) -> None:
        self._store, self._metrics = store, metrics
        self._kept: OrderedDict[str, SeenPerson] = OrderedDict()
        self._looking: dict[str, object] = {}
        self._n_kept, self._lock, self._numbers = 0, Lock(), itertools.count()
        self._threads = ThreadPoolExecutor(_THREADS, "people")

    def in_memory(self, user: str) -> SeenPerson | None:
        """A person who was asked for of late, by their key."""
        with self._lock:
            if found := self._kept.get(user):
                self._kept.move_to_end(user)
        if found:
            self._metrics.asked_for("memory")
        return found

    async def find(self, user: Id) -> SeenPerson:
        """A person, whether or not the store knows them; nobody has an id that can be none.

        Raises: DatabaseError: the store does not answer.
        """
        try:
            text = key(user, "user")
        except DataError:
            return SeenPerson(-1, Person.nobody(str(user)), {})
        if found := self.in_memory(text):
            return found
        self._metrics.asked_for("store")
        return await self.aside(self._look, text)

    async def aside(self, question: Callable[..., T], *given: object) -> T:
        """What a question of the store gives, asked where it holds nobody up."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, question, *given)

    def forget(self, users: Iterable[str]) -> None:
        """Look up anew whoever is asked for among these keys."""
        with self._lock:
            for user in users:
                self._looking.pop(user, None)
                self._drop(user)

    def forget_all(self) -> None:
        """The same for everybody."""
        with self._lock:
            self._looking.clear()
            self._kept.clear()
            self._n_kept = 0

    def close(self) -> None:
        """Let go of threads; who asks once more gets others."""
        self._threads.shutdown()
        self._threads = ThreadPoolExecutor(_THREADS, "people")

    def _look(self, user: str) -> SeenPerson:
        mark = object()
        with self._lock:
            self._looking[user] = mark
        seen = SeenPerson(next(self._numbers), self._store.person(user), {})
        with self._lock:
            if self._looking.get(user) is mark:
                del self._looking[user]
                self._keep(user, seen)
        return seen

    def _keep(self, user: str, seen: SeenPerson) -> None:
        self._drop(user)
        self._kept[user] = seen
        self._n_kept += 1 + len(seen.person.items)
        while self._n_kept > _MOST_KEPT:
            self._drop(next(iter(self._kept)))

    def _drop(self, user: str) -> None:
        if seen := self._kept.pop(user, None):
            self._n_kept -= 1 + len(seen.person.items)
