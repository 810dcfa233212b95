"""Tables of ids alone: what is read as pairs or as users, and what is refused."""

import gzip
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from starcast.data.files.naming import ITEM, USER
from starcast.data.files.options import ReadingOptions
from starcast.data.load import load_ids
from starcast.errors import DataError

PAIRS, USERS = (USER, ITEM), (USER,)
Columns = list[list[Any]]


def read(tmp_path: Path, content: str | bytes, needed: tuple[str, ...], **options: Any) -> Columns:
    path = tmp_path / "asked"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    columns = load_ids(path, needed, options=ReadingOptions.of(**options)).columns
    assert list(columns) == list(needed)
    return [columns[kind].tolist() for kind in needed]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("user_id,item_id\n1,20\n3,4\n", [[1, 3], [20, 4]]),
        ("item;user\n20;1\n4;3\n", [[1, 3], [20, 4]]),
        ("1\t20\n3\t4\n", [[1, 3], [20, 4]]),
        ("1 20\n3   4\n", [[1, 3], [20, 4]]),
        ("1::20::4.5::99\n3::4::1::98\n", [[1, 3], [20, 4]]),
        ("user,item,rating\n1,20,\n3,4,bad\n", [[1, 3], [20, 4]]),
        ("user,item\nann,007\nbob,7\n", [["ann", "bob"], ["007", "7"]]),
        ("user,item\n1.0,20\n3.0,4\n", [[1, 3], [20, 4]]),
        ("user,item\n1,20\n3,4\n1,20\n", [[1, 3, 1], [20, 4, 20]]),
        ('{"user": "ann", "item": 20}\n{"user": "3", "item": 4}\n', [["ann", "3"], [20, 4]]),
        ('[{"user": 1, "item": 20}, {"user": 3, "item": 4}]', [[1, 3], [20, 4]]),
        ("\ufeffuser,item\r\n1,20\r\n\r\n3,4\r\n", [[1, 3], [20, 4]]),
        (gzip.compress(b"user,item\n1,20\n3,4\n", mtime=0), [[1, 3], [20, 4]]),
        ("user,item\nJos\xe9,20\nann,4\n".encode("latin-1"), [["José", "ann"], [20, 4]]),
    ],
)
def test_pairs(tmp_path: Path, content: str | bytes, expected: Columns) -> None:
    assert read(tmp_path, content, PAIRS) == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("user_id\n1\n3\n", [1, 3]),
        ("1\n3\n", [1, 3]),
        ("ann\nbob\n", ["ann", "bob"]),
        ("user\nann lee\nbob\n", ["ann lee", "bob"]),
        ("film,user,stars\n7,1,4\n8,3,4\n", [1, 3]),
        ('{"reviewerID": "ann"}\n{"reviewerID": "bob"}\n', ["ann", "bob"]),
    ],
)
def test_users(tmp_path: Path, content: str, expected: list[Any]) -> None:
    assert read(tmp_path, content, USERS) == [expected]


def test_what_is_said_of_it(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("note,who,item\na,1,2\n", encoding="utf-8")
    options = ReadingOptions.of(columns="user=who")
    reading = load_ids(tmp_path / "p.csv", PAIRS, options=options).reading
    assert reading.columns == {"user": "'who'", "item": "'item'"}
    assert (reading.n_rows, reading.unused) == (1, ("note",))


def test_frames(tmp_path: Path) -> None:
    frame = pl.DataFrame({"user": ["ann", "bob"], "item": [2, 3], "rating": [None, 4.0]})
    columns = load_ids(frame, PAIRS).columns
    assert {kind: ids.tolist() for kind, ids in columns.items()} == {
        "user": ["ann", "bob"], "item": [2, 3]}  # fmt: skip
    frame.write_parquet(tmp_path / "p")
    assert load_ids(tmp_path / "p", PAIRS).columns["item"].tolist() == [2, 3]


@pytest.mark.parametrize(
    ("content", "needed", "message"),
    [
        ("", PAIRS, r"asked is empty"),
        ("user,item\n", PAIRS, r"asked holds a header and no rows"),
        ("user,item\n1,2\n1,\n", PAIRS, r"asked, line 3: the item is missing; correct or remove"),
        ("user,item\n1,2\n,3\n", PAIRS, r"asked, line 3: the user is missing; correct or remove"),
        ("user,item\n1,2\n1,2,3\n", PAIRS, r"asked, line 3: it has 3 of 2 fields"),
        ("user,rating\n1,2\n", PAIRS, r"no item column among 'user', 'rating'; say which"),
        ("who,what\nann,x\n", PAIRS, r"'who', 'what' are neither known column names nor a row"),
        ("1\n2\n", PAIRS, r"has 1 column; it needs user, item columns"),
        ("a,1,2,3,4\nb,2,3,4,5\n", PAIRS, r"no header and 5 columns; say which"),
        ("who\n1\n2\n", USERS, r"'who' are neither known column names nor a row whose user"),
    ],
)
def test_what_is_refused(
    tmp_path: Path, content: str, needed: tuple[str, ...], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        read(tmp_path, content, needed)
