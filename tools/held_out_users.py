"""Held-out users: who trains, and of the others what is known and what is to be found.

After Liang, Krishnan, Hoffman, Jebara 2018 (section 4.1 and their published recipe): ratings of 4
stars and more, users with five of them; users are divided at random; of a held-out user a fifth of
the ratings is to be found by the others. Items are those of the training users.
"""

from dataclasses import replace
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from starcast.data.ids import Vocabulary
from starcast.data.ratings import Ratings
from starcast.evaluation.metrics.ranking import find_rows, ranking_by_user

LIKED = 4.0  # stars
FEWEST = 5  # ratings of a user
HIDDEN_SHARE = 0.2
LENGTHS = (20, 50, 100)
FIGURES = ("NDCG@100", "Recall@20", "Recall@50")
Members = NDArray[np.integer[Any]]


class HeldOut(NamedTuple):
    """Some users whom no model has trained on.

    Attributes:
        known: what is folded in.
        hidden: what is to be found; users with fewer than five known items have nothing hidden.
    """

    known: Ratings
    hidden: Ratings


class Task(NamedTuple):
    """Training users, those on whom choices look, and those who are looked at once."""

    train: Ratings
    validation: HeldOut
    test: HeldOut

    @classmethod
    def of(cls, ratings: Ratings, share: float, seed: int) -> Self:
        """Divide the users of a data set.

        Args:
            ratings: the data set.
            share: of the users, validation users, and again test users.
            seed: of the users and of what is hidden.
        """
        rng = np.random.default_rng(seed)
        liked = ratings.take(ratings.stars >= LIKED)
        counts = np.bincount(liked.user_rows, minlength=liked.n_users)
        users = rng.permutation(np.flatnonzero(counts >= FEWEST))
        n = round(share * len(users))
        train = _of_users(liked, users[2 * n :])
        items = np.unique(train.item_rows)
        held_out = (
            _hide(_of_items(_of_users(liked, users[start : start + n]), items), rng)
            for start in (0, n)
        )
        return cls(_of_items(train, items), *held_out)


def figures_of(scores: NDArray[np.float32], held_out: HeldOut) -> NDArray[np.float64]:
    """NDCG@100, Recall@20 and Recall@50 of each user with something hidden; float64 (n, 3).

    Recall@k = hits among the first k / min(k, hidden items), as Liang et al. define it.

    Args:
        scores: (n_users, n_items), higher is better; what is known is left out.
        held_out: the users.
    """
    known, hidden = held_out
    scores = scores.copy()
    scores[known.user_rows, known.item_rows] = -np.inf
    lists = np.argsort(-scores, axis=1, kind="stable")[:, : max(LENGTHS)]
    n_hidden = np.bincount(hidden.user_rows, minlength=hidden.n_users)
    offsets = np.concatenate([[0], np.cumsum(n_hidden)])
    is_hit = find_rows(lists, offsets, hidden.item_rows) >= 0
    ndcg = ranking_by_user(is_hit, n_hidden).ndcg
    recalls = [
        is_hit[:, :k].sum(axis=1) / np.maximum(np.minimum(k, n_hidden), 1) for k in LENGTHS[:2]
    ]
    return np.stack([ndcg, *recalls], axis=1)[n_hidden > 0]


def _of_users(ratings: Ratings, users: Members) -> Ratings:
    """The rows of some users, under a vocabulary of their own."""
    chosen = np.sort(users)
    own = ratings.take(np.isin(ratings.user_rows, chosen))
    rows = np.searchsorted(chosen, own.user_rows).astype(np.int32)
    return replace(own, user_rows=rows, users=Vocabulary(own.users.ids[chosen], "user"))


def _of_items(ratings: Ratings, items: Members) -> Ratings:
    """The rows of some items, ascending, under a vocabulary of their own."""
    own = ratings.take(np.isin(ratings.item_rows, items))
    rows = np.searchsorted(items, own.item_rows).astype(np.int32)
    ids, titles = Vocabulary(own.items.ids[items], "item"), own.titles[items]
    return replace(own, item_rows=rows, items=ids, titles=titles, attributes=())


def _hide(ratings: Ratings, rng: np.random.Generator) -> HeldOut:
    is_hidden = np.zeros(len(ratings), np.bool_)
    starts = np.searchsorted(ratings.user_rows, np.arange(ratings.n_users + 1))
    for start, end in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        if end - start >= FEWEST:
            n = int((end - start) * HIDDEN_SHARE)
            is_hidden[rng.choice(np.arange(start, end), n, replace=False)] = True
    return HeldOut(ratings.take(~is_hidden), ratings.take(is_hidden))
