"""Unpacking: archives that are damaged, and archives that mean harm."""

import io
import stat
import zipfile
from pathlib import Path

import pytest
from mirror_site import zip_of

from starcast.data.movielens import unpack as unpacking
from starcast.data.movielens.unpack import unpack
from starcast.errors import FetchError


def refusal(tmp_path: Path, archive: bytes) -> str:
    """The one line that refuses an archive, which must leave nothing behind."""
    packed = tmp_path / "packed.zip"
    packed.write_bytes(archive)
    with pytest.raises(FetchError) as caught:
        unpack(packed, "ml-1m", tmp_path / "target", "the mirror")
    assert [path.name for path in tmp_path.rglob("*")] == ["packed.zip"]
    message = str(caught.value)
    assert message.startswith("the mirror ")
    assert "\n" not in message
    return message


def member_of_kind(kind: int) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        member = zipfile.ZipInfo("ml-1m/ratings.dat")
        member.create_system = 3  # Unix
        member.external_attr = (kind | 0o644) << 16
        archive.writestr(member, "/etc/passwd")
    return packed.getvalue()


def test_writes_the_files_of_the_folder_and_no_others(tmp_path: Path) -> None:
    packed = tmp_path / "packed.zip"
    packed.write_bytes(
        zip_of(
            {
                "ml-1m/": b"",
                "ml-1m/ratings.dat": b"rows",
                "ml-1m/deep/er/x": b"x",
                "__MACOSX/._x": b"y",
                "ml-1mm/z": b"z",
            }
        )
    )
    unpack(packed, "ml-1m", tmp_path / "target", "here")
    files = [path for path in (tmp_path / "target").rglob("*") if path.is_file()]
    assert {str(path.relative_to(tmp_path)): path.read_bytes() for path in files} == {
        "target/ratings.dat": b"rows",
        "target/deep/er/x": b"x",
    }


@pytest.mark.parametrize(
    "name",
    [
        "../escaped",
        "ml-1m/../../escaped",
        "/absolute",
        "C:/drive",
        "ml-1m/C:drive",
        "..\\escaped",
        "ml-1m/..",
        "ml-1m//x",
        "ml-1m/./x",
        "../two\nlines",
    ],
)
def test_refuses_a_member_that_points_out_of_the_archive(tmp_path: Path, name: str) -> None:
    message = refusal(tmp_path, zip_of({"ml-1m/ratings.dat": b"rows", name: b"evil"}))
    assert f"{name!r} points out of the archive" in message


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_refuses_a_member_that_is_no_plain_file(tmp_path: Path, kind: int) -> None:
    assert "'ml-1m/ratings.dat' is a link or a device" in refusal(tmp_path, member_of_kind(kind))


def test_takes_a_member_that_says_it_is_a_plain_file(tmp_path: Path) -> None:
    packed = tmp_path / "packed.zip"
    packed.write_bytes(member_of_kind(stat.S_IFREG))
    unpack(packed, "ml-1m", tmp_path / "target", "here")
    assert (tmp_path / "target/ratings.dat").read_text() == "/etc/passwd"


def test_refuses_a_size_beyond_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "MAX_BYTES", 1000)
    packed = tmp_path / "allowed.zip"
    packed.write_bytes(zip_of({"ml-1m/a": bytes(500), "ml-1m/b": bytes(500)}))
    unpack(packed, "ml-1m", tmp_path / "allowed", "here")
    bomb = zip_of({"ml-1m/a": bytes(500), "ml-1m/b": bytes(501)})
    below = tmp_path / "below"
    below.mkdir()
    assert "2 files of 1,001 bytes" in refusal(below, bomb)


def test_refuses_too_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "MAX_FILES", 2)
    message = refusal(tmp_path, zip_of({f"ml-1m/{n}": b"" for n in range(3)}))
    assert "3 files" in message


def test_refuses_two_files_of_one_name(tmp_path: Path) -> None:
    message = refusal(tmp_path, zip_of({"ml-1m/README": b"1", "ml-1m/readme": b"2"}))
    assert "two files of one name" in message


def test_refuses_an_archive_of_another_set(tmp_path: Path) -> None:
    assert "holds no folder ml-1m/" in refusal(tmp_path, zip_of({"ml-20m/ratings.csv": b"rows"}))


@pytest.mark.parametrize("content", [b"", b"<html>no zip</html>", zip_of({"ml-1m/x": b"x"})[:-9]])
def test_refuses_what_is_no_zip(tmp_path: Path, content: bytes) -> None:
    assert "is no readable zip archive" in refusal(tmp_path, content)


def test_damage_inside_a_member_is_found(tmp_path: Path) -> None:
    archive = bytearray(zip_of({"ml-1m/ratings.dat": b"0123456789" * 100}))
    archive[len("ml-1m/ratings.dat") + 32] ^= 0xFF  # the second byte of the packed content
    packed = tmp_path / "packed.zip"
    packed.write_bytes(archive)
    with pytest.raises(FetchError, match="is no readable zip archive"):
        unpack(packed, "ml-1m", tmp_path / "target", "here")
