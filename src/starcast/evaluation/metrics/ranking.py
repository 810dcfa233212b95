"""Lists drawn from the whole catalogue: what the user liked, and how much of it all, they hold."""

from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from starcast.evaluation.metrics.checks import check_positive

Rows = NDArray[np.integer[Any]]
Hits = NDArray[np.bool_]


@final
@dataclass(frozen=True, slots=True)
class RankingMetrics:
    """Means over the users with at least one relevant item, each in [0, 1].

    Attributes:
        precision, recall, ndcg, map, hit_rate: of lists of length k, see `ranking_at_k`.
        n_users: how many users the means are over.
    """

    precision: float
    recall: float
    ndcg: float
    map: float
    hit_rate: float
    n_users: int


def ranking_at_k(
    recommended_rows: Rows, relevant_offsets: Rows, relevant_rows: Rows
) -> RankingMetrics:
    """Ranking metrics of one list of length k per user; users without relevant items are left out.

    With hit_j ∈ {0, 1} for list position j = 1 … k, R the user's number of relevant items and
    P@j = Σ_{i≤j} hit_i / j:

        Precision@k = Σ hit_j / k             Recall@k = Σ hit_j / R
        NDCG@k = Σ hit_j / log₂(j + 1) divided by the same sum for min(k, R) leading hits
        MAP@k  = Σ hit_j · P@j / min(k, R)    HitRate@k = 1 if any hit_j

    Args:
        recommended_rows: int (n_users, k), item rows, best first; −1 where a list holds nothing.
        relevant_offsets: int (n_users + 1,); user u's are
            `relevant_rows[relevant_offsets[u]:relevant_offsets[u + 1]]`.
        relevant_rows: int (n,), relevant item rows in any order.
    Returns: the means.
    Raises: ValueError: empty lists, arrays that do not fit, a row below −1, an item twice in one
        list or among one user's relevant items, or no user with a relevant item.
    Source: Järvelin, Kekäläinen 2002 (NDCG, binary gains); Manning, Raghavan, Schütze 2008,
        chapter 8 (the others). Deviation: trec_eval (and ir-measures, ranx) divide average
        precision by R; here by min(k, R), so that a perfect list of k scores 1 also where R > k.

    >>> ranking_at_k(np.array([[7, 3]]), np.array([0, 1]), np.array([3])).precision
    0.5
    """
    n_relevant = _check_offsets(recommended_rows, relevant_offsets, relevant_rows)
    _check_lists(recommended_rows)
    counted = n_relevant > 0
    if not counted.any():
        raise ValueError("nothing to measure: no user has a relevant item")
    hits = _hits(recommended_rows, n_relevant, relevant_rows)[counted]
    return _means(hits, n_relevant[counted])


def coverage(recommended_rows: Rows, n_items: int) -> float:
    """Share of the catalogue that stands in at least one list.

    Args:
        recommended_rows: int (n_users, k), rows in [0, n_items); −1 where a list holds nothing.
        n_items: size of the catalogue.
    Returns: a share in [0, 1].
    Raises: ValueError: empty lists or catalogue, or a row outside it.
    Source: Ge, Delgado-Battenfeld, Jannach 2010, section 2 (catalog coverage).

    >>> coverage(np.array([[0, 1], [1, 2]]), n_items=4)
    0.75
    """
    check_positive(n_items=n_items)
    listed = np.zeros(n_items, bool)
    listed[_listed(recommended_rows, n_items)] = True
    return float(np.mean(listed))


def novelty(recommended_rows: Rows, n_raters_per_item: Rows, n_train_users: int) -> float:
    """Mean self-information of the listed items, −log₂(raters of the item / training users).

    An item rated by everybody tells nothing (0 bits), one rated by every eighth user 3 bits. An
    item without raters counts as if it had one, the most that the data can tell.

    Args:
        recommended_rows: int (n_users, k), rows in [0, n_items); −1 where a list holds nothing.
        n_raters_per_item: int (n_items,), training users who rated each item.
        n_train_users: training users.
    Returns: bits, 0 or more; the mean over every listed item of every user.
    Raises: ValueError: empty lists, a row outside the catalogue, or counts outside
        [0, n_train_users].
    Source: Zhou, Kuscsik, Liu, Medo, Wakeling, Zhang 2010 (surprisal). Deviation: items without
        raters count as with one.

    >>> novelty(np.array([[0, 1]]), np.array([8, 1]), n_train_users=8)
    1.5
    """
    check_positive(n_train_users=n_train_users)
    listed = _listed(recommended_rows, len(n_raters_per_item))
    if n_raters_per_item.min() < 0 or n_raters_per_item.max() > n_train_users:
        raise ValueError(f"n_raters_per_item must lie between 0 and {n_train_users}")
    bits = np.log2(n_train_users) - np.log2(np.maximum(n_raters_per_item, 1))
    return float(np.mean(bits[listed]))


def _means(hits: Hits, n_relevant: Rows) -> RankingMetrics:
    """The metrics of `ranking_at_k` from bool (n_users, k) hits and int (n_users,) R ≥ 1."""
    k = hits.shape[1]
    positions = np.arange(1, k + 1)
    n_hits, reachable = hits.sum(axis=1), np.minimum(k, n_relevant)
    discounts = 1 / np.log2(positions + 1)
    ideal = np.cumsum(discounts)[reachable - 1]
    precision_at_hits = hits * (np.cumsum(hits, axis=1) / positions)
    return RankingMetrics(
        precision=float(np.mean(n_hits / k)),
        recall=float(np.mean(n_hits / n_relevant)),
        ndcg=float(np.mean(hits @ discounts / ideal)),
        map=float(np.mean(precision_at_hits.sum(axis=1) / reachable)),
        hit_rate=float(np.mean(n_hits > 0)),
        n_users=len(hits),
    )


def _hits(recommended_rows: Rows, n_relevant: Rows, relevant_rows: Rows) -> Hits:
    """Which listed items are relevant: each (user, item) pair is one number, found by search."""
    n_items = 1 + max(int(recommended_rows.max()), int(relevant_rows.max()), 0)
    users = np.arange(len(recommended_rows), dtype=np.int64) * n_items
    relevant = np.sort(np.repeat(users, n_relevant) + relevant_rows)
    if np.any(relevant[1:] == relevant[:-1]):
        raise ValueError("relevant_rows names an item twice for one user")
    pairs = users[:, None] + recommended_rows
    places = np.minimum(np.searchsorted(relevant, pairs), len(relevant) - 1)
    hits: Hits = (relevant[places] == pairs) & (recommended_rows >= 0)
    return hits


def _check_offsets(recommended_rows: Rows, offsets: Rows, relevant_rows: Rows) -> Rows:
    """The number of relevant items of each user, from offsets that fit."""
    if len(offsets) != len(recommended_rows) + 1:
        raise ValueError(
            f"{len(recommended_rows)} users need {len(recommended_rows) + 1} relevant_offsets, "
            f"got {len(offsets)}"
        )
    n_relevant: Rows = np.diff(offsets)
    if offsets[0] != 0 or offsets[-1] != len(relevant_rows) or np.any(n_relevant < 0):
        raise ValueError(
            f"relevant_offsets must rise from 0 to the {len(relevant_rows)} relevant_rows"
        )
    if len(relevant_rows) and relevant_rows.min() < 0:
        raise ValueError(f"relevant_rows holds {relevant_rows.min()}; rows are 0 or more")
    return n_relevant


def _check_lists(recommended_rows: Rows) -> None:
    _listed(recommended_rows)
    ascending = np.sort(recommended_rows, axis=1)
    twice = (ascending[:, 1:] == ascending[:, :-1]) & (ascending[:, 1:] >= 0)
    if twice.any():
        user = int(np.argmax(twice.any(axis=1)))
        raise ValueError(f"the list of user {user} in recommended_rows names an item twice")


def _listed(recommended_rows: Rows, n_items: int | None = None) -> Rows:
    """Every listed item row, without the −1 of empty places."""
    if recommended_rows.ndim != 2:
        raise ValueError(
            f"recommended_rows must have shape (n_users, k), got {recommended_rows.shape}"
        )
    listed: Rows = recommended_rows[recommended_rows != -1]
    if not len(listed):
        raise ValueError("nothing to measure: every list in recommended_rows is empty")
    if listed.min() < 0 or (n_items is not None and listed.max() >= n_items):
        catalogue = "" if n_items is None else f" in a catalogue of {n_items} items"
        raise ValueError(f"recommended_rows holds {listed.min()} to {listed.max()}{catalogue}")
    return listed
