"""Predictive distributions judged by held-out rows, of a model that gives them."""

from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.columns import blocks_of, distinct
from starcast.data.ratings import Ratings
from starcast.data.scale import MOST_LEVELS
from starcast.engines.protocol import DistributedScorer, Scorer
from starcast.evaluation import metrics

Doubles = NDArray[np.float64]

SHARES: Doubles = np.arange(1, 20) / 20
"""Of the central intervals whose coverage is measured."""
_ROWS = 65_536  # at a time


@final
class Calibration(NamedTuple):
    """What rows say of the chances that a model gives to every rating.

    Attributes:
        log_loss: mean, nats.
        crps: mean, stars.
        coverage: float64 (19,), how often ratings lie in the central intervals of `SHARES`.
    """

    log_loss: float
    crps: float
    coverage: Doubles

    def figures(self) -> dict[str, float]:
        """By printed name."""
        of_80 = float(self.coverage[np.isclose(SHARES, 0.8)][0])
        return {"Log loss": self.log_loss, "CRPS": self.crps, "Coverage of 80 %": of_80}


def judge_distributions(scorer: Scorer, test: Ratings, whole: Ratings) -> Calibration | None:
    """What test rows say, one at least.

    Args:
        scorer: of the model.
        test: the rows.
        whole: all rows, whose ratings are those that there are.
    Returns: None of a model that gives no chances, or where there are more than 100 ratings.
    """
    levels = distinct(whole.stars).astype(np.float64)
    if not isinstance(scorer, DistributedScorer) or len(levels) > MOST_LEVELS:
        return None
    marks = (levels[:-1] + levels[1:]) / 2
    found = np.zeros(2 + len(SHARES))
    for block in blocks_of(len(test), _ROWS):
        rows = test.take(block)
        below = scorer.chances_below(rows.user_rows, rows.item_rows, marks)
        which = np.searchsorted(marks, rows.stars)
        covered = metrics.coverage_of_intervals(below, which, SHARES)
        sums = (metrics.log_loss(below, which).sum(), metrics.crps(below, which, levels).sum())
        found += [*sums, *(len(rows) * covered)]
    log_loss, crps, *coverage = (found / len(test)).tolist()
    return Calibration(log_loss, crps, np.array(coverage))
