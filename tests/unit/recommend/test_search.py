"""Items by what people type for their titles; who is meant is told by hand."""

from collections.abc import Callable

import numpy as np
import pytest

import starcast as sc
from starcast.recommend.search import Search
from starcast.recommend.search_words import words

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
        ("man t", [2]),
        ("under", [6]),
        ("ma dog", [4]),
        ("", [3, 0, 1, 4, 5, 2, 6]),  # everything
        ("?!", []),
        ("\ud800", []),
        ("\x00", []),
        ("zzzz qqqq", []),
    ],
)
def test_titles_are_found_by_their_words(query: str, found: list[int]) -> None:
    assert Search(TITLES, FAME).find(query) == found


def test_whole_words_lead_and_the_list_ends_where_it_should() -> None:
    films = Search(TITLES, FAME)
    assert films.find("man") == [2, 3, 4]  # The Man; Manhattan, which many know; Man Bites Dog
    assert films.find("man", 2) == [2, 3]
    assert Search([], []).find("man") == Search([], []).find("") == []


def test_an_apostrophe_ends_no_word() -> None:
    assert words("Schindler's L’ist, The") == ["schindlers", "list", "the"]


@pytest.fixture(scope="module")
def best() -> Callable[[str], str]:
    """The title that leads what is found in ml-latest-small."""
    ratings = sc.load("ml-latest-small")
    titles = ratings.titles.tolist()
    films = Search(titles, np.bincount(ratings.item_rows, minlength=ratings.n_items).tolist())

    def found(query: str) -> str:
        return next((titles[row] for row in films.find(query, 1)), "")

    return found


MEANT = {
    "typos": {
        "matirx": "Matrix, The (1999)",
        "terminater 2": "Terminator 2",
        "shawshenk redemtion": "Shawshank",
        "forest gump": "Forrest Gump",
        "psyco": "Psycho (1960)",
        "inglorious basterds": "Inglourious Basterds (2009)",
        "independance day": "Independence Day (a.k.a. ID4)",
        "pulp ficton": "Pulp Fiction",
    },
    "joined and apart": {
        "xmen": "X-Men (2000)",
        "spiderman": "Spider-Man (2002)",
        "starwars": "Star Wars: Episode IV",
        "bat man": "Batman (1989)",
        "walle": "WALL·E",
        "mash": "M*A*S*H",
        "et": "E.T. the",
        "la confidential": "L.A. Confidential",
        "ghost busters": "Ghostbusters (a.k.a.",
        "lotr": "Lord of the Rings: The Fellowship",
    },
    "numbers": {
        "star wars 4": "Star Wars: Episode IV",
        "star wars iv": "Star Wars: Episode IV",
        "star wars five": "Star Wars: Episode V ",
        "godfather part 2": "Godfather: Part II",
        "godfather 3": "Godfather: Part III",
        "rocky4": "Rocky IV",
        "alien 3": "Alien³",
        "12 monkeys": "Twelve Monkeys",
        "oceans 11": "Ocean's Eleven (2001)",
        "6th sense": "Sixth Sense",
        "se7en": "Seven (a.k.a. Se7en)",
        "seven": "Seven (a.k.a. Se7en)",
        "x2": "X2: X-Men United",
        "malcolm x": "Malcolm X",
        "american history x": "American History X",
        "2001 space odyssey": "2001: A Space Odyssey",
        "titanic 1953": "Titanic (1953)",
        "2001": "2001: A Space Odyssey",
        "u571": "U-571",
        "4 weddings": "Four Weddings",
    },
    "places in a series": {
        "lord of rings 3": "Lord of the Rings: The Return of the King",
        "harry potter 3": "Harry Potter and the Prisoner",
        "indiana jones 1": "Raiders of the Lost Ark (Indiana",
        "die hard 3": "Die Hard: With a Vengeance",
        "batman 2": "Batman Returns",
        "hunger games 2": "The Hunger Games: Catching Fire",
        "pirates of carribean 2": "Pirates of the Caribbean: Dead Man's Chest",
        "bourne 2": "Bourne Supremacy",
        "lotr 2": "Lord of the Rings: The Two Towers",
        "terminator 9": "Terminator, The (1984)",  # there is none: what it is called by counts
    },
    "little words": {
        "good bad ugly": "Good, the Bad and the Ugly",
        "one flew over cuckoos nest": "One Flew Over the Cuckoo's Nest",
        "the les miserables": "Misérables, Les",
        "amelie": "Amelie",
        "doctor strangelove": "Dr. Strangelove",
    },
    "what is being typed": {"godf": "Godfather, The (1972)", "spirited aw": "Spirited Away"},
}
CASES = [(query, title) for kind in MEANT.values() for query, title in kind.items()]


@pytest.mark.parametrize(("query", "title"), CASES, ids=[query for query, _ in CASES])
def test_whoever_types_otherwise_is_understood(
    best: Callable[[str], str], query: str, title: str
) -> None:
    assert best(query).startswith(title)


def test_what_only_looks_a_little_alike_is_not_shown() -> None:
    films = Search(
        ["Matrix, The (1999)", "Martin (1978)", "Hero (2002)", "Zero (1928)"], [9, 1, 1, 1]
    )
    assert films.find("matrix") == [0]
    assert films.find("hero") == [2]  # found as it is, nothing else is asked
    assert films.find("matrix dreams of cars") == []


def test_every_title_is_found_by_itself_and_with_a_letter_less() -> None:
    ratings = sc.load("ml-latest-small")
    n_raters = np.bincount(ratings.item_rows, minlength=ratings.n_items)
    rows = np.argsort(-n_raters)[:200].tolist()
    films = Search(ratings.titles.tolist(), n_raters.tolist())
    for row in rows:
        title = str(ratings.titles[row])
        name, year = title[:-6], title[-6:]
        at = len(name) // 2
        assert films.find(title, 1) == [row], title
        if len(name) > 8:  # a letter of "Babe" is a quarter of it
            assert row in films.find(name[:at] + name[at + 1 :] + year, 3), title
