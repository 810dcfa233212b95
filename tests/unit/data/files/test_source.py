"""Where tables lie: several at once, pipes, what is no file, and which files a cache may trust."""

import io
import os
import sys
import threading
from pathlib import Path

import pytest
from own_ratings import read_own

from starcast.data.files import archives, source
from starcast.errors import DataError

CSV = "user,item,rating\n1,2,3\n1,3,4\n"


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    os.mkfifo(tmp_path / "pipe")
    return tmp_path / "pipe"


def pour(fifo: Path, content: str) -> threading.Thread:
    """Somebody who writes into a pipe as soon as it is opened."""
    thread = threading.Thread(target=fifo.write_text, args=(content,))
    thread.start()
    return thread


@pytest.mark.parametrize("content", [CSV, "1 2 3\r1 3 4\r", '{"user":1,"item":2,"rating":3}\n'
                                     '{"user":1,"item":3,"rating":4}'])  # fmt: skip
def test_pipes(fifo: Path, content: str) -> None:
    writer = pour(fifo, content)
    ratings = read_own(fifo)
    writer.join()
    assert ratings.stars.tolist() == [3, 4]
    assert source.files([fifo]) is None


def test_errors_of_pipes_name_them(fifo: Path) -> None:
    writer = pour(fifo, CSV + "1,4,x\n")
    with pytest.raises(DataError, match="pipe, line 4: the rating 'x' is not a number"):
        read_own(fifo)
    writer.join()
    writer = pour(fifo, "")
    with pytest.raises(DataError, match="pipe is empty; it needs rows"):
        read_own(fifo)
    writer.join()


class Stdin:
    """What is piped into the process."""

    def __init__(self, content: bytes) -> None:
        self.buffer = io.BytesIO(content)


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Stdin(CSV.encode()))
    ratings = read_own("-")
    assert ratings.stars.tolist() == [3, 4]
    assert ratings.reading
    assert ratings.reading.source == "-"
    monkeypatch.setattr(sys, "stdin", Stdin(b""))
    with pytest.raises(DataError, match="standard input is empty; it needs rows"):
        read_own("-")


@pytest.mark.parametrize("device", ["/dev/null", "/dev/zero", "/dev/urandom"])
def test_devices_are_refused(device: str) -> None:
    with pytest.raises(DataError, match=f"{device} is a device, no file; pipe a table in"):
        read_own(device)


def test_files_that_a_cache_stands_for(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv", "c.zip"):
        (tmp_path / name).write_bytes(b"PK\x03\x04" if name == "c.zip" else b"x")
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "part-0").write_text("x")
    places: list[source.Place] = [tmp_path / "a.csv", str(tmp_path / "[ab].csv"),
                                  tmp_path / "c.zip" / "r.csv", tmp_path / "parts"]  # fmt: skip
    names = ["a.csv", "b.csv", "c.zip", "parts/part-0"]
    assert source.files(places) == [tmp_path / name for name in names]


def test_a_name_with_signs_of_a_pattern_is_a_name_first(tmp_path: Path) -> None:
    (tmp_path / "r[1].csv").write_text(CSV)
    (tmp_path / "r1.csv").write_text("nothing")
    assert len(read_own(tmp_path / "r[1].csv")) == 2


def test_folders_within_folders(tmp_path: Path) -> None:
    for year, rows in (("2019", "1,2,3\n"), ("2020", "1,3,4\n")):
        (tmp_path / f"year={year}").mkdir()
        (tmp_path / f"year={year}" / "part-0.csv").write_text("user,item,rating\n" + rows)
    assert read_own(tmp_path).stars.tolist() == [3, 4]


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["ratings.csv", "movies.csv", "README.txt"], ["ratings.csv"]),
        (["ml/ratings.dat", "ml/users.dat"], ["ml/ratings.dat"]),
        (["a.csv", "b.csv"], ["a.csv", "b.csv"]),
        (["BX-Users.csv", "BX-Book-Ratings.csv"], ["BX-Book-Ratings.csv"]),
        (["part-00001", "part-00000", "_SUCCESS", "ratings.csv"], ["part-00001", "part-00000"]),
        (["x/.hidden.csv", "_tmp/y.csv", "z.csv", "z.csv.starcast.parquet"], ["z.csv"]),
        (["z.csv", "z.csv.starcast.blocks/items", "z.csv.starcast.blocks/users.text"], ["z.csv"]),
    ],
)
def test_which_files_make_a_table(names: list[str], chosen: list[str]) -> None:
    assert archives.tables(names, "here") == chosen


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "r.csv").write_text("# c\n" + CSV)
    read_own(tmp_path / "r.csv")
    (tmp_path / "r.csv").write_text("# c\n" + CSV + "x,\n")
    with pytest.raises(DataError):
        read_own(tmp_path / "r.csv")
    assert list(tmp_path.iterdir()) == [tmp_path / "r.csv"]
