"""A file that holds its own checksum, against one worked out bit by bit."""

from pathlib import Path

import pytest

from starcast.disk.seal import UNSEALED, is_sealed, seal

MARK = "my.sum"


def unsealed(before: bytes) -> bytearray:
    return bytearray(before + MARK.encode() + b"\x18@" + UNSEALED.encode() + b"the end")


def is_whole(path: Path, content: bytes | bytearray) -> bool:
    path.write_bytes(content)
    with path.open("rb") as file:
        return is_sealed(file, MARK)


def crc_32(content: bytes | bytearray) -> int:
    """By the polynomial, bit for bit (ISO 3309)."""
    rest = 0xFFFFFFFF
    for byte in content:
        rest ^= byte
        for _ in range(8):
            rest = rest >> 1 ^ 0xEDB88320 * (rest & 1)
    return rest ^ 0xFFFFFFFF


@pytest.mark.parametrize("size", [0, 1, 99, 5000])
def test_the_sum_is_of_the_content_with_zeros_in_its_place(size: int, tmp_path: Path) -> None:
    content = unsealed((bytes(range(256)) * 20)[:size])
    wanted = f"{crc_32(content):08x}"
    with memoryview(content) as whole:
        seal(whole, MARK)
    assert content.endswith(b"\x18@" + wanted.encode() + b"the end")
    assert is_whole(tmp_path / "f", content)


def test_no_flipped_byte_and_no_cut_goes_unnoticed(tmp_path: Path) -> None:
    content = unsealed(b"what is told")
    assert not is_whole(tmp_path / "f", content)
    with memoryview(content) as whole:
        seal(whole, MARK)
    for at in range(len(content)):
        flipped = bytes([content[at] ^ 1])
        try:
            assert not is_whole(tmp_path / "f", content[:at] + flipped + content[at + 1 :])
        except ValueError:  # the mark itself
            assert MARK.encode() in content[at - 5 : at + 6]
    assert not is_whole(tmp_path / "f", content[1:])
    assert not is_whole(tmp_path / "f", content[:-1])


@pytest.mark.parametrize("content", [b"", b"no mark", MARK.encode() + b"too far away" * 100])
def test_without_a_place_there_is_no_sum(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"empty|not found"):
        is_whole(tmp_path / "f", content)
