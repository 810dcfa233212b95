"""The best items of many users, and of one."""

from typing import final

import numpy as np
from numpy.typing import NDArray

from starcast.data.ids import Rows
from starcast.engines.blocks import Progress, in_blocks
from starcast.engines.protocol import Scores
from starcast.engines.rows import SparseRows
from starcast.scoring.panels import for_kernels
from starcast.scoring.ranker import Ranker

Allowed = NDArray[np.bool_]
"""(n_items,), the item rows that a list may name."""

_BLOCK = 32  # users scored at once: few enough for the cache, and for memory to stay flat
_FEW = 0.7  # of the items
_NEAR = 1e-5  # of a score: compiled sums and NumPy's differ by half of it


def best(scores: Scores, k: int) -> Rows:
    """Rows of the k highest scores, best first, ties to the lower row; -∞ is none; int32."""
    k = min(k, len(scores))
    if not k:
        return np.empty(0, np.int32)
    lowest = max(np.partition(scores, -k)[-k], np.finfo(np.float32).min)  # more than -∞
    # A partition would choose among equal scores at will: all that tie with the k-th compete.
    rows = np.flatnonzero(scores >= lowest).astype(np.int32)
    found: Rows = rows[np.argsort(-scores[rows], kind="stable")[:k]]
    return found


@final
class Selection:
    """The items that lists may name.

    Args:
        allowed: bool (n_items,).

    Attributes:
        allowed: the same.
        rows: intp (n,), those that may be named, ascending.
        are_few: whether gathering these is quicker than a choice among all, others barred.
    """

    def __init__(self, allowed: Allowed) -> None:
        self.allowed, self.rows = allowed, np.flatnonzero(allowed)
        self.are_few = len(self.rows) < _FEW * len(allowed)
        self._ceiling = np.where(allowed, np.float32(np.inf), np.float32(-np.inf))

    def bar(self, scores: Scores) -> None:
        """Set the scores (…, n_items) of others to -∞, which no list takes."""
        np.minimum(scores, self._ceiling, out=scores)

    def best(self, scores: Scores, k: int) -> Rows:
        """What `best` finds once others are barred, which it does slowly where many are."""
        if self.are_few:
            found: Rows = self.rows[best(scores.take(self.rows), k)].astype(np.int32)
            return found
        self.bar(scores)
        return best(scores, k)


def top_rows(
    ranker: Ranker,
    seen: SparseRows | None,
    user_rows: Rows,
    k: int,
    on_progress: Progress | None = None,
    *,
    selection: Selection | None = None,
    settle_ties: bool = True,
) -> Rows:
    """The k best item rows of many users, in memory that does not grow with their number.

    Args:
        ranker: what orders the items.
        seen: by user, what is left out; None leaves nothing out.
        user_rows: int32 (n,).
        k: length of the lists, 1 or more.
        on_progress: told of the users done and of all there are, now and then.
        selection: the only items to list; None lists any.
        settle_ties: put scores that are alike but for rounding in the order in which a user alone
            has them; long lists have many, and a mean over users does not feel them.
    Returns: int32 (n, k), best first, ties to the lower row, -1 where the catalogue runs out.
    """
    from starcast.scoring.top_k import exclude

    users = for_kernels(user_rows)
    top = np.empty((len(users), k), np.int32)
    left_out = (for_kernels(seen.offsets), for_kernels(seen.columns)) if seen else None

    def fill(block: slice) -> None:
        scores = ranker.rank_all(users[block])
        if left_out:
            exclude(scores, users[block], *left_out)
        listed = _best_of_each(scores, selection, k + 1)
        for place in _near_ties(scores, listed, ranker.size) if settle_ties else ():
            user = int(users[block][place])
            own = seen.row(user)[0] if seen else None
            found = _as_alone(ranker, user, own, selection, k)
            listed[place, : len(found)] = found
        top[block] = listed[:, :k]

    in_blocks(fill, len(users), _BLOCK, on_progress)
    return top


def _best_of_each(scores: Scores, selection: Selection | None, k: int) -> Rows:
    """The k best of each row (n, n_items), -1 where nothing is left; int32 (n, k)."""
    from starcast.scoring.top_k import take_best

    listed = np.empty((len(scores), k), np.int32)
    if selection and selection.are_few:
        take_best(scores.take(selection.rows, axis=1), listed)
        return np.append(selection.rows, -1)[listed].astype(np.int32)
    if selection:
        selection.bar(scores)
    take_best(scores, listed)
    return listed


def _near_ties(scores: Scores, listed: Rows, size: float) -> NDArray[np.intp]:
    """In which lists (n, k + 1) neighbours score so alike that sums in another order tell."""
    listed_scores = np.take_along_axis(scores, np.maximum(listed, 0), axis=1)
    listed_scores[listed < 0] = -np.inf
    with np.errstate(invalid="ignore"):  # two places that nothing is left for
        gaps = listed_scores[:, :-1] - listed_scores[:, 1:]
    sizes = np.maximum(np.abs(listed_scores[:, :-1]), np.float32(size))
    return np.flatnonzero(np.any(gaps <= _NEAR * sizes, axis=1))


def _as_alone(
    ranker: Ranker, user_row: int, seen: Rows | None, selection: Selection | None, k: int
) -> Rows:
    """The list (at most k,) of one user by the arithmetic of a user alone, which counts."""
    scores = ranker.rank_user(user_row)
    if seen is not None:
        scores[seen] = -np.inf
    return selection.best(scores, k) if selection else best(scores, k)
