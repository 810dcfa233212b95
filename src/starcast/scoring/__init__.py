"""The deployed form of every model: compiled loops over named weights, no tensor framework.

`factors`, `networks`, `posterior` and `blend` hold the scorers, `hidden`, `opinions` and `days`
what they are made of, `layout` how they lay out their weights, `untrained` what stands for users
and items without ratings, `kernels` and `lookup` the loops, `lists` picks the best of many scores,
and `threads` keeps every core busy. `folding` takes in people that no weights are of, by the
`evidence` that their ratings are, and `alike` compares items.
"""

from starcast.scoring.blend import BlendScorer
from starcast.scoring.factors import FactorScorer
from starcast.scoring.networks import DeepScorer, EnsembleScorer
from starcast.scoring.posterior import PosteriorScorer

__all__ = ["BlendScorer", "DeepScorer", "EnsembleScorer", "FactorScorer", "PosteriorScorer"]
