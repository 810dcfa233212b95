"""What a Parquet file says of itself, beside what Polars makes of it."""

import io
import struct
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from starcast.disk.parquet_size import Sizes, sizes
from starcast.disk.thrift import CompactReader

FRAME = pl.DataFrame(
    {
        "row": np.arange(1000, dtype=np.int32),
        "stars": np.arange(1000, dtype=np.float32) % 9 / 2,
        "title": ["a title that many have"] * 999 + ["another"],
    }
)


def written(frame: pl.DataFrame, **settings: object) -> bytes:
    file = io.BytesIO()
    frame.write_parquet(file, **settings)  # type: ignore[arg-type]
    return file.getvalue()


def read(content: bytes) -> Sizes:
    return sizes(io.BytesIO(content))


@pytest.mark.parametrize("compression", ["zstd", "snappy", "gzip", "lz4", "uncompressed"])
@pytest.mark.parametrize("row_group_size", [1000, 300])
def test_rows_and_columns_are_those_that_polars_finds(
    compression: str, row_group_size: int
) -> None:
    content = written(FRAME, compression=compression, row_group_size=row_group_size)
    assert read(content)[:2] == FRAME.shape


def test_bytes_are_those_of_unpacked_pages() -> None:
    """Uncompressed, pages are all of the file but their headers, the footer and the magic."""
    plain = written(FRAME, compression="uncompressed")
    footer = struct.unpack("<I", plain[-8:-4])[0] + 12
    n_bytes = read(plain).n_bytes
    assert len(plain) - footer - 3 * 300 < n_bytes < len(plain) - footer
    packed = written(FRAME, compression="zstd")
    assert len(packed) < 0.5 * n_bytes
    assert read(packed).n_bytes == n_bytes


def test_a_page_that_becomes_large_is_told(tmp_path: Path) -> None:
    content = written(pl.DataFrame({"title": ["x" * 10_000_000, "y"]}))
    assert len(content) < 10_000
    assert read(content).n_bytes > 10_000_000


def test_so_many_equal_rows_cost_nothing_to_count() -> None:
    content = written(pl.select(row=pl.repeat(7, 5_000_000, dtype=pl.Int32)))
    assert len(content) < 100_000
    assert read(content).n_rows == 5_000_000
    with pytest.raises(ValueError, match="bytes that would unpack to 800,0"):
        read(written(pl.select(row=pl.repeat(7, 50_000_000, dtype=pl.Int32))))


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1\0\0\0\0PAR1", b"x" * 100,
                                     b"PAR1" + b"\xff" * 20 + b"\x14\0\0\0PAR1"])  # fmt: skip
def test_what_is_no_parquet_file_is_refused(content: bytes) -> None:
    with pytest.raises((ValueError, LookupError, TypeError)):
        read(content)


def test_a_footer_of_many_bytes_is_not_read() -> None:
    content = b"PAR1" + bytes(2 << 20) + struct.pack("<I", 2 << 20) + b"PAR1"
    with pytest.raises(ValueError, match="footer of an impossible length"):
        read(content)


def test_bytes_that_belong_to_nobody_are_refused() -> None:
    content = written(FRAME)
    footer = struct.unpack("<I", content[-8:-4])[0] + 8
    with pytest.raises(ValueError, match="belong to no column"):
        read(content[:-footer] + bytes(5 << 20) + content[-footer:])


def test_other_counts_than_there_are_values_are_refused() -> None:
    """The number of rows, 1000, stands in the footer as the varint of 2000: d0 0f."""
    content = written(FRAME)
    footer = len(content) - struct.unpack("<I", content[-8:-4])[0] - 8
    places = [n for n in range(footer, len(content)) if content[n : n + 2] == b"\xd0\x0f"]
    assert len(places) >= 5  # of the file, of its group, of three columns
    for place in places:
        changed = content[:place] + b"\xd2\x0f" + content[place + 2 :]
        with pytest.raises(ValueError, match=r"rows|says"):
            read(changed)


def test_structs_without_end_are_refused() -> None:
    with pytest.raises(ValueError, match="without end"):
        CompactReader(b"\x1c" * 1000).struct()
    with pytest.raises(ValueError, match="longer than the file"):
        CompactReader(b"\x19\xf5\xff\xff\xff\xff\x0f").struct()
    with pytest.raises(ValueError, match="too many bytes"):
        CompactReader(b"\x15" + b"\xff" * 20).struct()
    with pytest.raises(ValueError, match="too early"):
        CompactReader(b"\x18\x05ab").struct()
    with pytest.raises(ValueError, match="kind 13"):
        CompactReader(b"\x1d").struct()
