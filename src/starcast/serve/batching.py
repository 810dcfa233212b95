"""Where answers are made: quick ones one after another on the event loop, others aside."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, NamedTuple, final

_MOST = 16  # answers in a row: other requests wait for no more than these
_MOST_SECONDS = 0.004  # in a row, and the one that was begun


class _Asked(NamedTuple):
    future: asyncio.Future[str]
    answer: Callable[..., str]
    given: tuple[Any, ...]


@final
class Batcher:
    """Answers that are asked for at about the same time, made one after another on the event loop.

    A list of a thousand items pushes the code of the whole service out of the processor's caches:
    made in a row, lists and what is around them each find theirs there. An answer waits for others
    only as long as with every turn of the loop another is asked for.

    Args:
        clock: seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._asked: deque[_Asked] = deque()
        self._clock = clock

    async def make(self, answer: Callable[..., str], *given: Any) -> str:
        """What `answer(*given)` says. Raises: what it raises."""
        loop = asyncio.get_running_loop()
        asked = _Asked(loop.create_future(), answer, given)
        self._asked.append(asked)
        if len(self._asked) == 1:
            loop.call_soon(self._go_on, loop, 0)
        return await asked.future

    def _go_on(self, loop: asyncio.AbstractEventLoop, n_before: int) -> None:
        if n_before < len(self._asked) < _MOST:
            loop.call_soon(self._go_on, loop, len(self._asked))
            return
        self._make_some()
        if self._asked:
            loop.call_soon(self._go_on, loop, 0)

    def _make_some(self) -> None:
        ends = self._clock() + _MOST_SECONDS
        for _ in range(min(len(self._asked), _MOST)):
            future, answer, given = self._asked.popleft()
            if future.done():
                continue  # given up: it took too long
            try:
                future.set_result(answer(*given))
            except Exception as error:
                future.set_exception(error)
            if self._clock() >= ends:
                return


@final
class Answers:
    """Makes answers where they hold nobody up.

    Args:
        threads: for what is not quick. Threads would cost quick answers more than they bring
            (docs/serving.md has the figures).
    """

    def __init__(self, threads: Executor) -> None:
        self._batcher, self._threads = Batcher(), threads

    async def make(self, answer: Callable[..., str], *given: Any, is_quick: bool = False) -> str:
        """What `answer(*given)` says. Raises: what it raises."""
        if is_quick:
            return await self._batcher.make(answer, *given)
        return await asyncio.get_running_loop().run_in_executor(self._threads, answer, *given)
