"""Fetching beside other processes, cut off in the middle, or with nowhere to write."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from mirror_site import Site, hang, refused_fetch, visible

from starcast.data.movielens import fetch as fetching
from starcast.data.movielens.fetch import fetch, is_fetched


def test_a_folder_of_somebody_else_is_left_alone(site: Site, tmp_path: Path) -> None:
    site.add("ml-1m")
    (tmp_path / "ml-1m").mkdir()
    (tmp_path / "ml-1m/notes").write_text("mine")
    assert "move it away first" in refused_fetch("ml-1m", tmp_path, site.url)
    assert (tmp_path / "ml-1m/notes").read_text() == "mine"
    assert site.requests == []


def test_a_second_process_is_kept_off_and_the_first_goes_on(site: Site, tmp_path: Path) -> None:
    site.add("ml-1m")
    refusals = []

    def fetch_too(received: int, _total: int | None) -> None:
        if not received:
            refusals.append(refused_fetch("ml-1m", tmp_path, site.url))

    assert is_fetched(fetch("ml-1m", tmp_path, site.url, fetch_too))
    assert len(refusals) == 1
    assert f"another process is fetching ml-1m into {tmp_path}" in refusals[0]


def test_the_lock_is_free_after_a_failure(site: Site, tmp_path: Path) -> None:
    assert "another process" not in refused_fetch("ml-1m", tmp_path, site.url)
    site.add("ml-1m")
    assert is_fetched(fetch("ml-1m", tmp_path, site.url))


def test_what_another_process_fetched_before_the_lock_came_is_taken(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def finish_first(_opened: object) -> None:
        (tmp_path / "ml-1m").mkdir()
        (tmp_path / "ml-1m" / "fetched.json").touch()

    monkeypatch.setattr(fetching, "_lock", finish_first)
    fetch("ml-1m", tmp_path, site.url)
    assert site.requests == []


def test_an_interrupt_while_unpacking_keeps_the_download_only(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = site.add("ml-1m")

    def interrupt(_archive: Path, _folder: str, target: Path, _source: str) -> None:
        target.mkdir()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(fetching, "unpack", interrupt)
        with pytest.raises(KeyboardInterrupt):
            fetch("ml-1m", tmp_path, site.url)
    assert visible(tmp_path) == ["ml-1m.zip.part", "ml-1m.zip.part.json"]
    fetch("ml-1m", tmp_path, site.url)
    assert [request.n_sent for request in site.asked("/ml-1m.zip")] == [len(archive), 0]
    assert visible(tmp_path) == ["ml-1m"]


def test_the_rest_of_a_killed_unpacking_is_swept_away(site: Site, tmp_path: Path) -> None:
    site.add("ml-1m")
    (tmp_path / ".ml-1m.unpacking").mkdir()
    (tmp_path / ".ml-1m.unpacking/half").touch()
    assert not (fetch("ml-1m", tmp_path, site.url) / "half").exists()
    assert visible(tmp_path) == ["ml-1m"]


@contextmanager
def _without_privileges() -> Iterator[None]:
    """Root may write anywhere, so that it has to be somebody else to see a read-only folder."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_read_only_folder_is_one_line(site: Site) -> None:
    site.add("ml-1m")
    with TemporaryDirectory() as name:  # tmp_path lies where others may not even look
        data_dir = Path(name)
        data_dir.chmod(0o555)
        with _without_privileges():
            message = refused_fetch("ml-1m", data_dir, site.url)
        assert "ml-1m could not be stored (Permission denied:" in message
        assert str(data_dir) in message
        assert list(data_dir.iterdir()) == []
        data_dir.chmod(0o755)


def test_a_file_in_place_of_the_folder_is_one_line(site: Site, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "could not be stored" in refused_fetch("ml-1m", tmp_path / "file", site.url)


def test_a_full_disk_is_one_line(site: Site, tmp_path: Path) -> None:
    site.add("ml-1m")
    (tmp_path / "ml-1m.zip.part").symlink_to("/dev/full")  # every write says that the disk is full
    message = refused_fetch("ml-1m", tmp_path, site.url)
    assert "No space left on device" in message
    assert "make room" in message
    assert not (tmp_path / "ml-1m").exists()


@pytest.mark.parametrize("path", ["/ml-1m.zip", "/ml-1m.zip.md5"])
def test_a_silent_mirror_is_given_up(site: Site, tmp_path: Path, path: str) -> None:
    site.add("ml-1m")
    site.once(path, hang(0))
    assert "went silent" in refused_fetch("ml-1m", tmp_path, site.url, timeout=0.3)
