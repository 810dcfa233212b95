"""Several models as one list: candidates ordered by what the parts make of them."""

from collections.abc import Sequence
from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.ids import Rows
from starcast.engines.protocol import (
    DistributedScorer,
    Folded,
    FoldingScorer,
    LikenessScorer,
    ListFolded,
    Scorer,
    Scores,
    TimedScorer,
    UncertainScorer,
    Weights,
)
from starcast.engines.rows import SparseRows
from starcast.errors import ConfigError
from starcast.scoring.candidates import Candidates, CandidateSource
from starcast.scoring.trees import Trees

_USERS = 64  # whose scores are held at a time


@final
class Mix(NamedTuple):
    """How features make one score.

    Attributes:
        coefficients: float32 (n_features,).
        trees: what is added, once both are standardized over a user's candidates; None: nothing.
    """

    coefficients: Scores
    trees: Trees | None

    def scores(self, made: Candidates) -> Scores:
        """Of every item: candidates by what was learnt, below them all others; (m, n_items)."""
        return ordered(made, self.of_candidates(made.table, made.valid))

    def of_candidates(self, table: Scores, valid: NDArray[np.bool_]) -> Scores:
        """Of candidates alone; float32 (m, C)."""
        linear = np.asarray(table @ self.coefficients)
        if self.trees is None:
            return linear
        grown = self.trees.sums(table.reshape(-1, table.shape[-1])).reshape(valid.shape)
        return among(linear, valid) + among(grown, valid)


def among(scores: Scores, valid: NDArray[np.bool_]) -> Scores:
    """Scores (m, C) standardized over the valid ones of each row."""
    n = np.maximum(valid.sum(axis=1, keepdims=True), 1)
    apart = scores - (scores * valid).sum(axis=1, keepdims=True) / n
    std = np.sqrt((apart**2 * valid).sum(axis=1, keepdims=True) / n)
    return np.asarray(apart / np.maximum(std, 1e-6), np.float32)


def ordered(made: Candidates, learnt: Scores) -> Scores:
    """Learnt scores (m, C) of candidates, and all other items below in their own order."""
    lowest = np.where(made.valid, learnt, np.inf).min(axis=1, keepdims=True, initial=0)
    scores = made.base - made.base.max(axis=1, keepdims=True) + (lowest - 1)
    own = np.where(made.valid, learnt, np.take_along_axis(scores, made.rows, axis=1))
    np.put_along_axis(scores, made.rows, own, axis=1)
    return np.asarray(scores, np.float32)


@final
class ListBlendScorer:
    """Lists by a mix of what the parts say; stars are those of one part, and so is their spread.

    What a user knows already comes below the candidates, as everything else does.

    Args:
        parts: scorers, one or more of them made for lists.
        weights: "coefficients" (n_features,), "shown" () and "strongest" (), the positions of the
            part whose stars are shown and of the list part that gives reasons; perhaps "item_year"
            (n_items,) and the arrays of `Trees`.
        histories: who rated what in training, by user.

    Source: Cao, Qin, Liu, Tsai, Li 2007, section 4 (the listwise logistic, by top-one
    probabilities).
    """

    def __init__(self, parts: Sequence[Scorer], weights: Weights, histories: SparseRows) -> None:
        self._parts = parts
        self._mix = Mix(weights["coefficients"], Trees.among(weights))
        shown, self._strongest = (int(weights[name]) for name in ("shown", "strongest"))
        self._source = CandidateSource(parts, shown, weights.get("item_year"), histories)
        stars = parts[shown]
        self.score_pairs, self.score_all = stars.score_pairs, stars.score_all
        self.score_user = stars.score_user
        if isinstance(stars, UncertainScorer):
            self.predictive_std = stars.predictive_std
        if isinstance(stars, DistributedScorer):
            self.chances_below = stars.chances_below
        if isinstance(stars, TimedScorer):
            self.score_at = stars.score_at

    def list_all(self, user_rows: Rows) -> Scores:
        """List scores of every item; float32 (n, n_items)."""
        blocks = [user_rows[at : at + _USERS] for at in range(0, len(user_rows), _USERS)]
        found = [self._mix.scores(self._source.of_users(block)) for block in blocks]
        return np.concatenate(found or [np.empty((0, len(self._source.items.raters)), np.float32)])

    def list_user(self, user_row: int) -> Scores:
        """List scores of every item for one user; float32 (n_items,)."""
        return np.asarray(self._mix.scores(self._source.of_user(user_row))[0])

    def fold_in(self, item_rows: Rows, stars: Scores, residual_rmse: float) -> "FoldedListBlend":
        """A person from ratings (n,) of items (n,), folded into every part.

        Raises: ConfigError: a part folds nobody in.
        """
        folded = []
        for part in self._parts:
            if not isinstance(part, FoldingScorer):
                raise ConfigError(
                    "a part of this blend cannot fold in people it was not trained on"
                )
            folded.append(part.fold_in(item_rows, stars, residual_rmse))
        n_items = len(self._source.items.raters)
        history = SparseRows(np.array([0, len(item_rows)]), item_rows, stars, n_items)
        reasons = folded[self._strongest]
        assert isinstance(reasons, ListFolded)
        made = self._source.of_folded(folded, history)
        return FoldedListBlend(folded[self._source.shown], reasons, self._mix.scores(made)[0])

    def likeness(self, item_row: int) -> Scores:
        """That of the strongest list part; float32 (n_items,).

        Raises: ConfigError: it knows of no likeness.
        """
        part = self._parts[self._strongest]
        if not isinstance(part, LikenessScorer):
            raise ConfigError("the lists of this blend do not tell which items are alike")
        return part.likeness(item_row)


@final
class FoldedListBlend:
    """A person folded into every part of a list blend.

    Args:
        stars: folded into the part whose stars are shown.
        reasons: folded into the strongest list part.
        lists: float32 (n_items,), list scores.
    """

    def __init__(self, stars: Folded, reasons: ListFolded, lists: Scores) -> None:
        self.score_all, self.score_items = stars.score_all, stars.score_items
        self.effects = stars.effects
        self.list_effects = reasons.list_effects
        self._lists = lists

    def list_all(self) -> Scores:
        """List scores; float32 (n_items,)."""
        return self._lists.copy()
