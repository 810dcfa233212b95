"""The files of blocks: numbers, and texts, as they are written and read back."""

import zlib
from pathlib import Path
from typing import Any, Self, final

import numpy as np
from numpy.typing import DTypeLike, NDArray

from starcast.data.columns import blocks_of
from starcast.data.ids import Ids
from starcast.disk.mapped import mapped
from starcast.disk.parquet_size import check_unpacked

_AT_ONCE = 1 << 22  # bytes or values
TEXT, ENDS = ".text", ".ends"


@final
class ColumnFile:
    """A file that values are added to, and their CRC-32.

    Args:
        path: of a file that is not there yet.
        dtype: of the values.
    """

    def __init__(self, path: Path, dtype: DTypeLike) -> None:
        self.name, self.sum = path.name, 0
        self._dtype = np.dtype(dtype).newbyteorder("<")
        self._file = path.open("xb")

    def add(self, values: NDArray[Any] | bytes) -> None:
        """Write values behind those that are there."""
        plain = (
            values if isinstance(values, bytes) else np.ascontiguousarray(values, self._dtype).data
        )
        self._file.write(plain)
        self.sum = zlib.crc32(plain, self.sum)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def write_ids(folder: Path, name: str, ids: Ids) -> dict[str, int]:
    """Ids, or titles, as files; their checksums by file."""
    if ids.dtype.kind != "U":
        return _write(folder / name, "int64", [ids])
    texts, ends, at = [], [], 0
    for block in blocks_of(len(ids)):
        encoded = [text.encode() for text in ids[block].tolist()]
        ends.append(at + np.cumsum([len(one) for one in encoded], dtype=np.int64))
        at = int(ends[-1][-1])
        texts.append(b"".join(encoded))
    return _write(folder / f"{name}{TEXT}", "uint8", texts) | _write(
        folder / f"{name}{ENDS}", "int64", ends
    )


def _write(path: Path, dtype: str, pieces: list[Any]) -> dict[str, int]:
    with ColumnFile(path, dtype) as file:
        for piece in pieces:
            file.add(piece)
    return {file.name: file.sum}


@final
class Columns:
    """The files of a folder, each of which must be what the header says.

    Args:
        folder: of blocks.
        sums: file to its CRC-32.
        room: a folder for what is made of them.
    """

    def __init__(self, folder: Path, sums: dict[str, int], room: Path) -> None:
        self._folder, self._sums, self._room = folder, sums, room

    def numbers(self, name: str, dtype: DTypeLike, n: int) -> NDArray[Any]:
        """A file's values (n,), not read before they are asked for, but for their checksum.

        Raises: OSError, ValueError, LookupError: it is not there, or not what was written.
        """
        column = mapped(self._folder / name, np.dtype(dtype).newbyteorder("<"), n, self._room)
        found, plain = 0, column.view(np.uint8)
        for block in blocks_of(len(plain), _AT_ONCE):
            found = zlib.crc32(plain[block].data, found)
        if found != self._sums[name]:
            raise ValueError(f"{name} does not match its checksum")
        return column

    def ids(self, name: str, kind: str, n: int) -> Ids:
        """Ids, or titles (n,), of a kind, "int64" or "text", in memory."""
        return np.array(self.numbers(name, "int64", n)) if kind == "int64" else self._texts(name, n)

    def _texts(self, name: str, n: int) -> NDArray[np.str_]:
        ends = np.array(self.numbers(f"{name}{ENDS}", "int64", n))
        starts = np.concatenate([[0], ends[:-1]]) if n else ends
        size = (self._folder / f"{name}{TEXT}").stat().st_size
        if n and (np.any(ends < starts) or ends[-1] != size):
            raise ValueError(f"{name} end where they cannot")
        longest = int((ends - starts).max(initial=1))
        check_unpacked(4 * n * longest, size + ends.nbytes)
        whole = self.numbers(f"{name}{TEXT}", "uint8", size).tobytes()
        pairs = zip(starts.tolist(), ends.tolist(), strict=True)
        return np.array([whole[start:end].decode() for start, end in pairs], np.str_)
