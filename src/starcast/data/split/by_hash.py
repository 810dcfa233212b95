"""The part of a row by its ids alone, the same wherever it is reckoned: here, in SQL, in Spark.

A row's number is the first 8 hex digits of the MD5 of "USER:ITEM:SEED", ids as text in UTF-8. Below
a threshold it is a test row, below another a validation row. Rows that come later change nothing.
"""

import hashlib

import numpy as np
from numpy.typing import NDArray

from starcast.data.ratings import Ratings

_NUMBERS = 1 << 32  # of 8 hex digits


def row_numbers(ratings: Ratings, seed: int) -> NDArray[np.uint32]:
    """A number in [0, 2³²) for each row; uint32 (n,)."""
    users = [f"{one}:".encode() for one in ratings.users.ids.tolist()]
    items = [f"{one}:{seed}".encode() for one in ratings.items.ids.tolist()]
    pairs = zip(ratings.user_rows.tolist(), ratings.item_rows.tolist(), strict=True)
    digests = b"".join(
        hashlib.md5(users[user] + items[item], usedforsecurity=False).digest()[:4]
        for user, item in pairs
    )
    return np.frombuffer(digests, ">u4").astype(np.uint32)


def rows_below(share: float, ratings: Ratings, seed: int) -> NDArray[np.bool_]:
    """The rows whose number is in the first share of all numbers; bool (n,)."""
    mask: NDArray[np.bool_] = row_numbers(ratings, seed) < _threshold(share)
    return mask


def both_shares(test: float, validation: float) -> float:
    """The share of test and validation rows together."""
    return test + (1 - test) * validation


def hash_sql(
    user: str, item: str, *, test: float = 0.2, validation: float = 0.1, seed: int = 42
) -> str:
    """The part of a row as an SQL expression: 'test', 'validation' or 'train'.

    It needs `md5` of text, which PostgreSQL, Spark, MySQL, DuckDB and others have; for SQLite it is
    one line of Python (docs/judging.md). Digits of equal number and case order as the numbers do.

    Args:
        user, item: expressions of the ids.
        test, validation, seed: of the split.

    >>> print(hash_sql("user_id", "item_id"))
    CASE WHEN substr(md5(user_id || ':' || item_id || ':42'), 1, 8) < '33333333' THEN 'test' \
WHEN substr(md5(user_id || ':' || item_id || ':42'), 1, 8) < '47ae147a' THEN 'validation' \
ELSE 'train' END
    """
    number = f"substr(md5({user} || ':' || {item} || ':{seed}'), 1, 8)"
    below_test, below_both = (
        f"{_threshold(share):08x}" for share in (test, both_shares(test, validation))
    )
    return (
        f"CASE WHEN {number} < '{below_test}' THEN 'test' "
        f"WHEN {number} < '{below_both}' THEN 'validation' ELSE 'train' END"
    )


def _threshold(share: float) -> int:
    return int(share * _NUMBERS)
