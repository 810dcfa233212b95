"""Tables as a terminal and a notebook show them, and text made harmless, by hand."""

import math
import unicodedata
from typing import NamedTuple
from xml.etree import ElementTree

import pytest

from starcast.display import (
    Column,
    Listing,
    as_html,
    as_paragraphs,
    as_text,
    csv_text,
    figure,
    printable,
    quoted,
    shortened,
)


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


OBEYED = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0))]  # C0, DEL, C1
TURNING = [chr(code) for code in range(0x110000) if unicodedata.bidirectional(chr(code)) in
           ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI", "BN")
           and unicodedata.category(chr(code)) == "Cf"]  # fmt: skip
JOINERS = "\u200c\u200d"
LEFT_ALONE = [
    "Alien³ (1992)",
    "七人の侍",
    "Ünder [rec] :-) \\x1b $x$",
    "كفرناحوم",
    "a\u00a0b",
    "👩‍🚀",
]


@pytest.mark.parametrize("odd", [*OBEYED, *TURNING, "\u2028", "\u2029", "\ud800", "\ufeff"])
def test_what_a_terminal_would_obey_is_spelled_out(odd: str) -> None:
    shown = printable(f"a{odd}b")
    if odd in (*JOINERS, "\xad"):  # some scripts and emoji are written with them
        assert shown == f"a{odd}b"
    else:
        assert shown == f"a{odd.encode('unicode_escape').decode()}b"


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_other_text_is_left_alone(text: str) -> None:
    assert printable(text) == text == csv_text(text)


def test_long_text_is_cut_in_messages() -> None:
    assert shortened("x" * 60) == "x" * 60
    assert shortened("x" * 61) == "x" * 60 + "…"
    assert quoted("\x1b" * 500).startswith("'\\x1b\\x1b")
    assert len(quoted(10**4200)) == 63


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\n", "＝"])
def test_no_cell_of_a_csv_is_a_formula(first: str) -> None:
    cell = csv_text(f'{first}HYPERLINK("//evil","x")\x1b')
    assert cell[0] == "'"
    assert cell.endswith('HYPERLINK("//evil","x")\\x1b')


def test_tables_and_notebooks_show_text_on_one_line() -> None:
    column = [Column("ti\x1btle", ["a\nb", "\u202ec"], is_number=False)]
    assert as_text(column) == "ti\\x1btle\na\\nb\n\\u202ec"
    assert "\x1b" not in as_html(column) + as_paragraphs(["\x1b[2J"])
