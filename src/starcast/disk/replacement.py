"""Files and folders that are replaced whole or not at all, also by a run that is killed.

What is new is made beside its place, written through to the disk, and put there in one step. Where
the system cannot exchange two folders in one step, the old one is set aside for a moment;
`standing` finds it there should the run end just then, and the next run puts it back.

Everything temporary is called .NAME.starcast-…, and is swept away by the next run that writes into
the same folder, unless the run that made it is still at work.
"""

import ctypes
import errno
import os
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from starcast.disk.lock import MARK, alone, beside
from starcast.errors import BusyError

_ASIDE = "old"
_LEFTOVER = re.compile(rf"\.(.+){re.escape(MARK)}(?:lock|{_ASIDE}|[0-9a-f]{{8}})", re.DOTALL)
_HERE, _EXCHANGE = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of Linux
_CANNOT_EXCHANGE = (errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP)


@contextmanager
def replace_folder(folder: Path) -> Iterator[Path]:
    """A fresh folder that takes the place of `folder` when all went well, and else vanishes.

    Raises:
        BusyError: another run is writing it.
        OSError: it cannot be written; what was there is untouched.
    """
    with _staged(folder) as (fresh, target):
        if os.path.lexists(target) and not target.is_dir():
            raise FileExistsError("a file is in the way")
        fresh.mkdir()
        yield fresh
        _sync_all(fresh)
        _put(fresh, target)


@contextmanager
def replace_file(file: Path) -> Iterator[Path]:
    """A path for a fresh file that takes the place of `file` if all goes well, and else vanishes.

    Raises:
        BusyError: another run is writing it.
        OSError: it cannot be written; what was there is untouched.
    """
    if file.is_dir() or not file.parent.is_dir():
        code = errno.EISDIR if file.is_dir() else errno.ENOENT
        raise OSError(code, os.strerror(code), str(file))
    with _staged(file) as (fresh, target):
        yield fresh
        _sync(fresh)
        fresh.replace(target)
        _sync(target.parent)


def standing(folder: Path) -> Path:
    """Where a folder stands: in its place, or where a run that was killed has set it aside."""
    target = resolved(folder)
    aside = beside(target, _ASIDE)
    return aside if aside.is_dir() and not os.path.lexists(target) else folder


def resolved(path: Path) -> Path:
    """The absolute path behind links: what a link points to is replaced, and the link kept."""
    return Path(os.path.realpath(path))


@contextmanager
def _staged(path: Path) -> Iterator[tuple[Path, Path]]:
    """A path beside the one that is to be replaced, and this one behind all links, held alone."""
    target = resolved(path)
    with alone(target):
        _sweep(target.parent)
        fresh = beside(target, os.urandom(4).hex())
        try:
            yield fresh, target
        finally:
            _remove(fresh)


def _sweep(folder: Path) -> None:
    """Put back and take away what runs that were killed have left in a folder."""
    for name in {target for target, _ in _leftovers(folder)}:
        with suppress(BusyError, OSError), alone(folder / name) as is_sure:
            if is_sure:
                _clear(folder / name)


def _clear(target: Path) -> None:
    """Put a target back if it was set aside, and take away all else that was left of it."""
    if standing(target) != target:
        standing(target).rename(target)
    for name, leftover in _leftovers(target.parent):
        if name == target.name and leftover != beside(target, "lock"):
            _remove(leftover)


def _leftovers(folder: Path) -> list[tuple[str, Path]]:
    """Everything temporary in a folder, each after the name of the target that it belongs to."""
    found = ((_LEFTOVER.fullmatch(path.name), path) for path in folder.iterdir())
    return [(name[1], path) for name, path in found if name and name[1] not in (".", "..")]


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _put(fresh: Path, target: Path) -> None:
    """A whole folder in the place of another; on any failure, Ctrl-C too, the old one stays."""
    if not target.exists():
        fresh.rename(target)
    elif not _exchange(fresh, target):
        _set_aside(fresh, target)
    _sync(target.parent)


def _set_aside(fresh: Path, target: Path) -> None:
    """Put one folder in the place of another by two renames."""
    aside = beside(target, _ASIDE)
    try:
        target.rename(aside)
        fresh.rename(target)
    except BaseException:
        if aside.exists() and not target.exists():
            aside.rename(target)
        raise
    finally:
        if target.exists():
            _remove(aside)


def _exchange(one: Path, other: Path) -> bool:
    """Let two folders change places in one step; whether the system can."""
    renameat2 = _renameat2()
    if renameat2 is None:
        return False
    if not renameat2(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE):
        return True
    if (code := ctypes.get_errno()) in _CANNOT_EXCHANGE:
        return False
    raise OSError(code, os.strerror(code), str(other))


@cache
def _renameat2() -> Any:
    """The system's call, None where there is none."""
    return getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)


def _sync_all(folder: Path) -> None:
    for above, _, names in os.walk(folder, topdown=False):
        for path in (Path(above, name) for name in names):
            if stat.S_ISREG(path.lstat().st_mode):
                _sync(path)
        _sync(Path(above))


def _sync(path: Path) -> None:
    """Write a file or folder through to the disk, as far as the file system can."""
    opened = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):
            raise
    finally:
        os.close(opened)
