"""The deployed form of every model: compiled loops over named weights, no tensor framework.

`factors`, `networks`, `posterior` and `weighted_sum` hold the scorers, `dense_layers`, `likelihood`
and `days` what they are made of, `panels` how they lay out their weights, `cold_start` what stands
for users and items without ratings, `kernels` and `lookup` the loops, `top_k` picks the best of
many scores, and `blocks` keeps every core busy. `expressions` scores any network, in plain NumPy,
by `partial_evaluation`, and `whole_networks` those that pool or know of times. `folding` takes in
people that no weights are of, by the `log_likelihood` of their ratings, and `similarity` compares
items. `list_blend` orders candidates by `list_features`, and by `trees` where these were grown.
"""

from starcast.scoring.by_means import MeansScorer
from starcast.scoring.expressions import ExpressionScorer
from starcast.scoring.factors import FactorScorer
from starcast.scoring.implicit import ImplicitScorer
from starcast.scoring.item_item import ItemItemScorer
from starcast.scoring.list_blend import ListBlendScorer
from starcast.scoring.networks import DeepScorer, EnsembleScorer
from starcast.scoring.popularity import PopularityScorer
from starcast.scoring.posterior import PosteriorScorer
from starcast.scoring.weighted_sum import BlendScorer
from starcast.scoring.whole_networks import network_scorer

__all__ = [
    "BlendScorer",
    "DeepScorer",
    "EnsembleScorer",
    "ExpressionScorer",
    "FactorScorer",
    "ImplicitScorer",
    "ItemItemScorer",
    "ListBlendScorer",
    "MeansScorer",
    "PopularityScorer",
    "PosteriorScorer",
    "network_scorer",
]
