"""Fingerprints: which rows are in which part, in a few bytes, whatever order they come in.

Every row has a hash, and the hashes are added up: the order of rows does not matter, and the sums
of pieces (of a database's blocks, of a cluster's partitions) add up to that of the whole.

With m the finalizer of splitmix64, G = 0x9E3779B97F4A7C15 and sums modulo 2⁶⁴, a row hashes to

    m(u ⊕ m(i + G · v)),    v = 2³² · part + the bits of the stars as float32

where u and i are the first words (little-endian) of the BLAKE2b-128 of the ids as text,
personalized "starcast.user" and "starcast.item". The second words give a second sum.
"""

import hashlib
from dataclasses import dataclass
from typing import Any, Self, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.columns import blocks_of
from starcast.data.ids import Ids, Rows, Vocabulary
from starcast.data.ratings import Ratings
from starcast.data.scale import RatingScale

Words = NDArray[np.uint64]
_Pairs = tuple[Vocabulary, Vocabulary, Rows, Rows]
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_BLOCK = 1 << 15  # rows; what is made of a block stays in the processor's cache
_MODULUS = 1 << 64


@final
@dataclass(frozen=True, slots=True)
class RowSum:
    """The sum of the hashes of some rows; sums of pieces add up.

    Attributes:
        n_rows: how many.
        first, second: the sums of both hashes, modulo 2⁶⁴.

    Source: Steele, Lea, Flood 2014 (splitmix64); Clarke et al. 2003 (multiset hashes by addition).
    """

    n_rows: int = 0
    first: int = 0
    second: int = 0

    @classmethod
    def of_parts(cls, ratings: Ratings, parts: NDArray[np.uint8]) -> Self:
        """Of user, item, stars and part of every row; `parts` is uint8 (n,)."""
        return cls._of(_rows_of(ratings), ratings.stars, parts)

    @classmethod
    def of_columns(
        cls,
        user_ids: Ids,
        item_ids: Ids,
        stars: NDArray[np.floating[Any]],
        parts: NDArray[np.integer[Any]],
    ) -> Self:
        """The same of columns (n,) in any order, such as a block of a database or of a cluster.

        Args:
            user_ids, item_ids: integers or text; 7 and "7" are one.
            stars: of each row.
            parts: TRAIN, VALIDATION or TEST.
        """
        users, user_rows = Vocabulary.encode(np.asarray(user_ids), "user")
        items, item_rows = Vocabulary.encode(np.asarray(item_ids), "item")
        return cls._of((users, items, user_rows, item_rows), np.asarray(stars), parts)

    @classmethod
    def of_times(cls, ratings: Ratings) -> Self:
        """Of user, item and time of every row. Raises: ValueError: no times are known."""
        if ratings.timestamps is None:
            raise ValueError(f"{ratings.name} has no timestamps")
        return cls._of(_rows_of(ratings), ratings.timestamps, None)

    @classmethod
    def _of(cls, rows: _Pairs, low: NDArray[Any], high: NDArray[Any] | None) -> Self:
        """Of user, item and a value of every row, the bits of `low` + 2³² · `high`."""
        users, items = _words(rows[0], "user"), _words(rows[1], "item")
        sums = [0, 0]
        for start in range(0, len(low), _BLOCK):
            block = slice(start, start + _BLOCK)
            value = _bits(low[block])
            if high is not None:
                value |= high[block].astype(np.uint64) << np.uint64(32)
            value *= _GOLDEN
            user_rows, item_rows = rows[2][block], rows[3][block]
            for word, by_user, by_item in zip((0, 1), users, items, strict=True):
                hashes = _mixed(by_user[user_rows] ^ _mixed(by_item[item_rows] + value))
                sums[word] += int(hashes.sum())
        return cls(len(low), *(one % _MODULUS for one in sums))

    def __add__(self, other: Self) -> Self:
        first, second = self.first + other.first, self.second + other.second
        return type(self)(self.n_rows + other.n_rows, first % _MODULUS, second % _MODULUS)

    def hexdigest(self, *beside: object) -> str:
        """SHA-256 (hex) of the sum and of what is to be told beside it."""
        told = (*beside, self.n_rows, f"{self.first:016x}", f"{self.second:016x}")
        return hashlib.sha256(" ".join(map(str, told)).encode()).hexdigest()


def fingerprint(rows: RowSum, scale: RatingScale) -> str:
    """The fingerprint (64 hex digits) of a split: equal for the same rows, parts and scale only.

    Args:
        rows: `RowSum.of_parts` of all rows.
        scale: the stars that exist.
    """
    ends = float(scale.lowest), float(scale.highest), float(scale.step)
    return rows.hexdigest("starcast-split-2", *ends)


def times_fingerprint(times: RowSum) -> str:
    """The fingerprint (64 hex digits) of the times of all rows, by `RowSum.of_times`."""
    return times.hexdigest("starcast-times-2")


def first_fingerprint(content_hash: str, parts: NDArray[np.uint8]) -> str:
    """The fingerprint of format 1, which needs all rows in order: SHA-256 over data and parts."""
    return hashlib.sha256(content_hash.encode() + parts.tobytes()).hexdigest()


def _rows_of(ratings: Ratings) -> _Pairs:
    return ratings.users, ratings.items, ratings.user_rows, ratings.item_rows


def _bits(values: NDArray[Any]) -> Words:
    """Of stars as float32, of the two zeros those of the positive one; of times as they are."""
    if values.dtype.kind != "f":
        return values.astype(np.uint64)
    return (values.astype(np.float32) + np.float32(0)).view(np.uint32).astype(np.uint64)


def _words(members: Vocabulary, kind: str) -> list[Words]:
    """Both words of each id's hash: two arrays uint64 (n_ids,)."""
    person = f"starcast.{kind}".encode()
    both = np.empty((2, len(members)), np.uint64)
    for block in blocks_of(len(members), _BLOCK):
        digests = b"".join(
            hashlib.blake2b(str(one).encode(), digest_size=16, person=person).digest()
            for one in members.ids[block].tolist()
        )
        both[:, block] = np.frombuffer(digests, "<u8").reshape(-1, 2).T
    return list(both)


def _mixed(z: Words) -> Words:
    """The finalizer of splitmix64 (its array is changed)."""
    for shift, factor in ((30, _FIRST), (27, _SECOND)):
        z ^= z >> np.uint64(shift)
        z *= factor
    z ^= z >> np.uint64(31)
    return z
