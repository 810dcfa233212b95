"""Fingerprints: by an independent program, whatever order and pieces rows come in."""

import hashlib
import json
import struct
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from starcast.data.ratings import Ratings
from starcast.data.scale import RatingScale
from starcast.data.split import RowSum, Split, SplitPlan, first_fingerprint
from starcast.data.split.fingerprint import fingerprint, times_fingerprint

Row = tuple[Any, Any, float, int]
PARTS = np.array([2, 2, 0, 0, 0, 0, 1, 1], np.uint8)
HALVES = RatingScale(0.5, 5, 0.5)


def by_plain_python(rows: list[Row], scale: str) -> str:
    """The fingerprint by Python's integers alone; rows of user, item, stars and part."""
    sums = [0, 0]
    for user, item, stars, part in rows:
        value = struct.unpack("<I", struct.pack("<f", stars))[0] + (part << 32)
        for word in (0, 1):
            inner = mixed((id_word(item, "item", word) + 0x9E3779B97F4A7C15 * value) % 2**64)
            sums[word] += mixed(id_word(user, "user", word) ^ inner)
    told = f"starcast-split-2 {scale} {len(rows)} {sums[0] % 2**64:016x} {sums[1] % 2**64:016x}"
    return hashlib.sha256(told.encode()).hexdigest()


def id_word(one: Any, kind: str, word: int) -> int:
    person = b"starcast." + kind.encode()
    digest = hashlib.blake2b(str(one).encode(), digest_size=16, person=person).digest()
    return int.from_bytes(digest[8 * word : 8 * word + 8], "little")


def mixed(z: int) -> int:
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 % 2**64
    z = (z ^ z >> 27) * 0x94D049BB133111EB % 2**64
    return z ^ z >> 31


def rows_of(ratings: Ratings, parts: Any) -> list[Row]:
    return list(
        zip(
            ratings.users.ids[ratings.user_rows].tolist(),
            ratings.items.ids[ratings.item_rows].tolist(),
            ratings.stars.tolist(),
            parts.tolist(),
            strict=True,
        )
    )


def ratings_of(rows: list[Row], scale: RatingScale = HALVES) -> tuple[Ratings, Any]:
    """Rows in any order as ratings, and their parts in the order of these."""
    users, items, stars, _ = (np.array(column) for column in zip(*rows, strict=True))
    found = Ratings.from_columns(users, items, stars, scale=scale)
    part = {(user, item): one for user, item, _, one in rows}
    pairs = rows_of(found, np.zeros(len(rows), int))
    return found, np.array([part[user, item] for user, item, *_ in pairs], np.uint8)


def told(rows: list[Row], scale: RatingScale = HALVES) -> str:
    ratings, parts = ratings_of(rows, scale)
    return fingerprint(RowSum.of_parts(ratings, parts), ratings.scale)


def test_it_is_that_of_an_independent_program(ratings: Ratings, planted_split: Split) -> None:
    rows = rows_of(ratings, PARTS)
    assert Split(ratings, PARTS, "by hand").fingerprint == by_plain_python(rows, "0.5 5.0 0.5")
    many = rows_of(planted_split.ratings, planted_split.parts)
    assert planted_split.fingerprint == by_plain_python(many, "0.5 5.0 0.5")


def test_its_hashes_are_those_of_splitmix64() -> None:
    """The first numbers that the published generator makes of the seed 1234567."""
    state = [(1234567 + n * 0x9E3779B97F4A7C15) % 2**64 for n in (1, 2, 3)]
    assert [mixed(one) for one in state] == [
        6457827717110365317, 3203168211198807973, 9817491932198370423,
    ]  # fmt: skip


def test_many_rows_are_as_their_pieces(monkeypatch: pytest.MonkeyPatch, ratings: Ratings) -> None:
    whole = RowSum.of_parts(ratings, PARTS)
    monkeypatch.setattr("starcast.data.split.fingerprint._BLOCK", 3)
    assert RowSum.of_parts(ratings, PARTS) == whole


def test_neither_order_nor_pieces_matter(ratings: Ratings) -> None:
    """A cluster knows its own users and items alone, and numbers them in its own way."""
    rows = rows_of(ratings, PARTS)
    whole = RowSum.of_parts(ratings, PARTS)
    for order in ([7, 2, 5, 0, 1, 6, 3, 4], [3, 6, 4, 1, 0, 7, 5, 2]):
        shuffled = [rows[n] for n in order]
        assert told(shuffled) == fingerprint(whole, HALVES)
        pieces = [ratings_of(some) for some in (shuffled[:1], shuffled[1:4], shuffled[4:])]
        sums = [RowSum.of_parts(*piece) for piece in pieces]
        assert sums[2] + sums[0] + RowSum() + sums[1] == whole


def test_ids_are_what_they_read(ratings: Ratings) -> None:
    """Partitions may hold numbers alone where the whole holds text, too."""
    numbers: list[Row] = [(1, 7, 2.5, 0), (2, 7, 3.0, 1)]
    texts: list[Row] = [("1", "7", 2.5, 0), ("2", "7", 3.0, 1)]
    assert told(numbers) == told(texts)


EDITS: dict[str, tuple[int, Row]] = {
    "stars": (0, ("ann", "alien", 4.5, 2)),
    "part": (0, ("ann", "alien", 5.0, 1)),
    "user": (0, ("anna", "alien", 5.0, 2)),
    "item": (0, ("ann", "aliens", 5.0, 2)),
}


@pytest.mark.parametrize(("at", "row"), EDITS.values(), ids=EDITS.keys())
def test_it_sees_whatever_changes(ratings: Ratings, at: int, row: Row) -> None:
    rows = rows_of(ratings, PARTS)
    assert rows[at] == ("ann", "alien", 5.0, 2)
    changed = [*rows[:at], row, *rows[at + 1 :]]
    assert told(changed) != told(rows)
    assert told(rows[1:]) != told(rows)


def test_it_sees_what_two_rows_exchange() -> None:
    """Sums of what stands in each column alone would be the same."""
    rows: list[Row] = [(1, 7, 2.0, 0), (2, 8, 3.0, 1), (3, 9, 4.0, 2)]
    prints = {
        told(rows),
        told([(1, 8, 2.0, 0), (2, 7, 3.0, 1), (3, 9, 4.0, 2)]),
        told([(1, 7, 3.0, 0), (2, 8, 2.0, 1), (3, 9, 4.0, 2)]),
        told([(1, 7, 2.0, 1), (2, 8, 3.0, 0), (3, 9, 4.0, 2)]),
        told([(7, 1, 2.0, 0), (8, 2, 3.0, 1), (9, 3, 4.0, 2)]),  # users for items
    }
    assert len(prints) == 5


def test_it_sees_the_scale(ratings: Ratings) -> None:
    scales = [RatingScale(0.5, 5, 0.5), RatingScale(0, 5, 0.5), RatingScale(0.5, 5.5, 0.5),
              RatingScale(0.5, 5, 0.25)]  # fmt: skip
    rows = RowSum.of_parts(ratings, PARTS)
    assert len({fingerprint(rows, one) for one in scales}) == 4
    assert fingerprint(rows, RatingScale(1, 5, 1)) == fingerprint(rows, RatingScale(1.0, 5.0, 1.0))


def test_both_zeros_are_one() -> None:
    scale = RatingScale(-1, 1, 0.5)
    assert told([(1, 1, 0.0, 0), (1, 2, 1.0, 1)], scale) == told(
        [(1, 1, -0.0, 0), (1, 2, 1.0, 1)], scale
    )


def test_it_sees_rows_and_neither_scheme_nor_times_nor_titles(ratings: Ratings) -> None:
    split = SplitPlan("time", test=0.25, validation=0.2).divide(ratings)
    assert replace(split, scheme="another name").fingerprint == split.fingerprint
    bare = replace(ratings, timestamps=None, titles=np.array(["x"] * 4), name="renamed")
    assert Split(bare, split.parts, "").fingerprint == split.fingerprint
    swapped = split.parts[::-1].copy()
    assert replace(split, parts=swapped).fingerprint != split.fingerprint


def test_times_have_one_of_their_own(ratings: Ratings) -> None:
    split = SplitPlan().divide(ratings)
    assert ratings.timestamps is not None
    later = replace(ratings, timestamps=ratings.timestamps + np.arange(8) // 7)
    assert replace(split, ratings=later).times_fingerprint != split.times_fingerprint
    assert replace(split, ratings=later).fingerprint == split.fingerprint
    other_parts = replace(split, parts=split.parts[::-1].copy())
    assert other_parts.times_fingerprint == split.times_fingerprint
    halves = [ratings.take(np.arange(8) % 3 == n) for n in (1, 2, 0)]
    sums = [RowSum.of_times(half) for half in halves]
    assert times_fingerprint(sums[0] + sums[1] + sums[2]) == split.times_fingerprint
    assert Split(replace(ratings, timestamps=None), split.parts, "").times_fingerprint is None


def test_the_first_fingerprint_is_known_by_its_split(ratings: Ratings) -> None:
    """SHA-256 over the ids as JSON, rows, stars and parts: what Starcast gave at first."""
    digest = hashlib.sha256()
    for ids in (["ann", "bob", "eve"], ["alien", "brazil", "clue", "duel"]):
        digest.update(json.dumps(ids).encode())
    digest.update(struct.pack("<8i", 0, 0, 0, 0, 1, 1, 2, 2))
    digest.update(struct.pack("<8i", 0, 1, 2, 3, 0, 3, 1, 2))
    digest.update(struct.pack("<8f", 5, 3, 4, 1, 2, 4.5, 4, 0.5))
    first = hashlib.sha256(digest.hexdigest().encode() + bytes(PARTS)).hexdigest()
    split = Split(ratings, PARTS, "by hand")
    assert first_fingerprint(ratings.content_hash(), PARTS) == first
    assert split.has_fingerprint(first)
    assert split.has_fingerprint(split.fingerprint)
    assert not split.has_fingerprint("0" * 64)
    assert not replace(split, parts=PARTS[::-1].copy()).has_fingerprint(first)
