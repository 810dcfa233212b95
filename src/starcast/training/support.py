"""How much an item's support counts in the lists of a model that predicts stars."""

import numpy as np
from numpy.typing import NDArray

from starcast.data.columns import counts_of
from starcast.data.ratings import Ratings
from starcast.data.units import FIVE_STARS, Units
from starcast.engines.protocol import ListScorer, Scorer
from starcast.evaluation.metrics import LISTS
from starcast.scoring.ranker import Ranker, log_support
from starcast.training.quality import ListJudge

WEIGHTS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.7, 1.0, 1.5)


def choose_support(
    scorer: Scorer, known: Ratings, validation: Ratings, units: Units = FIVE_STARS
) -> float:
    """The γ in stars + γ · ln(1 + n_i) whose lists are best on validation rows.

    Args:
        scorer: a model that has not seen the validation rows.
        known: the rows that it has seen; they are left out of the lists.
        validation: the rows that choose.
        units: in which `WEIGHTS` are.
    Returns: one of `WEIGHTS`, in stars; 0 of a model that makes lists of its own, or without
        validation rows.
    """
    if isinstance(scorer, ListScorer) or not len(validation):
        return 0.0
    judge = ListJudge(known, validation)
    support = log_support(n_raters(known))
    weights = [units.factor * weight for weight in WEIGHTS]
    quality = [judge.of(Ranker(scorer, np.float32(w) * support))[LISTS.metric] for w in weights]
    return weights[int(np.argmax(quality))]


def n_raters(known: Ratings) -> NDArray[np.int64]:
    """int64 (n_items,), how many ratings each item has."""
    return counts_of(known.item_rows, known.n_items)
