"""An index of a very large catalogue: the best items for a user, mostly, from a part of it."""

from typing import Any, final

import numpy as np

from starcast.artifacts.artifact import Artifact
from starcast.data.ids import Rows
from starcast.engines.protocol import Scores, Weights
from starcast.errors import ConfigError
from starcast.scoring import FactorScorer
from starcast.scoring.cold_start import with_typical_rows
from starcast.scoring.in_stars import as_trained
from starcast.scoring.ranker import Ranker

LARGE = 200_000  # items; a scan of fewer takes some milliseconds, and misses none
_SHARE_VISITED = 1 / 16  # of the cells, for a user
_SAMPLE = 40  # items per cell that the cells' centres are learned from
_ROUNDS = 8  # of k-means


@final
class FactorIndex:
    """The items of a latent factor model in cells of near ones, of which a user visits some.

    The best items have the largest inner products of [p_u ; 1] and [q_i ; b_i]. With one more
    coordinate, that makes all items equally long and is 0 for users, they are the nearest ones.

    Args:
        weights: of a latent factor model.
        support: float32 (n_items,), what is added to the items' biases; None for nothing.
    Raises: ConfigError: the extra `index` is not installed.
    Sources: Bachrach et al. 2014, theorem 1 (the coordinate); Jégou, Douze, Schmid 2011, section IV
        (the inverted file). Deviation: vectors as they are, no codes.
    """

    def __init__(self, weights: Weights, support: Scores | None = None) -> None:
        self._faiss = faiss = _library()
        weights = with_typical_rows(weights, "factors")  # as the scorer takes them
        self._user_factors = weights["user_factors"]
        bias = weights["item_bias"] if support is None else weights["item_bias"] + support
        items = _of_equal_length(np.column_stack([weights["item_factors"], bias]))
        n, width = items.shape
        self._n_cells = round(n**0.5)
        self._index = faiss.IndexIVFFlat(faiss.IndexFlatL2(width), width, self._n_cells)
        self._index.cp.niter = _ROUNDS
        self._index.cp.min_points_per_centroid = 1  # or it warns of small catalogues
        sample = np.random.default_rng(0).permutation(n)[: _SAMPLE * self._n_cells]
        self._index.train(items[np.sort(sample)])
        self._index.add(items)

    def best(self, user_row: int, k: int, excluded: Rows) -> Rows:
        """The k best items for a user, best first, or all there are but for the excluded ones.

        Args:
            user_row: of the user.
            k: how many.
            excluded: int32 (n,), rows to leave out.
        """
        found = self._search(user_row, k, excluded, round(self._n_cells * _SHARE_VISITED) + 1)
        if len(found) < k:  # few items in the cells, and many of them excluded
            found = self._search(user_row, k, excluded, self._n_cells)
        return found

    def _search(self, user_row: int, k: int, excluded: Rows, n_visited: int) -> Rows:
        user = np.concatenate([self._user_factors[user_row], np.array([1, 0], np.float32)])
        wanted = min(k + len(excluded), self._index.ntotal)
        visited = self._faiss.SearchParametersIVF(nprobe=n_visited)
        rows = self._index.search(user[np.newaxis], wanted, params=visited)[1][0]
        kept: Rows = rows[~np.isin(rows, excluded) & (rows >= 0)][:k].astype(np.int32)
        return kept


def build(artifact: Artifact, ranker: Ranker) -> FactorIndex | None:
    """The index of a model's items; None where so few are scanned as quickly, and exactly.

    Raises: ConfigError: not a model of factors, or the extra `index` is not installed.
    """
    if not isinstance(as_trained(artifact.scorer), FactorScorer):
        raise ConfigError(
            f"approximate lists need scores that are inner products; those of {artifact.model} are "
            "not, so every item is scored: leave approximate out"
        )
    if artifact.split.ratings.n_items < LARGE:
        return None
    support = ranker.support  # stars
    in_units = None if support is None else support / np.float32(artifact.units.factor)
    return FactorIndex(artifact.weights, in_units)


def _of_equal_length(items: Scores) -> Scores:
    """Vectors (n, width) with one more coordinate, which makes them all as long as the longest."""
    squares = np.einsum("nd,nd->n", items, items)
    return np.column_stack([items, np.sqrt(squares.max() - squares)]).astype(np.float32)


def _library() -> Any:
    try:
        import faiss
    except ModuleNotFoundError:
        raise ConfigError("approximate lists need faiss: pip install 'starcast[index]'") from None
    return faiss
