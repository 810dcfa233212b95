"""A scorer drawn to the means: as far as validation rows say that the means know better.

    r̂ = m + w (f - m), with f the model's score, m that of the means, and w the model's share

A share holds for a kind of pairs: of a user and an item that training knows, of a user it does not
know, of such an item, of both. Few ratings teach a model less than they teach two means.
"""

from functools import cached_property
from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.columns import counts_of
from starcast.data.ids import Rows
from starcast.engines.expression import Expression, item, user, weight
from starcast.engines.means import means_of
from starcast.engines.protocol import (
    DistributedScorer,
    Expressed,
    ExpressedScorer,
    Folded,
    FoldingScorer,
    Scorer,
    Scores,
    TimedScorer,
    UncertainScorer,
    Weights,
)
from starcast.engines.rows import SparseRows
from starcast.scoring.around import AroundFolded, AroundScorer
from starcast.scoring.by_means import BiasScorer, user_biases


@final
class Shares(NamedTuple):
    """The model's share in what is said of a pair, from 0 to 1; the rest is the means'.

    Attributes:
        known: where training has ratings of the user and of the item.
        new_user, new_item, neither: where it has none of the user, of the item, of both.
    """

    known: float = 1.0
    new_user: float = 1.0
    new_item: float = 1.0
    neither: float = 1.0

    @property
    def are_whole(self) -> bool:
        """Whether the model speaks for itself throughout."""
        return self == WHOLE

    @property
    def of_means(self) -> Scores:
        """1 - w, float32 (2, 2): by whether the user is known, and whether the item is."""
        rows = [[self.neither, self.new_user], [self.new_item, self.known]]
        return np.array(1 - np.array(rows), np.float32)


WHOLE = Shares()


def kinds(user_known: NDArray[np.bool_], item_known: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Which of `Shares` holds for pairs; int (n,)."""
    return np.where(user_known, np.where(item_known, 0, 2), np.where(item_known, 1, 3))


class KnownMeans(NamedTuple):
    """What training says of users and items by their means.

    Attributes:
        mean: μ.
        item_bias: float32 (n_items,).
        item_known: bool (n_items,), whether there is a training rating.
        user_bias: float32 (n_users,).
        user_known: bool (n_users,), likewise.
    """

    mean: float
    item_bias: Scores
    item_known: NDArray[np.bool_]
    user_bias: Scores
    user_known: NDArray[np.bool_]

    @classmethod
    def of(cls, histories: SparseRows) -> "KnownMeans":
        """That of who rated what in training, by user."""
        found = means_of(histories)
        counts = counts_of(histories.columns, histories.n_columns)
        of_users = user_biases(np.float32(found.mean), found.item_bias, histories)
        return cls(
            found.mean, found.item_bias, counts > 0, of_users, np.diff(histories.offsets) > 0
        )


def shrunk(scorer: Scorer, shares: Shares, known: KnownMeans) -> Scorer:
    """A scorer of the same claims, drawn to the means.

    Args:
        scorer: the model's.
        shares: of the model.
        known: what the means know.
    """
    return _ShrunkScorer(scorer, shares, known)


def undrawn(scorer: Scorer) -> Scorer:
    """The scorer within."""
    return scorer.within if isinstance(scorer, _ShrunkScorer) else scorer


def means_behind(scorer: Scorer) -> KnownMeans | None:
    """What a scorer is drawn to; None where it speaks for itself."""
    return scorer.known if isinstance(scorer, _ShrunkScorer) else None


@final
class _ShrunkScorer(AroundScorer):
    """Scores drawn to those of means; list scores and likeness as they are.

    Args:
        scorer: the model's.
        shares: of the model.
        known: what the means know.
    """

    def __init__(self, scorer: Scorer, shares: Shares, known: KnownMeans) -> None:
        super().__init__(scorer)
        self.known, self._of_means = known, shares.of_means
        self._mean, self._item_bias = known.mean, known.item_bias
        self._means = BiasScorer(known.mean, known.item_bias, known.user_bias)
        self._user_known = known.user_known.astype(np.intp)
        self._item_known = known.item_known.astype(np.intp)

    @cached_property
    def _shares(self) -> Scores:
        """The means' shares in every item, for a user who is not known and one who is."""
        return np.ascontiguousarray(self._of_means[:, self._item_known], np.float32)

    def score_pairs(self, user_rows: Rows, item_rows: Rows) -> Scores:
        """Scores of n pairs; float32 (n,)."""
        return self._pairs(self.within.score_pairs(user_rows, item_rows), user_rows, item_rows)

    def score_all(self, user_rows: Rows) -> Scores:
        """Scores of every item; float32 (n, n_items)."""
        from starcast.scoring.kernels import draw_to_means

        scores = np.ascontiguousarray(self.within.score_all(user_rows), np.float32)
        draw_to_means(
            scores, self._means.of_users(user_rows), self._item_bias,
            self._user_known[user_rows], self._shares,
        )  # fmt: skip
        return scores

    def score_user(self, user_row: int) -> Scores:
        """Scores of every item for one user; float32 (n_items,)."""
        of_means = self._of_means[self._user_known[user_row]][self._item_known]
        return _drawn(self.within.score_user(user_row), self._means.score_user(user_row), of_means)

    def _pairs(self, scores: Scores, user_rows: Rows, item_rows: Rows) -> Scores:
        of_means = self._of_means[self._user_known[user_rows], self._item_known[item_rows]]
        return _drawn(scores, self._means.score_pairs(user_rows, item_rows), of_means)

    def _score_at(self, user_rows: Rows, item_rows: Rows, timestamps: NDArray[np.int64]) -> Scores:
        assert isinstance(self.within, TimedScorer)
        return self._pairs(
            self.within.score_at(user_rows, item_rows, timestamps), user_rows, item_rows
        )

    def _predictive_std(self, user_rows: Rows, item_rows: Rows) -> Scores:
        """About what is said now: √(std² + (r̂ - f)²)."""
        assert isinstance(self.within, UncertainScorer)
        scores = self.within.score_pairs(user_rows, item_rows)
        moved = self._pairs(scores, user_rows, item_rows) - scores
        return np.asarray(np.hypot(self.within.predictive_std(user_rows, item_rows), moved))

    def _chances_below(
        self, user_rows: Rows, item_rows: Rows, marks: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """The model's own: what is said now is another number for the same distribution."""
        assert isinstance(self.within, DistributedScorer)
        return self.within.chances_below(user_rows, item_rows, marks)

    def _fold_in(self, item_rows: Rows, stars: Scores, residual_rmse: float) -> Folded:
        assert isinstance(self.within, FoldingScorer)
        return _ShrunkPerson(
            self.within.fold_in(item_rows, stars, residual_rmse),
            self._means.by_means(item_rows, stars),
            self._of_means[int(len(item_rows) > 0)][self._item_known],
        )

    def _expressed(self) -> Expressed:
        assert isinstance(self.within, ExpressedScorer)
        expression, weights = self.within.expressed()
        of_means, own = self._told_of_means()
        mean = weight("means_mean") + user("means_bias") + item("means_bias")
        told: Weights = {
            "means_mean": np.array(self._mean, np.float32),
            "user_means_bias": self._means.user_bias,
            "item_means_bias": self._item_bias,
        }
        return Expressed(expression + of_means * (mean - expression), {**weights, **told, **own})

    def _told_of_means(self) -> tuple[Expression, Weights]:
        """The means' share of a pair, out of a number for the user and one for the item."""
        (neither, new_user), (new_item, known) = self._of_means.astype(np.float64).tolist()
        of_user, of_item = user("means_known"), item("means_known")
        both = of_user * of_item * (known - new_item - new_user + neither)
        told = of_user * (new_item - neither) + of_item * (new_user - neither) + both + neither
        return told, {
            "user_means_known": self._user_known.astype(np.float32),
            "item_means_known": self._item_known.astype(np.float32),
        }


@final
class _ShrunkPerson(AroundFolded):
    """A person drawn to what the means make of them, by `of_means` (n_items,)."""

    def __init__(self, folded: Folded, means: Folded, of_means: Scores) -> None:
        super().__init__(folded)
        self._means, self._of_means = means, of_means

    def score_all(self) -> Scores:
        """Scores of every item; float32 (n_items,)."""
        return _drawn(self._folded.score_all(), self._means.score_all(), self._of_means)

    def score_items(self, item_rows: Rows) -> Scores:
        """Scores of some items; float32 (n,)."""
        scores, means = self._folded.score_items(item_rows), self._means.score_items(item_rows)
        return _drawn(scores, means, self._of_means[item_rows])

    def effects(self, item_rows: Rows) -> Scores:
        """What each rating adds to the scores of items; float32 (m, n)."""
        effects, means = self._folded.effects(item_rows), self._means.effects(item_rows)
        return _drawn(effects, means, self._of_means[item_rows][:, np.newaxis])


def _drawn(scores: Scores, means: Scores, of_means: Scores) -> Scores:
    """f + (1 - w) (m - f), which is f to the bit where w is 1."""
    return np.asarray(scores + of_means * (means - scores), np.float32)
