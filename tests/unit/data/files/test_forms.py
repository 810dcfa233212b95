"""Every form that is read without help: one small table, written in each of them."""

import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from own_ratings import read_own

from starcast.data.ratings import Ratings
from starcast.errors import ConfigError, DataError

# Users 1 to 8, items 101 to 106, a third of the pairs missing, ratings 1 to 5, and a time each.
ROWS = [
    (user, item, 1 + (user * item) % 5, 1_300_000_000 + 1000 * user + item)
    for user in range(1, 9)
    for item in range(101, 107)
    if (user + item) % 3
]
TRIPLES = [(user, item, float(stars)) for user, item, stars, _ in ROWS]
CELLS = {(user, item): stars for user, item, stars, _ in ROWS}


def table(form: str, *, head: str = "", rows: list[Any] | None = None) -> str:
    """A line for each row, as a pattern with {u}, {i}, {s} and {t} says."""
    lines = [form.format(u=u, i=i, s=s, t=t) for u, i, s, t in rows or ROWS]
    return "\n".join([head, *lines] if head else lines) + "\n"


def wide(corner: str, *, nothing: str = "", rows_are_items: bool = False) -> str:
    users, items = range(1, 9), range(101, 107)
    sides = (items, users) if rows_are_items else (users, items)

    def cell(row: int, column: int) -> str:
        pair = (column, row) if rows_are_items else (row, column)
        return str(CELLS.get(pair, nothing))

    lines = [[str(row), *(cell(row, column) for column in sides[1])] for row in sides[0]]
    return "\n".join(map(",".join, [[corner, *map(str, sides[1])], *lines])) + "\n"


def objects(*names: str) -> list[dict[str, Any]]:
    return [dict(zip(names, row, strict=False)) for row in ROWS]


def netflix(row: str) -> str:
    blocks = [
        f"{item}:\n" + "".join(row.format(u=u, s=s) for u, i, s, _ in ROWS if i == item)
        for item in range(101, 107)
    ]
    return "".join(blocks)


CSV = table("{u},{i},{s}", head="user,item,rating")

TEXTS = {
    "blanks": table("{u} {i} {s}"),
    "blanks with a header": table("{u} {i} {s}", head="user item rating"),
    "columns made even by blanks": table("{u:>6} {i:>9}    {s}", head="  user   item  rating"),
    "blanks and tabs": table("{u} \t{i}\t {s}"),
    "double tabs": table("{u}\t\t{i}\t\t{s}"),
    "double bars": table("{u}||{i}||{s}"),
    "a bar": table("{u}|{i}|{s}"),
    "double colons": table("{u}::{i}::{s}::{t}"),
    "commas and blanks": table("{u}, {i}, {s}", head="user, item, rating"),
    "separators at the ends of lines": table("{u},{i},{s},", head="user,item,rating,"),
    "an empty column": table("{u},,{i},{s}"),
    "decimal commas": table("{u};{i};{s},0", head="user;item;rating"),
    "decimal commas between blanks": table("{u} {i} {s},0"),
    "decimal commas everywhere": table(
        "{u},0;{i},0;{s},0;{t},0", head="user;item;rating;timestamp"
    ),
    "points everywhere": table("{u}.0,{i}.0,{s}.0,{t}.0", head="user,item,rating,timestamp"),
    "fractions": table("{u},{i},{s}/5", head="user,item,rating"),
    "single quotation marks": table("'{u}','{i}','{s}'", head="'user','item','rating'"),
    "comments": table("{u},{i},{s}", head="# made\n% by hand\n\n") + "# the end\n",
    "comments between rows": CSV.replace("\n", "\n# note\n", 3),
    "a header that is a comment": table("{i};{u};{s}", head="# item;user;rating"),
    "a header that is a comment with blanks": table("{i} {u} {s}", head="%\n% item user rating"),
    "prose above": table("{u} {i} {s}", head="Made by hand\nin 2012 for tests\nuser item rating x"),
    "prose above a header": "Exported by Shop 3.1\n2020-01-01\n\n" + CSV,
    "Excel's line": "sep=;\n" + CSV.replace(",", ";"),
    "R's write.table": table('"{t}" {u} {i} {s}', head='"user" "item" "rating"'),
    "pandas' index": table("{t},{u},{i},{s}", head=",user,item,rating"),
    "types in the header": table(
        "{u}\t{i}\t{s}", head="user_id:token\titem_id:token\trating:float"
    ),
    "other types in the header": table(
        "{u},{i},{s}", head="userId:INTEGER,movieId:STRING,rating:Double"
    ),
    "Orange's three lines": table(
        "{u}\t{i}\t{s}", head="user\tmovie\tscore\nc\tc\tc\nrow=1\tcol=1\tclass"
    ),
    "Orange's flags alone": table("{u}\t{i}\t{s}", head="a\tb\tc\nd\td\tc\nrow=1\tcol=1\tclass"),
    "Orange's types in words": table(
        "{u}\t{i}\t{s}", head="user\titem\tscore\ncontinuous\td\tcontinuous\n\t\tclass"
    ),
    "Orange's one line": table("{u}\t{i}\t{s}", head="D#user\tmS#item\tcC#rating"),
    "ARFF": table(
        "{u},{i},{s}",
        head="@RELATION r\n@ATTRIBUTE user STRING\n@ATTRIBUTE item STRING\n"
        "@ATTRIBUTE rating NUMERIC\n\n@DATA",
    ),
    "ARFF with comments and quotation marks": table(
        "'{u}','{i}',{s}",
        head="% c\n@relation 'r x'\n@attribute 'user id' string\n@attribute item {{1,2}}\n"
        '@attribute "my rating" real\n@data\n% c',
    ),
    "Matrix Market": table(
        "{u} {i} {s}", head=f"%%MatrixMarket matrix coordinate real general\n% c\n8 106 {len(ROWS)}"
    ),
    "libFM": table("{s} {u}:1 {i}:1"),
    "libFFM": table("{s} 0:{u}:1 1:{i}:1.0"),
    "Netflix Prize": netflix("{u},{s},2005-09-06\n"),
    "Netflix Prize without dates": netflix("{u},{s}\n"),
    "SNAP's Amazon": table(
        "product/productId: {i}\nreview/userId: {u}\nreview/score: {s}.0\nreview/time: {t}\n"
        "review/text: a: b\n"
    ),
    "SNAP's beers": table(
        "beer/name: A: B\nbeer/beerId: {i}\nreview/overall: {s}/20\nreview/profileName: {u}\n"
    ),
    "JSON lines": "\n".join(map(json.dumps, objects("user_id", "business_id", "stars"))),
    "JSON lines with more": "\n".join(
        json.dumps(row | {"text": 'a\n"b"', "votes": {"up": [1]}})
        for row in objects("reviewerID", "asin", "overall")
    ),
    "JSON as Python writes it": "\n".join(map(str, objects("reviewerID", "asin", "overall"))),
    "a JSON array": json.dumps(objects("user", "item", "rating")),
    "a JSON array over lines": json.dumps(objects("user", "item", "rating"), indent=2),
    "a JSON array within": json.dumps({"n": 3, "reviews": objects("user", "item", "rating")}),
    "JSON columns": json.dumps(
        dict(zip(["user", "item", "rating"], zip(*ROWS, strict=True), strict=False))
    ),
    "JSON by pandas": json.dumps(
        {
            name: dict(enumerate(column))
            for name, column in zip(
                ["user", "item", "rating"], zip(*ROWS, strict=True), strict=False
            )
        }
    ),
    "user × item": wide("user"),
    "user × item with NaN": wide("userId", nothing="NaN"),
    "user × item without a name in the corner": wide(""),
    "item × user": wide("movieId", rows_are_items=True),
    "user × item under pandas' name for an index": wide("Unnamed: 0"),
    "user × item under a name unheard of": wide("who"),
    "user × item between tabs": wide("user").replace(",", "\t"),
}


def found(ratings: Ratings) -> list[tuple[Any, Any, float]]:
    users = ratings.users.ids[ratings.user_rows].tolist()
    items = ratings.items.ids[ratings.item_rows].tolist()
    return list(zip(users, items, ratings.stars.tolist(), strict=True))


def write(tmp_path: Path, content: str | bytes, name: str = "r") -> Path:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_text(tmp_path: Path, text: str) -> None:
    assert found(read_own(write(tmp_path, text))) == TRIPLES


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_text_as_windows_and_old_macintoshes_end_lines(tmp_path: Path, text: str) -> None:
    assert found(read_own(write(tmp_path, text.replace("\n", "\r\n")))) == TRIPLES
    assert found(read_own(write(tmp_path, text.replace("\n", "\r")))) == TRIPLES
    assert found(read_own(write(tmp_path, text.rstrip("\n")))) == TRIPLES


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_text_in_other_encodings(tmp_path: Path, text: str) -> None:
    for encoding in ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"):
        assert found(read_own(write(tmp_path, text.encode(encoding)))) == TRIPLES, encoding


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_compressed_text(tmp_path: Path, text: str) -> None:
    for pack in (gzip.compress, bz2.compress, lzma.compress):
        assert found(read_own(write(tmp_path, pack(text.encode())))) == TRIPLES


def zipped(tmp_path: Path, members: dict[str, str | bytes], name: str = "r.zip") -> Path:
    with zipfile.ZipFile(tmp_path / name, "w") as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return tmp_path / name


@pytest.mark.parametrize(
    "members",
    [
        {"ratings.csv": CSV},
        {"README.md": "hello", "data/mine.csv": CSV, "__MACOSX/._mine.csv": "x", ".DS_Store": "y"},
        {"ratings.csv": CSV, "profile.csv": "Name\nx\n", "deleted/ratings2.csv": "x"},
        {"BX-Users.csv": "a\n1\n", "BX-Book-Ratings.csv": CSV, "BX-Books.csv": "b\n2\n"},
        {"r.csv.gz": gzip.compress(CSV.encode(), mtime=0)},
        {"part-0.csv": table("{u},{i},{s}", head="user,item,rating", rows=ROWS[:9]),
         "part-1.csv": table("{u},{i},{s}", head="user,item,rating", rows=ROWS[9:])},
    ],
)  # fmt: skip
def test_archives(tmp_path: Path, members: dict[str, str | bytes]) -> None:
    assert found(read_own(zipped(tmp_path, members))) == TRIPLES
    with tarfile.open(tmp_path / "r.tar.gz", "w:gz") as archive:
        for name, content in members.items():
            data = content if isinstance(content, bytes) else content.encode()
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    assert found(read_own(tmp_path / "r.tar.gz")) == TRIPLES


def test_a_file_in_an_archive(tmp_path: Path) -> None:
    path = zipped(tmp_path, {"a.csv": CSV, "b.txt": "x"})
    assert found(read_own(path / "a.csv")) == TRIPLES
    with pytest.raises(DataError, match=r"r\.zip holds a\.csv, b\.txt; name the one with the rat"):
        read_own(path)
    with pytest.raises(DataError, match=r"r\.zip holds no c\.csv; it has a\.csv, b\.txt"):
        read_own(path / "c.csv")


def halves(tmp_path: Path, *heads: str) -> Path:
    for number, (head, rows) in enumerate(zip(heads, (ROWS[:9], ROWS[9:]), strict=True)):
        write(tmp_path, table("{u},{i},{s}", head=head, rows=rows), f"parts/part-0000{number}")
    write(tmp_path, b"", "parts/_SUCCESS")
    write(tmp_path, b"crc", "parts/.part-00000.crc")
    write(tmp_path, b"PK", "parts/part-00000.starcast.parquet")
    return tmp_path / "parts"


@pytest.mark.parametrize("heads", [("", ""), ("user,item,rating",) * 2, ("user,item,rating", "")])
def test_folders_of_parts(tmp_path: Path, heads: tuple[str, str]) -> None:
    folder = halves(tmp_path, *heads)
    ratings = read_own(folder)
    assert found(ratings) == TRIPLES
    assert ratings.reading
    assert ratings.reading.form == "text separated by commas (2 files)"
    assert found(read_own(folder / "part-*")) == TRIPLES
    assert found(read_own(tmp_path / "p*" / "*0*")) == TRIPLES


def test_parts_of_different_forms(tmp_path: Path) -> None:
    frame = pl.DataFrame(TRIPLES[9:], schema=["userId", "movieId", "stars"], orient="row")
    frame.write_parquet(tmp_path / "b.parquet")
    write(tmp_path, table("{u}::{i}::{s}", rows=ROWS[:9]), "a.parquet.txt")
    assert found(read_own(tmp_path / "?.parquet*")) == TRIPLES


def test_patterns_that_match_nothing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nothing-\* matches no file; check the pattern"):
        read_own(tmp_path / "nothing-*")


def test_arrow_files(tmp_path: Path) -> None:
    frame = pl.DataFrame(TRIPLES, schema=["userId", "movieId", "stars"], orient="row")
    frame.write_ipc(tmp_path / "r.feather")
    assert found(read_own(tmp_path / "r.feather")) == TRIPLES


def test_jesters_tables_without_a_header(tmp_path: Path) -> None:
    rows = [[CELLS.get((user, item), 99) for item in range(101, 107)] for user in range(1, 9)]
    lines = [",".join(map(str, [sum(cell != 99 for cell in row), *row])) for row in rows]
    ratings = read_own(write(tmp_path, "\n".join(lines)))
    assert found(ratings) == [(user, item - 100, stars) for user, item, stars in TRIPLES]
    assert ratings.reading
    assert "99 means none" in ratings.reading.notes[0]


@pytest.mark.parametrize(
    ("row", "item"),
    [
        (r'"1";"\"0432\"";"4"', '"0432"'),
        (r'"1";"a;\"b;c\"";"4"', 'a;"b;c"'),
        ('"1";"a""b";"4"', 'a"b'),
        ('"1";"a\\";"4"', "a\\"),
    ],
)
def test_quotation_marks_within_others(tmp_path: Path, row: str, item: str) -> None:
    """As Book-Crossing escapes them, and as CSV doubles them."""
    text = f'"User-ID";"ISBN";"Book-Rating"\n{row}\n"2";"x";"5"\n'
    assert item in read_own(write(tmp_path, text)).items.ids


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b"SQLite format 3\0",
            r"r is a SQLite database; name a table in it: sqlite:///.*r\?table=",
        ),
        (b"\x89HDF\r\n", "r is an HDF5 file; save the table as Parquet or CSV"),
        (b"\x80\x04pickled", "r is a pickle, which could run any code"),
        (b"\x28\xb5\x2f\xfd!", "r is compressed by Zstandard; unpack it first: zstd -d"),
        (b"BZh9 no more", "r cannot be unpacked"),
        (bz2.compress(CSV.encode())[:-9], "r cannot be unpacked"),
        (b"<!DOCTYPE html><p>Log in", "r is a page of HTML or XML, no table; download the data"),
        (b"%%MatrixMarket matrix coordinate pattern general\n1 1 1\n1 1\n", "ratings need 'matrix"),
        (
            b"%%MatrixMarket matrix array real general\n1 1\n1\n",
            "Market file of 'matrix array real",
        ),
        (b"@relation r\n@attribute user string\n", "r is an ARFF file without @DATA"),
        (b"@relation r\n@attribute user string\n@data\n{0 1}\n", "r is a sparse ARFF file"),
        (b"5 1:1 2:1 3:1\n4 1:1 2:1 4:1\n", "r holds features as libFM takes them"),
        (b"5 1:0.5 2:1\n4 1:1 2:1\n", "others than one user and one item"),
        (b"1:\n5,2005-01-01\n", "the files of the quiz hold no ratings"),
        (b'{"user": 1}\n{"user": 2}\n', "r has no item column among 'user'"),
        (b'["a", "b"]', "r is JSON, but no table"),
        (b'{"user": [1, 2], "item": [1]}', "r is JSON, but no table"),
        (b'{"user":', "r is no readable JSON"),
        (b'{"user": 1, "item": 2, "rating": 3}\n{"user": 1,\n', "r, line 2: it is no JSON object"),
        (b'{"user": 1, "item": 2, "rating": 3}\n\n{}\n', "r, line 3: the user is missing"),
        (b'{"user": 1, "item": 2, "rating": "x"}\n', "r, line 1: the rating 'x' is not a number"),
        (b"5 1:1 2:1\n" * 60 + b"x\n", "r, line 61: the user is missing"),
        (b"PK\x03\x04 no archive", "r cannot be unpacked: File is not a zip file"),
        (b"# c\n% d\n", "r has 0 columns; it needs user, item, rating columns"),
        (
            b"user,a,b,c,d,e\n1,,2,3,4,5\n2,3,,4,5,1\n3,1,2,3,4,5,6\n",
            "line 4: it has 7 of 6 fields",
        ),
        (b"user,a,b,c,d,d\n1,,2,3,4,5\n2,3,,4,5,1\n", "r has two columns for item 'd'; rename one"),
    ],
)
def test_what_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message) as refusal:
        read_own(write(tmp_path, content))
    assert "\n" not in str(refusal.value)


def test_spreadsheets_and_archives_of_nothing(tmp_path: Path) -> None:
    book: dict[str, str | bytes] = {"[Content_Types].xml": "x", "xl/workbook.xml": "x"}
    with pytest.raises(DataError, match=r"r\.zip is a spreadsheet; save the sheet as CSV"):
        read_own(zipped(tmp_path, book))
    with pytest.raises(DataError, match=r"r\.zip holds no table; name a file of ratings"):
        read_own(zipped(tmp_path, {"README.md": CSV}))
    with pytest.raises(DataError, match=r"r\.zip/a\.csv holds a header and no rows"):
        read_own(zipped(tmp_path, {"a.csv": "user,item,rating\n"}))


@pytest.mark.parametrize("option", [{"separator": ";"}, {"skip": 1}, {"header": "none"}])
@pytest.mark.parametrize("make", [lambda: TEXTS["JSON lines"].encode(), lambda: b"PAR1"])
def test_options_without_meaning_are_refused(
    tmp_path: Path, option: dict[str, Any], make: Callable[[], bytes]
) -> None:
    frame = pl.DataFrame(TRIPLES, schema=["userId", "movieId", "stars"], orient="row")
    frame.write_parquet(tmp_path / "r")
    if make() != b"PAR1" and "separator" not in option:
        write(tmp_path, make())
    with pytest.raises(ConfigError, match=rf"for which --{next(iter(option))} has no meaning"):
        read_own(tmp_path / "r", **option)
