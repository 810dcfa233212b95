"""A file of a table, ready to be looked at."""

import gzip
import io
import zlib
from pathlib import Path
from typing import IO, BinaryIO, NamedTuple, cast, final

from starcast.errors import DataError

GZIP = b"\x1f\x8b"
UNREADABLE = (OSError, EOFError, zlib.error)  # the last two from gzip


@final
class Part(NamedTuple):
    """A file of a table.

    Attributes:
        label: what messages call it.
        path: where it lies unpacked; gzip alone may remain, which every reader here unpacks.
        scratch: a folder for what must be written anew before it can be read.
    """

    label: str
    path: Path
    scratch: Path

    def open(self) -> BinaryIO:
        """Its bytes, through gzip where it is compressed."""
        with self.path.open("rb") as file:
            is_compressed = file.read(2) == GZIP
        return cast("BinaryIO", gzip.open(self.path)) if is_compressed else self.path.open("rb")

    def open_text(self) -> IO[str]:
        """Its text; bytes that are not UTF-8 come as surrogates, so that their line can be told."""
        raw = self.open()
        return io.TextIOWrapper(raw, "utf-8-sig", errors="surrogateescape", newline="")

    def head(self, n_bytes: int) -> tuple[bytes, bool]:
        """Its first bytes, and whether they are all.

        Raises: DataError: it cannot be unpacked.
        """
        try:
            with self.open() as file:
                return file.read(n_bytes), not file.read(1)
        except UNREADABLE as error:
            raise DataError(f"{self.label} cannot be unpacked: {error}") from None

    def fresh(self) -> Path:
        """A path in the scratch folder where nothing lies."""
        return self.scratch / f"{len(list(self.scratch.iterdir()))}"


def check_readable(path: Path) -> None:
    """Refuse what is no readable file with something in it.

    Raises: DataError: the path is missing, a folder, forbidden or empty.
    """
    if path.is_dir():
        raise DataError(f"{path} is a folder; name a file in it")
    try:
        with path.open("rb") as file:
            if not file.read(1):
                raise DataError(f"{path} is empty; it needs rows")
    except FileNotFoundError:
        raise DataError(f"{path} does not exist; check the path") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from None
