"""The files of an artifact as bytes: summed up and looked at, and not believed before."""

import hashlib
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np
import polars as pl
from numpy.typing import NDArray

from starcast.artifacts.manifest import Manifest, damaged
from starcast.disk.reading import open_regular
from starcast.errors import StarcastError

DAMAGE = (StarcastError, LookupError, TypeError, ValueError, AttributeError, ArithmeticError,
          pl.exceptions.PolarsError)  # fmt: skip
"""What it raises to read what is not what it should be."""

_AT_ONCE = 1 << 26  # bytes; a larger file is looked at before it is read

Look = Callable[[BinaryIO], None]
Content = NDArray[np.uint8]


def sum_of(path: Path) -> str:
    """SHA-256 (hex) of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def content_of(manifest: Manifest, folder: Path, name: str, look: Look) -> Content:
    """All of a file that is what the manifest lists, and says of itself what it should.

    Args:
        manifest, folder, name: of the file.
        look: raises what is wrong with what the file says of itself, before it is unpacked.
    Returns: uint8 (n,).
    Raises: ArtifactError: it is missing, or not what it should be.
    """
    if not (folder / name).is_file():
        raise damaged(folder, f"{name} is missing")
    with open_regular(folder / name) as file:
        size = os.fstat(file.fileno()).st_size
        if size > _AT_ONCE:
            _look_at(file, name, look, folder)
        content = np.empty(size, np.uint8)
        file.seek(0)
        is_whole = file.readinto(content.data) == size
        if not is_whole or hashlib.sha256(content.data).hexdigest() != manifest["files"][name]:
            raise damaged(folder, f"{name} does not match its checksum")
        if size <= _AT_ONCE:
            _look_at(io.BytesIO(content.data), name, look, folder)
    return content


def _look_at(file: BinaryIO, name: str, look: Look, folder: Path) -> None:
    try:
        look(file)
    except DAMAGE as error:
        raise damaged(folder, f"{name}: {error}") from None
