"""Items by words; the order is told by hand."""

import pytest

from starcast.serve.search import Search, words

TITLES = [
    "Matrix, The (1999)",
    "Amélie (2001)",
    "The Man",
    "Manhattan",
    "Man Bites Dog",
    "",
    "Ünder",
]
FAME = [50, 40, 1, 90, 7, 5, 0]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("the matrix", [0]),
        ("MATRIX the", [0]),
        ("amelie", [1]),
        ("AMÉLIE 2001", [1]),
        ("ame\u0301lie", [1]),  # the accent as a character of its own
        ("man", [4, 2, 3]),  # whole words first, then the more often rated
        ("man t", [2]),
        ("under", [6]),
        ("ma the", [0, 2]),
        ("man man", [4, 2, 3]),
        ("ma dog x", []),
        ("", [3, 0, 1, 4, 5, 2, 6]),  # everything
        ("?!", []),
        ("\ud800", []),
    ],
)
def test_titles_are_found_by_their_words(query: str, found: list[int]) -> None:
    assert Search(TITLES, FAME).find(query) == found


def test_the_list_ends_where_it_should() -> None:
    assert Search(TITLES, FAME).find("ma", 2) == [3, 0]


def test_an_apostrophe_ends_no_word() -> None:
    assert words("Schindler's L’ist, The") == ["schindlers", "list", "the"]
