"""Compiled loops that take the best of many scores; imported only when called."""

from typing import Any

import numpy as np
from numba import uintp

from starcast.engines.compiled import inlined, serial

_GROUPS = 256  # of the scores, every so-manieth in one: their peaks stay in the nearest cache


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
    best, peaks = np.empty(rows.shape[1], np.float32), np.empty(_GROUPS, np.float32)
    for n in range(len(scores)):
        _take(scores[n], rows[n], best, peaks)


@serial
def _take(scores: Any, rows: Any, best: Any, peaks: Any) -> None:
    """One list: a heap with its last entry on top, then taken apart from the end.

    The k best peaks are k scores: what lies below all of them is in no list, so that most groups
    need not be looked into. The peaks take whole vectors at a time, a heap takes one score.
    """
    rows[:], best[:] = -1, -np.inf
    n_groups, least = 1, -np.inf
    if 8 * len(rows) < _GROUPS < len(scores) // 2:  # more peaks than that exclude few groups
        _find_peaks(scores, peaks)
        for group in range(_GROUPS):
            _offer(rows, best, group, peaks[group])
        n_groups, least = _GROUPS, best[0]
        rows[:], best[:] = -1, -np.inf
    for group in range(n_groups):
        if n_groups == 1 or peaks[group] >= least:
            for row in range(group, len(scores), n_groups):
                _offer(rows, best, row, scores[row])
    for n in range(len(best) - 1, 0, -1):
        rows[0], rows[n] = rows[n], rows[0]
        best[0], best[n] = best[n], best[0]
        _sink(rows, best, n)


@serial
def _find_peaks(scores: Any, peaks: Any) -> None:
    """The highest score of each group."""
    peaks[:] = -np.inf
    n_whole = len(scores) // _GROUPS * _GROUPS
    for start in range(0, n_whole, _GROUPS):
        for group in range(_GROUPS):
            score, peak = scores[uintp(start + group)], peaks[uintp(group)]
            peaks[uintp(group)] = score if score > peak else peak
    for group in range(len(scores) - n_whole):
        peaks[group] = max(peaks[group], scores[n_whole + group])


@inlined
def _offer(rows: Any, best: Any, row: Any, score: Any) -> None:
    """Put an entry in place of the last, if it comes before that one; -∞ comes nowhere."""
    if score > best[0] or (score == best[0] and row < rows[0]):
        rows[0], best[0] = row, score
        _sink(rows, best, len(best))


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
