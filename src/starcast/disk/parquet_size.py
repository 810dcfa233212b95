"""What a Parquet file would take once it is unpacked, told from its own words before it is.

A few bytes of Parquet may stand for any number of rows, and a page for any number of bytes. The
file says how many, in its footer and before every page; reading that costs next to nothing, and
what does not agree with itself never reaches a decoder.

Source: the Apache Parquet format, parquet.thrift, by whose numbers fields are called here.
"""

import io
import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from starcast.disk.thrift import CompactReader, Struct

_MAGIC = b"PAR1"
_MOST_FOOTER = 1 << 20  # bytes, unless said otherwise; mostly a few thousand
_MOST_BESIDE = 1 << 22  # bytes that are in no column: the footer, indices of pages
_MOST_HEADER = 1 << 16  # bytes of what stands before a page
_MOST_PAGES = 50_000
_AT_LEAST, _TIMES = 1 << 27, 128  # bytes that any file may unpack to, and for each of its own
_CELL = 16  # bytes of a value, at most, beside what it points to
_DATA, _DICTIONARY, _DATA_V2 = 0, 2, 3  # types of pages
_OWN_HEADER = {_DATA: 5, _DICTIONARY: 7, _DATA_V2: 8}  # their fields in a PageHeader


class Sizes(NamedTuple):
    """What a file unpacks to.

    Attributes:
        n_rows: of the table.
        n_columns: of it; of columns of lists, those of what is in them.
        n_values: in all columns, that is n_rows in each without lists.
        n_bytes: of all pages, unpacked.
    """

    n_rows: int
    n_columns: int
    n_values: int
    n_bytes: int


def check_unpacked(n_bytes: int, size: int) -> None:
    """Refuse what a file of a size would become, if it is out of all proportion.

    Raises: ValueError.
    """
    if n_bytes > _AT_LEAST + _TIMES * size:
        raise ValueError(f"{size:,} bytes that would unpack to {n_bytes:,}")


def sizes(file: BinaryIO, *, most_footer: int = _MOST_FOOTER) -> Sizes:
    """Rows, values and bytes that a Parquet file unpacks to, unless these are out of proportion.

    Args:
        file: at any place.
        most_footer: bytes that its footer may take.
    Raises: ValueError, LookupError, TypeError: it is no such file, its parts do not agree, or it
        would become too large.
    """
    metadata, data_end = _footer(file, most_footer)
    n_columns = sum(5 not in element for element in metadata[2])  # but those with children
    n_rows = n_values = n_bytes = n_packed = n_pages = 0
    for group in metadata.get(4, []):
        if len(group[1]) != n_columns:
            raise ValueError("columns that are not in every group of rows")
        n_rows += _whole(group, 3)
        for chunk in group[1]:
            pages = list(_pages(file, chunk, _whole(group, 3), data_end))
            n_bytes += sum(_whole(page, 2) for page in pages)
            n_values += _whole(chunk[3], 5)
            n_packed += _whole(chunk[3], 7)
            n_pages += len(pages)
            if n_pages > _MOST_PAGES:
                raise ValueError("more pages than rows can fill")
    if n_rows != _whole(metadata, 3):
        raise ValueError("another number of rows than its parts have")
    if data_end - n_packed > _MOST_BESIDE:
        raise ValueError(f"{data_end - n_packed:,} bytes that belong to no column")
    check_unpacked(n_bytes + _CELL * n_values, file.seek(0, io.SEEK_END))
    return Sizes(n_rows, n_columns, n_values, n_bytes)


def _footer(file: BinaryIO, most: int) -> tuple[Struct, int]:
    """FileMetaData, and where it begins."""
    size = file.seek(0, io.SEEK_END)
    file.seek(max(size - 8, 0))
    end = file.read(8)
    if size < 12 or end[4:] != _MAGIC:
        raise ValueError("no Parquet file")
    length = struct.unpack("<I", end[:4])[0]
    if not 0 < length <= min(size - 12, most):
        raise ValueError("a footer of an impossible length")
    file.seek(size - 8 - length)
    return CompactReader(file.read(length)).struct(), size - 8 - length


def _pages(file: BinaryIO, chunk: Struct, n_rows: int, data_end: int) -> Iterator[Struct]:
    """The PageHeaders of a ColumnChunk: perhaps a dictionary, then a value or more for each row."""
    if 1 in chunk:
        raise ValueError("a column in another file")
    metadata = chunk[3]
    first = _whole(metadata, 9)
    at = start = min(_whole(metadata, 11), first) if 11 in metadata else first
    end = start + _whole(metadata, 7)
    is_flat, n_wanted, n_values = len(metadata[3]) == 1, _whole(metadata, 5), 0
    if (
        start < len(_MAGIC)
        or end > data_end
        or n_wanted < n_rows
        or (is_flat and n_wanted > n_rows)
    ):
        raise ValueError("a column that is not where, or as long as, it says")
    while at < end:
        file.seek(at)
        reader = CompactReader(file.read(_MOST_HEADER))
        header = reader.struct()
        own = header[_OWN_HEADER[header[1]]]
        if header[1] != _DICTIONARY:
            n_values += _whole(own, 1)
        elif at != start:
            raise ValueError("a dictionary among the pages that need it")
        yield header
        at += reader.at + _whole(header, 3)
    if at != end or n_values != n_wanted:
        raise ValueError(f"{n_values:,} values in a column of {n_wanted:,}")


def _whole(fields: Struct, number: int) -> int:
    """A field that counts something."""
    value = fields[number]
    if type(value) is not int or value < 0:
        raise ValueError(f"{value!r} is no size")
    return value
