"""Odd files: put together, copied from elsewhere, in other encodings, or of other programs."""

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from own_ratings import read_own

from starcast.data.ratings import Ratings
from starcast.errors import DataError

HEADER = "user,item,rating,time\n"
ROWS = [(f"u{at % 5}", at // 5, at % 4 + 1, 1_400_000_000 + at) for at in range(20)]
BODY = "".join(f"{user},{item},{stars},{when}\n" for user, item, stars, when in ROWS)
OBJECTS = [dict(zip(("user", "item", "rating"), row, strict=False)) for row in ROWS]


def read(tmp_path: Path, content: str | bytes, name: str = "r", **options: Any) -> Ratings:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_own(path, **options)


def lines(rows: list[Any]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.mark.parametrize(
    "content",
    [
        (HEADER + BODY).encode("utf-32"),
        (HEADER + BODY).encode("utf-16"),
        (HEADER + BODY).replace(",", "\x01"),
        (HEADER + BODY).replace("\n", "\r", 7),  # some lines as on old Macintoshes
        HEADER + BODY.replace("\n", ",\n"),  # a separator at the end of the rows alone
        "sep=,\r\n" + (HEADER + BODY).replace("\n", "\r\n"),
        HEADER + BODY[: BODY.index("u2,2")] + HEADER + BODY[BODY.index("u2,2") :],
        lines([{"user": {"id": one["user"]}, "item": {"id": one["item"]}, "rating": one["rating"]}
               for one in OBJECTS]),
        lines([{"user": {"$oid": one["user"]}, "item": one["item"], "extra": {"deep": {"er": 1}},
                "rating": {"value": one["rating"]}} for one in OBJECTS]),
        json.dumps([{"user": {"id": one["user"], "name": "x"}, "item": one["item"],
                     "rating": {"value": one["rating"]}} for one in OBJECTS]),
        json.dumps([list(one.values()) for one in OBJECTS]),
    ],
)  # fmt: skip
def test_what_is_read_all_the_same(tmp_path: Path, content: str | bytes) -> None:
    ratings = read(tmp_path, content)
    users = ratings.users.ids[ratings.user_rows].tolist()
    items = ratings.items.ids[ratings.item_rows].tolist()
    assert sorted(zip(users, items, ratings.stars.tolist(), strict=True)) == sorted(
        (user, item, stars) for user, item, stars, _ in ROWS
    )


def test_names_of_columns_within_the_table_are_counted(tmp_path: Path) -> None:
    ratings = read(tmp_path, HEADER + BODY + HEADER + HEADER + "u9,9,3,7\n")
    assert len(ratings) == 21
    assert ratings.reading
    assert ratings.reading.notes == ("left out: 2 rows with the names of the columns again",)


def test_sums_in_a_table_of_users_and_items_are_nobodys_ratings(tmp_path: Path) -> None:
    rows = "".join(f"u{at},{at % 5 + 1},,{(at + 1) % 5 + 1},3,-,2.5,3.3\n" for at in range(10))
    ratings = read(tmp_path, f"user,a,b,c,d,e,f,Average\n{rows}Total,30,,30,30,,20,\n")
    assert ratings.users.ids.tolist() == [f"u{at}" for at in range(10)]
    assert ratings.items.ids.tolist() == ["a", "c", "d", "f"]
    assert ratings.reading
    assert ratings.reading.notes == ("left out, since they sum up others: 'Average', 'Total'",)


def test_columns_of_bytes_and_of_truth(tmp_path: Path) -> None:
    frame = pl.DataFrame(ROWS, schema=["user", "item", "rating", "time"], orient="row")
    changed = frame.with_columns(pl.col("user").cast(pl.Binary), pl.col("rating") > 2)
    changed.write_parquet(tmp_path / "r")
    ratings = read_own(tmp_path / "r")
    assert ratings.users.ids.tolist() == ["u0", "u1", "u2", "u3", "u4"]
    assert ratings.stars.sum() == sum(stars > 2 for _, _, stars, _ in ROWS)


def test_negative_zero_is_no_end_of_a_scale(tmp_path: Path) -> None:
    assert str(read(tmp_path, "user,item,rating\n1,2,-0.0\n1,3,5\n").scale).startswith("0 to 5")


LONG = [(f"u{at % 50}", at // 50, at % 4 + 1) for at in range(3000)]


@pytest.mark.parametrize(
    "review",
    [
        lambda at: '5" long',  # every line
        lambda at: '5" long' if at in (2500, 2600) else "good",  # two, far below the first lines
        lambda at: '"a\n\nb"' if at % 3 else "",  # lines within fields, blank ones too
    ],
)  # fmt: skip
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_quotation_marks_within_fields_take_no_rows_together(
    tmp_path: Path, review: Callable[[int], str], pack: Callable[[bytes], bytes]
) -> None:
    rows = [f"{user},{item},{stars},{review(at)}\n" for at, (user, item, stars) in enumerate(LONG)]
    for text in ("user,item,rating,review\n" + "".join(rows), ("".join(rows)).replace("u", "")):
        options = {} if text.startswith("user") else {"columns": "user=1,item=2,rating=3"}
        ratings = read(tmp_path, pack(text.encode()), **options)
        assert len(ratings) == len(LONG)
        assert ratings.stars.sum() == sum(stars for _, _, stars in LONG)


def test_or_they_are_refused(tmp_path: Path) -> None:
    rows = "".join(f'5" {user},{item},{stars}\n' for user, item, stars in LONG)
    with pytest.raises(DataError, match="look for a stray quotation mark in line 2"):
        read(tmp_path, f"user,item,rating\n{rows}")


@pytest.mark.parametrize("head", ["rating,item,user,,,\n", "rating,item,user\n"])
def test_empty_columns_at_the_end_need_no_names(tmp_path: Path, head: str) -> None:
    rows = "".join(f"{stars},{item},{user},,,\n" for user, item, stars, _ in ROWS)
    ratings = read(tmp_path, head + rows)
    assert ratings.users.ids.tolist() == ["u0", "u1", "u2", "u3", "u4"]
    assert ratings.stars.sum() == sum(stars for _, _, stars, _ in ROWS)


TWICE = gzip.compress(
    gzip.compress(b"a,b,c\n", mtime=0), mtime=0
)  # without the time: it is in a name


def zipped(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("_", "."), content)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (zipped(content_xml=b"<x/>", mimetype=b"x"), r"r is a spreadsheet; save the sheet as CSV"),
        (TWICE, r"r is compressed twice; unpack it first"),
        (zipped(inner_zip=zipped(r_csv=b"x")), r"r/inner.zip is an archive within another; unpack"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(50), r"r is a 7z archive; unpack it first, or pack it as z"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), r"r is an image"),
        (b"\xff\xff\xff\xff" + bytes(50), r"r is a stream of Arrow; save the table as Parquet"),
        (bytes(range(256)) * 9, r"r is a binary file, not a text table or Parquet; save the table"),
        (
            zipped(a_csv=(HEADER + BODY).encode(), b_csv=b"item,title\n1,x\n"),
            r"r/b\.csv has 2 columns; .*; if it holds no ratings, name those that do, as .*r/a\.c",
        ),
        (
            HEADER + BODY.replace(",1400000", ",yesterday "),
            r"line 2: the timestamp 'yesterday 000' is neither .*; most others are like it: write ",
        ),
        ("user,item,rating\n" + "1,2\n" * 9 + "1,2,3\n", r"it has 2 of 3 fields|has 2 columns"),
    ],
)  # fmt: skip
def test_what_is_refused(tmp_path: Path, content: str | bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(tmp_path, content)


@pytest.mark.parametrize(
    ("written", "seconds", "unit"),
    [(["2003", "2004"], [1041379200, 1072915200], "YYYY"),
     (["200312", "200401"], [1070236800, 1072915200], "YYYYMM"),
     (["1890", "2004"], [1890, 2004], None), (["200313", "200401"], [200313, 200401], None)],
)  # fmt: skip
def test_years_and_months(
    tmp_path: Path, written: list[str], seconds: list[int], unit: str | None
) -> None:
    rows = "".join(f"1,{at},{at + 1},{when}\n" for at, when in enumerate(written))
    ratings = read(tmp_path, f"user,item,rating,time\n{rows}")
    assert ratings.timestamps is not None
    assert ratings.timestamps.tolist() == seconds
    assert ratings.reading
    notes = (f"times are written in {unit}, and kept in seconds",) if unit else ()
    assert ratings.reading.notes == notes
