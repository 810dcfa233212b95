"""What is written into the store: one thread that commits together whatever has come in.

A commit waits for the disk, and while it does more is asked for: that is the next commit. So the
disk's pace bounds how long a write takes, not how many there are (group commit; DeWitt et al. 1984,
"Implementation techniques for main memory database systems", section 5.2). Nobody is answered
before what they wrote is on disk.
"""

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, TypeVar, final

from starcast.data.store.connect import DatabaseError
from starcast.data.store.putting import Put
from starcast.data.store.ratings_store import RatingsStore
from starcast.data.store.records import Outcome
from starcast.data.store.writing import Transaction
from starcast.serve.api_errors import LOG, ApiError
from starcast.serve.prometheus import StoreMetrics

MOST_WAITING = 2_000  # writes; more would be answered late
_MOST_TOGETHER = 500
T = TypeVar("T")
Act = Callable[[Transaction], Any]


class _Write(NamedTuple):
    loop: asyncio.AbstractEventLoop | None  # of whoever waits
    future: "asyncio.Future[Any] | None"
    what: Put | Act
    users: Sequence[str]
    is_of_items: bool


@final
class StoreWriter:
    """The only one of this process that writes into the store.

    Args:
        store: what is written into.
        metrics: told of every commit.
        on_commit: called with the keys of users that something was written of, and whether it was
            of items, too; after all is on disk, and before anybody is answered.
    """

    def __init__(
        self,
        store: RatingsStore,
        metrics: StoreMetrics,
        on_commit: Callable[[Sequence[str], bool], None],
    ) -> None:
        self._store, self._metrics, self._on_commit = store, metrics, on_commit
        self._waiting: queue.SimpleQueue[_Write | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    async def put(self, rating: Put) -> Outcome:
        """Write a rating that was checked. Returns: what became of it, once that is on disk.

        Raises: ApiError: it cannot be written now.
        """
        found: Outcome = await self._ask(rating, [rating.user])
        return found

    async def do(
        self,
        act: Callable[[Transaction], T],
        users: Sequence[str] = (),
        *,
        is_of_items: bool = False,
    ) -> T:
        """Do something within a transaction.

        Args:
            act: what.
            users: keys of those whom it is about.
            is_of_items: whether it changes items.
        Returns: what it gives, once that is on disk.
        Raises: what it raises; ApiError: it cannot be written now.
        """
        found: T = await self._ask(act, users, is_of_items)
        return found

    def later(self, act: Act) -> None:
        """Do something when there is time, without anybody waiting; not where too much waits."""
        if self._waiting.qsize() < MOST_WAITING // 2:
            self._waiting.put(_Write(None, None, act, (), is_of_items=False))
            self._start()

    def close(self) -> None:
        """Write what is waiting, and end; what is written later begins anew."""
        with self._starting:
            if self._thread:
                self._waiting.put(None)
                self._thread.join()
            self._thread = None

    async def _ask(self, what: Put | Act, users: Sequence[str], is_of_items: bool = False) -> Any:
        if self._waiting.qsize() >= MOST_WAITING:
            raise ApiError(503, "overloaded", "too much is being written; try again later")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        self._waiting.put(_Write(loop, future, what, users, is_of_items))
        self._start()
        return await future

    def _start(self) -> None:
        if self._thread:
            return
        with self._starting:
            if not self._thread:
                self._thread = threading.Thread(target=self._run, name="store", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while (first := self._waiting.get()) is not None:
            together, ends = [first], False
            with suppress(queue.Empty):
                while len(together) < _MOST_TOGETHER and not ends:
                    more = self._waiting.get_nowait()
                    ends = more is None
                    together += [more] if more else []
            self._write(together)
            if ends:
                return

    def _write(self, together: Sequence[_Write]) -> None:
        """Write in one transaction; where that fails, each in its own, so that one fails alone."""
        try:
            results = self._commit(together)
        except Exception as error:
            if len(together) > 1:
                for one in together:
                    self._write([one])
                return
            results = [_told(error)]
        by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], Any]]] = {}
        for one, result in zip(together, results, strict=True):
            if one.loop and one.future:
                by_loop.setdefault(one.loop, []).append((one.future, result))
            elif isinstance(result, Exception):
                LOG.error("%s", result)
        for loop, answers in by_loop.items():
            with suppress(RuntimeError):  # of a loop that has ended, where nobody waits any more
                loop.call_soon_threadsafe(_answer, answers)

    def _commit(self, together: Sequence[_Write]) -> list[Any]:
        started, results = time.perf_counter(), list[Any]()
        with self._store.writing() as transaction:
            puts: list[Put] = []
            for what in (one.what for one in together):
                if isinstance(what, Put):
                    puts.append(what)
                    continue
                results += transaction.write(puts)
                puts = []
                results.append(what(transaction))
            results += transaction.write(puts)
        self._tell(together)
        outcomes = [one for one in results if isinstance(one, Outcome)]
        self._metrics.committed(outcomes, time.perf_counter() - started)
        return results

    def _tell(self, together: Sequence[_Write]) -> None:
        """Tell what is on disk; whatever goes wrong with that, it is there."""
        users = [user for one in together for user in one.users]
        try:
            self._on_commit(users, any(one.is_of_items for one in together))
        except Exception as error:
            LOG.error("%s", error)


def _answer(answers: Sequence[tuple["asyncio.Future[Any]", Any]]) -> None:
    for future, result in answers:
        if future.done():
            continue  # given up: it took too long
        if isinstance(result, Exception):
            future.set_exception(result)
        else:
            future.set_result(result)


def _told(error: Exception) -> Exception:
    """An error as it is answered."""
    if not isinstance(error, DatabaseError):
        return error
    LOG.error("%s", error)
    return unavailable()


def unavailable() -> ApiError:
    """What is said where the store does not answer, which the log tells more of."""
    return ApiError(503, "store_unavailable", "the store does not answer; try again later")
