"""The cache: a parsed set in blocks beside its source; used as long as the source stays the same.

It is nobody's file: if it is damaged, foreign or old it is written anew, and where it cannot be
written Starcast does without.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from time import time_ns
from typing import Any, Self, final

from starcast.data.blocks.opening import read_blocks, sum_of_header
from starcast.data.blocks.writing import write_ratings
from starcast.data.ratings import Ratings
from starcast.disk.reading import read_at_most
from starcast.disk.replacement import replace_file, standing
from starcast.errors import BusyError, DataError

_NOTE = "source.json"  # beside the blocks: what they were made from
_MOST_BYTES = 1 << 24  # of that
_TICK = 2_000_000_000  # nanoseconds; a file can change unseen within its clock's coarsest tick


@final
@dataclass(frozen=True, slots=True)
class _Stamp:
    """What tells one state of a source file from another without reading it.

    Attributes:
        name, size: of the file.
        modified: nanoseconds since 1970.
        seen: when we looked, in the same unit.
    """

    name: str
    size: int
    modified: int
    seen: int

    @classmethod
    def of(cls, path: Path) -> Self:
        state = path.stat()
        return cls(path.name, state.st_size, state.st_mtime_ns, time_ns())

    def vouches_for(self, now: Self) -> bool:
        """Whether a file that looks like `now` must be the one that was stamped."""
        return self.looks_like(now) and self.is_settled

    @property
    def is_settled(self) -> bool:
        """Whether the file had been left alone for long enough when we looked."""
        return self.seen - self.modified > _TICK

    def looks_like(self, now: Self) -> bool:
        """Whether name, size and time of change are the same."""
        return (self.name, self.size, self.modified) == (now.name, now.size, now.modified)


def path_for(source: Path) -> Path:
    """Where the cache of a source file lies.

    >>> path_for(Path("datasets/ml-1m/ratings.dat")).name
    'ratings.dat.starcast.blocks'
    """
    return source.with_name(f"{source.name}.starcast.blocks")


def _before(target: Path) -> list[Path]:
    """Where the cache lay before it was blocks."""
    return [target.with_suffix(ending) for ending in (".parquet", ".npz")]


def through(
    sources: Sequence[Path], parse: Callable[[], Ratings], *, name: str, options: str = ""
) -> Ratings:
    """What `parse` makes of the sources, from the cache where they have not changed.

    Size and time of change are trusted where they settle the question; otherwise the content's
    hash decides, and the cache is stamped anew.

    Args:
        sources: the files that `parse` reads; the cache lies beside the first.
        parse: the slow way.
        name: the data set's name.
        options: whatever else `parse` depends on; a cache made with other options is not used.
    Raises: whatever `parse` raises.
    """
    target = path_for(sources[0])
    try:
        stamps = [_Stamp.of(path) for path in sources]
    except OSError:
        return parse()  # which knows how to say what is wrong with a file
    found = _recall(target, sources, stamps, name, options)
    if found:
        return found
    with ThreadPoolExecutor(1) as beside:
        digest = beside.submit(_digest, sources)
        parsed = parse()
    with suppress(OSError):  # sources that changed or went away meanwhile are not cached
        if all(old.looks_like(_Stamp.of(path)) for old, path in zip(stamps, sources, strict=True)):
            _keep(target, parsed, stamps, digest.result(), options)
    return parsed


def _recall(
    target: Path, sources: Sequence[Path], stamps: list[_Stamp], name: str, options: str
) -> Ratings | None:
    """The cached set, or None where there is none to be used."""
    try:
        folder = standing(target)
        note = json.loads(read_at_most(folder / _NOTE, _MOST_BYTES))
        before = [_Stamp(**stamp) for stamp in note["stamps"]]
        if note["options"] != options or len(before) != len(stamps):
            return None
        vouched = all(old.vouches_for(new) for old, new in zip(before, stamps, strict=True))
        if not vouched and _digest(sources) != note["digest"]:
            return None
        if note["header"] != sum_of_header(folder):
            return None
        parsed = read_blocks(folder, name)
    except (DataError, OSError, ValueError, LookupError, TypeError, RecursionError):
        return None  # damaged, planted, foreign, old or not there: parse again
    if not vouched and all(stamp.is_settled for stamp in stamps):
        with suppress(OSError, BusyError):
            _stamp(target, stamps, note["digest"], options)
    return parsed


def _keep(target: Path, parsed: Ratings, stamps: list[_Stamp], digest: str, options: str) -> None:
    # A folder that cannot be written, is full, or in another run's hands, only costs time; so do
    # ratings that blocks do not hold.
    with suppress(OSError, BusyError, DataError, UnicodeError):
        write_ratings(target, parsed)
        _stamp(target, stamps, digest, options)
        for before in _before(target):
            before.unlink(missing_ok=True)


def _stamp(target: Path, stamps: list[_Stamp], digest: str, options: str) -> None:
    """Say what blocks were made from; without it nobody uses them."""
    note: dict[str, Any] = {"options": options, "digest": digest, "header": sum_of_header(target)}
    note["stamps"] = [asdict(stamp) for stamp in stamps]
    with replace_file(target / _NOTE) as fresh:
        fresh.write_text(json.dumps(note), encoding="utf-8")


def _digest(sources: Sequence[Path]) -> str:
    """SHA-256 (hex) of the contents, in order."""
    digests = []
    for path in sources:
        with path.open("rb") as file:
            digests.append(hashlib.file_digest(file, "sha256").hexdigest())
    return " ".join(digests)
