"""Unpacking archives that nobody should have to trust."""

import lzma
import shutil
import stat
import zipfile
import zlib
from pathlib import Path

from starcast.errors import FetchError

MAX_BYTES = 8 * 2**30  # the largest known set, ml-25m, unpacks into a little over 1 GiB
MAX_FILES = 1_000

DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    RuntimeError,  # an encrypted member, or a compression method that zipfile does not know
    ValueError,  # offsets and names that make no sense
)


def unpack(archive: Path, folder: str, target: Path, source: str) -> None:
    """Write the files of one folder of a zip archive.

    Every member is looked at before anything is written; one that is unsafe refuses the archive.

    Args:
        archive: the zip file.
        folder: the folder inside it; what lies outside is left out.
        target: the folder to make; must not exist yet. Damage found on the way leaves it half
            full, so give a temporary one and rename it.
        source: where the archive came from, for messages.
    Raises:
        FetchError: no zip file, a damaged or encrypted one, a member that points out of the
            archive or is no plain file, an absurd size, or no such folder.
        OSError: the target cannot be written.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            members = opened.infolist()
            _refuse_unsafe(members, source)
            files = _files_of(folder, members)
            if not files:
                raise FetchError(f"{source} holds no folder {folder}/: it is another data set")
            target.mkdir()
            for path, member in files.items():
                _write(opened, member, target / path)
    except DAMAGE as error:
        raise FetchError(f"{source} is no readable zip archive ({error})") from error


def _refuse_unsafe(members: list[zipfile.ZipInfo], source: str) -> None:
    """Raises: FetchError: a member would leave the folder, be no file, or be too much."""
    for member in members:
        if not _stays_inside(member.filename):
            raise FetchError(f"{source} is unsafe: {member.filename!r} points out of the archive")
        if not _is_plain(member):
            raise FetchError(f"{source} is unsafe: {member.filename!r} is a link or a device")
    n_bytes = sum(member.file_size for member in members)  # zipfile reads no byte beyond these
    if n_bytes > MAX_BYTES or len(members) > MAX_FILES:
        raise FetchError(
            f"{source} is unsafe: it would unpack into {len(members):,} files of "
            f"{n_bytes:,} bytes; the limits are {MAX_FILES:,} and {MAX_BYTES:,}"
        )
    if len({member.filename.casefold() for member in members}) < len(members):
        raise FetchError(f"{source} is unsafe: it holds two files of one name")


def _stays_inside(name: str) -> bool:
    """Whether a member's name is relative, goes nowhere up, and means the same on every system."""
    parts = name.removesuffix("/").split("/")
    return not any(part in ("", ".", "..") for part in parts) and not set(name) & {"\\", ":"}


def _is_plain(member: zipfile.ZipInfo) -> bool:
    kind = stat.S_IFMT(member.external_attr >> 16)  # zero where the archive was not made on Unix
    return kind in (0, stat.S_IFREG, stat.S_IFDIR)


def _files_of(folder: str, members: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    return {
        member.filename.removeprefix(f"{folder}/"): member
        for member in members
        if member.filename.startswith(f"{folder}/") and not member.is_dir()
    }


def _write(opened: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with opened.open(member) as source, path.open("xb") as sink:
        shutil.copyfileobj(source, sink, 1 << 20)
