"""Where a table lies: a file, several, a pattern, a folder of parts, an archive, or a pipe."""

import os
import shutil
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from starcast.data.files import archives
from starcast.data.files.part import Part, check_readable
from starcast.errors import DataError

PIPE = "-"
Place = str | Path


def files(places: Sequence[Place]) -> list[Path] | None:
    """The files that lie at some places, archives as they are; None where one is a pipe.

    Args:
        places: paths of files, of folders, of files in an archive, patterns such as "parts/*.csv",
            or "-" for what is piped in.
    Raises: DataError: a place where nothing lies.
    """
    if any(is_pipe(place) for place in places):
        return None
    found = [path for place in places for path in _files_at(Path(place))]
    return list(dict.fromkeys(archives.outside(path) or path for path in found))


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder for what must be unpacked or written anew, for as long as tables are read."""
    with TemporaryDirectory(prefix="starcast-") as folder:
        yield Path(folder)


def parts(place: Place, scratch: Path) -> list[Part]:
    """The files of the table that lies at a place, unpacked.

    Args:
        place: as for `files`.
        scratch: where to unpack them.
    Raises: DataError: a file that is missing, empty, forbidden, damaged, or no single table.
    """
    if is_pipe(place):
        return _unpacked(_piped(place, scratch))
    found = []
    for path in _files_at(Path(place)):
        archive = archives.outside(path)
        if archive:
            inside = path.relative_to(archive).as_posix()
            found += archives.members(Part(str(archive), archive, scratch), inside)
        else:
            check_readable(path)
            found += _unpacked(Part(str(path), path, scratch))
    return found


def _unpacked(part: Part) -> list[Part]:
    whole = archives.unpacked(part)
    return archives.members(whole) if archives.outside(whole.path) else [whole]


def _files_at(path: Path) -> list[Path]:
    if path.is_dir():
        return _in_folder(path)
    if path.exists() or archives.outside(path) or not any(sign in str(path) for sign in "*?["):
        return [path]
    anchor = Path(path.anchor)
    matches = [
        one
        for one in sorted(anchor.glob(str(path.relative_to(anchor))))
        if one.is_file() and one.stat().st_size and archives.may_be_table(Path(one.name))
    ]
    if not matches:
        raise DataError(f"{path} matches no file; check the pattern")
    return matches


def _in_folder(folder: Path) -> list[Path]:
    """The tables in a folder, its own folders included."""
    try:
        names = [
            path.relative_to(folder).as_posix()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.stat().st_size
        ]
    except OSError as error:
        raise DataError(f"{folder} cannot be read: {error.strerror}") from None
    return [folder / name for name in archives.tables(names, str(folder))]


def is_pipe(place: Place) -> bool:
    """Whether it can be read only once, as "-", /dev/stdin and <(command) can."""
    if str(place) == PIPE or str(place).startswith("/dev/"):
        return True
    with suppress(OSError):
        mode = Path(place).stat().st_mode
        return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)
    return False


def _piped(place: Place, scratch: Path) -> Part:
    """What comes through a pipe, kept so that it can be looked at twice."""
    label = "standard input" if str(place) in (PIPE, "/dev/stdin") else str(place)
    part = Part(label, scratch / "piped", scratch)
    try:
        if str(place) == PIPE:
            _keep(sys.stdin.buffer, part)
        else:
            with Path(place).open("rb") as file:
                _keep(file, part)
    except OSError as error:
        raise DataError(f"{label} cannot be read: {error.strerror}") from None
    if not part.path.stat().st_size:
        raise DataError(f"{label} is empty; it needs rows")
    return part


def _keep(file: BinaryIO, part: Part) -> None:
    with suppress(OSError):  # what has no number has no mode either
        mode = os.fstat(file.fileno()).st_mode
        if stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
            raise DataError(f"{part.label} is a device, no file; pipe a table in, or name one")
    with part.path.open("wb") as kept:
        shutil.copyfileobj(file, kept)
