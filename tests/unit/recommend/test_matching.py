"""A person's list and a model's items: by id, by title and year, and what is left out."""

import numpy as np
import pytest

from starcast.data.files.person import Listed, Rated
from starcast.data.ratings import Ratings
from starcast.data.scale import RatingScale
from starcast.errors import DataError
from starcast.recommend.matching import match
from starcast.recommend.titles import TitleIndex

TITLES = {
    1: "Toy Story (1995)",
    2: "Toy Story 2 (1999)",
    3: "Usual Suspects, The (1995)",
    4: "Heat (1995)",
    5: "Heat (1972)",
    6: "City of Lost Children, The (Cité des enfants perdus, La) (1995)",
    7: "Amélie (2001)",
    8: "Rocky II (1979)",
    9: "Star Wars: Episode IV - A New Hope (1977)",
    10: "2001: A Space Odyssey (1968)",
    11: "Nikita (a.k.a. La Femme Nikita) (1990)",
    12: "Untitled",
    13: "",
}


def films(scale: RatingScale | None = None, ids: dict[int, str] | None = None) -> Ratings:
    names = {(ids or {}).get(one, one): title for one, title in TITLES.items()}
    return Ratings.from_columns(
        np.arange(len(names)), np.array(list(names)), np.arange(len(names)) % 5 + 1.0,
        titles=names, scale=scale or RatingScale(0.5, 5, 0.5),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("title", "year", "item"),
    [
        ("Toy Story", 1995, 1), ("Toy Story (1995)", None, 1), ("toy story", None, 1),
        ("Toy Story 2", None, 2), ("The Usual Suspects", 1995, 3), ("Usual Suspects, The", 1995, 3),
        ("USUAL SUSPECTS, the (1995)", None, 3), ("Heat", 1995, 4), ("Heat", 1972, 5),
        ("Heat", 1996, 4), ("The City of Lost Children", 1995, 6),
        ("La Cité des enfants perdus", 1995, 6), ("cite des enfants perdus, la", None, 6),
        ("Amelie", 2001, 7), ("Rocky 2", 1979, 8), ("Star Wars Episode IV: A New Hope", 1977, 9),
        ("La Femme Nikita", 1990, 11), ("Untitled", None, 12), ("2001: A Space Odyssey", 1968, 10),
    ],
)  # fmt: skip
def test_titles_that_differ_in_spelling_alone(title: str, year: int | None, item: int) -> None:
    found = TitleIndex(films()).find(title, year)
    assert found
    assert TITLES[item] == found.title
    assert found.is_sure == (year != 1996)


@pytest.mark.parametrize(
    ("title", "year", "item"),
    [
        ("The Usual Suspekts", 1995, 3), ("Amelia", 2001, None), ("Toy Storey", 1995, 1),
        ("Toy Story 3", 2010, None), ("Toy Story 3", None, None), ("Rocky III", 1979, None),
        ("Heat", None, None), ("Heat", 1980, None), ("Toy Story", 1980, None),
        ("2010: A Space Odyssey", 1968, None), ("Something else", 1995, None), ("", None, None),
        ("City of Lost Childrn", None, 6),
    ],
)  # fmt: skip
def test_titles_that_are_only_like_others(title: str, year: int | None, item: int | None) -> None:
    found = TitleIndex(films()).find(title, year)
    assert (found and found.title) == (TITLES[item] if item else None)
    assert not (found and found.is_sure)


def listed(*rated: Rated, n_without: int = 0, ends: tuple[float, float] | None = None) -> Listed:
    return Listed(list(rated), n_without, ends)


def test_ids_titles_and_what_is_left_out() -> None:
    found = match(
        listed(
            Rated("1", "", None, 4), Rated("2.0", "", None, 5), Rated("Heat (1995)", "", None, 3),
            Rated("", "Usual Suspekts, The", 1995, 2), Rated("999999", "", None, 3),
            Rated("", "Nowhere", 1999, 1), Rated("", "Toy Story", 1995, 2), n_without=2,
        ),
        films(),
    )  # fmt: skip
    assert found.item_ids == [1, 2, 4, 3]
    assert found.stars == [2, 5, 3, 2]  # the later rating of Toy Story
    assert found.notes == [
        "3 of 5 items found by title",
        "taken for the same: 'Usual Suspekts, The (1995)' is 'Usual Suspects, The (1995)'",
        "left out: 2 items not known here: '999999', 'Nowhere (1999)'",
        "left out: 2 rows without a rating",
        "left out: 1 older ratings of items that were rated again",
    ]


def test_nothing_known() -> None:
    with pytest.raises(DataError, match="nothing on the list is known here: 'x', 'Nowhere'"):
        match(listed(Rated("x", "", None, 4), Rated("", "Nowhere", None, 4)), films())


def test_imdb_ids_are_not_those_of_another_catalogue() -> None:
    heat = Rated("tt0000001", "Heat", 1995, 9)
    assert match(listed(heat, ends=(1, 10)), films()).item_ids == [4]
    texts = films(ids={4: "0000001", **{one: f"x{one}" for one in TITLES if one != 4}})
    assert match(listed(Rated("tt0000001", "", None, 9)), texts).item_ids == ["0000001"]


@pytest.mark.parametrize(
    ("ends", "scale", "stars", "expected"),
    [
        ((1, 10), RatingScale(0.5, 5, 0.5), [1, 7, 10], [0.5, 3.5, 5]),
        ((1, 10), RatingScale(1, 5, 1), [1, 8, 10], [1, 4, 5]),
        ((0.5, 5), RatingScale(0.5, 5, 0.5), [0.5, 5], [0.5, 5]),
        ((0.5, 5), RatingScale(1, 5, 1), [0.5, 3.5], [1, 3.5]),
        ((0.5, 5), RatingScale(0, 10, 1), [0.5, 4.5], [1, 9]),
        ((1, 10), RatingScale(-10, 10, 1), [1, 10], [-10, 10]),
        (None, RatingScale(0.5, 5, 0.5), [7, 3], [7, 3]),  # the model refuses what is no star
    ],
)
def test_exports_are_brought_to_the_models_scale(
    ends: tuple[float, float] | None, scale: RatingScale, stars: list[float], expected: list[float]
) -> None:
    rated = [Rated(str(at + 1), "", None, one) for at, one in enumerate(stars)]
    assert match(listed(*rated, ends=ends), films(scale)).stars == pytest.approx(expected)
