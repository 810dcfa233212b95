"""Metrics: pure functions from arrays to numbers.

`rating` measures single predictions, `held_out` lists of a user's test items (the 2018 curves),
`ranking` lists drawn from the whole catalogue, `paired` how far differences can be trusted,
`objective` says what a model is for, and `definitions` what each printed name means.
"""

from starcast.evaluation.metrics.definitions import DEFINITIONS, explain
from starcast.evaluation.metrics.held_out import HeldOutCurves, at_or_above_mean, held_out_curves
from starcast.evaluation.metrics.objective import LISTS, STARS, TITLES, Objective, Quality
from starcast.evaluation.metrics.paired import Bootstrap, bootstrap_rmse
from starcast.evaluation.metrics.ranking import RankingMetrics, coverage, novelty, ranking_at_k
from starcast.evaluation.metrics.rating import accuracy, mae, rmse

__all__ = [
    "DEFINITIONS",
    "LISTS",
    "STARS",
    "TITLES",
    "Bootstrap",
    "HeldOutCurves",
    "Objective",
    "Quality",
    "RankingMetrics",
    "accuracy",
    "at_or_above_mean",
    "bootstrap_rmse",
    "coverage",
    "explain",
    "held_out_curves",
    "mae",
    "novelty",
    "ranking_at_k",
    "rmse",
]
