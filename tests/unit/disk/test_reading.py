"""Only regular files are opened, and no more of them is read than is wanted."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from starcast.disk.reading import open_regular, read_at_most


def link_to(target: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(target)


@pytest.mark.parametrize(
    "make", [os.mkfifo, Path.mkdir, link_to("/dev/zero"), link_to("/dev/null")]
)
def test_what_has_no_end_or_is_waited_for_is_not_opened(
    tmp_path: Path, make: Callable[[Path], object]
) -> None:
    make(tmp_path / "here")
    with pytest.raises(OSError, match="is no regular file"):
        open_regular(tmp_path / "here")


def test_a_circle_of_links_is_an_error_like_others(tmp_path: Path) -> None:
    (tmp_path / "here").symlink_to("here")
    with pytest.raises(OSError, match="symbolic links"):
        open_regular(tmp_path / "here")


def test_a_link_to_a_file_is_followed(tmp_path: Path) -> None:
    (tmp_path / "far").write_bytes(b"content")
    (tmp_path / "here").symlink_to("far")
    assert read_at_most(tmp_path / "here", 7) == b"content"
    with pytest.raises(OSError, match="here is larger than 6 bytes"):
        read_at_most(tmp_path / "here", 6)
