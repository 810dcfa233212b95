"""Tables as a terminal and a notebook show them, by hand."""

import math
from typing import NamedTuple
from xml.etree import ElementTree

import pytest

from starcast.display import Column, Listing, as_html, as_paragraphs, as_text, figure


class Film(NamedTuple):
    item_id: int
    title: str
    prediction: float


FILMS = [Film(7, "Alien <director's cut>", 4.456), Film(1100, "", -1.0)]
LEFT, RIGHT = "text-align: left", "text-align: right"


def cells(html: str) -> list[tuple[str, str, str]]:
    """Tag, alignment and text of every cell."""
    root = ElementTree.fromstring(f"<div>{html}</div>")
    return [
        (cell.tag, cell.attrib["style"], cell.text or "") for row in root.iter("tr") for cell in row
    ]


def test_a_listing_is_a_list_that_shows_as_a_table() -> None:
    listing = Listing(FILMS)
    assert listing == FILMS
    assert listing[:1] == FILMS[:1]
    assert repr(listing).split("\n") == str(listing).split("\n") == [
        "item id  title                   prediction",
        "      7  Alien <director's cut>        4.46",
        "   1100                               -1.00",
    ]  # fmt: skip


def test_html_is_escaped_and_numbers_stand_on_the_right() -> None:
    assert cells(Listing(FILMS)._repr_html_()) == [
        ("th", RIGHT, "item id"), ("th", LEFT, "title"), ("th", RIGHT, "prediction"),
        ("td", RIGHT, "7"), ("td", LEFT, "Alien <director's cut>"), ("td", RIGHT, "4.46"),
        ("td", RIGHT, "1100"), ("td", LEFT, ""), ("td", RIGHT, "-1.00"),
    ]  # fmt: skip


def test_ids_that_are_text_stand_on_the_left() -> None:
    assert as_text([Column("id", ["a", "bcd"], is_number=False)]) == "id\na\nbcd"
    assert cells(as_html([Column("id", ["a"], is_number=False)]))[1] == ("td", LEFT, "a")


def test_nothing_to_show_is_said() -> None:
    assert repr(Listing([])) == "[]"
    assert Listing([])._repr_html_() == "<p>an empty list</p>"


def test_paragraphs_are_escaped() -> None:
    assert as_paragraphs(["a < b", "c"]) == "<p>a &lt; b</p><p>c</p>"


@pytest.mark.parametrize(("value", "shown"), [(0.12344, "0.1234"), (math.nan, "–"), (2, "2.0000")])
def test_a_figure_has_four_decimals(value: float, shown: str) -> None:
    assert figure(value) == shown
