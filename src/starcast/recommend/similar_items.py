"""Items that are like another, by what the model learned of them."""

from collections.abc import Callable

import numpy as np

from starcast.artifacts.artifact import Artifact
from starcast.data.ids import Rows
from starcast.display import Listing
from starcast.engines.protocol import LikenessScorer, Scores
from starcast.errors import ConfigError
from starcast.recommend.answers import Similar, check_length
from starcast.scoring.top_lists import best

_WELL_KNOWN = 32  # items that tell how alike neighbours are
_HALF_COUNTED = 10.0  # ratings at which half of an item's likeness counts


def similar_items(artifact: Artifact, item_row: int, k: int) -> list[Similar]:
    """The k items most like another, best first; see `Recommender.similar`.

    Raises: ConfigError: k is less than 1, or the model knows of no likeness.
    """
    check_length(k)
    scorer, ratings = artifact.scorer, artifact.split.ratings
    if not isinstance(scorer, LikenessScorer):
        raise ConfigError(f"{artifact.title} does not tell which items are alike")
    counted = _counted(artifact)
    likeness = scorer.likeness(item_row) * counted
    is_known = (counted > 0) & ~np.isnan(likeness)
    rows = best(np.where(is_known & is_known[item_row], likeness, -np.inf), k + 1)
    rows = rows[rows != item_row][:k]
    ids, titles = ratings.items.ids[rows], ratings.titles[rows]
    return Listing(map(Similar, ids.tolist(), titles.tolist(), likeness[rows].tolist()))


def likeness_of(artifact: Artifact) -> Callable[[int], Scores] | None:
    """How much all items are like one, for lists that are to be diverse; None if no model tells.

    Likeness counts as in `similar_items`, less for the item of fewer ratings. Cosines of factors
    come near 1, partial correlations seldom above 0.2; so that one weight means the same for both,
    1 is what the nearest neighbours of well-known items have in the middle. At most 1; 0 where
    nothing is known.
    """
    scorer, counted = artifact.scorer, _counted(artifact)
    try:
        if not isinstance(scorer, LikenessScorer):
            return None
        scorer.likeness(0)
    except ConfigError:  # of a blend whose parts do not tell
        return None
    tells = scorer.likeness

    def damped(item_row: int) -> Scores:
        likeness: Scores = tells(item_row) * np.minimum(counted, counted[item_row])
        likeness[np.isnan(likeness)] = 0
        return likeness

    usual = _of_neighbours(damped, best(counted, _WELL_KNOWN))
    return lambda item_row: np.minimum(damped(item_row) / usual, np.float32(1))


def _of_neighbours(likeness: Callable[[int], Scores], item_rows: Rows) -> np.float32:
    """The median of how much items are like the one that is most like them; 1 if that is 0."""
    nearest = [np.delete(likeness(row), row).max(initial=0) for row in item_rows.tolist()]
    return np.float32(np.median(nearest) or 1)


def _counted(artifact: Artifact) -> Scores:
    """Which share of each item's likeness counts: its weights are chance where ratings are few."""
    shares = artifact.n_raters / (artifact.n_raters + _HALF_COUNTED)
    return shares.astype(np.float32)
