"""Support: how much the number of an item's ratings counts in lists, chosen on validation rows."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from starcast.data.ids import Rows, Vocabulary
from starcast.data.ratings import Ratings
from starcast.data.units import Units
from starcast.engines.protocol import Scores
from starcast.scoring.ranker import Ranker, log_support
from starcast.training.quality import ListJudge
from starcast.training.support import choose_support, n_raters

N_USERS, N_ITEMS = 8, 20


class Flat:
    """Predicts 3 stars for every item, and somewhat more for the last, which nobody rates."""

    def score_all(self, user_rows: Rows) -> Scores:
        stars = np.full((len(user_rows), N_ITEMS), 3, np.float32)
        stars[:, -1] += 0.2
        return stars

    def score_user(self, user_row: int) -> Scores:
        return np.asarray(self.score_all(np.array([user_row], np.int32))[0])

    def score_pairs(self, user_rows: Rows, item_rows: Rows) -> Scores:
        scores: Scores = self.score_all(user_rows)[np.arange(len(user_rows)), item_rows]
        return scores


class Lists(Flat):
    """The same, with lists of its own: the highest rows first."""

    def list_all(self, user_rows: Rows) -> Scores:
        return np.tile(np.arange(N_ITEMS, dtype=np.float32), (len(user_rows), 1))

    def list_user(self, user_row: int) -> Scores:
        return np.asarray(self.list_all(np.array([user_row], np.int32))[0])


def ratings(users: list[int], items: list[int], stars: list[float]) -> Ratings:
    return Ratings.from_rows(
        Vocabulary(np.arange(N_USERS)),
        Vocabulary(np.arange(N_ITEMS)),
        np.array(users, np.int32),
        np.array(items, np.int32),
        np.array(stars),
    )


def known() -> Ratings:
    """Users 2 to 7 rated item 11, users 0 and 1 items 12 and 13: raters 6, 1 and 1."""
    return ratings([2, 3, 4, 5, 6, 7, 0, 1], [11] * 6 + [12, 13], [3, 4] * 4)


def liked_by_two() -> Ratings:
    """Users 0 and 1 liked item 11 and did not like item 0, later."""
    return ratings([0, 0, 1, 1], [0, 11, 0, 11], [1, 5, 2, 4])


def test_the_judge_scores_the_place_of_what_was_liked() -> None:
    """By stars alone item 11 is the first of all that score 3 and come after 0 to 10 and 19: 13th.

    With support it leads: NDCG 1. With its own lists it stands at place 9, after 19 to 12, less
    the known item 12 or 13: place 8, of which NDCG is 1 / log2(9).
    """
    judge = ListJudge(known(), liked_by_two())
    assert judge.of(Ranker(Flat())) == {"ndcg@10": 0, "recall@10": 0}
    supported = Ranker(Flat(), log_support(n_raters(known())))
    assert judge.of(supported) == {"ndcg@10": 1, "recall@10": 1}
    own = judge(Lists(), 1.0)
    assert own["ndcg@10"] == pytest.approx(1 / np.log2(9))
    assert own["recall@10"] == 1


def test_the_smallest_support_of_the_best_lists_is_chosen() -> None:
    """Item 11 passes item 19 where γ ln 7 > 0.2: from 0.15 on; the known items do not count."""
    assert choose_support(Flat(), known(), liked_by_two()) == 0.15


def test_a_model_with_lists_of_its_own_needs_none() -> None:
    assert choose_support(Lists(), known(), liked_by_two()) == 0
    assert choose_support(Flat(), known(), liked_by_two().take(np.arange(0))) == 0


def test_support_is_in_stars() -> None:
    """Of a model whose unit is two stars the weights are twice as large: the first beyond 0.103."""
    units = Units(2.0, 0.0)
    assert choose_support(Flat(), known(), liked_by_two(), units) == pytest.approx(0.2)


def test_support_is_the_logarithm_of_training_ratings() -> None:
    support = log_support(n_raters(known()))
    assert_allclose(support[[0, 11, 12]], [0, np.log(7), np.log(2)], rtol=1e-6)
    ranker = Ranker(Flat(), 2 * support)
    assert_allclose(ranker.rank_user(0)[[10, 11, 19]], [3, 3 + 2 * np.log(7), 3.2], rtol=1e-6)
    assert_allclose(ranker.rank_all(np.array([4], np.int32))[0], ranker.rank_user(4))
    by_stars = Ranker(Flat(), 2 * support, by_stars=True)
    assert by_stars.by_stars
    assert not ranker.by_stars
    assert_allclose(by_stars.rank_user(0), Flat().score_user(0))
    assert_allclose(Ranker(Lists(), support, by_stars=True).rank_user(0), Flat().score_user(0))
