"""Recommender: external ids in; stars, lists, reasons and likeness out.

`recommender` answers for known users, `person` for a person unknown to the model, `lists` for many
users at once; `answers` says in which form, and `means` what is said of unknown ids if asked for.
"""

from starcast.recommend.answers import Explanation, Reason, Recommendation, Similar
from starcast.recommend.folded_in import FoldedInUser
from starcast.recommend.recommender import Recommender

__all__ = ["Explanation", "FoldedInUser", "Reason", "Recommendation", "Recommender", "Similar"]
