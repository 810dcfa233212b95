"""Blocks hold what the reader of whole tables reads, however large the pieces are."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import numpy as np
import polars as pl
import pytest

from starcast.data import attributes
from starcast.data.blocks import spool
from starcast.data.files import batches
from starcast.data.load import load_own
from starcast.data.ratings import Ratings
from starcast.data.to_blocks import to_blocks
from starcast.errors import DataError

Change = Callable[[pl.DataFrame], pl.DataFrame]


def table() -> pl.DataFrame:
    """Pairs that come again, with times that often tie, in no order."""
    rng = np.random.default_rng(3)
    n = 4000
    return pl.DataFrame(
        {
            "userId": rng.integers(-3, 60, n),
            "movieId": rng.integers(0, 300, n),
            "rating": rng.integers(1, 11, n) / 2,
            "timestamp": rng.integers(1_500_000_000, 1_500_000_050, n),
        }
    )


def late_zeros(frame: pl.DataFrame) -> pl.DataFrame:
    """Users that are integers for long, until one is not."""
    number, text = pl.col("userId"), pl.col("userId").cast(pl.String)
    late = pl.int_range(pl.len()) > 3900
    return frame.with_columns(pl.when(late).then(pl.format("0{}", number)).otherwise(text))


def late_points(frame: pl.DataFrame) -> pl.DataFrame:
    """Items that are integers for long, and then written as data frames write them."""
    text = pl.col("movieId").cast(pl.String)
    late = pl.int_range(pl.len()) > 3900
    return frame.with_columns(pl.when(late).then(pl.format("{}.0", text)).otherwise(text))


CHANGES: dict[str, Change] = {
    "in no order": lambda frame: frame,
    "in order": lambda frame: frame.sort("userId", "movieId"),
    "without times": lambda frame: frame.drop("timestamp"),
    "users as text": lambda frame: frame.with_columns(pl.format("ü{}", "userId").alias("userId")),
    "a zero before some": late_zeros,
    "a point behind some": late_points,
    "milliseconds": lambda frame: frame.with_columns(pl.col("timestamp") * 1000 + 999),
    "percent": lambda frame: frame.with_columns(pl.format("{}%", pl.col("rating") * 20)),
    "dates": lambda frame: frame.with_columns(pl.from_epoch("timestamp")),
    "days in digits": lambda frame: frame.with_columns(pl.lit(20130731).alias("timestamp")),
}


@pytest.fixture
def tiny_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "_AT_ONCE", 100)
    monkeypatch.setattr(spool, "_IN_MEMORY", 300)
    monkeypatch.setattr(batches, "AT_ONCE", 500)


def assert_equal(found: Ratings, wanted: Ratings) -> None:
    for name in ("user_rows", "item_rows", "stars", "timestamps"):
        ours, theirs = getattr(found, name), getattr(wanted, name)
        assert (ours is None) == (theirs is None)
        if ours is not None:
            assert ours.dtype == theirs.dtype
            np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(found.users.ids, wanted.users.ids)
    np.testing.assert_array_equal(found.items.ids, wanted.items.ids)
    np.testing.assert_array_equal(found.titles, wanted.titles)
    plain = [[attributes.plain(one) for one in both.attributes] for both in (found, wanted)]
    assert plain[0] == plain[1]
    assert (found.scale, found.reading) == (wanted.scale, wanted.reading)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
@pytest.mark.parametrize("pieces", ["tiny", "one"])
def test_they_hold_what_is_read_whole(
    tmp_path: Path, change: Change, pieces: str, request: pytest.FixtureRequest
) -> None:
    if pieces == "tiny":
        request.getfixturevalue("tiny_pieces")
    path = tmp_path / "r.csv"
    change(table()).write_csv(path)
    assert_equal(to_blocks(path, tmp_path / "r.blocks"), load_own(path))


@pytest.mark.usefixtures("tiny_pieces")
def test_parquet_parts_and_titles(tmp_path: Path) -> None:
    parts, items = tmp_path / "parts", tmp_path / "items.csv"
    parts.mkdir()
    for at, part in enumerate(table().iter_slices(1500)):
        part.write_parquet(parts / f"{at}.parquet")
    items.write_text("item_id,title,genres\n5,Heat (1995),Crime|War\n7,Ümlaut,\n")
    found = to_blocks(parts, tmp_path / "new" / "r.blocks", items)
    assert_equal(found, load_own(parts, items))
    assert "Ümlaut" in found.titles
    assert [one.name for one in found.attributes] == ["genre", "year"]


@pytest.mark.usefixtures("tiny_pieces")
def test_a_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("starcast.data.store.query._AT_ONCE", 700)
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        connection.execute("CREATE TABLE r (user_id, item_id, rating REAL)")
        rows = table().select("userId", "movieId", "rating").rows()
        rows[-5] = ("late text", 3, 2.5)
        connection.executemany("INSERT INTO r VALUES (?, ?, ?)", rows)
    connection.close()
    address = f"sqlite:///{tmp_path}/shop.db?table=r"
    assert_equal(to_blocks(address, tmp_path / "r.blocks"), load_own(address))


def test_what_must_be_read_whole_must_be_small(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("starcast.data.to_blocks._READ_WHOLE", 1000)
    path = tmp_path / "r.csv"
    CHANGES["percent"](table()).write_csv(path)
    with pytest.raises(DataError, match="is not read whole for that; write plain numbers"):
        to_blocks(path, tmp_path / "r.blocks")
    assert not (tmp_path / "r.blocks").exists()


def test_a_fault_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("user,item,rating\n1,2,3\n1,3,good\n")
    with pytest.raises(DataError, match=r"r\.csv, line 3"):
        to_blocks(path, tmp_path / "r.blocks")


@pytest.mark.parametrize("text", ["user,item,rating,timestamp\n", ""])
def test_nothing_is_refused_and_leaves_nothing(tmp_path: Path, text: str) -> None:
    path = tmp_path / "r.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=r"r\.csv"):
        to_blocks(path, tmp_path / "r.blocks")
    assert [one.name for one in tmp_path.iterdir()] == ["r.csv"]


def test_a_pipe_is_read_once(tmp_path: Path) -> None:
    table().write_csv(tmp_path / "r.csv")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for change, frame in (("plain", table()), ("percent", CHANGES["percent"](table()))):
        writer = Thread(target=pipe.write_text, args=[frame.write_csv()])
        writer.start()
        if change == "plain":
            found = to_blocks(pipe, tmp_path / "r.blocks")
            assert len(found) == len(load_own(tmp_path / "r.csv"))
        else:
            with pytest.raises(DataError, match="a pipe cannot be read twice"):
                to_blocks(pipe, tmp_path / "s.blocks")
        writer.join()


def test_a_header_that_nobody_would_read_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("starcast.data.blocks.header.MOST_BYTES", 500)
    path = tmp_path / "r.csv"
    table().write_csv(path)
    with pytest.raises(DataError, match="leave columns out of the file of --items"):
        to_blocks(path, tmp_path / "r.blocks")


def test_too_many_levels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("starcast.data.blocks.writing.MOST_LEVELS", 5)
    path = tmp_path / "r.csv"
    table().write_csv(path)
    with pytest.raises(DataError, match=r"more than 5 different ratings"):
        to_blocks(path, tmp_path / "r.blocks")


@pytest.mark.parametrize("given", [["r.blocks", "r.csv"], "r.blocks"])
def test_blocks_are_no_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: object
) -> None:
    monkeypatch.chdir(tmp_path)
    table().write_csv("r.csv")
    to_blocks("r.csv", Path("r.blocks"))
    with pytest.raises(DataError, match=r"r\.blocks holds blocks"):
        to_blocks(given, Path("s.blocks"))
    with pytest.raises(DataError, match=r"r\.blocks holds blocks"):
        load_own(["r.blocks", "r.csv"])
    with pytest.raises(DataError, match="titles and scale are settled"):
        load_own("r.blocks", items_path="items.csv")
