"""What the service logs: no line that data or clients could forge, and no flood of one kind."""

import logging
import time
from collections.abc import Callable
from typing import final

from starcast.display import printable
from starcast.serve.api_errors import LOG

_MOST_ALIKE, _SECONDS = 10, 60.0  # records of one kind, in so long a time


def log_to_standard_error() -> None:
    """Let everything that is logged in this process go to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(LinesFormatter("%(asctime)s %(levelname)s %(message)s"))
    handler.addFilter(FloodFilter())
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    LOG.setLevel(logging.WARNING)


@final
class LinesFormatter(logging.Formatter):
    """Records of printable lines; those after the first are indented, as no record's first is."""

    def format(self, record: logging.LogRecord) -> str:
        """A record, with its traceback if it has one."""
        return "\n    ".join(map(printable, super().format(record).split("\n")))


@final
class FloodFilter(logging.Filter):
    """Lets a few records of one kind through in a minute, and says when it stops.

    Records are of one kind that were logged by one line of code with one kind of exception.

    Args:
        clock: seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._seen: dict[tuple[object, ...], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record is one of the few."""
        kind = (record.pathname, record.lineno, record.exc_info and record.exc_info[0])
        now = self._clock()
        since, n_seen = self._seen.get(kind, (now, 0))
        if now - since >= _SECONDS:
            since, n_seen = now, 0
        self._seen[kind] = since, n_seen + 1
        if n_seen + 1 == _MOST_ALIKE:
            record.msg = f"{record.msg} (more of this kind are not logged for {_SECONDS:g} s)"
        return n_seen < _MOST_ALIKE
