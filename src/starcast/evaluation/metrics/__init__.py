"""Metrics: pure functions from arrays to numbers.

`rating` measures single predictions, `held_out` lists of a user's test items (the 2018 curves),
`ranking` lists drawn from the whole catalogue against what `relevance` calls liked, `exposure` and
`calibration` what these lists show, `tiers` to whom; `probabilistic` measures chances; `paired`
says how far differences can be trusted, `objective` what a model is for, and `definitions` what
each printed name means.
"""

from starcast.evaluation.metrics.calibration import Genres, miscalibration
from starcast.evaluation.metrics.definitions import DEFINITIONS, explain
from starcast.evaluation.metrics.exposure import coverage, gini, long_tail_share, novelty
from starcast.evaluation.metrics.held_out import (
    HeldOutCurves,
    HeldOutSums,
    held_out_curves,
    held_out_sums,
)
from starcast.evaluation.metrics.objective import (
    LIST_METRICS,
    LISTS,
    NDCG,
    RECALL,
    STARS,
    TITLES,
    Objective,
    Quality,
)
from starcast.evaluation.metrics.paired import (
    Bootstrap,
    bootstrap_apart,
    bootstrap_means,
    bootstrap_rmse,
    holm,
)
from starcast.evaluation.metrics.probabilistic import coverage_of_intervals, crps, log_loss
from starcast.evaluation.metrics.ranking import (
    RankingByUser,
    RankingCurves,
    RankingMetrics,
    find_rows,
    ranking_at_k,
    ranking_by_user,
    ranking_curves,
)
from starcast.evaluation.metrics.rating import accuracy, mae, rmse
from starcast.evaluation.metrics.relevance import ABOVE_MEAN, Relevance, at_or_above_mean
from starcast.evaluation.metrics.tiers import Tier, tiers

__all__ = [
    "ABOVE_MEAN",
    "DEFINITIONS",
    "LISTS",
    "LIST_METRICS",
    "NDCG",
    "RECALL",
    "STARS",
    "TITLES",
    "Bootstrap",
    "Genres",
    "HeldOutCurves",
    "HeldOutSums",
    "Objective",
    "Quality",
    "RankingByUser",
    "RankingCurves",
    "RankingMetrics",
    "Relevance",
    "Tier",
    "accuracy",
    "at_or_above_mean",
    "bootstrap_apart",
    "bootstrap_means",
    "bootstrap_rmse",
    "coverage",
    "coverage_of_intervals",
    "crps",
    "explain",
    "find_rows",
    "gini",
    "held_out_curves",
    "held_out_sums",
    "holm",
    "log_loss",
    "long_tail_share",
    "mae",
    "miscalibration",
    "novelty",
    "ranking_at_k",
    "ranking_by_user",
    "ranking_curves",
    "rmse",
    "tiers",
]
