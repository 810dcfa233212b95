"""Lists from the whole catalogue: made once for every test user, and all that follows from them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from starcast.artifacts.artifact import Artifact
from starcast.data.columns import blocks_of, counts_of
from starcast.data.ids import Rows
from starcast.data.ratings import Ratings
from starcast.engines.blocks import Progress
from starcast.errors import ConfigError
from starcast.evaluation import metrics
from starcast.evaluation.list_size import MAX_K
from starcast.evaluation.metrics import (
    Genres,
    RankingByUser,
    RankingCurves,
    RankingMetrics,
    Relevance,
)
from starcast.evaluation.tiers import ItemTier, item_tiers
from starcast.recommend import Recommender

MakeLists = Callable[[Rows, int], Rows]
_MOST_USERS = 200_000  # whose lists tell the figures to the fourth decimal
_MOST_PLACES = 1 << 26  # of all lists together, 4 bytes each; with more users, curves end earlier


@final
@dataclass(frozen=True, eq=False, kw_only=True)
class Catalogue:
    """How good lists from the whole catalogue are, of what the user has not yet rated.

    Attributes:
        k: length of the lists of every figure but the curves.
        relevance: which test ratings a good list would hold.
        users: int32 (n,), the rows of the users with test ratings, ascending; of very many some,
            drawn at random, the same for every model.
        n_test_users: how many there are.
        n_train: int64 (n,), their training ratings.
        by_user: the figures of each; NaN for a user without a relevant item.
        ranking: their means.
        curves: NDCG and recall over the length of the list.
        hit_stars: mean test rating of the listed items that were rated, stars; NaN without any.
        coverage, gini, long_tail, novelty: what the lists show of the catalogue.
        miscalibration: how far their genres are from the users' own; NaN where none are known.
        attribute: the item attribute behind it, "" where none is known.
        item_tiers: by popularity of the items.
    """

    k: int
    relevance: Relevance
    users: Rows
    n_test_users: int
    n_train: NDArray[np.int64]
    by_user: RankingByUser
    ranking: RankingMetrics
    curves: RankingCurves
    hit_stars: float
    coverage: float
    gini: float
    long_tail: float
    novelty: float
    miscalibration: float
    attribute: str
    item_tiers: tuple[ItemTier, ...]

    @property
    def n_strangers(self) -> int:
        """Test users without a training rating."""
        return int(np.count_nonzero(self.n_train == 0))

    @property
    def about_sample(self) -> str:
        """Whose lists were judged, in words; "" where it is everybody's."""
        if len(self.users) == self.n_test_users:
            return ""
        return (
            f"Lists were made for {len(self.users):,} of {self.n_test_users:,} test users, drawn "
            "at random."
        )

    @property
    def about_strangers(self) -> str:
        """What becomes of them, in words; "" where there are none."""
        if not self.n_strangers:
            return ""
        return (
            f"{self.n_strangers:,} of {len(self.users):,} test users have no training ratings: "
            "they are given what a model gives somebody it knows nothing of, and count like others."
        )

    def figures(self) -> dict[str, float]:
        """Every figure by its printed name."""
        k, ranking = self.k, self.ranking
        return {
            f"NDCG@{k}": ranking.ndcg,
            f"Catalogue Precision@{k}": ranking.precision,
            f"Catalogue Recall@{k}": ranking.recall,
            f"MAP@{k}": ranking.map,
            f"HitRate@{k}": ranking.hit_rate,
            f"HitStars@{k}": self.hit_stars,
            f"Coverage@{k}": self.coverage,
            f"Gini@{k}": self.gini,
            f"LongTail@{k}": self.long_tail,
            f"Novelty@{k}": self.novelty,
            f"Miscalibration@{k}": self.miscalibration,
        }


class _Found(NamedTuple):
    """Where listed items stand among the test rows of their users.

    Attributes:
        lists: int32 (n_users, max_k), item rows.
        rows: int32 (n_users, max_k), rows of the test ratings; −1 where an item has none.
        is_hit: bool (n_users, max_k), whether that rating is relevant.
        n_relevant: int64 (n_users,).
    """

    lists: Rows
    rows: NDArray[np.int32]
    is_hit: NDArray[np.bool_]
    n_relevant: NDArray[np.int64]


def judge_lists(
    artifact: Artifact,
    k: int,
    relevance: Relevance,
    on_progress: Progress | None = None,
    make: MakeLists | None = None,
) -> Catalogue:
    """Make the lists of a model and judge them on its test rows.

    Users without a training rating have test ratings, too: their lists are what the model gives
    somebody it knows nothing of, and count like any other.

    Args:
        artifact: the model.
        k: length of the lists.
        relevance: which test ratings are relevant.
        on_progress: told of the users done, and of all.
        make: user rows and a length to lists of item rows, where they are made elsewhere.
    Raises: ConfigError: no test rating is relevant.
    """
    train = artifact.split.train
    users, n_test_users, test = _judged(artifact.split.test)
    is_relevant = relevance.of(test.user_rows, test.stars)
    if not is_relevant.any():
        raise ConfigError(
            f"no test rating of {test.name} is relevant ({relevance.in_words}); choose another rule"
        )
    offsets = np.append(np.searchsorted(test.user_rows, users), len(test))
    longest = max(k, min(MAX_K, test.n_items, _MOST_PLACES // len(users)))
    if make is None:
        lists = Recommender(artifact).top_rows(
            users, longest, settle_ties=False, on_progress=on_progress
        )
    else:
        lists = make(users, longest)
    found = _find(lists, offsets, test, is_relevant)
    by_user = metrics.ranking_by_user(found.is_hit[:, :k], found.n_relevant)
    top, top_rows = lists[:, :k], found.rows[:, :k]
    rated = top_rows[top_rows >= 0]
    n_raters = counts_of(train.item_rows, train.n_items)
    n_train = counts_of(train.user_rows, train.n_users)
    attribute, genres = _genres(test)
    return Catalogue(
        k=k,
        relevance=relevance,
        users=users,
        n_test_users=n_test_users,
        n_train=n_train[users],
        by_user=by_user,
        ranking=by_user.means(),
        curves=metrics.ranking_curves(found.is_hit, found.n_relevant),
        hit_stars=float(test.stars[rated].mean(dtype=np.float64)) if len(rated) else np.nan,
        coverage=metrics.coverage(top, train.n_items),
        gini=metrics.gini(top, train.n_items),
        long_tail=metrics.long_tail_share(top, n_raters),
        novelty=metrics.novelty(top, n_raters, int(np.count_nonzero(n_train))),
        miscalibration=_miscalibration(top, users, train, genres) if genres else np.nan,
        attribute=attribute,
        item_tiers=item_tiers(
            n_raters, top[top >= 0], test.item_rows[is_relevant], top[found.is_hit[:, :k]]
        ),
    )


def _judged(test: Ratings) -> tuple[Rows, int, Ratings]:
    """Users whose lists are made, how many users have test ratings, and the test rows of these."""
    users = np.flatnonzero(counts_of(test.user_rows, test.n_users)).astype(np.int32)
    n = len(users)
    if n <= _MOST_USERS:
        return users, n, test
    drawn = np.random.default_rng(0).choice(n, _MOST_USERS, replace=False, shuffle=False)
    users = users[np.sort(drawn)]
    is_judged = np.zeros(test.n_users, np.bool_)
    is_judged[users] = True
    chosen = np.empty(len(test), np.bool_)
    for block in blocks_of(len(test)):
        chosen[block] = is_judged[test.user_rows[block]]
    return users, n, test.take(chosen)


def _find(
    lists: Rows, offsets: NDArray[np.int64], test: Ratings, is_relevant: NDArray[np.bool_]
) -> _Found:
    rows = metrics.find_rows(lists, offsets, test.item_rows)
    is_hit = np.zeros(rows.shape, np.bool_)
    is_hit[rows >= 0] = is_relevant[rows[rows >= 0]]
    return _Found(lists, rows, is_hit, np.add.reduceat(is_relevant, offsets[:-1], dtype=np.int64))


def _genres(ratings: Ratings) -> tuple[str, Genres | None]:
    """What kinds the items are of: by genre if it is known, else by their first attribute."""
    features = [one for one in ratings.attributes if one.side == "item" and one.is_feature]
    known = {one.name: one for one in reversed(features)}
    if not known:
        return "", None
    name = "genre" if "genre" in known else list(known)[-1]
    of, n_values = known[name], len(known[name].values)
    return name, Genres.of(of.member_rows, of.value_rows, ratings.n_items, n_values)


def _miscalibration(lists: Rows, users: Rows, train: Ratings, genres: Genres) -> float:
    """Mean over the users for whom it is known; NaN where there are none."""
    is_theirs = np.zeros(train.n_users, np.bool_)
    is_theirs[users] = True
    rated = train.take(is_theirs[train.user_rows])
    counts = np.bincount(rated.user_rows, minlength=train.n_users)[users]
    offsets = np.concatenate([[0], np.cumsum(counts)])
    told = metrics.miscalibration(lists, offsets, rated.item_rows, genres)
    told = told[np.isfinite(told)]
    return float(told.mean()) if len(told) else float("nan")
