"""Compiled loops that take the best of many scores; imported only when called."""

from typing import Any

import numpy as np
from numba import uintp

from starcast.engines.compiled import serial

_LOOK = 32  # scores compared with the list's last before any is looked at more closely


@serial
def exclude(scores: Any, user_rows: Any, starts: Any, item_rows: Any) -> None:
    """Set the scores of known items to -∞, which no list takes.

    Args:
        scores: float32 (n, n_items).
        user_rows: int32 (n,).
        starts: int64 (n_users + 1,); user u's ratings are starts[u] to starts[u + 1].
        item_rows: int32 (n_ratings,).
    """
    for n in range(len(user_rows)):
        for rating in range(starts[user_rows[n]], starts[user_rows[n] + 1]):
            scores[n, item_rows[rating]] = -np.inf


@serial
def take_best(scores: Any, rows: Any) -> None:
    """The highest scores of each row, best first, ties to the lower column.

    Args:
        scores: float32 (n, n_items).
        rows: int32 (n, k); takes columns, -1 where nothing but -∞ is left.
    """
    best = np.empty(rows.shape[1], np.float32)
    for n in range(len(scores)):
        _take(scores[n], rows[n], best)


@serial
def _take(scores: Any, rows: Any, best: Any) -> None:
    """One list: a heap with its last entry on top, then taken apart from the end."""
    rows[:], best[:] = -1, -np.inf
    last = best[0]
    for start in range(0, len(scores), _LOOK):
        end = start + _LOOK
        is_worth_it = end > len(scores)  # what is left over is looked at one by one
        if not is_worth_it:
            for row in range(_LOOK):
                is_worth_it |= scores[uintp(start + row)] > last
        if not is_worth_it:
            continue
        for row in range(start, min(end, len(scores))):
            if scores[row] > last:
                rows[0], best[0] = row, scores[row]
                _sink(rows, best, len(best))
                last = best[0]
    for n in range(len(best) - 1, 0, -1):
        rows[0], rows[n] = rows[n], rows[0]
        best[0], best[n] = best[n], best[0]
        _sink(rows, best, n)


@serial
def _sink(rows: Any, best: Any, n: int) -> None:
    """Let the top of a heap of n sink to its place; each stands behind both of its children."""
    row, score, at = rows[0], best[0], 0
    while 2 * at + 1 < n:
        child = 2 * at + 1
        if child + 1 < n and _behind(best, rows, child + 1, best[child], rows[child]):
            child += 1
        if not _behind(best, rows, child, score, row):
            break
        rows[at], best[at] = rows[child], best[child]
        at = child
    rows[at], best[at] = row, score


@serial
def _behind(best: Any, rows: Any, at: int, score: Any, row: Any) -> Any:
    """Whether an entry comes later in a list than another; places still empty come last."""
    if best[at] != score:
        return best[at] < score
    return rows[at] > row
