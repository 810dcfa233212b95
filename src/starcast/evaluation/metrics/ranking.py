"""Lists drawn from the whole catalogue: how much of what the user liked they hold, and how early.

Everything follows from one search: `find_rows` says where each listed item stands among the user's
ratings. Figures are per user first, so that paired tests over users can be made of them.
"""

from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from starcast.evaluation.metrics.checks import check_positive

Rows = NDArray[np.integer[Any]]
Hits = NDArray[np.bool_]
Doubles = NDArray[np.float64]

_BLOCK = 4096  # users searched for at once, so that memory stays flat


@final
@dataclass(frozen=True, slots=True)
class RankingMetrics:
    """Means over the users with at least one relevant item, each in [0, 1].

    Attributes:
        precision, recall, ndcg, map, hit_rate: of lists of length k, see `ranking_by_user`.
        n_users: how many users the means are over.
    """

    precision: float
    recall: float
    ndcg: float
    map: float
    hit_rate: float
    n_users: int


@final
@dataclass(frozen=True, eq=False, slots=True)
class RankingByUser:
    """The same for each user; float64 (n_users,), in [0, 1], NaN where nothing is relevant."""

    precision: Doubles
    recall: Doubles
    ndcg: Doubles
    average_precision: Doubles
    has_hit: Doubles

    def means(self) -> RankingMetrics:
        """Means over the users with at least one relevant item; of none at all, ValueError."""
        counted = np.isfinite(self.ndcg)
        if not counted.any():
            raise ValueError("nothing to measure: no user has a relevant item")

        def mean(column: Doubles) -> float:
            return float(column[counted].mean())

        return RankingMetrics(
            precision=mean(self.precision),
            recall=mean(self.recall),
            ndcg=mean(self.ndcg),
            map=mean(self.average_precision),
            hit_rate=mean(self.has_hit),
            n_users=int(np.count_nonzero(counted)),
        )


@final
@dataclass(frozen=True, eq=False, slots=True)
class RankingCurves:
    """Means over users for every list size k; position k − 1 belongs to k.

    Attributes:
        ndcg, recall: float64 (max_k,), in [0, 1].
        n_users: users with at least one relevant item; the means are over them.
    """

    ndcg: Doubles
    recall: Doubles
    n_users: int


def ranking_at_k(
    recommended_rows: Rows, relevant_offsets: Rows, relevant_rows: Rows
) -> RankingMetrics:
    """Means of `ranking_by_user` over the users with at least one relevant item.

    Args:
        recommended_rows: int (n_users, k), item rows, best first; −1 where a list holds nothing.
        relevant_offsets, relevant_rows: each user's relevant items, as in `find_rows`.
    Raises: ValueError: as `find_rows`, or no user with a relevant item.

    >>> ranking_at_k(np.array([[7, 3]]), np.array([0, 1]), np.array([3])).precision
    0.5
    """
    is_hit = find_rows(recommended_rows, relevant_offsets, relevant_rows) >= 0
    return ranking_by_user(is_hit, np.diff(relevant_offsets)).means()


def find_rows(recommended_rows: Rows, offsets: Rows, item_rows: Rows) -> NDArray[np.int32]:
    """Where each listed item stands among its user's items.

    Args:
        recommended_rows: int (n_users, k), item rows, best first; −1 where a list holds nothing.
        offsets: int (n_users + 1,); user u's are `item_rows[offsets[u]:offsets[u + 1]]`.
        item_rows: int (n,), each once per user, in any order.
    Returns: int32 (n_users, k), positions in `item_rows`; −1 where an item is none of the user's.
    Raises: ValueError: empty lists, arrays that do not fit, a row below −1, or an item twice in one
        list or among one user's items.
    """
    _check_offsets(recommended_rows, offsets, item_rows)
    _check_lists(recommended_rows)
    found = np.full(recommended_rows.shape, -1, np.int32)
    for start in range(0, len(found), _BLOCK):
        users = slice(start, start + _BLOCK)
        _search(
            recommended_rows[users], offsets[start : start + _BLOCK + 1], item_rows, found[users]
        )
    return found


def ranking_by_user(is_hit: Hits, n_relevant: Rows) -> RankingByUser:
    """Ranking metrics of one list of length k per user.

    With hit_j ∈ {0, 1} for list position j = 1 … k, R the user's number of relevant items and
    P@j = Σ_{i≤j} hit_i / j:

        Precision@k = Σ hit_j / k             Recall@k = Σ hit_j / R
        NDCG@k = Σ hit_j / log₂(j + 1) divided by the same sum for min(k, R) leading hits
        AP@k   = Σ hit_j · P@j / min(k, R)    a hit = 1 if any hit_j

    Args:
        is_hit: bool (n_users, k), whether the item at each place is relevant.
        n_relevant: int (n_users,), R.
    Returns: the figures; a user with R = 0 has none.
    Source: Järvelin, Kekäläinen 2002 (NDCG, binary gains); Manning, Raghavan, Schütze 2008,
        chapter 8 (the others). Deviation: trec_eval (and ir-measures, ranx) divide average
        precision by R; here by min(k, R), so that a perfect list of k scores 1 also where R > k.

    >>> ranking_by_user(np.array([[False, True]]), np.array([1])).recall.tolist()
    [1.0]
    """
    k = is_hit.shape[1]
    positions = np.arange(1, k + 1)
    n_hits = is_hit.sum(axis=1)
    reachable, ideal = _ideal(n_relevant, k)
    precision_at_hits = is_hit * (np.cumsum(is_hit, axis=1) / positions)
    with np.errstate(invalid="ignore", divide="ignore"):  # 0 / 0 is the NaN of a user without any
        return RankingByUser(
            precision=np.where(n_relevant > 0, n_hits / k, np.nan),
            recall=n_hits / n_relevant,
            ndcg=is_hit @ _discounts(k) / ideal,
            average_precision=precision_at_hits.sum(axis=1) / reachable,
            has_hit=np.where(n_relevant > 0, n_hits > 0, np.nan),
        )


def ranking_curves(is_hit: Hits, n_relevant: Rows) -> RankingCurves:
    """NDCG@k and recall@k of `ranking_by_user` for k = 1 … the length of the lists.

    Args:
        is_hit, n_relevant: as in `ranking_by_user`.
    Raises: ValueError: no user with a relevant item.

    >>> ranking_curves(np.array([[False, True]]), np.array([1])).recall.tolist()
    [0.0, 1.0]
    """
    counted = n_relevant > 0
    if not counted.any():
        raise ValueError("nothing to measure: no user has a relevant item")
    is_hit, n_relevant = is_hit[counted], n_relevant[counted]
    max_k = is_hit.shape[1]
    ndcg, recall, gain = np.empty(max_k), np.empty(max_k), np.zeros(len(is_hit))
    n_hits = np.zeros(len(is_hit))
    for at, discount in enumerate(_discounts(max_k)):  # a column at a time: memory stays flat
        n_hits += is_hit[:, at]
        gain += discount * is_hit[:, at]
        ndcg[at] = np.mean(gain / _ideal(n_relevant, at + 1)[1])
        recall[at] = np.mean(n_hits / n_relevant)
    return RankingCurves(ndcg, recall, len(is_hit))


def _discounts(k: int) -> Doubles:
    return np.asarray(1 / np.log2(np.arange(2, k + 2)))


def _ideal(n_relevant: Rows, k: int) -> tuple[Rows, Doubles]:
    """How many hits a list of k can hold, and their gain if they lead it; NaN where none can."""
    reachable = np.minimum(k, n_relevant)
    gains = np.concatenate([[np.nan], np.cumsum(_discounts(k))])
    return reachable, gains[reachable]


def _search(lists: Rows, offsets: Rows, item_rows: Rows, found: NDArray[np.int32]) -> None:
    """Each (user, item) pair of some users is one number, found by search; fills `found`."""
    own = item_rows[offsets[0] : offsets[-1]]
    if not len(own):
        return
    n_items = 1 + max(int(lists.max()), int(own.max()), 0)
    users = np.arange(len(lists), dtype=np.int64) * n_items
    known = np.repeat(users, np.diff(offsets)) + own
    order = np.argsort(known, kind="stable")
    known = known[order]
    if np.any(known[1:] == known[:-1]):
        raise ValueError("an item is named twice among the items of one user")
    pairs = users[:, None] + lists
    places = np.minimum(np.searchsorted(known, pairs), len(known) - 1)
    is_known = (known[places] == pairs) & (lists >= 0)
    found[is_known] = (offsets[0] + order[places[is_known]]).astype(np.int32)


def _check_offsets(recommended_rows: Rows, offsets: Rows, item_rows: Rows) -> None:
    if len(offsets) != len(recommended_rows) + 1:
        raise ValueError(
            f"{len(recommended_rows)} users need {len(recommended_rows) + 1} offsets, "
            f"got {len(offsets)}"
        )
    if offsets[0] != 0 or offsets[-1] != len(item_rows) or np.any(np.diff(offsets) < 0):
        raise ValueError(f"offsets must rise from 0 to the {len(item_rows)} item_rows")
    if len(item_rows) and item_rows.min() < 0:
        raise ValueError(f"item_rows holds {item_rows.min()}; rows are 0 or more")


def _check_lists(recommended_rows: Rows) -> None:
    listed_rows(recommended_rows)
    for start in range(0, len(recommended_rows), _BLOCK):
        ascending = np.sort(recommended_rows[start : start + _BLOCK], axis=1)
        twice = (ascending[:, 1:] == ascending[:, :-1]) & (ascending[:, 1:] >= 0)
        if twice.any():
            user = start + int(np.argmax(twice.any(axis=1)))
            raise ValueError(f"the list of user {user} in recommended_rows names an item twice")


def listed_rows(recommended_rows: Rows, n_items: int | None = None) -> Rows:
    """Every listed item row, without the −1 of empty places; int (n,).

    Raises: ValueError: empty lists, or a row outside the catalogue of `n_items`.
    """
    if n_items is not None:
        check_positive(n_items=n_items)
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
