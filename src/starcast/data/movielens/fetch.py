"""Fetching data sets: from GroupLens or a mirror, checked, unpacked, all or nothing."""

import hashlib
import json
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from starcast.data.movielens.catalog import DataSet, find
from starcast.data.movielens.download import TIMEOUT, Part, Progress, download, read_small
from starcast.data.movielens.origin import Origin, at_hand, by_md5_file, noted_md5
from starcast.data.movielens.unpack import unpack
from starcast.errors import FetchError

RECEIPT = "fetched.json"


def fetch(
    name: str,
    data_dir: Path,
    mirror: str | None = None,
    on_progress: Progress | None = None,
    *,
    timeout: float = TIMEOUT,
) -> Path:
    """The folder of a data set, downloaded unless it is there already.

    An archive NAME.zip that lies in `data_dir` is unpacked instead, wherever it came from: by the
    sum in NAME.zip.md5 beside it, or else by that of GroupLens's own.

    Args:
        name: a data set of the catalog that is not embedded.
        data_dir: the folder that holds the data sets; made if need be.
        mirror: the address (http or https) or the folder that holds NAME.zip and NAME.zip.md5,
            instead of GroupLens's site; "" is none.
        on_progress: told the bytes at hand and those expected, None where that is unknown.
        timeout: seconds of silence after which a server is given up.
    Returns: `data_dir`/`name`, with a receipt in fetched.json.
    Raises:
        UnknownNameError: no such data set.
        FetchError: it cannot be had; bytes received so far are kept for the next try, unless they
            are wrong.
    """
    data_set = find(name)
    if data_set.embedded:
        raise FetchError(f"{name} comes with Starcast: there is nothing to fetch, use it by name")
    target = data_dir / name
    try:
        if not is_fetched(target):
            data_dir.mkdir(parents=True, exist_ok=True)
            with _alone(data_dir / f".{name}.lock", name):
                _bring(data_set, target, mirror, on_progress, timeout)
    except OSError as error:
        where = error.filename or data_dir
        why = error.strerror or error
        raise FetchError(
            f"{name} could not be stored ({why}: {where}); "
            "make room, or choose a folder that can be written"
        ) from error
    return target


def is_fetched(folder: Path) -> bool:
    """Whether a folder holds a whole data set that `fetch` has put there."""
    return (folder / RECEIPT).is_file()


def _bring(
    data_set: DataSet,
    target: Path,
    mirror: str | None,
    on_progress: Progress | None,
    timeout: float,
) -> None:
    """Fetch a data set that is not there yet. Raises: FetchError."""
    if is_fetched(target):
        return  # by another process, while this one came for the lock
    if target.exists():
        raise FetchError(f"{target} exists and was not put there by a fetch: move it away first")
    archive = target.with_name(f"{data_set.name}.zip")
    if archive.is_file():
        _install(data_set, target, archive, at_hand(data_set, archive), on_progress)
    elif mirror and not re.match(r"https?://", mirror, re.IGNORECASE):
        _from_folder(data_set, target, mirror, on_progress)
    else:
        _from_site(data_set, target, mirror, on_progress, timeout)


def _from_folder(
    data_set: DataSet, target: Path, mirror: str, on_progress: Progress | None
) -> None:
    archive = Path(mirror).expanduser() / f"{data_set.name}.zip"
    if not archive.is_file():
        raise FetchError(f"there is no file {archive}; a mirror is a folder or an http(s) address")
    _install(data_set, target, archive, by_md5_file(data_set, archive), on_progress)


def _from_site(
    data_set: DataSet,
    target: Path,
    mirror: str | None,
    on_progress: Progress | None,
    timeout: float,
) -> None:
    """Fetch from GroupLens, or from a mirror on the web, and unpack. Raises: FetchError."""
    origin = Origin(data_set.url, "pinned", data_set.pinned)
    if mirror:
        url = f"{mirror.rstrip('/')}/{data_set.name}.zip"
        noted = read_small(f"{url}.md5", timeout)
        origin = Origin(url, "mirror", {"md5": noted_md5(data_set, noted, f"{url}.md5")})
    part = Part(target.with_name(f"{data_set.name}.zip.part"))
    download(origin.source, part, timeout, on_progress)
    try:
        _install(data_set, target, part.path, origin)
    except FetchError:
        part.discard()  # whole and wrong: going on from it would never make it right
        raise
    part.discard()


def _install(
    data_set: DataSet,
    target: Path,
    archive: Path,
    origin: Origin,
    on_progress: Progress | None = None,
) -> None:
    """Unpack an archive into `target`, if its sums are right: the whole of it or nothing."""
    sums = _sums(archive, on_progress)
    origin.check(sums)
    staging = target.with_name(f".{target.name}.unpacking")
    shutil.rmtree(staging, ignore_errors=True)  # left by a process that was killed
    try:
        unpack(archive, data_set.folder, staging, origin.source)
        receipt = {"name": data_set.name, "source": origin.source, "checksum": origin.checksum}
        receipt |= sums | {"fetched_at": datetime.now(UTC).isoformat(timespec="seconds")}
        (staging / RECEIPT).write_text(json.dumps(receipt, indent=2) + "\n", "utf-8")
        staging.replace(target)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _sums(archive: Path, on_progress: Progress | None) -> dict[str, str]:
    """MD5 and SHA-256 (hex) of a file, by name, in one reading."""
    digests = {
        "md5": hashlib.md5(usedforsecurity=False),  # the site publishes no stronger sum for all
        "sha256": hashlib.sha256(),
    }
    total, done = archive.stat().st_size, 0
    with archive.open("rb") as opened:
        while chunk := opened.read(1 << 20):
            for digest in digests.values():
                digest.update(chunk)
            done += len(chunk)
            if on_progress:
                on_progress(done, total)
    return {kind: digest.hexdigest() for kind, digest in digests.items()}


@contextmanager
def _alone(lock: Path, name: str) -> Iterator[None]:
    """Keep other processes from fetching the same set into the same folder.

    The system drops the lock when the process ends, however it ends. The empty file stays: deleted,
    it could be locked by one process while another makes and locks a new one.
    """
    with lock.open("ab") as opened:
        try:
            _lock(opened)
        except (BlockingIOError, PermissionError):
            raise FetchError(
                f"another process is fetching {name} into {lock.parent}; wait until it is done"
            ) from None
        yield


if sys.platform == "win32":
    import msvcrt

    def _lock(opened: IO[bytes]) -> None:
        msvcrt.locking(opened.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(opened: IO[bytes]) -> None:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
