"""A checksum that a file holds of itself: what was flipped, cut or patched is noticed unread.

The file has a place for it, 64 digits after a mark near its end, and is summed up with zeros there.
"""

import hashlib
import mmap
import os
from concurrent.futures import ThreadPoolExecutor
from typing import IO

UNSEALED = "0" * 64
_PIECE = 1 << 22  # bytes that a thread sums up at once
_LAST = 1 << 10  # bytes at the end of a file, in which the mark stands
_BETWEEN = 2  # bytes between them and the digits: in a Parquet file, a kind and a length


def seal(content: memoryview, mark: str) -> None:
    """Write the checksum into the place for it. Raises: ValueError: there is no mark."""
    content[_place(content, mark)] = _sum(content)


def is_sealed(file: IO[bytes], mark: str) -> bool:
    """Whether a file is what was sealed. Raises: ValueError: there is no mark."""
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY) as content:
        place = _place(content, mark)
        told = content[place]
        content[place] = UNSEALED.encode()
        return told == _sum(content)


def _place(content: mmap.mmap | memoryview, mark: str) -> slice:
    last = max(len(content) - _LAST, 0)
    start = last + bytes(content[last:]).rindex(mark.encode()) + len(mark) + _BETWEEN
    return slice(start, start + len(UNSEALED))


def _sum(content: mmap.mmap | memoryview) -> bytes:
    """The SHA-256 (hex) of the SHA-256s of its pieces, which all cores share out."""

    def of_piece(start: int) -> bytes:
        with memoryview(content)[start : start + _PIECE] as piece:
            return hashlib.sha256(piece).digest()

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        digests = pool.map(of_piece, range(0, len(content), _PIECE))
        return hashlib.sha256(b"".join(digests)).hexdigest().encode()
