"""Filters over columns of items: what they let pass, by hand, and what they refuse, and where."""

import re
from dataclasses import replace

import numpy as np
import pytest
import shop_of_items as shop

from starcast.data.ratings import Attribute
from starcast.errors import ConfigError, UnknownNameError
from starcast.recommend.filters import filtered
from starcast.recommend.item_columns import ItemColumns

ROWS = shop.rows()
COLUMNS = ItemColumns.of(shop.artifact().split.ratings)


def passed(text: str) -> list[int]:
    return np.flatnonzero(filtered(text, COLUMNS).allowed).tolist()


def those(test: object) -> list[int]:
    return [n for n, row in enumerate(ROWS) if test(row)]  # type: ignore[operator]  # a function of Row


BY_HAND = {
    "genres = 'Comedy'": lambda row: "Comedy" in row.genres,
    "genre HAS 'Comedy'": lambda row: "Comedy" in row.genres,
    "genres <> 'Comedy'": lambda row: row.genres and "Comedy" not in row.genres,
    "not genres != 'Comedy'": lambda row: "Comedy" in row.genres,
    "genres not in ('War', 'Drama')": lambda row: (
        row.genres and not {"War", "Drama"} & {*row.genres}
    ),
    "genres is null": lambda row: not row.genres,
    "price IS NOT NULL": lambda row: row.price,
    "price < 2.5": lambda row: row.price and row.price < 2.5,
    "not price < 2.5": lambda row: row.price and row.price >= 2.5,
    "price < 2.5 or not price < 2.5": lambda row: row.price,
    "price < 2.5 or genres = 'War'": lambda row: (row.price or 9) < 2.5 or "War" in row.genres,
    "1974 <= year": lambda row: row.year and row.year >= 1974,
    "year=1974.0": lambda row: row.year == 1974,
    "year > 1e3 and year < +1971": lambda row: row.year == 1970,
    "year between 1972 and 1974 and price >= 2": (
        lambda row: row.year in (1972, 1973, 1974) and row.price and row.price >= 2
    ),
    "year not between 1972 and 1974": lambda row: row.year and row.year not in (1972, 1973, 1974),
    "year = 1971 or year = 1972 and price = 1": (
        lambda row: row.year == 1971 or (row.year == 1972 and row.price == 1)
    ),
    "(year = 1971 or year = 1972) and price = 1": (
        lambda row: row.year in (1971, 1972) and row.price == 1
    ),
    "director = 'O''Hara'": lambda row: "O'Hara" in row.director,
    "director = 'Ång, Lee'": lambda row: "Ång, Lee" in row.director,
    "director like 'a_a%'": lambda row: "Ana Ó" in row.director,
    "director not like '%b'": lambda row: row.director and "bob" not in row.director,
    "director contains '%'": lambda row: False,
    "title contains 'ÉTÉ'": lambda row: row.title.startswith("Été"),
    "title like 'heat %'": lambda row: row.title.startswith("Heat"),
    "director > 'a'": lambda row: any(one > "a" for one in row.director),
    '"and" >= 2': lambda row: len(row.genres) >= 2,
    "and >= 2 and PRICE = 1": lambda row: len(row.genres) >= 2 and row.price == 1,
    "not " * 999 + "price = 1": lambda row: row.price and row.price != 1,
    "(" * 2000 + "price = 1" + ")" * 2000: lambda row: row.price == 1,
}


@pytest.mark.parametrize("text", BY_HAND, ids=lambda text: text[:40])
def test_a_filter_lets_pass_what_it_says(text: str) -> None:
    assert passed(text) == those(BY_HAND[text])


HOSTILE = {
    "": "the filter is empty",
    "  \n": "the filter is empty",
    "__import__('os').system('x')": r"at character 11, '\('os'\)\.system\('x'\)'",
    "1=1; drop table users": "at character 4, '; drop table users'",
    "1=1": "two values are compared, at character 1",
    "price = price": "two columns are compared, at character 9",
    'genres = "Comedy"': "two columns are compared, at character 10 .* as 'Comedy'",
    "genres = ‘Comedy’": "at character 10, .* straight quotation marks",
    "genres = 'Comedy": "at character 10, .* not closed",
    "genres = 'Comedy' and": "ends too early, after 'genres = 'Comedy' and'",
    "genres in ()": "at character 12",
    "genres = 'a'\0": r"at character 13, '\\x00'",
    "price = 1 -- all": "at character 11",
    "price = 1 /* all */": "at character 11",
    "price = 1)": "at character 10",
    "price": "ends too early",
    "price = nan": "two columns are compared",
    "lower(title) = 'x'": "at character 6",
    "year = 'abc'": "'year' holds numbers, but 'abc' is text, at character 8",
    "year in (1971, '1972')": "'1972' is text, at character 16 of the filter; write 1972",
    "genres = 5": "'genres' holds text, such as 'Comedy', but 5 is a number, at .*; write '5'",
    "year like '19%'": "'year' holds numbers, which are like no text, at character 1",
    "title like 5": "'title' holds text, such as .* but 5 is a number",
    "price = 1 or " * 100 + "price = 1": "at most 100 comparisons",
    "(" * 10_000 + "price = 1" + ")" * 10_000: "at most 5,000 characters, not 20,009",
    "title = '\ud800'": "half a character",
    "a" * 4999: "ends too early",
    "price = " + "9" * 4000 + "x": "cannot be read",
}


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:30]))
def test_anything_else_is_refused_in_one_line_that_says_where(text: str) -> None:
    with pytest.raises(ConfigError) as refused:
        filtered(text, COLUMNS)
    line = str(refused.value)
    assert re.search(HOSTILE[text], line)
    assert "\n" not in line
    assert len(line) < 300


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("genrs = 'War'", "unknown column of items 'genrs': did you mean 'genres'?"),
        ("prize < 5", "did you mean 'price'?"),
        ('"or" = 1', "unknown column of items 'or': .*"),
        ("price = 1 and not (directr = 'x')", "did you mean 'director'?"),
    ],
)
def test_an_unknown_column_is_refused_with_the_nearest(text: str, line: str) -> None:
    with pytest.raises(UnknownNameError, match=line):
        filtered(text, COLUMNS)


def test_a_value_that_no_item_has_is_told_with_the_nearest() -> None:
    found = filtered("genres = 'comedy' or genres in ('War', 'Westrn') or price = 77", COLUMNS)
    assert found.remarks == (
        "no item has genres 'comedy'; did you mean 'Comedy'?",
        "no item has genres 'Westrn'",
    )


def test_a_pattern_takes_time_by_its_length_alone() -> None:
    """A matcher that goes back would try 60 places for each of 400 stars."""
    assert passed("title like '" + "%e" * 400 + "'") == []


def test_a_year_of_the_items_file_counts_before_those_of_titles() -> None:
    ratings = shop.artifact().split.ratings
    told = Attribute.of(ratings.items, "Year", {3: ["1888"], 4: ["1999.0"]}, is_feature=False)
    columns = ItemColumns.of(replace(ratings, attributes=(*ratings.attributes, told)))
    assert np.flatnonzero(filtered("year > 1990", columns).allowed).tolist() == [4]
    assert "year" not in columns.by_name


def test_a_year_of_the_items_file_hides_no_other_items_title() -> None:
    """As after an update with one new item that has a year of its own."""
    ratings = replace(
        shop.artifact().split.ratings,
        titles=np.array(["A (1994)", "B (1950)", "C (1994)", "D", "E (2001)", "F (1995)"]),
    )
    told = Attribute.of(ratings.items, "year", {1: ["1995"], 5: ["1888"]}, is_feature=False)
    columns = ItemColumns.of(replace(ratings, attributes=(*ratings.attributes, told)))
    known = {1994: ["A", "C"], 1995: ["B"], 1888: ["F"], 2001: ["E"], 1950: []}
    for year, titles in known.items():
        rows = np.flatnonzero(filtered(f"year = {year}", columns).allowed)
        assert [ratings.titles[row][0] for row in rows] == titles


def test_columns_are_found_whatever_their_case() -> None:
    assert [*COLUMNS.by_name] == ["title", "year", "genres", "and", "price", "director"]
    assert COLUMNS.find("GENRE") is COLUMNS.find("genres")
    assert COLUMNS.find("price").is_number
    assert not COLUMNS.find("director").is_number
