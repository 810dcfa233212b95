"""Fetching: from the site, a mirror or a folder, checked against the right sum."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from mirror_site import (
    Site,
    archive_of,
    cut_short,
    fail,
    md5_of,
    refused_fetch,
    visible,
    zip_of,
)

from starcast.data.movielens import catalog
from starcast.data.movielens.catalog import CATALOG
from starcast.data.movielens.fetch import fetch, is_fetched
from starcast.errors import UnknownNameError


@pytest.fixture
def published(
    secure_site: Site, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> Site:
    """A stand-in for GroupLens's site, with a certificate that is trusted and its own pins."""
    archive = secure_site.add("ml-1m")
    md5, sha256 = md5_of(archive), hashlib.sha256(archive).hexdigest()
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    monkeypatch.setattr(catalog, "SITE", secure_site.url)
    monkeypatch.setitem(CATALOG, "ml-1m", replace(CATALOG["ml-1m"], md5=md5, sha256=sha256))
    return secure_site


def test_fetches_from_a_mirror(site: Site, tmp_path: Path) -> None:
    archive = site.add("ml-100k", archive_of("ml-100k", b"1\t2\t3\t4\n"))
    before = datetime.now(UTC).replace(microsecond=0)
    folder = fetch("ml-100k", tmp_path / "data", f"{site.url}/")
    assert folder == tmp_path / "data" / "ml-100k"
    assert (folder / "u.data").read_bytes() == b"1\t2\t3\t4\n"
    receipt = json.loads((folder / "fetched.json").read_text())
    assert before <= datetime.fromisoformat(receipt.pop("fetched_at")) <= datetime.now(UTC)
    assert receipt == {
        "name": "ml-100k",
        "source": f"{site.url}/ml-100k.zip",
        "checksum": "mirror",
        "md5": md5_of(archive),
        "sha256": hashlib.sha256(archive).hexdigest(),
    }
    assert visible(tmp_path / "data") == ["ml-100k"]


def test_the_folder_has_the_name_of_the_set_not_of_the_archive(site: Site, tmp_path: Path) -> None:
    site.add("ml-10m")
    assert (fetch("ml-10m", tmp_path, site.url) / "ratings.dat").is_file()
    assert visible(tmp_path) == ["ml-10m"]


def test_what_is_there_is_not_fetched_again(site: Site, tmp_path: Path) -> None:
    site.add("ml-1m")
    first = fetch("ml-1m", tmp_path, site.url)
    n_requests = len(site.requests)
    assert fetch("ml-1m", tmp_path, site.url) == first
    assert fetch("ml-1m", tmp_path, None) == first
    assert len(site.requests) == n_requests == 2


def test_fetches_from_the_public_site_by_pinned_sums(published: Site, tmp_path: Path) -> None:
    del published.files["/ml-1m.zip.md5"]
    folder = fetch("ml-1m", tmp_path)
    assert json.loads((folder / "fetched.json").read_text())["checksum"] == "pinned"
    assert [request.path for request in published.requests] == ["/ml-1m.zip"]


def test_an_address_may_be_written_in_capitals(site: Site, tmp_path: Path) -> None:
    site.add("ml-1m")
    assert is_fetched(fetch("ml-1m", tmp_path, site.url.replace("http", "HTTP")))


@pytest.mark.parametrize("kind", ["md5", "sha256"])
def test_either_pinned_sum_refuses(
    published: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    right = CATALOG["ml-1m"].pinned[kind]
    wrong = "0" * len(right)
    pinned = CATALOG["ml-1m"].pinned | {kind: wrong}
    monkeypatch.setitem(
        CATALOG,
        "ml-1m",
        replace(CATALOG["ml-1m"], md5=pinned["md5"], sha256=pinned["sha256"]),
    )
    message = refused_fetch("ml-1m", tmp_path)
    assert f"its {kind.upper()} should be {wrong} and is {right}" in message
    assert visible(tmp_path) == []


def test_an_expired_certificate_stops_the_public_site(
    expired_site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalog, "SITE", expired_site.url)
    assert "the check is not bypassed" in refused_fetch("ml-1m", tmp_path)
    assert visible(tmp_path) == []
    assert expired_site.requests == []


def test_a_truncated_archive_is_resumed(site: Site, tmp_path: Path) -> None:
    archive = site.add("ml-1m")
    site.once("/ml-1m.zip", cut_short(1000))
    assert f"ended after 1,000 of {len(archive):,} bytes" in refused_fetch(
        "ml-1m", tmp_path, site.url
    )
    assert visible(tmp_path) == ["ml-1m.zip.part", "ml-1m.zip.part.json"]
    fetch("ml-1m", tmp_path, site.url)
    assert site.asked("/ml-1m.zip")[1].n_sent == len(archive) - 1000
    assert visible(tmp_path) == ["ml-1m"]


def test_a_corrupted_archive_is_deleted(site: Site, tmp_path: Path) -> None:
    archive = site.add("ml-1m")
    damaged = archive[:500] + bytes([archive[500] ^ 1]) + archive[501:]
    site.files["/ml-1m.zip"] = damaged
    message = refused_fetch("ml-1m", tmp_path, site.url)
    assert f"its MD5 should be {md5_of(archive)} and is {md5_of(damaged)}" in message
    assert visible(tmp_path) == []
    site.files["/ml-1m.zip"] = archive
    assert is_fetched(fetch("ml-1m", tmp_path, site.url))


@pytest.mark.parametrize(
    "text",
    [
        "{sum}  ml-1m.zip\n",
        "{sum} *ml-1m.zip",
        "MD5 (ml-1m.zip) = {sum}\n",
        "ml-1m\r\n{SUM}  ml-1m.zip\r\n",
    ],
)
def test_reads_sums_as_both_tools_write_them(site: Site, tmp_path: Path, text: str) -> None:
    md5 = md5_of(site.add("ml-1m"))
    site.files["/ml-1m.zip.md5"] = text.format(sum=md5, SUM=md5.upper()).encode()
    assert is_fetched(fetch("ml-1m", tmp_path, site.url))


@pytest.mark.parametrize("text", ["", "<html>", "{sum}  ml-20m.zip\n", "MD5 (other) = {sum}", "12"])
def test_refuses_a_sum_of_something_else(site: Site, tmp_path: Path, text: str) -> None:
    text = text.format(sum=md5_of(site.add("ml-1m")))
    site.files["/ml-1m.zip.md5"] = text.encode()
    message = refused_fetch("ml-1m", tmp_path, site.url)
    assert f"{site.url}/ml-1m.zip.md5 holds no MD5 sum of ml-1m.zip" in message
    assert site.asked("/ml-1m.zip") == []


def test_refuses_a_mirror_without_sum(site: Site, tmp_path: Path) -> None:
    site.add("ml-1m")
    del site.files["/ml-1m.zip.md5"]
    message = refused_fetch("ml-1m", tmp_path, site.url)
    assert f"there is no {site.url}/ml-1m.zip.md5" in message
    assert "only taken with its MD5 sum beside it" in message
    assert site.asked("/ml-1m.zip") == []


@pytest.mark.parametrize("path", ["/ml-1m.zip", "/ml-1m.zip.md5"])
def test_a_mirror_in_trouble_is_one_line(site: Site, tmp_path: Path, path: str) -> None:
    site.add("ml-1m")
    site.once(path, fail(500))
    assert f"{site.url}{path} answered HTTP 500" in refused_fetch("ml-1m", tmp_path, site.url)
    assert visible(tmp_path) == []


@pytest.mark.parametrize(
    ("archive", "words"),
    [
        (b"<html>Welcome to this hotel</html>", "is no readable zip archive"),
        (zip_of({"ml-1m/ratings.dat": b"", "../evil": b""}), "points out of the archive"),
        (zip_of({"ml-20m/ratings.csv": b""}), "holds no folder ml-1m/"),
    ],
)
def test_a_bad_archive_with_a_right_sum_leaves_nothing(
    site: Site, tmp_path: Path, archive: bytes, words: str
) -> None:
    site.add("ml-1m", archive)
    message = refused_fetch("ml-1m", tmp_path / "data", site.url)
    assert message.startswith(f"{site.url}/ml-1m.zip ")
    assert words in message
    assert visible(tmp_path / "data") == []
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def put(folder: Path, name: str) -> bytes:
    """An archive in a folder, with its sum."""
    archive = archive_of(name)
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.zip").write_bytes(archive)
    (folder / f"{name}.zip.md5").write_text(f"{md5_of(archive)}  {name}.zip\n")
    return archive


def test_fetches_from_a_folder(tmp_path: Path) -> None:
    archive = put(tmp_path / "mirror", "ml-1m")
    progress: list[tuple[int, int | None]] = []
    folder = fetch(
        "ml-1m", tmp_path / "data", str(tmp_path / "mirror"), lambda *now: progress.append(now)
    )
    receipt = json.loads((folder / "fetched.json").read_text())
    assert (receipt["checksum"], receipt["md5"]) == ("mirror", md5_of(archive))
    assert receipt["source"] == str(tmp_path / "mirror" / "ml-1m.zip")
    assert visible(tmp_path / "data") == ["ml-1m"]
    assert visible(tmp_path / "mirror") == ["ml-1m.zip", "ml-1m.zip.md5"]
    assert progress[-1] == (len(archive), len(archive))


def test_a_folder_may_start_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    put(tmp_path / "mirror", "ml-1m")
    assert is_fetched(fetch("ml-1m", tmp_path / "data", "~/mirror"))


def test_a_damaged_archive_in_a_folder_is_refused_and_left_alone(tmp_path: Path) -> None:
    archive = put(tmp_path / "mirror", "ml-1m")
    (tmp_path / "mirror/ml-1m.zip").write_bytes(archive[:-1])
    assert "its MD5 should be" in refused_fetch(
        "ml-1m", tmp_path / "data", str(tmp_path / "mirror")
    )
    assert visible(tmp_path / "mirror") == ["ml-1m.zip", "ml-1m.zip.md5"]


def test_a_folder_without_archive_or_without_sum_is_refused(tmp_path: Path) -> None:
    put(tmp_path / "mirror", "ml-1m")
    (tmp_path / "mirror/ml-1m.zip.md5").unlink()
    message = refused_fetch("ml-1m", tmp_path / "data", str(tmp_path / "mirror"))
    assert "beside it (GroupLens's own archive has 'c4d9eecfca2ab87c1945afe126590906" in message
    assert "there is no file" in refused_fetch(
        "ml-20m", tmp_path / "data", str(tmp_path / "mirror")
    )
    assert "http(s) address" in refused_fetch("ml-1m", tmp_path / "data", "ftp://somewhere")


def test_an_embedded_or_unknown_set_is_not_fetched(tmp_path: Path) -> None:
    assert "there is nothing to fetch" in refused_fetch("ml-latest-small", tmp_path)
    with pytest.raises(UnknownNameError, match="did you mean 'ml-20m'"):
        fetch("ml-20", tmp_path)
    assert list(tmp_path.iterdir()) == []
