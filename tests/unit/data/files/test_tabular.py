"""Ratings of one's own: what is read, and what is refused in which words."""

import gzip
import os
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from own_ratings import n_repeated, read_own

from starcast.data.ratings import Ratings
from starcast.data.scale import RatingScale
from starcast.errors import DataError

HEADER = "user,item,rating\n"
GOOD = HEADER + "1,2,3\n1,3,4\n"


def read(tmp_path: Path, content: str | bytes, name: str = "r.csv", **options: Any) -> Ratings:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_own(path, **options)


def triples(ratings: Ratings) -> list[tuple[Any, Any, float]]:
    users = ratings.users.ids[ratings.user_rows].tolist()
    items = ratings.items.ids[ratings.item_rows].tolist()
    return list(zip(users, items, ratings.stars.tolist(), strict=True))


@pytest.mark.parametrize(
    "content",
    [
        "user,item,rating\n1,2,3\n1,3,4.5\n",
        "1,2,3\n1,3,4.5\n",
        "1,2,3\n1,3,4.5",
        "\ufeffuser,item,rating\r\n1,2,3\r\n1,3,4.5\r\n",
        "UserID\tMovieId\tStars\n1\t2\t3\n1\t3\t4.5\n",
        "uid;iid;score\n1;2;3\n1;3;4.5\n",
        "rating|item_id|user_id\n3|2|1\n4.5|3|1\n",
        "1::2::3\n1::3::4.5\n",
        '"user","item","rating"\n"1","2","3"\n"1","3","4.5"\n',
        "user, item, rating\n 1, 2, 3\n1, 3, 4.5 \n",
        "user,item,rating\n1,2,3\n\n1,3,4.5\n,,\n\n",
        'n,user,item,rating,review\n0,1,2,3,"good, if\nlong"\n1,1,3,4.5,\n',
        "user,user_id,product_id,value\nann,1,2,3\nann,1,3,4.5\n",  # "user_id" is the id
        '"User-ID";"ISBN";"Book-Rating"\n"1";"2";"3"\n"1";"3";"4.5"\n',  # Book-Crossing
        "USER ID\tmovie_ID\tStar Rating\n1\t2\t3\n1\t3\t4.5\n",
        "\n\nuser,item,rating\n\n1,2,3\n1,3,4.5\n",
        "user,item,rating\r1,2,3\r1,3,4.5\r",
        "user;item;rating\n1;2;3\n1;3;4,5\n",
        "1;2;3,0\n1;3;4,5\n",
    ],
)
def test_text_tables(tmp_path: Path, content: str) -> None:
    ratings = read(tmp_path, content)
    assert triples(ratings) == [(1, 2, 3), (1, 3, 4.5)]
    assert ratings.timestamps is None
    assert n_repeated(ratings) == 0
    assert ratings.users.ids.dtype == np.int64


@pytest.mark.parametrize("name", ["r.csv.gz", "r.tsv", "r.txt", "u.data", "r[1].csv", "r"])
def test_the_content_says_what_a_file_is_not_its_name(tmp_path: Path, name: str) -> None:
    content = gzip.compress(GOOD.encode()) if name.endswith(".gz") else GOOD
    assert len(read(tmp_path, content, name)) == 2


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (["0", "12"], [0, 12]),
        (["-3", "12"], [-3, 12]),
        (["007", "12"], ["007", "12"]),
        (["+7", "12"], ["+7", "12"]),
        (["101.0", "12"], [12, 101]),
        (["1.0", "1.5"], ["1.0", "1.5"]),
        (["1.0", "bob"], ["1.0", "bob"]),
        (["1.0", "007"], ["007", "1.0"]),
        (["12", "bob"], ["12", "bob"]),
        (["99999999999999999999", "12"], ["12", "99999999999999999999"]),
        (["Zoë", "zoe"], ["Zoë", "zoe"]),
    ],
)
def test_ids_are_integers_only_if_all_are_written_so(
    tmp_path: Path, written: list[str], expected: list[Any]
) -> None:
    rows = "".join(f"{one},x,{stars}\n" for stars, one in enumerate(written))
    assert read(tmp_path, HEADER + rows).users.ids.tolist() == expected
    rows = "".join(f"5,{one},{stars}\n" for stars, one in enumerate(written))
    ratings = read(tmp_path, HEADER + rows)
    assert ratings.items.ids.tolist() == expected
    assert ratings.users.ids.tolist() == [5]


@pytest.mark.parametrize(
    ("written", "second"),
    [
        ("964982703", 964982703),
        ("-5", -5),
        ("964982703.9", 964982703),
        ("-0.5", -1),
        ("9.64982703e8", 964982703),
        ("1970-01-02", 86400),
        ("1970-01-01T00:00:09", 9),
        ("1970-01-01 01:00:00+01:00", 0),
        ("1970-01-01T00:00:01.999Z", 1),
    ],
)
def test_timestamps(tmp_path: Path, written: str, second: int) -> None:
    ratings = read(tmp_path, f"user,item,rating,date\n1,2,3,{written}\n1,3,4,77\n")
    assert ratings.timestamps is not None
    assert ratings.timestamps.tolist() == [second, 77]


def test_of_duplicates_the_latest_timestamp_wins(tmp_path: Path) -> None:
    rows = ["1,2,5,30", "1,3,1,10", "1,2,4,90", "1,2,3,20", "1,3,2,10"]
    ratings = read(
        tmp_path, "user,item,rating,timestamp\n" + "\n".join(rows)
    )  # equal timestamps: the later row
    assert triples(ratings) == [(1, 2, 4), (1, 3, 2)]
    assert ratings.timestamps is not None
    assert ratings.timestamps.tolist() == [90, 10]
    assert n_repeated(ratings) == 3


def test_of_duplicates_without_timestamps_the_later_row_wins(tmp_path: Path) -> None:
    ratings = read(tmp_path, HEADER + "b,x,5\na,y,1\nb,x,2\n")
    assert triples(ratings) == [("a", "y", 1), ("b", "x", 2)]
    assert n_repeated(ratings) == 1


def test_the_scale_is_inferred_or_given(tmp_path: Path) -> None:
    assert read(tmp_path, GOOD).scale == RatingScale(3, 4, 1)
    given = RatingScale(0.5, 5, 0.5)
    assert read(tmp_path, GOOD, scale=given).scale == given


def test_a_decimal_scale_holds_its_own_ends(tmp_path: Path) -> None:
    scale = RatingScale(0.1, 0.7, 0.1)  # no end is exact in float32
    ratings = read(tmp_path, HEADER + "1,2,0.1\n1,3,0.7\n", scale=scale)
    np.testing.assert_array_equal(ratings.stars, np.array([0.1, 0.7], np.float32))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "r.csv is empty"),
        ("\n \n\n", "r.csv holds only blank lines"),
        (HEADER, "r.csv holds a header and no rows"),
        (HEADER + ",,\n", "r.csv holds a header and no rows"),
        ("rating\n3\n", "r.csv has 1 column; it needs user, item, rating"),
        ("user,item\n3,4\n", "r.csv has 2 columns"),
        ("who,what,how\n1,2,3\n", "r.csv, line 1: 'who', 'what', 'how' are neither"),
        ("user,item,how\n1,2,3\n", "r.csv has no rating column among 'user', 'item', 'how'"),
        ("user,item,rating,rating\n1,2,3,4\n", "the rating columns 'rating' and 'rating'"),
        (
            "user_id,userId,item,rating\n1,2,3,4\n",
            "the user columns 'user_id' and 'userId'; say which counts, by its number: --columns "
            "user=1",
        ),
        (GOOD + "1,4,abc\n", "r.csv, line 4: the rating 'abc' is not a number"),
        (
            GOOD + '1,5,3.5\n1,4,"4,5"\n',
            r"line 5: the rating '4,5' is not a number \(write it with a decimal point: 4\.5\); "
            "correct",
        ),
        (GOOD + '1,4,"4,5,6"\n', "line 4: the rating '4,5,6' is not a number; correct"),
        (GOOD + "1,4,\n", "r.csv, line 4: the rating is missing"),
        (GOOD + "1,,4\n", "line 4: the item is missing"),
        (GOOD + " ,4,4\n", "line 4: the user is missing"),
        (GOOD + "1,4,NaN\n", "line 4: the rating is NaN"),
        (GOOD + "1,4,-inf\n", "line 4: the rating is -inf"),
        (GOOD + "1,4,1e300\n", "line 4: the rating 1e300 is too large"),
        (GOOD + "1,4\n", "line 4: it has 2 of 3 fields"),
        (GOOD + "1,4,5,6\n", "line 4: it has 4 of 3 fields"),
        (HEADER + '1,"2,3\n4,5,6\n', "line 2: unexpected end of data; is a quotation mark"),
        (GOOD + 'a"b,2,3\n', "stray quotation mark in line 4"),
        (HEADER + '"a\nb",2,3\n\nc,2,x\n', "line 5: the rating 'x'"),
        (HEADER + "1,2,3\n1,3,3\n", "r.csv: every rating is 3: there is nothing to learn"),
        ("user,item,rating,time\n1,2,3,4\n1,3,4,soon\n", "line 3: the timestamp 'soon' is neither"),
        ("user,item,rating,time\n1,2,3,4\n1,3,4,\n", "line 3: the timestamp is missing"),
        ("user,item,rating,time\n1,2,3,4\n1,3,4,1e30\n", "line 3: the timestamp '1e30'"),
        ("1::2::3\n1::2\n", "line 2: it has 2 of 3 fields"),
        (b"\x7fELF\0\1\2", "r.csv is a binary file"),
        (HEADER.encode() + b"a,b,3\n" * 200_000 + b"a\0,c,4\n", "user ids with a zero byte"),
        (b"PAR1 and nothing more", "r.csv is no readable Parquet file"),
        (gzip.compress(GOOD.encode() * 9, mtime=0)[:-9], "r.csv cannot be unpacked"),
        (gzip.compress(GOOD.encode() + b"1,4,x\n", mtime=0), "r.csv, line 4: the rating 'x'"),
    ],
)
def test_bad_files_are_refused(tmp_path: Path, content: str | bytes, message: str) -> None:
    with pytest.raises(DataError, match=message) as refusal:
        read(tmp_path, content)
    assert "\n" not in str(refusal.value)


def test_ratings_outside_a_given_scale_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="line 4: the rating 6 lies outside 1 to 5 stars"):
        read(tmp_path, GOOD + "1,4,6\n", scale=RatingScale(1, 5, 1))
    with pytest.raises(DataError, match="line 4: the rating 0 lies outside"):
        read(tmp_path, GOOD + "1,4,0\n", scale=RatingScale(1, 5, 1))


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere\.csv does not exist"):
        read_own(tmp_path / "nowhere.csv")
    with pytest.raises(DataError, match="holds no table; name a file of ratings"):
        read_own(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_forbidden_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text(GOOD)
    (tmp_path / "r.csv").chmod(0)
    with pytest.raises(DataError, match=r"r\.csv cannot be read: Permission denied"):
        read_own(tmp_path / "r.csv")


def test_a_file_that_the_system_refuses_to_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "r.csv").write_text(GOOD)

    def forbid(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", forbid)
    with pytest.raises(DataError, match=r"r\.csv cannot be read: Permission denied"):
        read_own(tmp_path / "r.csv")


def write_parquet(tmp_path: Path, **columns: Any) -> Path:
    path = tmp_path / "r.parquet"
    pl.DataFrame(columns, strict=False).write_parquet(path)
    return path


@pytest.mark.parametrize(
    "columns",
    [
        {"user": [1, 1], "item": [2, 3], "rating": [3, 4.5]},
        {"rating": ["3", " 4.5"], "movieId": [2.0, 3.0],
         "userId": pl.Series([1, 1], dtype=pl.UInt8)},
        {"user": ["1", "1 "], "item": pl.Series(["2", "3"], dtype=pl.Categorical),
         "stars": pl.Series(["3", "4.5"]).cast(pl.Decimal(3, 1))},
    ],
)  # fmt: skip
def test_parquet(tmp_path: Path, columns: dict[str, Any]) -> None:
    ratings = read_own(write_parquet(tmp_path, **columns))
    assert triples(ratings) == [(1, 2, 3), (1, 3, 4.5)]
    assert n_repeated(ratings) == 0


@pytest.mark.parametrize(
    "when",
    [
        [86400, 86401],
        [86400.2, 86401.9],
        ["1970-01-02", "86401"],
        [datetime(1970, 1, 2), datetime(1970, 1, 2, 0, 0, 1)],
        pl.Series([86_400_000, 86_401_999]).cast(pl.Datetime("ms")),
    ],
)
def test_parquet_timestamps(tmp_path: Path, when: Any) -> None:
    path = write_parquet(tmp_path, user=[1, 1], item=[2, 3], rating=[3, 4], timestamp=when)
    ratings = read_own(path)
    assert ratings.timestamps is not None
    assert ratings.timestamps.tolist() == [86400, 86401]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"user": [1, None]}, "r.parquet, row 2: the user is missing"),
        ({"user": ["a", " "]}, "r.parquet, row 2: the user is missing"),
        ({"user": [True, False]}, "the user column holds Boolean; it needs integers or text"),
        ({"user": [1.5, 2.0]}, "ids that are neither integers nor text"),
        ({"rating": [3.0, float("nan")]}, "row 2: the rating is NaN"),
        ({"rating": [3.0, None]}, "row 2: the rating is missing"),
        ({"rating": ["3", "x"]}, "row 2: the rating 'x' is not a number"),
        ({"rating": [3.0, 9.0]}, "row 2: the rating 9.0 lies outside 1 to 5"),
        ({"rating": [[3], [4]]}, "the rating column holds List"),
        ({"timestamp": [date(2020, 1, 1), None]}, "row 2: the timestamp is missing"),
        ({"timestamp": ["2020-01-01", "x"]}, "row 2: the timestamp 'x' is neither"),
        ({"timestamp": [True, False]}, "the timestamp column holds Boolean"),
    ],
)
def test_bad_parquet_is_refused(tmp_path: Path, columns: dict[str, Any], message: str) -> None:
    path = write_parquet(tmp_path, **({"user": [1, 1], "item": [2, 3], "rating": [3, 4]} | columns))
    with pytest.raises(DataError, match=message):
        read_own(path, scale=RatingScale(1, 5, 1))


def test_parquet_without_rows_or_columns_is_refused(tmp_path: Path) -> None:
    empty = {kind: pl.Series([], dtype=pl.Int64) for kind in ("user", "item", "rating")}
    with pytest.raises(DataError, match=r"r\.parquet holds no ratings"):
        read_own(write_parquet(tmp_path, **empty))
    with pytest.raises(DataError, match=r"r\.parquet has no rating column among 'user', 'item'"):
        read_own(write_parquet(tmp_path, user=[1], item=[2]))
    (tmp_path / "r.parquet").write_bytes(b"user,item,rating\n")
    with pytest.raises(DataError, match=r"r\.parquet is no readable Parquet file"):
        read_own(tmp_path / "r.parquet")


@pytest.mark.parametrize(
    "items",
    [
        'movieId,title,genres\n2,"Two, The",x\n99,Z,y\n',
        "title;id\nTwo, The;2\nZ;99\n",
        "2|Two, The\n3|\n",
        "2::Two, The::x\n99::Z: zed::y\n",
        "id\tname\n2\tOld\n2\tTwo, The \n3\n",
        "ISBN;Book-Title\n2;Two, The\n",
    ],
)
def test_titles(tmp_path: Path, items: str) -> None:
    (tmp_path / "i.csv").write_text(items)
    ratings = read(tmp_path, GOOD, items_path=tmp_path / "i.csv")
    assert ratings.titles.tolist() == ["Two, The", ""]


def test_titles_of_text_ids_and_from_parquet(tmp_path: Path) -> None:
    path = tmp_path / "i.parquet"
    pl.DataFrame({"item_id": ["x7", "y", None], "name": ["Seven", None, "?"]}).write_parquet(path)
    ratings = read(tmp_path, HEADER + "1,x7,3\n1,y,4\n", items_path=path)
    assert ratings.titles.tolist() == ["Seven", ""]
    pl.DataFrame({"id": [2.0, 3.0], "title": ["Two", "Three"]}).write_parquet(path)
    assert read(tmp_path, GOOD, items_path=path).titles.tolist() == ["Two", "Three"]


def test_an_id_with_a_leading_zero_is_not_the_number(tmp_path: Path) -> None:
    (tmp_path / "i.csv").write_text("id,title\n02,Wrong\n")
    ratings = read(tmp_path, GOOD, items_path=tmp_path / "i.csv")
    assert ratings.titles.tolist() == ["", ""]


def test_colons_in_titles_do_not_cut_them(tmp_path: Path) -> None:
    (tmp_path / "i.dat").write_text("2::Up: A Story::x\n")
    ratings = read(tmp_path, GOOD, items_path=tmp_path / "i.dat")
    assert ratings.titles[0] == "Up: A Story"


@pytest.mark.parametrize(
    ("items", "message"),
    [
        (b"", "i.csv is empty"),
        (b"id,genre\n2,x\n", "i.csv has no title column among 'id', 'genre'"),
        (b"id\n2\n", "i.csv has 1 column; it needs item, title"),
        (
            b"code,what\n2,Two\n3,Three\n",
            "i.csv, line 1: 'code', 'what' are neither known column names nor a row whose item is "
            "a number; name the columns item_id, title",
        ),
        (b'id,title\n2,"Two\n3,Three\n', "i.csv, line 2: unexpected end of data"),
        (b"PAR1 no more", "i.csv is no readable Parquet file"),
    ],
)
def test_bad_item_files_are_refused(tmp_path: Path, items: bytes, message: str) -> None:
    (tmp_path / "i.csv").write_bytes(items)
    with pytest.raises(DataError, match=message):
        read(tmp_path, GOOD, items_path=tmp_path / "i.csv")
