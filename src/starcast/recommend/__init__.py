"""Recommender: external ids in; stars, lists, reasons and likeness out.

`recommender` answers for known users, `folded_in` for a person unknown to the model; `lister` makes
the lists of both, and of many users at once, which `lists` writes; `rules` say what they may hold,
`filters` reads conditions, `rerank` chooses one by one. `answers` says in which form,
and `baselines` what is said of unknown ids if asked for.
"""

from starcast.recommend.answers import Explanation, Reason, Recommendation, Similar
from starcast.recommend.folded_in import FoldedInUser
from starcast.recommend.recommender import Recommender
from starcast.recommend.rules import Rules

__all__ = [
    "Explanation",
    "FoldedInUser",
    "Reason",
    "Recommendation",
    "Recommender",
    "Rules",
    "Similar",
]
