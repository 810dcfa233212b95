"""Ratings that are no plain numbers: what they are read as, and what is said of them."""

from pathlib import Path
from typing import Any

import pytest
from own_ratings import read_own

from starcast.data.files.figures import Figure, figure
from starcast.data.ratings import Ratings
from starcast.errors import DataError


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("4", 4, ""), ("4.", 4, ""), (".5", 0.5, ""), ("1e2", 100, ""), ("−2", -2, ""),
        ("+1.5", 1.5, ""), ("3½", 3.5, ""), ("½", 0.5, ""), ("-1½", -1.5, ""), ("٤", 4, ""),
        ("4/5", 4, "/5"), ("4.5 / 5", 4.5, "/5"), ("80%", 80, "%"), ("80 %", 80, "%"),
        ("3,5/5", 3.5, "/5"), ("20,5 %", 20.5, "%"), ("3 out of 5", 3, "out of 5"),
        ("3 of 5", 3, "of 5"), ("1 star", 1, "star"),
        ("2 Stars", 2, "star"), ("7 pts.", 7, "pt"), ("★★★½", 3.5, "★"), ("★★☆☆☆", 2, "★"),
        ("☆☆☆", 0, "★"), ("***", 3, "★"), ("⭐️⭐️", 2, "★"), ("True", 1, "true or false"),
        ("false", 0, "true or false"),
    ],
)  # fmt: skip
def test_figures(text: str, value: float, unit: str) -> None:
    assert figure(text) == Figure(value, unit)


@pytest.mark.parametrize(
    "text", ["", "good", "A", "4,5", "1'000", "2001: a", "x5", "%", "/5", "4/"]
)
def test_what_is_no_figure(text: str) -> None:
    assert figure(text) is None


def read(tmp_path: Path, *stars: str, **options: Any) -> Ratings:
    rows = "".join(f'{at},7,"{one}"\n' for at, one in enumerate(stars))
    (tmp_path / "r.csv").write_text(f"user,item,rating\n{rows}", encoding="utf-8")
    return read_own(tmp_path / "r.csv", **options)


@pytest.mark.parametrize(
    ("written", "expected", "note"),
    [
        (["20%", "80 %", "100%"], [20, 80, 100], "ratings are numbers before '%', and are kept as"),
        (["4/5", "3.5/5", "1/5"], [4, 3.5, 1], "ratings are numbers before '/5', and are kept as"),
        (["★", "★★★½", "½", "★★", "★"], [1, 3.5, 0.5, 2, 1], "ratings are written in stars, which"),
        (["1 star", "5 stars"], [1, 5], "ratings are numbers before 'star', and are kept as these"),
        (["true", "False"], [1, 0], "ratings are true or false, which are kept as 1 and 0"),
        (["3½", "2", "1e1"], [3.5, 2, 10], None),
        (["−1", "2"], [-1, 2], None),
        (["3,5", "2"], [3.5, 2], None),
        (["0,125", "0,250"], [0.125, 0.25], None),
    ],
)
def test_columns_in_one_unit(
    tmp_path: Path, written: list[str], expected: list[float], note: str | None
) -> None:
    ratings = read(tmp_path, *written)
    assert ratings.stars.tolist() == expected
    assert ratings.reading
    assert [one[: len(note)] for one in ratings.reading.notes] == [note] if note else True
    assert bool(ratings.reading.notes) == bool(note)


def test_missing_ones_are_left_out_of_any_unit(tmp_path: Path) -> None:
    ratings = read(tmp_path, "80%", "", "20%", "-", "n.a.", missing="")
    assert ratings.stars.tolist() == [80, 20]


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (["4/5"] * 9 + ["good"], r"line 11: the rating 'good' is not a number; correct or remove"),
        (["4/5"] * 9 + ["4/10"], r"line 11: the rating '4/10' is not a number; correct or remove"),
        (["4"] * 9 + ["80%"], r"line 11: the rating '80%' is not a number; correct or remove that"),
        (["80%", "3"] * 5, r"line 2: the rating '80%' is not a number; correct or remove that"),
        (
            ["good", "bad"] * 5,
            r"line 2: the rating 'good' is not a number; most others are like it: write numbers, "
            r"or say which column is the rating, --columns rating=NAME",
        ),
        (["1,234", "5"] * 3, r"r\.csv: the rating '1,234' may be 1234 or 1\.234; write it as one"),
        (["1'234.5"] * 9, r"line 2: the rating .* \(write it without signs between thousands\)"),
        (["1,234,567", "2,000,000"] * 3, r"line 2: .* \(write it without signs between thousands"),
    ],
)
def test_what_is_refused(tmp_path: Path, written: list[str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(tmp_path, *written)


def test_a_table_without_a_header_may_have_them(tmp_path: Path) -> None:
    (tmp_path / "r").write_text("1,2,80%\n1,3,20%\n", encoding="utf-8")
    assert read_own(tmp_path / "r").stars.tolist() == [80, 20]


def test_a_table_of_users_and_items_may_have_them(tmp_path: Path) -> None:
    rows = "".join(f"u{at},★,★★½,,★★★,★,★★\n" for at in range(4))
    (tmp_path / "r").write_text(f"user,a,b,c,d,e,f\n{rows}", encoding="utf-8")
    ratings = read_own(tmp_path / "r")
    assert (len(ratings), ratings.scale.lowest, ratings.scale.highest) == (20, 1, 3)
