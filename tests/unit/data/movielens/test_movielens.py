"""GroupLens's three layouts, in miniature."""

from pathlib import Path

import numpy as np
import pytest

from starcast.data.movielens import parse
from starcast.data.ratings import Ratings
from starcast.errors import DataError, UnknownNameError

# user 1: film 20 with 4 @ 900, film 3 with 5 @ 901; user 7: film 3 with 2 @ 50
ROWS = ((1, 20, 4, 900), (7, 3, 2, 50), (1, 3, 5, 901))


def lines(separator: str) -> str:
    return "".join(separator.join(map(str, row)) + "\n" for row in ROWS)


def hundred_thousand(folder: Path) -> None:
    (folder / "u.data").write_text(lines("\t"))
    films = "3|Misérables, Les (1995)|01-Jan-1995||x|0\n20|Up: A Story (2009)||\n99|Unrated|\n"
    (folder / "u.item").write_text(films, encoding="latin-1")


def million(folder: Path, encoding: str) -> None:
    (folder / "ratings.dat").write_text(lines("::"))
    films = "3::Misérables, Les (1995)::Drama\n20::Up: A Story (2009)::Drama|War\n99::Unrated::\n"
    (folder / "movies.dat").write_text(films, encoding=encoding)


def later(folder: Path) -> None:
    (folder / "ratings.csv").write_text("userId,movieId,rating,timestamp\n" + lines(","))
    films = '3,"Misérables, Les (1995)",Drama\n20,Up: A Story (2009),Drama|War\n99,Unrated,\n'
    (folder / "movies.csv").write_text("movieId,title,genres\n" + films, encoding="utf-8")


@pytest.fixture(params=["100k", "1m, Latin-1", "10m, UTF-8", "20m"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    {
        "100k": lambda: hundred_thousand(tmp_path),
        "1m, Latin-1": lambda: million(tmp_path, "latin-1"),
        "10m, UTF-8": lambda: million(tmp_path, "utf-8"),
        "20m": lambda: later(tmp_path),
    }[request.param]()
    return tmp_path


def test_every_layout_gives_the_same_ratings(folder: Path) -> None:
    ratings = parse.read(folder, "tiny")

    assert ratings.name == "tiny"
    assert ratings.users.ids.tolist() == [1, 7]
    assert ratings.items.ids.tolist() == [3, 20]
    assert ratings.user_rows.tolist() == [0, 0, 1]
    assert ratings.item_rows.tolist() == [0, 1, 0]
    assert ratings.stars.tolist() == [5, 4, 2]
    assert ratings.timestamps is not None
    assert ratings.timestamps.tolist() == [901, 900, 50]
    assert ratings.titles.tolist() == ["Misérables, Les (1995)", "Up: A Story (2009)"]
    assert (ratings.scale.lowest, ratings.scale.highest, ratings.scale.step) == (2, 5, 1)


def test_ids_are_integers_of_64_bits(folder: Path) -> None:
    ratings = parse.read(folder, "tiny")
    assert ratings.users.ids.dtype == ratings.items.ids.dtype == np.dtype(np.int64)
    assert ratings.user_rows.dtype == ratings.item_rows.dtype == np.dtype(np.int32)


def test_links_are_ids_at_other_places(tmp_path: Path) -> None:
    later(tmp_path)
    assert parse.files(tmp_path) == [tmp_path / "ratings.csv", tmp_path / "movies.csv"]
    links = tmp_path / "links.csv"
    links.write_text("movieId,imdbId,tmdbId\n3,0113828,\n20,1049413,14160\n99,0000001,1\n")
    told = {
        one.name: dict(zip(one.member_rows.tolist(), one.values[one.value_rows], strict=True))
        for one in parse.read(tmp_path, "tiny").attributes
        if not one.is_feature
    }
    assert told == {"imdb_id": {0: "tt0113828", 1: "tt1049413"}, "tmdb_id": {1: "14160"}}
    assert parse.files(tmp_path)[2:] == [links]  # so that a cache notices when it changes
    links.write_text("movieId,imdbId,tmdbId\n3,0113828\n")
    assert parse.read(tmp_path, "tiny").attributes == ()


def test_half_stars_in_a_dat_file(tmp_path: Path) -> None:
    million(tmp_path, "utf-8")
    (tmp_path / "ratings.dat").write_text("1::3::4.5::9\n1::20::5::9\n1::99::0.5::9\n")
    ratings = parse.read(tmp_path, "tiny")
    assert ratings.stars.tolist() == [4.5, 5, 0.5]
    assert ratings.scale.step == 0.5


def test_a_film_without_a_line_has_no_title(tmp_path: Path) -> None:
    million(tmp_path, "utf-8")
    (tmp_path / "movies.dat").write_text("20::Up (2009)::\n")
    assert parse.read(tmp_path, "tiny").titles.tolist() == ["", "Up (2009)"]


def test_a_latin_1_title_keeps_a_character_that_python_takes_for_a_line_end(tmp_path: Path) -> None:
    hundred_thousand(tmp_path)
    (tmp_path / "u.item").write_bytes(b"3|Odd\x85one|\r\n20|Misr\xe9|\r\n")
    assert parse.read(tmp_path, "tiny").titles.tolist() == ["Odd\x85one", "Misré"]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "is no MovieLens folder: it holds none of u.data, ratings.dat, ratings.csv"),
        ({"u.data": "1\t2\t3\t4\n"}, "u.item does not exist"),
        ({"u.data": "", "u.item": "1|x|\n"}, "u.data is empty"),
        ({"u.data": "1\t2\t3\t4\n1\t2\n", "u.item": "1|x|"}, "u.data, line 2: it has 2 of 4"),
        ({"u.data": "1\t2\t3\t4\n1\t\t3\t4\n", "u.item": "1|x|"}, "line 2: the item is missing"),
        ({"u.data": "1\t2\t3\t4\n1\t3\tx\t4\n", "u.item": "1|x|"}, "line 2: the rating 'x' is"),
        ({"u.data": "1\t2\t3\t4\n1\ttwo\t5\t4\n", "u.item": "1|x|"}, "u.data cannot be read .*two"),
        ({"u.data": "1\t2\t3\t4\n1\t3\t3\t4\n", "u.item": "1|x|"}, "u.data: every rating is 3"),
        ({"u.data": "1\t2\t3\t4\n1\t2\t4\t4\n", "u.item": "1|x|"}, "rates the same item twice"),
        ({"u.data": "1\t2\t3\t4\n1\t3\t4\t4\n", "u.item": "x|y|"}, "u.item, film 1: 'x' is no"),
        (
            {"ratings.dat": "1::2::3::4\n1::2::3\n", "movies.dat": "1::x::"},
            "ratings.dat, line 2: it has 3 of 4 fields",
        ),
    ],
)
def test_damaged_folders_are_refused(tmp_path: Path, files: dict[str, str], message: str) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match=message):
        parse.read(tmp_path, "tiny")


@pytest.fixture
def shipped(tmp_path: Path) -> tuple[Path, Ratings]:
    hundred_thousand(tmp_path)
    return tmp_path, parse.read(tmp_path, "tiny")


def test_the_official_test_rows(shipped: tuple[Path, Ratings]) -> None:
    folder, ratings = shipped
    (folder / "u1.test").write_text("7\t3\t2\t50\n1\t3\t5\t901\n")
    assert parse.official_test(folder, "u1", ratings).tolist() == [True, False, True]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("7\t20\t4\t900\n", "u1.test belongs to other ratings: 1 of its rows are not there"),
        ("8\t3\t4\t900\n", "u1.test belongs to other ratings: user '8' was not"),
        ("7\t21\t4\t900\n", "u1.test belongs to other ratings: item '21' was not"),
    ],
)
def test_official_rows_that_are_not_in_the_data_are_refused(
    shipped: tuple[Path, Ratings], row: str, message: str
) -> None:
    folder, ratings = shipped
    (folder / "u1.test").write_text("7\t3\t2\t50\n" + row)
    with pytest.raises(DataError, match=message):
        parse.official_test(folder, "u1", ratings)


def test_official_splits_of_a_set_that_lies_elsewhere(shipped: tuple[Path, Ratings]) -> None:
    folder, ratings = shipped
    with pytest.raises(DataError, match=r"'starcast data fetch elsewhere' .*\$STARCAST_DATA_DIR"):
        parse.official_test(folder / "elsewhere", "u1", ratings)


def test_an_unknown_official_split_names_the_nearest(shipped: tuple[Path, Ratings]) -> None:
    folder, ratings = shipped
    (folder / "ua.test").write_text("7\t3\t2\t50\n")
    with pytest.raises(UnknownNameError, match="did you mean 'ua'"):
        parse.official_test(folder, "ub", ratings)
