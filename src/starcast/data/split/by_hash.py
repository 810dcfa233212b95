"""The part of a row by its ids alone, the same wherever it is reckoned: here, in SQL, in Spark.

A row's number is the first 8 hex digits of the MD5 of "USER:ITEM:SEED", ids as text in UTF-8. Below
a threshold it is a test row, below another a validation row. Rows that come later change nothing.
"""

import numpy as np
from numpy.typing import NDArray

from starcast.data.columns import blocks_of, compared
from starcast.data.ratings import Ratings
from starcast.data.split.draws import Mask
from starcast.data.split.md5 import Texts, first_words
from starcast.disk.mapped import room_like

_NUMBERS = 1 << 32  # of 8 hex digits
_AT_ONCE = 1 << 14  # rows; what is made of as many stays in the processor's cache


def masks(ratings: Ratings, test: float, validation: float, seed: int) -> tuple[Mask, Mask]:
    """Which rows are test rows, and which validation rows; each bool (n,)."""
    numbers = row_numbers(ratings, seed)
    test_end, validation_end = _thresholds(test, validation)
    is_test = compared(np.less, numbers, test_end)
    is_validation = compared(np.less, numbers, validation_end)
    return is_test, np.greater(is_validation, is_test, out=is_validation)


def row_numbers(ratings: Ratings, seed: int) -> NDArray[np.uint32]:
    """A number in [0, 2³²) for each row; uint32 (n,)."""
    items = Texts.of([f"{one}:{seed}".encode() for one in ratings.items.ids.tolist()])
    numbers = room_like(ratings.item_rows, len(ratings), np.uint32)
    for block in blocks_of(len(ratings), _AT_ONCE):
        users, of_user = np.unique(ratings.user_rows[block], return_inverse=True)
        heads = [f"{one}:".encode() for one in ratings.users.ids[users].tolist()]
        numbers[block] = first_words(Texts.of(heads), items, of_user, ratings.item_rows[block])
    return numbers


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
    below_test, below_both = (f"{one:08x}" for one in _thresholds(test, validation))
    return (
        f"CASE WHEN {number} < '{below_test}' THEN 'test' "
        f"WHEN {number} < '{below_both}' THEN 'validation' ELSE 'train' END"
    )


def _thresholds(test: float, validation: float) -> tuple[int, int]:
    """Below the first is the test, below the second either."""
    return int(test * _NUMBERS), int((test + (1 - test) * validation) * _NUMBERS)
