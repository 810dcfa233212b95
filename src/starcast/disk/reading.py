"""Files that are read though strangers may have put them there."""

import os
import stat
from io import BufferedReader
from pathlib import Path


def open_regular(path: Path) -> BufferedReader:
    """A file for reading; never a pipe, which would be waited for, nor a device, which has no end.

    Raises: OSError: it is not there, cannot be read, or is no regular file.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(f"{path} is no regular file")
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK), "rb")


def read_at_most(path: Path, n_bytes: int) -> bytes:
    """All of a file that is no larger.

    Raises: OSError: it is larger, not there, cannot be read, or is no regular file.
    """
    with open_regular(path) as file:
        content = file.read(n_bytes + 1)
    if len(content) > n_bytes:
        raise OSError(f"{path} is larger than {n_bytes:,} bytes")
    return content
