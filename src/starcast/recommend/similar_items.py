"""Items that are like another, by what the model learned of them."""

import numpy as np

from starcast.artifacts.artifact import Artifact
from starcast.display import Listing
from starcast.engines.protocol import LikenessScorer
from starcast.errors import ConfigError
from starcast.recommend.answers import Similar, check_length
from starcast.scoring.top_lists import best

_HALF_COUNTED = 10.0  # ratings at which half of an item's likeness counts


def similar_items(artifact: Artifact, item_row: int, k: int) -> list[Similar]:
    """The k items most like another, best first; see `Recommender.similar`.

    Raises: ConfigError: k is less than 1, or the model knows of no likeness.
    """
    check_length(k)
    scorer, ratings = artifact.scorer, artifact.split.ratings
    if not isinstance(scorer, LikenessScorer):
        raise ConfigError(f"{artifact.title} does not tell which items are alike")
    counted = artifact.n_raters / (artifact.n_raters + _HALF_COUNTED)
    likeness = scorer.likeness(item_row) * counted.astype(np.float32)
    is_known = (counted > 0) & ~np.isnan(likeness)
    rows = best(np.where(is_known & is_known[item_row], likeness, -np.inf), k + 1)
    rows = rows[rows != item_row][:k]
    ids, titles = ratings.items.ids[rows], ratings.titles[rows]
    return Listing(map(Similar, ids.tolist(), titles.tolist(), likeness[rows].tolist()))
