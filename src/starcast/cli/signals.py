"""Signals that end a verb: as Ctrl-C does, wherever it is, and between two epochs if it trains.

SIGTERM is what docker, Kubernetes, slurm and systemd send, SIGHUP what a closed terminal does. One
that the process was started to ignore (nohup) is ignored.
"""

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import final

from starcast.errors import Interrupted

_GRACE = 5.0  # seconds that an epoch under way has to end in; docker kills after 10
_ECHO = 10.0  # seconds in which others are taken for the same wish: a closed terminal sends two
_ENDING = ("SIGINT", "SIGTERM", "SIGHUP")


@final
class Signals:
    """What has come to this process so far.

    Attributes:
        status: what the process is to end with, 128 and the number of the signal; 0 if none came.
    """

    def __init__(self) -> None:
        self.status, self._waits, self._is_held, self._came = 0, False, False, -math.inf

    @contextmanager
    def ending(self) -> Iterator[None]:
        """In this context signals interrupt: SIGINT by KeyboardInterrupt, others by Interrupted."""
        self.status, self._waits, self._came = 0, False, -math.inf
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        numbers = [getattr(signal, name) for name in _ENDING if hasattr(signal, name)]
        before = {number: signal.getsignal(number) for number in numbers}
        for number, handler in before.items():
            if handler != signal.SIG_IGN:
                signal.signal(number, self._come)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def held_back(self) -> Iterator[Callable[[], bool]]:
        """In this context a signal waits, some seconds at most, and interrupts at its end.

        Ctrl-C once more does not wait. Yields what tells whether a signal waits.
        """
        self._is_held = True
        try:
            yield lambda: self._waits
        finally:
            self._is_held = False
            if self._waits:
                signal.setitimer(signal.ITIMER_REAL, 0)
        if self._waits:
            self._waits = False
            raise self.interrupt()

    def interrupt(self) -> KeyboardInterrupt:
        """What the signal that has come is raised as."""
        number = self.status - 128
        return KeyboardInterrupt() if number == signal.SIGINT else Interrupted(number)

    def _come(self, number: int, _frame: FrameType | None) -> None:
        """A signal has come; a second one soon after the first does not end the end."""
        is_first = time.monotonic() - self._came > _ECHO
        if is_first:
            self.status, self._came = 128 + number, time.monotonic()
        if self._is_held and is_first:
            self._waits = True
            signal.signal(signal.SIGALRM, self._too_long)
            signal.setitimer(signal.ITIMER_REAL, _GRACE)
        elif is_first or number == signal.SIGINT:
            self._waits = False
            raise self.interrupt()

    def _too_long(self, _number: int, _frame: FrameType | None) -> None:
        if self._waits:
            self._waits = False
            raise self.interrupt()


SIGNALS = Signals()
"""Of this process: it has one set of handlers."""
