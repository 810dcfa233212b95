"""Quick answers, made one after another."""

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple, final

_MOST = 16  # answers in a row: other requests wait for no more than these


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
    """

    def __init__(self) -> None:
        self._asked: list[_Asked] = []

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
        now, self._asked = self._asked[:_MOST], self._asked[_MOST:]
        if self._asked:
            loop.call_soon(self._go_on, loop, 0)
        for future, answer, given in now:
            if future.done():
                continue  # given up: it took too long
            try:
                future.set_result(answer(*given))
            except Exception as error:
                future.set_exception(error)
