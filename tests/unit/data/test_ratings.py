"""Ratings: sorted columns, refusals, and a content hash that sees content only."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import FrozenInstanceError, fields, replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import starcast.data.columns
from starcast.data.ids import Vocabulary
from starcast.data.ratings import Attribute, Ratings
from starcast.data.scale import RatingScale
from starcast.errors import DataError


def shuffled(ratings: Ratings, order: list[int]) -> Ratings:
    """The same ratings, read from a file whose rows come in another order."""
    assert ratings.timestamps is not None
    return Ratings.from_columns(
        ratings.users.ids[ratings.user_rows[order]],
        ratings.items.ids[ratings.item_rows[order]],
        ratings.stars[order],
        ratings.timestamps[order],
        titles=dict(zip(ratings.items.ids.tolist(), ratings.titles.tolist(), strict=True)),
        name=ratings.name,
    )


def two(
    user_ids: Sequence[Any], item_ids: Sequence[Any], stars: list[float], **more: Any
) -> Ratings:
    return Ratings.from_columns(np.array(user_ids), np.array(item_ids), np.array(stars), **more)


def test_columns_are_rows_of_the_vocabularies(ratings: Ratings) -> None:
    assert len(ratings) == 8
    assert (ratings.n_users, ratings.n_items) == (3, 4)
    assert ratings.users.ids.tolist() == ["ann", "bob", "eve"]
    assert ratings.items.ids.tolist() == ["alien", "brazil", "clue", "duel"]
    assert ratings.user_rows.tolist() == [0, 0, 0, 0, 1, 1, 2, 2]
    assert ratings.item_rows.tolist() == [0, 1, 2, 3, 0, 3, 1, 2]
    assert ratings.scale == RatingScale(0.5, 5, 0.5)
    assert (ratings.users.kind, ratings.items.kind) == ("user", "item")


def test_column_types() -> None:
    ratings = two([2, 1], [1, 1], [4, 5], timestamps=np.array([1, 2], np.int32))
    assert ratings.user_rows.dtype == np.int32
    assert ratings.item_rows.dtype == np.int32
    assert ratings.stars.dtype == np.float32
    assert ratings.timestamps is not None
    assert ratings.timestamps.dtype == np.int64


def test_rows_are_sorted_by_user_and_item_and_stay_together(ratings: Ratings) -> None:
    other = shuffled(ratings, [7, 0, 5, 2, 1, 6, 3, 4])
    for column in ("user_rows", "item_rows", "stars", "timestamps", "titles"):
        np.testing.assert_array_equal(getattr(other, column), getattr(ratings, column))


def test_titles_follow_the_item_rows(ratings: Ratings) -> None:
    assert ratings.titles.tolist() == ["Alien (1979)", "", "", "Duel (1971)"]
    assert two([1, 2], [7, 3], [1, 2], titles={7: "Seven"}).titles.tolist() == ["", "Seven"]
    assert two([1, 2], [7, 3], [1, 2]).titles.tolist() == ["", ""]


def test_timestamps_may_be_missing() -> None:
    ratings = two([1, 2], [7, 3], [1, 2])
    assert ratings.timestamps is None
    assert ratings.take(np.array([True, False])).timestamps is None


def test_from_rows_takes_vocabularies_as_they_are() -> None:
    users, items = Vocabulary(np.array([1, 2, 3]), "user"), Vocabulary(np.array([7, 9]), "item")
    ratings = Ratings.from_rows(
        users,
        items,
        np.array([2, 0], np.int32),
        np.array([0, 1], np.int32),
        np.array([4.0, 1.0]),
        np.array([50, 60]),
    )
    assert ratings.user_rows.tolist() == [0, 2]
    assert ratings.item_rows.tolist() == [1, 0]
    assert ratings.stars.tolist() == [1, 4]
    assert ratings.timestamps is not None
    assert ratings.timestamps.tolist() == [60, 50]
    assert ratings.n_users == 3


def test_a_given_scale_may_be_wider_than_the_ratings() -> None:
    scale = RatingScale(1, 5, 1)
    assert two([1, 2], [1, 1], [3, 3], scale=scale).scale == scale


@pytest.mark.parametrize(
    ("columns", "scale", "message"),
    [
        (([], [], []), None, "tiny holds no ratings"),
        (([1, 1], [2, 2], [3.0, 4.0]), None, "tiny rates the same item twice for one user"),
        (([1, 2, 1], [2, 2, 2], [3.0, 4, 5]), None, "tiny rates the same item twice for one user"),
        (([1, 2], [2, 2], [3.0, 3.0]), None, "every rating is 3"),
        (([1, 2], [2, 2], [3.0, 6.0]), "1:5", "tiny has ratings outside 1 to 5 stars"),
        (([1, 2], [2, 2], [0.0, 3.0]), "1:5", "tiny has ratings outside 1 to 5 stars"),
        (([1, 2], [2, 2], [np.nan, 3.0]), "1:5", "tiny has ratings outside 1 to 5 stars"),
        (([1, 2], [2, 2], [np.nan, 3.0]), None, "every rating must be a finite number"),
    ],
)
def test_refusals(
    columns: tuple[list[int], list[int], list[float]], scale: str | None, message: str
) -> None:
    known = None if scale is None else RatingScale.parse(scale)
    with pytest.raises(DataError, match=message):
        two(*columns, scale=known, name="tiny")


@pytest.mark.parametrize("chosen", [np.array([1, 6]), np.arange(8) % 5 == 1])
def test_take_keeps_the_vocabularies_whole(ratings: Ratings, chosen: Any) -> None:
    taken = ratings.take(chosen)
    assert taken.user_rows.tolist() == [0, 2]
    assert taken.item_rows.tolist() == [1, 1]
    assert taken.stars.tolist() == [3, 4]
    assert taken.timestamps is not None
    assert taken.timestamps.tolist() == [10, 50]
    assert (taken.n_users, taken.n_items) == (3, 4)
    assert taken.scale == ratings.scale
    assert taken.titles is ratings.titles
    assert taken.name == "tiny"


def test_a_mask_of_another_length_is_refused(ratings: Ratings) -> None:
    with pytest.raises(IndexError):
        ratings.take(np.ones(7, bool))


@pytest.mark.parametrize("block", [1, 2, 3, 8, 9])
def test_columns_that_are_looked_through_in_blocks(
    ratings: Ratings, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starcast.data.columns, "_BLOCK", block)
    taken = ratings.take(np.array([1, 0, 1, 1, 0, 0, 0, 1], bool))
    assert taken.item_rows.tolist() == [0, 2, 3, 2]
    assert taken.stars.tolist() == [ratings.stars[row] for row in (0, 2, 3, 7)]
    assert two([1] * 6, range(6), [5, 2, 2, 4, 5, 3]).scale == RatingScale(2, 5, 1)
    for twice in range(5):  # at the edge of a block, too
        items = [0, 1, 2, 3, 4, 5]
        items[twice + 1] = twice
        with pytest.raises(DataError, match="rates the same item twice"):
            two([1] * 6, items, [1, 2, 3, 4, 5, 5])
    assert two([1, 1, 1], [7, 3, 5], [1, 2, 3]).stars.tolist() == [2, 3, 1]


def test_ratings_are_frozen(ratings: Ratings) -> None:
    with pytest.raises(FrozenInstanceError):
        ratings.name = "other"  # type: ignore[misc]


def test_content_hash_by_hand() -> None:
    """SHA-256 over the ids as JSON, then the little-endian columns."""
    ratings = two(["b", "a"], [7, 3], [2, 1])
    rows = (0).to_bytes(4, "little") + (1).to_bytes(4, "little")
    stars = bytes.fromhex("0000803f00000040")  # 1.0 and 2.0, IEEE 754
    assert ratings.content_hash() == hashlib.sha256(
        b'["a", "b"][3, 7]' + rows + rows + stars
    ).hexdigest()  # fmt: skip


def test_content_hash_sees_no_order_no_title_and_no_integer_width(ratings: Ratings) -> None:
    assert shuffled(ratings, [7, 0, 5, 2, 1, 6, 3, 4]).content_hash() == ratings.content_hash()
    columns = np.array([1, 2]), np.array([7, 3]), np.array([1.0, 2.0])
    narrow = Ratings.from_columns(columns[0].astype(np.int16), columns[1], columns[2])
    titled = Ratings.from_columns(*columns, titles={7: "Seven"}, name="other")
    wide = Ratings.from_columns(np.array([1, 2], np.uint64), *columns[1:])
    assert len({one.content_hash() for one in (narrow, titled, wide)}) == 1


@pytest.mark.parametrize(
    ("users", "items", "stars"),
    [
        ([1, 3], [7, 3], [1.0, 2.0]),  # another user
        ([1, 2], [7, 4], [1.0, 2.0]),  # another item
        ([1, 2], [7, 3], [1.0, 3.0]),  # another rating
        ([2, 1], [7, 3], [1.0, 2.0]),  # users swapped
        (["1", "2"], [7, 3], [1.0, 2.0]),  # text, not numbers
    ],
)
def test_content_hash_sees_every_change(
    users: list[Any], items: list[Any], stars: list[float]
) -> None:
    changed = two(users, items, stars)
    assert changed.content_hash() != two([1, 2], [7, 3], [1.0, 2.0]).content_hash()


def test_content_hash_tells_id_lists_apart() -> None:
    broken = two(["a\nb", "c"], [1, 2], [1, 2])
    assert broken.content_hash() != two(["a", "b\nc"], [1, 2], [1, 2]).content_hash()


def test_repr(ratings: Ratings) -> None:
    assert repr(ratings) == (
        "Ratings('tiny': 8 ratings, 3 users, 4 items, 0.5 to 5 stars in steps of 0.5)"
    )


def test_ratings_of_many_decimals_fit_the_scale_found_in_them() -> None:
    stars = np.random.default_rng(0).normal(0, 3, 500)
    rated = Ratings.from_columns(np.arange(500), np.arange(500), stars)
    assert rated.scale.lowest == pytest.approx(stars.min(), abs=1e-5)


def columns_of(ratings: Ratings) -> dict[str, Any]:
    return {field.name: getattr(ratings, field.name) for field in fields(Ratings)}


def changed(column: NDArray[Any], place: int, value: object) -> NDArray[Any]:
    other = column.copy()
    other[place] = value
    return other


def int32(*rows: int) -> NDArray[np.int32]:
    return np.array(rows, np.int32)


GENRE = Attribute("item", "genre", np.array(["Horror", "War"]), int32(0, 1), int32(0, 3))
ROWS = "has ratings of"
UNBELIEVABLE: dict[str, tuple[dict[str, Callable[[Any], Any]], str]] = {
    "an item that is none": (
        {"item_rows": lambda c: changed(c, -1, 4)}, f"{ROWS} items that are none of its 4"),
    "an item far away": ({"item_rows": lambda c: changed(c, 3, 1_500_000_000)}, f"{ROWS} item"),
    "an item below 0": ({"item_rows": lambda c: changed(c, 0, -1)}, f"{ROWS} item"),
    "a user that is none": (
        {"user_rows": lambda c: changed(c, -1, 3)}, f"{ROWS} users that are none of its 3"),
    "a user below 0": ({"user_rows": lambda c: changed(c, 0, -1)}, f"{ROWS} user"),
    "a pair twice": ({"item_rows": lambda c: changed(c, 1, 0)}, "not sorted"),
    "users out of order": ({"user_rows": lambda c: c[::-1].copy()}, "not sorted"),
    "no number": ({"stars": lambda c: changed(c, 2, np.nan)}, "outside 0.5 to 5 stars"),
    "no end": ({"stars": lambda c: changed(c, 2, np.inf)}, "outside 0.5 to 5 stars"),
    "too many stars": ({"stars": lambda c: changed(c, 2, 5.5)}, "outside 0.5 to 5 stars"),
    "too few stars": ({"stars": lambda c: changed(c, 2, 0)}, "outside 0.5 to 5 stars"),
    "fewer stars": ({"stars": lambda c: c[:-1]}, r"user rows of int32 \(8,\), not int32 \(7,\)"),
    "fewer users": ({"user_rows": lambda c: c[:-1]}, r"int32 \(7,\), not int32 \(8,\)"),
    "fewer times": ({"timestamps": lambda c: c[:-1]}, "timestamps of int64"),
    "long rows": ({"item_rows": lambda c: c.astype(np.int64)}, "item rows of int64"),
    "stars as doubles": ({"stars": lambda c: c.astype(np.float64)}, "ratings of float64"),
    "a table of stars": ({"stars": lambda c: c[:, np.newaxis]}, r"\(8, 1\)"),
    "fewer titles": ({"titles": lambda c: c[:-1]}, "titles that are not 4 texts"),
    "no titles": ({"titles": lambda c: np.array([None] * 4)}, "titles that are not 4 texts"),
    "an attribute of nothing": ({"attributes": lambda c: (replace(GENRE, side="x"),)}, "of a x"),
    "a value that is none": (
        {"attributes": lambda c: (replace(GENRE, value_rows=int32(0, 2)),)}, "there is none of"),
    "a member that is none": (
        {"attributes": lambda c: (replace(GENRE, member_rows=int32(0, 4)),)}, "there is none of"),
    "members out of order": (
        {"attributes": lambda c: (replace(GENRE, member_rows=int32(3, 0)),)}, "an earlier one"),
    "values out of order": (
        {"attributes": lambda c: (replace(GENRE, values=np.array(["b", "a"])),)}, "do not ascend"),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "said"), UNBELIEVABLE.values(), ids=UNBELIEVABLE.keys())
def test_columns_that_are_no_ratings_are_refused(
    ratings: Ratings, changes: dict[str, Callable[[Any], Any]], said: str
) -> None:
    """Compiled loops trust every row: one that is wrong is memory of others."""
    columns = columns_of(replace(ratings, attributes=(GENRE,)))
    Ratings.checked(*columns.values())
    wrong = {name: change(columns[name]) for name, change in changes.items()}
    with pytest.raises(DataError, match=f"tiny .*{said}"):
        Ratings.checked(*(columns | wrong).values())
