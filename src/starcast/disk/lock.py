"""One run at a time: a lock on what a run is about to write.

The lock is a file beside its target. The system drops it when the process ends, however it ends, so
that a run that was killed keeps nobody out. Where a file system knows no locks, there are none.
"""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path

from starcast.errors import BusyError

MARK = ".starcast-"  # what the name of everything temporary contains: .NAME.starcast-…
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)

_held: ContextVar[frozenset[Path]] = ContextVar("held", default=frozenset())


@contextmanager
def alone(target: Path) -> Iterator[bool]:
    """Keep other runs from writing a target; who holds it already may hold it again.

    Folders above the target are made, and taken away again if nothing has come into them.

    Args:
        target: absolute, of a file or folder that need not be there.
    Yields: whether others are really kept out: some file systems know no locks.
    Raises:
        BusyError: another run holds it.
        OSError: nothing can be written beside it.
    """
    if target in _held.get():
        yield True
        return
    with kept_if_used(target.parent):
        lock = beside(target, "lock")
        opened, is_locked = _acquire(lock, target)
        token = _held.set(_held.get() | {target})
        try:
            yield is_locked
        finally:
            _held.reset(token)
            lock.unlink(missing_ok=True)  # while it is held: see `_acquire`
            os.close(opened)


def beside(target: Path, what: str) -> Path:
    """Something temporary that belongs to a target, in the same folder.

    >>> beside(Path("/models/mine"), "lock").name
    '.mine.starcast-lock'
    """
    return target.with_name(f".{target.name}{MARK}{what}")


@contextmanager
def kept_if_used(folder: Path) -> Iterator[None]:
    """Make a folder and those above it, and take away again those that have stayed empty.

    Raises: OSError: it cannot be made.
    """
    missing = [one for one in (folder, *folder.parents) if not os.path.lexists(one)]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    finally:
        for one in missing:
            with suppress(OSError):
                one.rmdir()


def _acquire(lock: Path, target: Path) -> tuple[int, bool]:
    """The descriptor of a lock that is now ours, and whether the system locked it.

    Whoever ends takes the file away, so that one may be locked that is no longer there, while
    others lock its successor; then the successor is asked for.
    """
    while True:
        opened = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
        try:
            is_locked = _lock(opened, target)
            if _is_still_there(opened, lock):
                _sign(opened, lock)
                return opened, is_locked
        except BaseException:
            os.close(opened)
            raise
        os.close(opened)


def _sign(opened: int, lock: Path) -> None:
    """Write who holds a lock into it; where that cannot be, as on a full disk, take it away."""
    try:
        os.ftruncate(opened, 0)
        os.pwrite(opened, str(os.getpid()).encode(), 0)
    except OSError:
        lock.unlink(missing_ok=True)  # while it is held
        raise


def _lock(opened: int, target: Path) -> bool:
    """Lock a file; False where the file system knows no locks. Raises: BusyError."""
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        process = os.pread(opened, 20, 0).decode("ascii", "replace")
        who = f" (process {process})" if process.isdigit() else ""
        raise BusyError(
            f"another run{who} is writing {target}; wait until it has ended, or write elsewhere"
        ) from None
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        return False
    return True


def _is_still_there(opened: int, lock: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(opened), os.lstat(lock))
    except FileNotFoundError:
        return False
