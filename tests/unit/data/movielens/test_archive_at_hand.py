"""An archive that lies in the folder of data sets is used, if it is whole."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from mirror_site import Site, archive_of, md5_of, refused_fetch, visible

from starcast.data.movielens.catalog import CATALOG
from starcast.data.movielens.fetch import fetch


def lay(folder: Path, content: bytes, md5: str | None = None) -> Path:
    """An archive of ml-1m in a folder, perhaps with a sum beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ml-1m.zip").write_bytes(content)
    if md5:
        (folder / "ml-1m.zip.md5").write_text(f"{md5}  ml-1m.zip\n")
    return folder


def test_an_archive_among_the_data_sets_is_unpacked_by_the_sum_beside_it(
    site: Site, tmp_path: Path
) -> None:
    archive = archive_of("ml-1m", b"1::2::3::4\n")
    data_dir = lay(tmp_path / "data", archive, md5_of(archive))
    folder = fetch("ml-1m", data_dir, site.url)
    assert (folder / "ratings.dat").read_bytes() == b"1::2::3::4\n"
    receipt = json.loads((folder / "fetched.json").read_text())
    assert (receipt["source"], receipt["checksum"]) == (str(data_dir / "ml-1m.zip"), "mirror")
    assert site.requests == []
    assert visible(data_dir) == ["ml-1m", "ml-1m.zip", "ml-1m.zip.md5"]  # which stays there


def test_without_a_sum_beside_it_it_must_be_grouplens_own(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = archive_of("ml-1m")
    theirs = replace(CATALOG["ml-1m"], md5=md5_of(archive), sha256=None)
    monkeypatch.setitem(CATALOG, "ml-1m", theirs)
    folder = fetch("ml-1m", lay(tmp_path, archive), site.url)
    assert json.loads((folder / "fetched.json").read_text())["checksum"] == "pinned"
    assert site.requests == []


@pytest.mark.parametrize("md5", [None, "0" * 32])
def test_one_that_is_damaged_is_refused_and_left_where_it_is(
    site: Site, tmp_path: Path, md5: str | None
) -> None:
    site.add("ml-1m")
    data_dir = lay(tmp_path / "data", archive_of("ml-1m"), md5)
    said = refused_fetch("ml-1m", data_dir, site.url)
    assert f"{data_dir / 'ml-1m.zip'} is damaged or another file" in said
    assert "move it away to fetch it, or write its own sum into" in said
    assert not (data_dir / "ml-1m").exists()
    assert (data_dir / "ml-1m.zip").is_file()
    assert site.requests == []
