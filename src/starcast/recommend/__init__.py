"""Recommender: external ids in; stars, lists, reasons and likeness out.

`recommender` answers for known users, `folded_in` for a person unknown to the model; `lister` makes
the lists of both, and of many users at once, which `lists` writes. `answers` says in which form,
and `baselines` what is said of unknown ids if asked for.
"""

from starcast.recommend.answers import Explanation, Reason, Recommendation, Similar
from starcast.recommend.folded_in import FoldedInUser
from starcast.recommend.recommender import Recommender

__all__ = ["Explanation", "FoldedInUser", "Reason", "Recommendation", "Recommender", "Similar"]
