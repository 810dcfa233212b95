"""What an answer costs, measured when a model is loaded; the event loop makes only quick ones."""

import time
from collections.abc import Callable
from typing import NamedTuple, final

QUICK = 0.002  # seconds; whatever may take longer would be felt by everybody who waits
_MOST_TRIES = 5


@final
class Cost(NamedTuple):
    """Seconds of the processor that an answer of some length takes.

    Attributes:
        shortest: of an answer of length 1.
        each: of every further place.
    """

    shortest: float
    each: float

    def is_quick(self, length: int) -> bool:
        """Whether an answer of this length may be made on the event loop."""
        return self.shortest + self.each * (length - 1) <= QUICK


UNKNOWN = Cost(float("inf"), 0.0)


def measure(
    answer: Callable[[int], object], most: int, clock: Callable[[], float] = time.thread_time
) -> Cost:
    """The cost of answers, from one of length 1 and one of length `most`.

    The thread's own time counts, so that a busy machine makes no model slow; the least of some
    tries, so that what is made once does not either.

    Args:
        answer: makes an answer of a length.
        most: the longest that may be asked for.
        clock: seconds of this thread.
    """
    shortest = _least(lambda: answer(1), clock)
    longest = _least(lambda: answer(most), clock)
    return Cost(shortest, max(0.0, longest - shortest) / (most - 1))


def _least(make: Callable[[], object], clock: Callable[[], float]) -> float:
    taken: list[float] = []
    while len(taken) < 2 or (len(taken) < _MOST_TRIES and sum(taken) <= 10 * QUICK):
        started = clock()
        make()
        taken.append(clock() - started)
    return min(taken)
