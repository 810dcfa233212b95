"""The deployed form of every model: compiled loops over named weights, no tensor framework.

`factors`, `networks` and `posterior` hold the scorers, `layout` how they lay out their weights,
`kernels` and `lookup` the loops, `lists` picks the best of many scores, and `threads` keeps every
core busy.
"""

from starcast.scoring.factors import FactorScorer
from starcast.scoring.networks import DeepScorer, EnsembleScorer
from starcast.scoring.posterior import PosteriorScorer

__all__ = ["DeepScorer", "EnsembleScorer", "FactorScorer", "PosteriorScorer"]
