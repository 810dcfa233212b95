"""Packed tables: which file of an archive is meant, and unpacking all but gzip."""

import bz2
import lzma
import shutil
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePath, PurePosixPath
from typing import IO, Any

from starcast.data.files.part import UNREADABLE, Part
from starcast.errors import DataError

_ZIP, _ZSTD = b"PK\x03\x04", b"\x28\xb5\x2f\xfd"
_COMPRESSED: dict[bytes, Callable[[Path], IO[bytes]]] = {
    b"BZh": bz2.open,
    b"\xfd7zXZ\0": lzma.open,
    b"\x5d\x00\x00": lzma.open,
}
_TAR = (".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz")
_DAMAGE = (
    *UNREADABLE, lzma.LZMAError, zipfile.BadZipFile, tarfile.TarError,
    RuntimeError,  # a password is needed, or the way of packing is not known
    KeyError,
)  # fmt: skip
_PROSE = {
    ".md", ".rst", ".pdf", ".html", ".htm", ".png", ".jpg", ".jpeg", ".gif", ".svg", ".crc", ".md5",
    ".sha256", ".py", ".ipynb", ".log", ".doc", ".docx", ".yml", ".yaml", ".toml",
}  # fmt: skip
_PARTS, _RATINGS = "part-", ("ratings", "rating")
_OURS = ".starcast."  # in the names of caches


def tables(names: Sequence[str], label: str) -> list[str]:
    """The files of a folder or archive that make its table of ratings.

    That is every "part-…"; or else the one called "ratings", or the only one that has it in its
    name; or else every one that is neither hidden nor prose, if all have the same ending.

    Args:
        names: paths below the folder, with "/" in between, those of empty files left out.
        label: the folder, for messages.
    Raises: DataError: there is no such file.

    >>> tables(["a/_SUCCESS", "a/part-0.csv", "a/part-1.csv"], "a"), tables(
    ...     ["profile.csv", "ratings.csv", "deleted/old.csv"], "letterboxd.zip")
    (['a/part-0.csv', 'a/part-1.csv'], ['ratings.csv'])
    """
    kept = [name for name in names if may_be_table(PurePosixPath(name))]
    stems = {name: PurePosixPath(name).name.lower().split(".")[0] for name in kept}
    parts = [name for name in kept if stems[name].startswith(_PARTS)]
    called = [name for name in kept if stems[name] in _RATINGS]
    like = [name for name in kept if _RATINGS[1] in stems[name]]
    if parts:
        return parts
    for chosen in (called, like):
        if len(chosen) == 1:
            return chosen
    if not kept:
        raise DataError(f"{label} holds no table; name a file of ratings")
    if len({PurePosixPath(name).suffix.lower() for name in kept}) > 1:
        shown = ", ".join(kept[:6])
        raise DataError(f"{label} holds {shown}; name the one with the ratings: {label}/{kept[0]}")
    return kept


def may_be_table(path: PurePath) -> bool:
    """Whether a file is neither hidden, nor prose, nor a cache, by its name."""
    hidden = any(part.startswith((".", "_")) for part in path.parts)
    prose = path.suffix.lower() in _PROSE or path.stem.lower() in ("readme", "license", "licence")
    ours = any(_OURS in part for part in path.parts)
    return not hidden and not prose and not ours


def outside(path: Path) -> Path | None:
    """The archive that a path is, or lies in; None where there is none."""
    for one in (path, *path.parents):
        if one.is_file():
            return one if _is_archive(one) else None
        if one.is_dir():
            return None
    return None


def _is_archive(path: Path) -> bool:
    return _magic(path).startswith(_ZIP) or path.name.lower().endswith(_TAR)


def members(archive: Part, inside: str = ".") -> list[Part]:
    """The files in an archive that make its table of ratings, unpacked.

    Args:
        archive: a zip or tar file.
        inside: the one that is meant, if that is said.
    Raises: DataError: it is damaged, or holds no table.
    """
    try:
        with _opened(archive.path) as (names, take):
            if {"[Content_Types].xml", "content.xml"} & set(names):
                raise DataError(f"{archive.label} is a spreadsheet; save the sheet as CSV")
            if any(name.endswith(".npy") for name in names):
                raise DataError(f"{archive.label} is a binary file of NumPy's, not a table")
            if inside != "." and inside not in names:
                raise DataError(f"{archive.label} holds no {inside}; it has {', '.join(names[:6])}")
            chosen = tables(names, archive.label) if inside == "." else [inside]
            return [_taken(archive, name, take(name)) for name in chosen]
    except _DAMAGE as error:
        raise _damaged(archive, error) from None


@contextmanager
def _opened(path: Path) -> Iterator[tuple[list[str], Callable[[str], Any]]]:
    """The names in an archive, and what opens one of them."""
    if _magic(path).startswith(_ZIP):
        with zipfile.ZipFile(path) as file:
            yield [one.filename for one in file.infolist() if one.file_size], file.open
    else:
        with tarfile.open(path) as packed:
            yield [one.name for one in packed if one.isfile() and one.size], packed.extractfile


def _taken(archive: Part, name: str, file: IO[bytes]) -> Part:
    part = Part(f"{archive.label}/{name}", archive.fresh(), archive.scratch)
    with file, part.path.open("wb") as target:
        shutil.copyfileobj(file, target)
    return unpacked(part)


def unpacked(part: Part) -> Part:
    """A part without the compression it has, gzip excepted.

    Raises: DataError: it is damaged, or compressed in a way that is not known here.
    """
    magic = _magic(part.path)
    if magic.startswith(_ZSTD):
        raise DataError(f"{part.label} is compressed by Zstandard; unpack it first: zstd -d")
    reader = next((one for sign, one in _COMPRESSED.items() if magic.startswith(sign)), None)
    if reader is None:
        return part
    whole = part._replace(path=part.fresh())
    try:
        with reader(part.path) as file, whole.path.open("wb") as target:
            shutil.copyfileobj(file, target)
    except _DAMAGE as error:
        raise _damaged(part, error) from None
    return whole


def _damaged(part: Part, error: Exception) -> DataError:
    why = str(error).splitlines() or [type(error).__name__]
    return DataError(f"{part.label} cannot be unpacked: {why[0]}")


def _magic(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(8)
    except OSError:
        return b""
