"""Which items may be listed for whom, and what is known of them."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.ids import Rows
from starcast.engines.protocol import Folded, ListFolded, ListScorer, Scorer, Scores
from starcast.engines.rows import SparseRows
from starcast.scoring.list_features import (
    ItemTraits,
    PartScores,
    UserTraits,
    features,
    standardized,
)

CANDIDATES = 200  # per user: what is not among them is never listed
_STARS_SHARE = 0.5  # of the say that list parts have in what becomes a candidate


class Candidates(NamedTuple):
    """Items that may be listed for m users, and what is known of them.

    Attributes:
        base: float32 (m, n_items), what made them candidates, and what orders all others.
        rows: int32 (m, C), items.
        valid: bool (m, C), False where a user has known all but fewer than C items.
        table: float32 (m, C, n_features).
    """

    base: Scores
    rows: Rows
    valid: NDArray[np.bool_]
    table: Scores


@final
class CandidateSource:
    """Candidates from the scores of parts.

    Args:
        parts: scorers; one or more are made for lists.
        shown: the position of the part whose stars are shown.
        year: float32 (n_items,), see `ItemTraits`; None where no title tells.
        histories: who rated what in training, by user.
    """

    def __init__(
        self, parts: Sequence[Scorer], shown: int, year: Scores | None, histories: SparseRows
    ) -> None:
        self.parts, self.shown, self.histories = parts, shown, histories
        self.items = ItemTraits.of(histories, year)
        self.users = UserTraits.of(histories, self.items)

    def of_users(self, user_rows: Rows) -> Candidates:
        """Of int32 (m,) users."""
        each = [
            part.list_all(user_rows) if isinstance(part, ListScorer) else part.score_all(user_rows)
            for part in self.parts
        ]
        known = [self.histories.row(user)[0] for user in user_rows.tolist()]
        scores = self._sorted(each, lambda shown: shown.score_all(user_rows))
        return self.made(scores, known, self.users.take(user_rows))

    def of_user(self, user_row: int) -> Candidates:
        """Of one user, without the wait for compiled code to be loaded."""
        each = [
            part.list_user(user_row) if isinstance(part, ListScorer) else part.score_user(user_row)
            for part in self.parts
        ]
        scores = self._sorted(
            [one[np.newaxis] for one in each], lambda shown: shown.score_user(user_row)[np.newaxis]
        )
        known, traits = [self.histories.row(user_row)[0]], self.users.take(np.array([user_row]))
        return self.made(scores, known, traits)

    def of_folded(self, folded: Sequence[Folded], history: SparseRows) -> Candidates:
        """Of a person folded into every part, whose ratings are the one row of a history."""
        each = [
            (one.list_all() if isinstance(one, ListFolded) else one.score_all())[np.newaxis]
            for one in folded
        ]
        scores = self._sorted(each, lambda shown: folded[self.shown].score_all()[np.newaxis])
        return self.made(scores, [history.columns], UserTraits.of(history, self.items))

    def _sorted(self, each: Sequence[Scores], stars_of: Callable[[Scorer], Scores]) -> PartScores:
        """By what parts are for; the stars that are shown may be among them already."""
        lists = [isinstance(part, ListScorer) for part in self.parts]
        stars = stars_of(self.parts[self.shown]) if lists[self.shown] else each[self.shown]
        chosen = zip(each, lists, strict=True)
        ratings = [one for one, is_list in zip(each, lists, strict=True) if not is_list]
        return PartScores([one for one, is_list in chosen if is_list], ratings, stars)

    def made(self, scores: PartScores, known: Sequence[Rows], users: UserTraits) -> Candidates:
        """From what the parts make of m users, and what each of them knows already."""
        z = [standardized(part) for part in (*scores.lists, *scores.ratings)]
        base = _base(z, len(scores.lists))
        open_to = base.copy()
        for row, items in zip(open_to, known, strict=True):
            row[items] = -np.inf
        n = min(CANDIDATES, base.shape[1])
        rows = np.argpartition(-open_to, n - 1, axis=1)[:, :n].astype(np.int32)
        rows.sort(axis=1)  # a partition leaves no order that could be relied on
        valid = np.isfinite(np.take_along_axis(open_to, rows, axis=1))
        return Candidates(base, rows, valid, features(scores, z, users, self.items, rows))


def _base(z: Sequence[Scores], n_lists: int) -> Scores:
    """Mean of standardized list scores, and half of that of stars; float32 (m, n_items)."""
    lists = np.mean(z[:n_lists], axis=0)
    if n_lists == len(z):
        return np.asarray(lists, np.float32)
    return np.asarray(lists + _STARS_SHARE * np.mean(z[n_lists:], axis=0), np.float32)
