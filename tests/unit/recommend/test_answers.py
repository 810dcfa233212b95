"""Answers as they are shown, and what is picked for them."""

import numpy as np
import pytest

from starcast.data.ratings import Ratings
from starcast.errors import ConfigError
from starcast.recommend.answers import Explanation, Reason, check_length, listed, reasons

WHY = [Reason(7, "Alien (1979)", 5.0, 0.25)]


def test_an_explanation_is_a_sentence_and_a_table() -> None:
    told = Explanation(4.456, 3.5, WHY)
    sentence = "4.46 stars; 3.50 if none of the ratings were known"
    assert repr(told) == f"{sentence}\n{WHY!r}"
    html = told._repr_html_()
    assert html.startswith(f"<p>{sentence}</p><table>")
    assert "Alien (1979)" in html


def test_shares_are_called_shares() -> None:
    told = repr(Explanation(4.0, 3.5, WHY, "share"))
    assert told.startswith("4.00 stars; effects are shares of what moves it in the list\n")


def test_the_reasons_that_matter_most_come_first_whichever_way_they_pull(ratings: Ratings) -> None:
    rows = np.array([0, 1, 2, 3], np.int32)
    stars, effects = ratings.stars[:4], np.array([0.25, -1.5, 0, 0.5], np.float32)
    assert reasons(ratings, rows, stars, effects, 2) == [
        Reason("brazil", "", 3.0, -1.5), Reason("duel", "Duel (1971)", 1.0, 0.5),
    ]  # fmt: skip


def test_what_is_listed_lies_on_the_scale(ratings: Ratings) -> None:
    shown = listed(ratings, np.array([3, 0]), np.array([6.25, 0.25], np.float32))
    assert [tuple(one) for one in shown] == [
        ("duel", "Duel (1971)", 5.0), ("alien", "Alien (1979)", 0.5),
    ]  # fmt: skip


@pytest.mark.parametrize("k", [0, -1, 2**31, 1.5, True])
def test_what_is_no_length_is_refused(k: object) -> None:
    check_length(1)
    check_length(2**31 - 1)
    with pytest.raises(ConfigError, match="k must be"):
        check_length(k)  # type: ignore[arg-type]
