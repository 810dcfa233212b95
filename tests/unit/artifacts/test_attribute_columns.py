"""What is known of items, as columns and back."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from starcast.artifacts.attribute_columns import from_columns, to_columns
from starcast.data.ratings import Attribute, Ratings


@pytest.fixture
def known(ratings: Ratings) -> Ratings:
    """Alien is horror and science fiction, clue a comedy; duel is of 1971; ann is a poet."""
    genres = {"alien": ["Sci-Fi", "Horror"], "clue": ["Comedy"]}
    attributes = (
        Attribute.of(ratings.items, "genre", genres),
        Attribute.of(ratings.users, "occupation", {"ann": ["poet"]}),
        Attribute.of(ratings.items, "year", {"duel": ["1970–1974"]}),
        Attribute.of(ratings.items, "price.usd", {"duel": ["4.50"]}, is_feature=False),
    )
    return replace(ratings, attributes=attributes)


def test_attributes_of_items_come_back_as_they_were(known: Ratings) -> None:
    columns = to_columns(known)
    assert columns["attribute.genre"].to_list() == [["Horror", "Sci-Fi"], [], ["Comedy"], []]
    back = from_columns({"item_id": pl.Series([1, 2, 3, 4]), **columns})
    assert [one.name for one in back] == ["genre", "year", "price.usd"]
    for one, other in zip(back, (known.attributes[0], *known.attributes[2:]), strict=True):
        assert (one.side, one.is_feature) == ("item", other.is_feature)
        for name in ("values", "value_rows", "member_rows"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
            assert getattr(one, name).dtype.kind == getattr(other, name).dtype.kind


def test_what_is_known_of_people_stays_at_home(known: Ratings) -> None:
    assert not any("occupation" in name for name in to_columns(known))


def test_nothing_known_is_nothing_kept(ratings: Ratings) -> None:
    assert to_columns(ratings) == {}
    assert from_columns({"title": pl.Series(["a"])}) == ()


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (pl.Series(["a", "b"]), "'x' is no column of lists of text"),
        (pl.Series([[1], [2]]), "'x' is no column of lists of text"),
        (pl.Series([["a"], None]), "'x' is no column of lists of text"),
        (pl.Series([["a", None], ["b"]]), "'x' has values that are missing"),
    ],
)
def test_other_columns_are_refused(column: pl.Series, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        from_columns({"attribute.x": column})
