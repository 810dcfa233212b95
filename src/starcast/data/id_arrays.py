"""Arrays of external ids: integers that fit 64 bits, or text, and nothing lost on the way to NumPy.

NumPy drops zero bytes at the end of a text, so that "1\\0" would be "1".
"""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from starcast.errors import DataError

Ids = NDArray[Any]
ZERO = "\0"
_WHOLE = re.compile(r"\s*[+-]?[0-9]+\s*")


def as_column(values: object) -> NDArray[Any] | None:
    """Values as an array (n,), a single one as (1,); None where they are no single values.

    >>> as_column([[1], [2, 3]]) is None, as_column(7)
    (True, array([7]))
    """
    try:
        column = np.atleast_1d(np.asarray(values))
        if column.dtype.kind in "US" and not isinstance(values, np.ndarray):
            column = np.atleast_1d(np.asarray(values, object))  # whose texts are whole
    except ValueError:  # lists of different length
        return None
    return column if column.ndim == 1 else None


def concatenate(parts: Sequence[Ids]) -> Ids:
    """One id array from several, integers when all are integers and text otherwise."""
    known = [plain(part) for part in parts]
    if all(part.dtype.kind == "i" for part in known):
        return np.concatenate(known)
    return np.concatenate([part.astype(str) for part in known])


def plain(values: Ids) -> Ids:
    """`values` as int64 if they are integers that fit, and as text otherwise.

    Two types only, so that the same ids compare, sort and hash alike whoever read the file.
    """
    too_long = values.dtype == np.uint64 and np.any(values > np.iinfo(np.int64).max)
    if np.issubdtype(values.dtype, np.integer) and not too_long:
        return values.astype(np.int64, copy=False)
    if values.dtype.kind in "OST":
        return np.array([*map(_text, values.tolist())], np.str_)
    return values.astype(str, copy=False)


def _text(value: object) -> str:
    """An id as text; one that ends in a zero byte goes on, lest NumPy make another id of it."""
    text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
    return f"{text}\N{SYMBOL FOR NULL}" if text.endswith(ZERO) else text


def are_whole_numbers(texts: Ids) -> bool:
    """Whether all of them (n,) are; int() would take 1_0 and other scripts' digits, too."""
    return all(map(_WHOLE.fullmatch, texts.tolist()))


def refuse_zero_bytes(ids: Ids, kind: str) -> None:
    """Refuse ids (n,) with a zero byte in them. Raises: DataError."""
    if ids.dtype.kind == "U" and any(ZERO in one for one in ids.tolist()):
        raise DataError(f"there are {kind} ids with a zero byte in them; remove it")
