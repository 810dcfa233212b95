"""Arrays that lie on disk: the system holds in memory what is asked for, and lets go of the rest.

What is made of such an array, as large as it is, lies on disk as well (`room_like`), in a file
without a name: it is gone when the last array is, or the process, however that ends.
"""

import math
import mmap
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import DTypeLike, NDArray

from starcast.disk.reading import open_regular

_SMALL = 1 << 24  # bytes; what is no larger lies in memory, whatever it is made of


@final
class _Mapping(mmap.mmap):
    """A file as bytes.

    Attributes:
        folder: where there is room for more.
        source: the file, None where it has no name; and what tells it from one that takes its name.
    """

    folder: Path
    source: tuple[Path, int] | None = None


def mapped(path: Path, dtype: DTypeLike, n: int, folder: Path) -> NDArray[Any]:
    """A file's values; what is written into them is nobody else's and never reaches the file.

    Args:
        path: of a file of nothing but n values.
        dtype: of each.
        n: how many.
        folder: where there is room for what is made of them.
    Returns: (n,).
    Raises:
        OSError: it cannot be read.
        ValueError: it is not as large as that.
    """
    size = n * np.dtype(dtype).itemsize
    with open_regular(path) as file:
        found = os.fstat(file.fileno()).st_size
        if found != size:
            raise ValueError(f"{path.name} has {found:,} bytes, not {size:,}")
        if not size:
            return np.empty(0, dtype)
        mapping = _Mapping(file.fileno(), size, access=mmap.ACCESS_COPY)
        mapping.source = path.resolve(), os.fstat(file.fileno()).st_ino
    mapping.folder = folder
    return np.frombuffer(mapping, dtype)


def is_mapped(array: NDArray[Any]) -> bool:
    """Whether an array lies on disk."""
    return _mapping_of(array) is not None


def source_of(array: NDArray[Any]) -> Path | None:
    """The file whose values an array is, all of them; None if it is not, or the file is another by
    now."""
    mapping = _mapping_of(array)
    if mapping is None or mapping.source is None or array.nbytes != len(mapping):
        return None
    path, number = mapping.source
    with suppress(OSError):
        return path if path.stat().st_ino == number else None
    return None


def room_like(array: NDArray[Any], shape: int | tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """An array to be filled, on disk if it is large and another lies there, else in memory.

    Args:
        array: the other.
        shape, dtype: of the new one; its values are anything in memory, and zeros on disk.
    Raises: OSError: the disk has no room for it.
    """
    source, dtype = _mapping_of(array), np.dtype(dtype)
    size = math.prod(shape if isinstance(shape, tuple) else (shape,)) * dtype.itemsize
    if source is None or size <= _SMALL:
        return np.empty(shape, dtype)
    with tempfile.TemporaryFile(dir=source.folder, prefix=".starcast-") as file:
        _reserve(file.fileno(), size)
        mapping = _Mapping(file.fileno(), size)
    mapping.folder = source.folder
    return np.frombuffer(mapping, dtype).reshape(shape)


def _reserve(file: int, size: int) -> None:
    """So many bytes; a full disk is told now, and not by a signal later."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file, 0, size)
    else:
        os.ftruncate(file, size)


def _mapping_of(array: NDArray[Any]) -> _Mapping | None:
    base: Any = array
    while isinstance(base, np.ndarray):
        base = base.base
    found = base.obj if isinstance(base, memoryview) else base
    return found if isinstance(found, _Mapping) else None
