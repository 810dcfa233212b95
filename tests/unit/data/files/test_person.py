"""One person's ratings: lists of ids or titles, and exports as they come."""

import zipfile
from pathlib import Path

import pytest

from starcast.data.files import person
from starcast.data.files.person import Rated
from starcast.errors import DataError

LETTERBOXD = (
    "Date,Name,Year,Letterboxd URI,Rating\r\n"
    '2024-01-02,Heat,1995,https://boxd.it/x,4.5\r\n2024-01-03,"I, Robot",2004,https://boxd.it/y,\r\n'
)
IMDB = (
    "Const,Your Rating,Date Rated,Title,URL,Title Type,IMDb Rating,Year\n"
    'tt0113277,9,2021-03-01,"Heat",https://www.imdb.com/title/tt0113277/,movie,8.3,1995\n'
)


def read(tmp_path: Path, content: str | bytes, name: str = "r.csv") -> person.Listed:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return person.read(path)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("item_id,rating\n1,4.0\n6,5\n", [Rated("1", "", None, 4), Rated("6", "", None, 5)]),
        ("1,4.0\n6,5\n", [Rated("1", "", None, 4), Rated("6", "", None, 5)]),
        (
            "Heat (1995);4,5\nUp;5\n",
            [Rated("Heat (1995)", "", None, 4.5), Rated("Up", "", None, 5)],
        ),
        ("stars\ttitle\tyear\n4\tHeat\t1995\n", [Rated("", "Heat", 1995, 4)]),
        ("movieId::title::rating\n6::Heat: A::3\n", [Rated("6", "Heat: A", None, 3)]),
        ('[{"asin": "B1", "stars": 4}]', [Rated("B1", "", None, 4)]),
        ("title,rating\nCaf\xe9,4\n", [Rated("", "Café", None, 4)]),
    ],
)
def test_lists(tmp_path: Path, content: str, expected: list[Rated]) -> None:
    for encoding in ("utf-8", "latin-1", "utf-16"):
        listed = read(tmp_path, content.encode(encoding))
        assert listed.ratings == expected
        assert (listed.n_without, listed.ends) == (0, None)


def test_letterboxd(tmp_path: Path) -> None:
    expected = person.Listed([Rated("", "Heat", 1995, 4.5)], 1, (0.5, 5.0))
    assert read(tmp_path, LETTERBOXD) == expected
    with zipfile.ZipFile(tmp_path / "letterboxd.zip", "w") as archive:
        archive.writestr("profile.csv", "Date Joined,Username\n2020-01-01,ann\n")
        archive.writestr("ratings.csv", LETTERBOXD)
        archive.writestr("watched.csv", LETTERBOXD)
    assert person.read(tmp_path / "letterboxd.zip") == expected


def test_imdb(tmp_path: Path) -> None:
    listed = read(tmp_path, IMDB)
    assert listed == person.Listed([Rated("tt0113277", "Heat", 1995, 9)], 0, (1.0, 10.0))
    assert read(tmp_path, IMDB.encode("cp1252")) == listed


def test_goodreads_writes_0_for_none(tmp_path: Path) -> None:
    head = "Book Id,Title,Author,ISBN,My Rating,Average Rating,Exclusive Shelf\n"
    rows = '7,"Emma",Jane,"=""0141439580""",4,4.0,read\n8,Ulysses,James,"=""""",0,3.7,to-read\n'
    expected = person.Listed([Rated("7", "Emma", None, 4)], 1, (1.0, 5.0))
    assert read(tmp_path, head + rows) == expected


OLD_IMDB = (
    '"position","const","created","Title","You rated","IMDb Rating","Year",'
    '"Release Date (month/day/year)","URL"\n'
    '"1","tt0113277","Sat Jan 2 00:00:00 2010","Heat","9","8.3","1995","1995-12-15","x"\n'
)
MOVIE_DATABASE = (
    "TMDb ID,IMDb ID,Type,Name,Release Date,Rating,Your Rating,Date Rated\n"
    "949,tt0113277,movie,Heat,1995-12-15,7.9,9,2020-01-01\n"
)
TRAKT = (
    '[{"rated_at": "2020-01-01", "rating": 9, "type": "movie", "movie": {"title": "Heat", '
    '"year": 1995, "ids": {"trakt": 1, "imdb": "tt0113277"}}}]'
)


@pytest.mark.parametrize(
    ("content", "ends"),
    [
        (OLD_IMDB, (1, 10)), (MOVIE_DATABASE, (1, 10)), (TRAKT, (1, 10)),
        ("title,year,rating\nHeat,1995,9/10\n", (0, 10)),
        ("title,year,rating\nHeat,1995,9 out of 10\n", (0, 10)),
        ("title,year,rating\nHeat,1995,9 stars\n", None),
    ],
)  # fmt: skip
def test_whose_ratings_end_where(
    tmp_path: Path, content: str, ends: tuple[float, float] | None
) -> None:
    listed = read(tmp_path, content)
    assert [(one.title, one.year, one.stars) for one in listed.ratings] == [("Heat", 1995, 9)]
    assert listed.ends == ends


def test_a_data_frame() -> None:
    listed = person.read({"title": ["Heat", "Up"], "stars": [4.5, None], "year": [1995, 2009]})
    assert listed == person.Listed([Rated("", "Heat", 1995, 4.5)], 1, None)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"r\.csv is empty"),
        ("item,rating\n1,good\n", r"r\.csv, line 2: the rating 'good' is not a number"),
        ("item,rating\n,4\n", r"r\.csv, line 2: the item is missing"),
        ("item,rating\n1,\n", r"r\.csv holds no ratings"),
        ("item,note\n1,4\n", r"r\.csv has no rating column among 'item', 'note'"),
        ("when,rating\nx,4\n", r"r\.csv has no item column among 'when', 'rating'"),
    ],
)
def test_bad_lists(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(tmp_path, content)
