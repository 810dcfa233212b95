"""How good anybody's lists are: one judge for every contestant, Starcast's."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.serving import seen
from benchmarks.worker import Outcome
from starcast.data.ids import Rows
from starcast.data.split import Split
from starcast.engines.rows import offsets_of
from starcast.evaluation.metrics import Relevance, ranking_at_k

K = 10
RULES = {"NDCG@10, own mean": "above-mean", "NDCG@10, all": "all"}
"""Relevant is a test row at or above the mean of its user's, or any."""
_AT_ONCE = 512  # users


def ndcg(split: Split, lists: Rows) -> Outcome:
    """NDCG@10 by each rule of relevance.

    Args:
        split: with the test rows.
        lists: int32 (n_users, 10), item rows.
    """
    figures, test = {}, split.test
    for name, rule in RULES.items():
        liked = test.take(Relevance.parse(rule).of(test.user_rows, test.stars))
        offsets = offsets_of(liked.user_rows, liked.n_users)
        figures[name] = ranking_at_k(lists, offsets, liked.item_rows).ndcg
    return figures


def ndcg_of_products(split: Split, users: Any, items: NDArray[Any]) -> Outcome:
    """The same of lists ordered by users · items, without what users have seen.

    Args:
        split: with the test rows.
        users: (n_users, d), dense or sparse.
        items: (d, n_items).
    """
    rows, starts = seen(split)
    lists = np.full((split.ratings.n_users, K), -1, np.int32)
    for start in range(0, len(lists), _AT_ONCE):
        scores = np.asarray(users[start : start + _AT_ONCE] @ items)
        for n, own in enumerate(scores):
            own[rows[starts[start + n] : starts[start + n + 1]]] = -np.inf
        order = np.argsort(-scores, axis=1, kind="stable")[:, :K]
        lists[start : start + _AT_ONCE, : order.shape[1]] = order
    return ndcg(split, lists)


def rated(split: Split) -> Any:
    """1 where a user has rated an item in training or validation; sparse, float32."""
    from scipy.sparse import csr_matrix

    items, starts = seen(split)
    shape = split.ratings.n_users, split.ratings.n_items
    return csr_matrix((np.ones(len(items), np.float32), items, starts), shape=shape)
