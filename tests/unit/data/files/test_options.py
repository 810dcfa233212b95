"""What is said of a table overrides what is recognised, and what is left out is counted."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from own_ratings import read_own

from starcast.data.files.options import ReadingOptions
from starcast.data.ratings import Ratings
from starcast.errors import ConfigError, DataError

HEADER = "user,item,rating\n"
GOOD = HEADER + "1,2,3\n1,3,4\n"


def read(tmp_path: Path, content: str | bytes, **options: Any) -> Ratings:
    (tmp_path / "r").write_bytes(content.encode() if isinstance(content, str) else content)
    return read_own(tmp_path / "r", **options)


def left_out(ratings: Ratings) -> dict[str, int]:
    assert ratings.reading
    return dict(ratings.reading.left_out)


def pairs(ratings: Ratings) -> list[tuple[Any, Any, float]]:
    users = ratings.users.ids[ratings.user_rows].tolist()
    items = ratings.items.ids[ratings.item_rows].tolist()
    return list(zip(users, items, ratings.stars.tolist(), strict=True))


TWO = [(1, 2, 3.0), (1, 3, 4.0)]


@pytest.mark.parametrize(
    ("separator", "written"),
    [
        (":", ":"), ("/", "/"), ("<>", "<>"), (":::", ":::"), (" - ", " - "), ("tab", "\t"),
        ("\\t", "\t"), ("\t", "\t"), ("semicolon", ";"), ("pipe", "|"), ("blanks", "   "),
        (" ", " "), ("whitespace", " \t "), ("::", "::"), ("\x01", "\x01"),
    ],
)  # fmt: skip
def test_separators(tmp_path: Path, separator: str, written: str) -> None:
    assert pairs(read(tmp_path, GOOD.replace(",", written), separator=separator)) == TWO


def test_a_separator_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="r has 1 column; it needs user, item, rating columns"):
        read(tmp_path, GOOD, separator=";")


@pytest.mark.parametrize("encoding", ["cp1251", "koi8-r", "utf-16", "utf-8", "shift_jis"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    written = (HEADER + "Жук,2,3\nЖук,3,4\n").encode(encoding)
    ratings = read(tmp_path, written, encoding=encoding)
    assert pairs(ratings) == [("Жук", 2, 3.0), ("Жук", 3, 4.0)]


def test_a_wrong_encoding_is_named_with_the_line(tmp_path: Path) -> None:
    latin = (GOOD + "é,4,5\n").encode("latin-1")
    message = (
        r"r, line 4: it is not UTF-8 text; correct it, or say what the whole file is, as --enc"
    )
    with pytest.raises(DataError, match=message):
        read(tmp_path, latin, encoding="utf-8")


def test_without_help_other_text_is_western_european(tmp_path: Path) -> None:
    for text, encoding, spoken in (("é", "latin-1", "Latin-1"), ("“é”", "cp1252", "Windows-1252")):
        ratings = read(tmp_path, (GOOD + f"{text},4,5\n").encode(encoding))
        assert text in ratings.users.ids
        assert ratings.reading
        assert ratings.reading.notes == (f"its text is not UTF-8 and was read as {spoken}",)


@pytest.mark.parametrize("n_lines", [10, 200_000])
def test_one_odd_byte_does_not_make_utf8_another_encoding(tmp_path: Path, n_lines: int) -> None:
    text = HEADER.encode() + "é,1,2\nü,3,4\n".encode() * n_lines + b"\xe9,4,5\n"
    line = 2 + 2 * n_lines
    with pytest.raises(DataError, match=f"r, line {line}: it is not UTF-8 text"):
        read(tmp_path, text)


def test_latin_1_is_noticed_however_late(tmp_path: Path) -> None:
    text = HEADER.encode() + b"".join(b"%d,1,2\n" % n for n in range(200_000)) + b"\xe9,4,5\n"
    assert "é" in read(tmp_path, text).users.ids


def test_lines_above(tmp_path: Path) -> None:
    assert pairs(read(tmp_path, "1,9,9\n2,9,9\n" + GOOD, skip=2)) == TWO
    assert pairs(read(tmp_path, "1,9,9\n2,9,9\n1,2,3\n1,3,4\n", skip=2)) == TWO
    assert pairs(read(tmp_path, "1 9 9\r2 9 9\r1 2 3\r1 3 4\r", skip=2)) == TWO


def test_headers_that_look_like_rows_and_rows_that_look_like_headers(tmp_path: Path) -> None:
    assert pairs(read(tmp_path, "7,8,9\n1,2,3\n1,3,4\n", header="first",
                      columns="user=1,item=2,rating=3")) == TWO  # fmt: skip
    named = read(tmp_path, "user,item,3\n1,2,3\n1,3,4\n", header="none")
    assert ("user", "item", 3.0) in pairs(named)


def test_missing_ratings_are_left_out_if_asked_and_counted(tmp_path: Path) -> None:
    text = GOOD + "2,2,0\n2,3,-1\n3,2,99\n3,3,99.0\n4,2,\n4,3, \n5,2,NA\n5,3,n/a\n"
    ratings = read(tmp_path, text, missing="0,-1,99,NA")
    assert pairs(ratings) == TWO
    assert left_out(ratings) == {
        "with the rating 0, which means missing": 1,
        "with the rating -1, which means missing": 1,
        "with the rating 99, which means missing": 2,
        "with the rating NA, which means missing": 1,
        "without a rating": 3,
    }
    assert ratings.reading
    assert ratings.reading.n_rows == 10


def test_missing_ratings_of_plain_numbers(tmp_path: Path) -> None:
    ratings = read(tmp_path, GOOD + "2,2,0.5\n2,3,-1\n", missing=-1)
    assert pairs(ratings) == [*TWO, (2, 2, 0.5)]
    assert ratings.users.ids.tolist() == [1, 2]
    assert ratings.items.ids.tolist() == [2, 3]
    assert pairs(read(tmp_path, GOOD + "2,2,0.1\n", missing=[0.1])) == TWO


def test_empty_ratings_alone(tmp_path: Path) -> None:
    assert left_out(read(tmp_path, GOOD + "2,2,\n", missing="")) == {"without a rating": 1}


@pytest.mark.parametrize("cell", ["", "NA", "null", "?", "\\N", "None"])
def test_missing_ratings_are_refused_if_not_asked(tmp_path: Path, cell: str) -> None:
    with pytest.raises(DataError, match="line 4: the rating is missing") as refusal:
        read(tmp_path, GOOD + f"2,2,{cell}\n")
    assert str(refusal.value).endswith(f"or leave all such out: --missing '{cell}'")
    assert len(read(tmp_path, GOOD + f"2,2,{cell}\n", missing=cell)) == 2


def test_what_is_missing_elsewhere_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="line 4: the item is missing"):
        read(tmp_path, GOOD + "2,,3\n", missing="0")
    with pytest.raises(DataError, match="line 5: the rating 'x' is not a number"):
        read(tmp_path, GOOD + "2,2,0\n2,3,x\n", missing="0")


def test_everything_missing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="r holds no ratings; every rating is left out as missing"):
        read(tmp_path, GOOD, missing="3,4")


def test_rows_that_are_blank_only_in_part(tmp_path: Path) -> None:
    text = "user,item,rating,note\n1,2,3,\n,,,\n1,3,4,\n,,,but here\n"
    with pytest.raises(DataError, match="line 5: the user is missing"):
        read(tmp_path, text)
    assert pairs(read(tmp_path, text.replace("but here", " "))) == TWO


def test_few_ratings(tmp_path: Path) -> None:
    """Ann has three; without bob's and eve's item only one of hers is left with two raters."""
    text = "ann,1,1\nann,2,2\nann,3,3\nbob,1,4\nbob,2,5\neve,4,1\neve,1,2\n"
    ratings = read(tmp_path, text, min_ratings=2)
    assert pairs(ratings) == [("ann", 1, 1), ("ann", 2, 2), ("bob", 1, 4), ("bob", 2, 5)]
    assert left_out(ratings) == {"of users or items with fewer than 2 ratings": 3}
    assert ratings.n_users == ratings.n_items == 2
    with pytest.raises(DataError, match="no users and items have 3 ratings of each other"):
        read(tmp_path, text, min_ratings=3)


def test_repeated_pairs_count_once(tmp_path: Path) -> None:
    text = "ann,1,1\nann,1,2\nbob,2,3\nann,2,4\nbob,1,5\n"
    ratings = read(tmp_path, text, min_ratings=2)
    assert left_out(ratings) == {"of pairs that were rated again later": 1}
    assert len(ratings) == 4


def wide(corner: str, nothing: str = "") -> str:
    return f"{corner},a,b,c\nann,1,{nothing},3\nbob,{nothing},5,{nothing}\n"


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        (wide("user"), "rating=*"),
        (wide("who"), "user=who,rating=*"),
        (wide("who"), "user=1,rating=*"),
        ("n,who,a,b,c\n,ann,1,,3\n,bob,,5,\n", "user=who,rating=*"),
    ],
)
def test_a_table_that_is_said_to_be_wide(tmp_path: Path, text: str, columns: str) -> None:
    ratings = read(tmp_path, text, columns=columns)
    assert pairs(ratings) == [("ann", "a", 1), ("ann", "c", 3), ("bob", "b", 5)]


def test_wide_tables_without_names(tmp_path: Path) -> None:
    rows = "7,1,,3\n9,,5,\n"
    by_user = read(tmp_path, rows, header="none", columns="user=1,rating=*")
    assert pairs(by_user) == [(7, 1, 1), (7, 3, 3), (9, 2, 5)]
    by_row = read(tmp_path, rows, header="none", columns="user=,rating=*")
    assert pairs(by_row) == [(1, 1, 7), (1, 2, 1), (1, 4, 3), (2, 1, 9), (2, 3, 5)]
    with pytest.raises(
        DataError, match=r"say which column is the user, --columns user=1,rating=\*"
    ):
        read(tmp_path, rows, header="none", columns="rating=*")


def test_wide_tables_with_items_as_rows_and_marks(tmp_path: Path) -> None:
    text = "film,ann,bob\na,1,0\nb,0,5\nc,3,0\n"
    ratings = read(tmp_path, text, columns="item=film,rating=*", missing="0")
    assert pairs(ratings) == [("ann", "a", 1), ("ann", "c", 3), ("bob", "b", 5)]
    assert left_out(ratings) == {"with the rating 0, which means missing": 3}


def test_a_bad_cell_of_a_wide_table(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="row 2: the rating 'x' is not a number"):
        read(tmp_path, wide("user", "x"), columns="rating=*")


def test_tables_of_numbers_are_not_taken_for_wide_ones(tmp_path: Path) -> None:
    people = "user,age,height,weight,income,zip,children\n" + "".join(
        f"{n},{20 + n},{150 + n}.5,{50 + n},{1000 * n},{10_000 + n},{n % 3}\n" for n in range(60)
    )
    with pytest.raises(DataError, match="r has no item column among 'user', 'age'"):
        read(tmp_path, people)


def test_a_bad_option(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="unknown encoding 'klingon'"):
        read(tmp_path, GOOD, encoding="klingon")


def test_the_page_on_data_names_every_option() -> None:
    page = (Path(__file__).parents[4] / "docs" / "data.md").read_text(encoding="utf-8")
    for one in fields(ReadingOptions):
        assert f"`--{one.name.replace('_', '-')} " in page or f"`--{one.name}" in page, one.name
        assert f"`{one.name}=" in page, one.name
