"""A scorer of standardized units as one of stars, with whatever else it can do."""

from typing import final

import numpy as np
from numpy.typing import NDArray

from starcast.data.ids import Rows
from starcast.data.units import Units
from starcast.engines.expression import Expression
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
)
from starcast.scoring.around import AroundFolded, AroundScorer
from starcast.scoring.shrinkage import KnownMeans, means_behind, undrawn


def in_stars(scorer: Scorer, units: Units) -> Scorer:
    """A scorer of the same claims whose scores are stars; the very same where they are already."""
    return scorer if units.are_stars else _ScorerInStars(scorer, units)


def as_trained(scorer: Scorer) -> Scorer:
    """The model's own scorer, whose scores are in the units of training."""
    return undrawn(_in_units(scorer))


def means_in_units(scorer: Scorer) -> KnownMeans | None:
    """What the model's scores are drawn to, in the units of training; None if to nothing."""
    return means_behind(_in_units(scorer))


def _in_units(scorer: Scorer) -> Scorer:
    return scorer.within if isinstance(scorer, _ScorerInStars) else scorer


def told_in_stars(scores: Expression, units: Units) -> Expression:
    """What computes scores in units as what computes stars."""
    return scores if units.are_stars else scores * units.factor + units.offset


@final
class _ScorerInStars(AroundScorer):
    """Everything in stars of what a scorer says in units; list scores and likeness as they are."""

    def __init__(self, scorer: Scorer, units: Units) -> None:
        super().__init__(scorer)
        self._units = units

    def score_pairs(self, user_rows: Rows, item_rows: Rows) -> Scores:
        """Raw scores of n pairs; float32 (n,), stars."""
        return self._units.stars(self.within.score_pairs(user_rows, item_rows))

    def score_all(self, user_rows: Rows) -> Scores:
        """Raw scores of every item; float32 (n, n_items), stars."""
        return self._units.stars(self.within.score_all(user_rows))

    def score_user(self, user_row: int) -> Scores:
        """Raw scores of every item for one user; float32 (n_items,), stars."""
        return self._units.stars(self.within.score_user(user_row))

    def _predictive_std(self, user_rows: Rows, item_rows: Rows) -> Scores:
        assert isinstance(self.within, UncertainScorer)
        distances = self.within.predictive_std(user_rows, item_rows)
        return distances * np.float32(self._units.factor)

    def _chances_below(
        self, user_rows: Rows, item_rows: Rows, marks: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        assert isinstance(self.within, DistributedScorer)
        units = self._units
        within = (marks - units.offset) / units.factor
        return self.within.chances_below(user_rows, item_rows, within)

    def _score_at(self, user_rows: Rows, item_rows: Rows, timestamps: NDArray[np.int64]) -> Scores:
        assert isinstance(self.within, TimedScorer)
        return self._units.stars(self.within.score_at(user_rows, item_rows, timestamps))

    def _fold_in(self, item_rows: Rows, stars: Scores, residual_rmse: float) -> Folded:
        assert isinstance(self.within, FoldingScorer)
        units = self._units
        values, residual = units.values(stars), residual_rmse / units.factor
        return _FoldedInStars(self.within.fold_in(item_rows, values, residual), units)

    def _expressed(self) -> Expressed:
        assert isinstance(self.within, ExpressedScorer)
        expression, weights = self.within.expressed()
        return Expressed(told_in_stars(expression, self._units), weights)


class _FoldedInStars(AroundFolded):
    """A person in stars."""

    def __init__(self, folded: Folded, units: Units) -> None:
        super().__init__(folded)
        self._units = units

    def score_all(self) -> Scores:
        """Raw scores of every item; float32 (n_items,), stars."""
        return self._units.stars(self._folded.score_all())

    def score_items(self, item_rows: Rows) -> Scores:
        """Raw scores of some items; float32 (n,), stars."""
        return self._units.stars(self._folded.score_items(item_rows))

    def effects(self, item_rows: Rows) -> Scores:
        """What each rating adds to the raw scores of items; float32 (m, n), stars."""
        return self._folded.effects(item_rows) * np.float32(self._units.factor)
