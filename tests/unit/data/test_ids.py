"""Vocabularies: ids to rows and back, and what is said about ids that are not there."""

from typing import Any

import numpy as np
import pytest

import starcast.data.ids
from starcast.data.id_arrays import concatenate
from starcast.data.ids import Vocabulary
from starcast.errors import DataError, UnknownIdError

FILMS = Vocabulary(np.array([10, 20, 50]), kind="item")
PEOPLE = Vocabulary(np.array(["10", "ann", "bob"]), kind="user")


@pytest.mark.parametrize(
    ("values", "ids", "rows"),
    [
        ([30, 10, 30, 20], [10, 20, 30], [2, 0, 2, 1]),  # dense: a table
        ([3, 1, 2], [1, 2, 3], [2, 0, 1]),  # dense and without gaps
        ([2, 0, 2], [0, 2], [1, 0, 1]),
        ([900_000_000_000, -5, 7], [-5, 7, 900_000_000_000], [2, 0, 1]),  # sparse: a sort
        (["b", "a", "b"], ["a", "b"], [1, 0, 1]),
        (["10", "9"], ["10", "9"], [0, 1]),  # text sorts as text
        ([], [], []),
    ],
)
def test_encode(values: list[Any], ids: list[Any], rows: list[int]) -> None:
    vocabulary, encoded = Vocabulary.encode(np.array(values, None if values else np.int64), "user")
    assert vocabulary.ids.tolist() == ids
    assert encoded.tolist() == rows
    assert encoded.dtype == np.int32
    assert vocabulary.kind == "user"


@pytest.mark.parametrize("width", [np.int8, np.int16, np.int32, np.int64])
def test_encode_does_not_overflow_narrow_integers(width: type[np.signedinteger[Any]]) -> None:
    values = np.arange(-128, 128).astype(np.int8).astype(width)  # 127 - (-128) is no int8
    vocabulary, rows = Vocabulary.encode(values)
    assert rows.tolist() == list(range(256))
    assert vocabulary.ids.dtype == np.int64


@pytest.mark.parametrize("block", [1, 2, 3])
def test_encode_block_by_block(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starcast.data.ids, "_BLOCK", block)
    vocabulary, rows = Vocabulary.encode(np.array([12, 10, 15, 12, 11]))
    assert vocabulary.ids.tolist() == [10, 11, 12, 15]
    assert rows.tolist() == [2, 0, 3, 2, 1]


def test_encode_keeps_ids_beyond_64_bits_apart_as_text() -> None:
    huge = np.array([2**64 - 1, 2**64 - 2], np.uint64)  # one and the same number as a float64
    vocabulary, rows = Vocabulary.encode(huge)
    assert vocabulary.ids.tolist() == ["18446744073709551614", "18446744073709551615"]
    assert rows.tolist() == [1, 0]
    assert vocabulary.rows(huge).tolist() == [1, 0]


def test_encode_reads_objects_as_text() -> None:
    vocabulary, rows = Vocabulary.encode(np.array(["bob", "ann"], object))
    assert vocabulary.ids.dtype.kind == "U"
    assert rows.tolist() == [1, 0]


@pytest.mark.parametrize("width", [np.uint8, np.uint64, np.int32])
def test_integers_of_any_width_are_integers(width: type[np.integer[Any]]) -> None:
    vocabulary = Vocabulary(np.array([10, 20], width))
    assert vocabulary.ids.dtype == np.int64
    assert vocabulary.rows(["20", "10"]).tolist() == [1, 0]


@pytest.mark.parametrize("ids", [[1, 1], [2, 1, 2], ["b", "a", "b"]])
def test_ids_must_be_unique(ids: list[Any]) -> None:
    with pytest.raises(ValueError, match="unique"):
        Vocabulary(np.array(ids))


@pytest.mark.parametrize("ids", [[30, 10, 20], ["c", "ä", "b"]])
def test_ids_may_have_rows_in_any_order(ids: list[Any]) -> None:
    one = Vocabulary(np.array(ids), "film")
    assert one.rows(ids).tolist() == [0, 1, 2]
    assert [one.row(each) for each in ids] == [0, 1, 2]
    assert one.find(["nowhere"]).tolist() == [-1]
    assert Vocabulary(np.array([30, 10, 20]), "film").nearest(12) == ["10", "20", "30"]


def test_a_grown_vocabulary_moves_no_row_and_appends_in_order_of_arrival() -> None:
    grown = FILMS.grown([99, 20, 7, 99, 8])
    assert grown.ids.tolist() == [*FILMS.ids.tolist(), 99, 7, 8]
    assert grown.grown([8, 7]).ids.tolist() == grown.ids.tolist()
    assert grown.kind == FILMS.kind
    assert len(FILMS) == 3


def test_ids_that_are_no_numbers_make_text_of_all_and_once_more_change_nothing() -> None:
    numbers = Vocabulary(np.array([7, 10]))
    grown = numbers.grown(["07", "10", "x"])
    assert grown.ids.tolist() == ["7", "10", "07", "x"]
    assert grown.grown(["07", "10", "x"]).ids.tolist() == grown.ids.tolist()
    assert grown.grown([7, 8]).ids.tolist() == [*grown.ids.tolist(), "8"]
    assert numbers.grown(["8"]).ids.tolist() == [7, 10, 8]  # text of numbers is numbers


def test_length_and_membership() -> None:
    assert len(FILMS) == 3
    assert 20 in FILMS
    assert "20" in FILMS
    assert 30 not in FILMS
    assert "ann" in PEOPLE
    assert 10 in PEOPLE
    assert "Ann" not in PEOPLE


@pytest.mark.parametrize("other", [None, "x", "", 20.5, 20.0, 2**70, -(2**70), float("nan")])
def test_what_is_no_integer_is_no_integer_id(other: object) -> None:
    assert other not in FILMS


def test_nothing_is_in_an_empty_vocabulary() -> None:
    empty = Vocabulary(np.array([], np.int64))
    assert len(empty) == 0
    assert 1 not in empty
    assert empty.nearest(1) == []


@pytest.mark.parametrize(
    ("vocabulary", "wanted", "rows"),
    [
        (FILMS, [50, 10, 50], [2, 0, 2]),
        (FILMS, ["50", "10"], [2, 0]),
        (FILMS, np.array([20], np.uint8), [1]),
        (FILMS, 20, [1]),
        (FILMS, [], []),
        (PEOPLE, ["bob", "10"], [2, 0]),
        (PEOPLE, [10], [0]),
    ],
)
def test_rows(vocabulary: Vocabulary, wanted: Any, rows: list[int]) -> None:
    found = vocabulary.rows(wanted)
    assert found.tolist() == rows
    assert found.dtype == np.int32


@pytest.mark.parametrize(
    ("vocabulary", "wanted", "message"),
    [
        (FILMS, [10, 21], "item '21' was not in the training data; nearest known: 10, 20, 50"),
        (FILMS, [9, 10, 11], "item '9' (and 1 more) was not in the training data"),
        (FILMS, ["10", "x"], "item 'x' was not in the training data"),
        (FILMS, 20.5, "item '20.5' was not in the training data"),
        (PEOPLE, ["anne"], "user 'anne' was not in the training data; nearest known: 10, ann, bob"),
    ],
)
def test_unknown_ids_are_named(vocabulary: Vocabulary, wanted: Any, message: str) -> None:
    with pytest.raises(UnknownIdError) as caught:
        vocabulary.rows(wanted)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("wanted", "n", "nearest"),
    [
        (55, 2, ["50", "60"]),
        (55, 3, ["40", "50", "60"]),
        (-1, 3, ["10", "20", "30"]),
        (1000, 3, ["70", "80", "90"]),
        ("text", 2, ["10", "20"]),
        (55, 100, ["10", "20", "30", "40", "50", "60", "70", "80", "90"]),
    ],
)
def test_nearest(wanted: object, n: int, nearest: list[str]) -> None:
    tens = Vocabulary(np.arange(10, 100, 10))
    assert tens.nearest(wanted, n) == nearest


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        ([[1, 2], [3]], [1, 2, 3]),
        ([[1, 2], ["a"]], ["1", "2", "a"]),
        ([["a"], ["longer"]], ["a", "longer"]),
    ],
)
def test_concatenate(parts: list[list[Any]], whole: list[Any]) -> None:
    assert concatenate([np.array(part) for part in parts]).tolist() == whole


def test_concatenate_signed_and_unsigned_without_floats() -> None:
    whole = concatenate([np.array([2**60 + 1]), np.array([1], np.uint64)])
    assert whole.tolist() == [2**60 + 1, 1]


@pytest.mark.parametrize(
    ("vocabulary", "wanted", "row"),
    [
        (FILMS, 20, 1),
        (FILMS, "20", 1),
        (FILMS, "020", 1),
        (FILMS, " 20 ", 1),
        (FILMS, np.int16(50), 2),
        (PEOPLE, "ann", 1),
        (PEOPLE, 10, 0),
        (PEOPLE, np.str_("bob"), 2),
    ],
)
def test_the_row_of_one_id_is_what_rows_says(
    vocabulary: Vocabulary, wanted: object, row: int
) -> None:
    assert vocabulary.row(wanted) == vocabulary.rows([wanted])[0] == row


@pytest.mark.parametrize(
    "wanted", [15, 99, -1, 2**70, "9" * 18, "9" * 19, True, 20.0, "x", "²", None]
)
def test_one_id_that_is_not_there_is_refused_as_many_are(wanted: object) -> None:
    numbers = Vocabulary(np.array([1, 20, 50]))
    with pytest.raises(UnknownIdError) as of_many:
        numbers.rows([wanted])
    with pytest.raises(UnknownIdError) as of_one:
        numbers.row(wanted)
    assert str(of_one.value) == str(of_many.value)


def test_an_empty_vocabulary_has_no_row() -> None:
    with pytest.raises(UnknownIdError):
        Vocabulary(np.array([], np.int64)).row(1)


@pytest.mark.parametrize("odd", [[[1], [2]], [[1, 2], [3]], [1, [2]]])
def test_lists_are_no_ids(odd: Any) -> None:
    films = Vocabulary(np.array([1, 2, 3]), "film")
    for ask in (lambda: films.rows(odd), lambda: films.row(odd)):
        with pytest.raises(UnknownIdError, match="a list is no film id"):
            ask()


ODD = ["10\0", "ann\0", "ann\0\0", "\0", "bob\0x"]  # NumPy drops zero bytes at the end of a text


@pytest.mark.parametrize("known", [FILMS, PEOPLE], ids=["integers", "text"])
@pytest.mark.parametrize("odd", [*ODD, b"10\0"])
def test_an_id_with_a_zero_byte_is_no_other(known: Vocabulary, odd: str | bytes) -> None:
    assert odd not in known
    assert known.find([odd]).tolist() == [-1]
    assert known.find(["10", odd]).tolist() == [0, -1]
    assert known.find(np.array([odd, "10"], object)).tolist() == [-1, 0]
    for asked in (lambda: known.row(odd), lambda: known.rows([odd])):
        with pytest.raises(UnknownIdError, match=r"was not in the training data; nearest known: "):
            asked()
    assert known.like([odd, "10"])[0] not in ("10", "ann")
    assert known.find(concatenate([np.array([odd], object), np.array(["10"])])).tolist() == [-1, 0]


@pytest.mark.parametrize("odd", ["1_0", "２０", "٢٠", "1e1", "10.0", "0x14"])
def test_an_integer_is_written_in_digits(odd: str) -> None:
    assert odd not in FILMS
    assert FILMS.find([odd, "20", "+50", "-10", "010"]).tolist() == [-1, 1, 2, -1, 0]


@pytest.mark.parametrize("odd", ODD)
def test_ids_with_zero_bytes_become_no_rows(odd: str) -> None:
    with pytest.raises(DataError, match="there are user ids with a zero byte in them"):
        Vocabulary.encode(np.array(["10", odd], object), "user")
    with pytest.raises(DataError, match="there are item ids with a zero byte in them"):
        FILMS.grown(["10", odd])
