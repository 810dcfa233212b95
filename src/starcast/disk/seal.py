"""A checksum that a file holds of itself: what was flipped, cut or patched is noticed unread.

The file has a place for it, eight digits after a mark near its end, and is summed up with zeros
there. It finds accidents; against whoever means harm, what is read is checked for its meaning.
"""

import mmap
import zlib
from typing import IO

UNSEALED = "0" * 8
_LAST = 1 << 10  # bytes at the end of a file, in which the mark stands
_BETWEEN = 2  # bytes between them and the digits: in a Parquet file, a kind and a length


def seal(content: memoryview, mark: str) -> None:
    """Write the checksum into the place for it. Raises: ValueError: there is no mark."""
    place = _place(content, mark)
    content[place] = _sum(content, place)


def is_sealed(file: IO[bytes], mark: str) -> bool:
    """Whether a file is what was sealed. Raises: ValueError: there is no mark."""
    with (
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped,
        memoryview(mapped) as content,
    ):
        place = _place(content, mark)
        return bytes(content[place]) == _sum(content, place)


def _place(content: memoryview, mark: str) -> slice:
    last = max(len(content) - _LAST, 0)
    start = last + bytes(content[last:]).rindex(mark.encode()) + len(mark) + _BETWEEN
    return slice(start, start + len(UNSEALED))


def _sum(content: memoryview, place: slice) -> bytes:
    """The CRC-32 (eight hexadecimal digits) of the content, with zeros in a place."""
    value = 0
    for piece in (content[: place.start], UNSEALED.encode(), content[place.stop :]):
        value = zlib.crc32(piece, value)
    return f"{value:08x}".encode()
