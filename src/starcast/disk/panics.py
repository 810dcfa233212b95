"""What Polars does with a file that it did not expect: it panics, and says so on stderr itself."""

import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from polars.exceptions import PanicException

_one_at_a_time = threading.Lock()


@contextmanager
def as_errors() -> Iterator[None]:
    """Turn a panic into a ValueError, and keep its report of many lines from stderr.

    What others write to stderr meanwhile is written when all is over, if there was no panic.
    """
    with _one_at_a_time, tempfile.TemporaryFile() as written:
        try:
            stderr = os.dup(2)
        except OSError:  # closed
            stderr = None
        else:
            os.dup2(written.fileno(), 2)
        try:
            yield
        except PanicException:
            written.truncate(0)
            raise ValueError("a table that cannot be decoded") from None
        finally:
            if stderr is not None:
                os.dup2(stderr, 2)
                written.seek(0)
                with os.fdopen(stderr, "wb", buffering=0) as onward:
                    shutil.copyfileobj(written, onward)
