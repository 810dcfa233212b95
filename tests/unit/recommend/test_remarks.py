"""Remarks on a list that another list is made of."""

from starcast.recommend.remarks import TooFew, restated

SHORT = TooFew.of(3, 50)


def test_how_many_there_are_is_said_anew_of_the_list_that_is_shown() -> None:
    assert restated(["no genres", SHORT, "one"], 2, 10) == [
        "no genres", "the list holds 2 of 10 items: these rules leave no more", "one",
    ]  # fmt: skip
    assert restated(["no genres", SHORT], 10, 10) == ["no genres"]


def test_what_only_reads_like_it_stays() -> None:
    assert restated([str(SHORT)], 2, 10) == [
        "the list holds 3 of 50 items: these rules leave no more"
    ]


def test_what_was_not_said_is_not_said_anew() -> None:
    assert restated(["one"], 2, 10) == ["one"]  # no rule left items out of it
