"""Lists from the whole catalogue, against sums done by hand and by scikit-learn."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import ndcg_score

from starcast.artifacts.artifact import Artifact
from starcast.data.ratings import Attribute
from starcast.data.split import TEST, TRAIN, Split
from starcast.errors import ConfigError
from starcast.evaluation import catalogue
from starcast.evaluation.catalogue import judge_lists
from starcast.evaluation.metrics import ABOVE_MEAN, Relevance
from starcast.models import find
from starcast.recommend import Recommender
from starcast.training.fit import fit

# Lists of two from what was not seen, and the one test item of each user:
#   ann: clue, nothing       – clue 4, hit at place 1
#   bob: brazil, clue        – duel 4.5, no hit
#   eve: alien, brazil       – brazil 4, hit at place 2
# Training raters: alien 2, brazil 1, clue 1, duel 0 of 3 users.


def test_ranking_by_hand(known_by_heart: Artifact) -> None:
    found = judge_lists(known_by_heart, 2, ABOVE_MEAN)
    second = 1 / np.log2(3)
    assert found.ranking.precision == pytest.approx((0.5 + 0 + 0.5) / 3)
    assert found.ranking.recall == pytest.approx(2 / 3)
    assert found.ranking.hit_rate == pytest.approx(2 / 3)
    assert found.ranking.ndcg == pytest.approx((1 + 0 + second) / 3)
    assert found.ranking.map == pytest.approx((1 + 0 + 0.5) / 3)
    assert found.by_user.ndcg.tolist() == pytest.approx([1, 0, second])
    assert found.users.tolist() == [0, 1, 2]


def test_what_lists_show_by_hand(known_by_heart: Artifact) -> None:
    found = judge_lists(known_by_heart, 2, ABOVE_MEAN)
    assert found.hit_stars == 4
    assert found.coverage == 0.75  # nobody is shown duel
    assert found.gini == pytest.approx((-3 * 0 - 1 * 1 + 1 * 2 + 3 * 2) / (4 * 5))
    assert found.long_tail == pytest.approx((1 + 1 + 0.5) / 3)  # alien is the fifth
    rare, common = np.log2(3), np.log2(3 / 2)
    assert found.novelty == pytest.approx((4 * rare + common) / 5)
    assert np.isnan(found.miscalibration)
    assert found.attribute == ""


def test_items_are_served_by_how_often_they_are_rated(known_by_heart: Artifact) -> None:
    rare, common, unrated = judge_lists(known_by_heart, 2, ABOVE_MEAN).item_tiers
    assert rare == ("least rated", 1, 1, 2, 1.0, 4 / 5)  # brazil and clue, both found
    assert common[:4] == ("most rated", 2, 2, 1)  # alien, which nobody has among the test items
    assert np.isnan(common.recall)
    assert common.share_of_lists == 1 / 5
    assert unrated == ("without ratings", 0, 0, 1, 0.0, 0.0)  # duel


def test_curves_reach_as_far_as_the_catalogue_and_pass_through_the_figures(
    known_by_heart: Artifact,
) -> None:
    found = judge_lists(known_by_heart, 2, ABOVE_MEAN)
    assert len(found.curves.ndcg) == 4
    assert found.curves.ndcg[1] == pytest.approx(found.ranking.ndcg)
    assert found.curves.recall[1] == pytest.approx(found.ranking.recall)
    assert found.curves.recall[3] == 1  # bob's third is duel


def test_many_users_shorten_the_curves_but_never_below_k(
    known_by_heart: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "_MOST_PLACES", 9)  # three for each of three users
    assert len(judge_lists(known_by_heart, 2, ABOVE_MEAN).curves.ndcg) == 3
    monkeypatch.setattr(catalogue, "_MOST_PLACES", 1)
    assert len(judge_lists(known_by_heart, 2, ABOVE_MEAN).curves.ndcg) == 2


def test_what_is_relevant_changes_hits_and_not_what_is_shown(known_by_heart: Artifact) -> None:
    usual = judge_lists(known_by_heart, 2, ABOVE_MEAN)
    best = judge_lists(known_by_heart, 2, Relevance.parse("4.5"))  # bob's duel alone
    assert best.ranking.n_users == 1
    assert best.ranking.ndcg == 0
    assert np.isnan(best.by_user.ndcg).tolist() == [True, False, True]
    assert np.isnan(best.item_tiers[0].recall)  # brazil and clue, which nobody likes so much
    assert best.item_tiers[2].recall == 0
    for name in ("hit_stars", "coverage", "gini", "long_tail", "novelty"):
        assert getattr(best, name) == getattr(usual, name), name


def test_nothing_relevant_is_refused_in_one_line(known_by_heart: Artifact) -> None:
    with pytest.raises(
        ConfigError, match=r"no test rating of tiny is relevant \(test items rated 5"
    ):
        judge_lists(known_by_heart, 2, Relevance.parse("5"))


def with_genres(artifact: Artifact, *names: str) -> Artifact:
    """Alien and clue are of the first genre, brazil of the second; duel is of none."""
    pair = np.array([0, 1, 0], np.int32)
    attributes = tuple(
        Attribute("item", name, np.array(["a", "b"]), pair, np.array([0, 1, 2], np.int32))
        for name in names
    )
    ratings = replace(artifact.split.ratings, attributes=attributes)
    return replace(artifact, split=Split(ratings, artifact.split.parts, "by hand"))


def test_miscalibration_by_hand(known_by_heart: Artifact) -> None:
    found = judge_lists(with_genres(known_by_heart, "year", "genre"), 2, ABOVE_MEAN)
    # ann rated both genres and is listed the first; bob the first and both; eve the first and both
    one, half = 0.99 + 0.01 / 2, 0.99 / 2 + 0.01
    ann = np.log(0.5 / one) / 2 + np.log(0.5 / (0.01 / 2)) / 2
    assert found.miscalibration == pytest.approx((ann - 2 * np.log(half)) / 3)
    assert found.attribute == "genre"


def test_the_first_attribute_stands_in_for_a_genre(known_by_heart: Artifact) -> None:
    assert judge_lists(with_genres(known_by_heart, "brand", "year"), 2, ABOVE_MEAN).attribute == (
        "brand"
    )


def test_users_without_training_ratings_count_as_a_tier(known_by_heart: Artifact) -> None:
    parts = known_by_heart.split.parts.copy()
    eve = known_by_heart.split.ratings.user_rows == 2
    parts[eve] = TEST
    split = Split(known_by_heart.split.ratings, parts, "by hand")
    found = judge_lists(replace(known_by_heart, split=split), 2, ABOVE_MEAN)
    assert found.n_train.tolist() == [2, 1, 0]
    assert found.ranking.n_users == 3


def test_of_very_many_users_some_are_judged_each_as_ever(
    trained: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = judge_lists(trained, 4, ABOVE_MEAN)
    assert (whole.about_sample, len(whole.users)) == ("", whole.n_test_users)
    monkeypatch.setattr(catalogue, "_MOST_USERS", 7)
    some = judge_lists(trained, 4, ABOVE_MEAN)
    assert (len(some.users), some.n_test_users) == (7, whole.n_test_users)
    at = np.searchsorted(whole.users, some.users)
    assert whole.users[at].tolist() == some.users.tolist()
    np.testing.assert_array_equal(some.by_user.ndcg, whole.by_user.ndcg[at])
    assert some.about_sample == (
        f"Lists were made for 7 of {whole.n_test_users} test users, drawn at random."
    )
    again = judge_lists(replace(trained, seed=3), 4, ABOVE_MEAN)
    assert again.users.tolist() == some.users.tolist()


@pytest.fixture(scope="module")
def trained(planted_split: Split) -> Artifact:
    config = find("latent-factor-model").settings(optimizer="ALS", dimension=2, epochs=5)
    return fit(planted_split, "latent-factor-model", config)


@pytest.mark.parametrize("rule", ["all", "above-mean", "3.5"])
def test_ndcg_agrees_with_scikit_learn(trained: Artifact, rule: str) -> None:
    """With everything seen pushed to the end."""
    split, k = trained.split, 4
    expected = []
    for user in range(split.ratings.n_users):
        own = split.test.take(split.test.user_rows == user)
        likes = {"all": own.stars > 0, "3.5": own.stars >= 3.5}
        likes["above-mean"] = own.stars >= own.stars.mean() if len(own) else own.stars > 0
        if not likes[rule].any():
            continue
        scores = trained.ranker().rank_all(np.array([user], np.int32))[0]
        scores[Recommender(trained).seen_rows(user)] = -100
        gains = np.zeros(split.ratings.n_items)
        gains[own.item_rows[likes[rule]]] = 1
        expected.append(ndcg_score([gains], [scores], k=k))
    found = judge_lists(trained, k, Relevance.parse(rule)).ranking
    assert found.ndcg == pytest.approx(np.mean(expected))
    assert found.n_users == len(expected)


def test_lists_are_made_once_and_hold_no_training_and_no_validation_items(
    trained: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = []
    top_rows = Recommender.top_rows

    def spy(self: Recommender, rows: np.ndarray, k: int, **more: Any) -> np.ndarray:
        assert not more["settle_ties"]  # which takes longer than the lists, and moves no mean
        shown.append((rows, top_rows(self, rows, k, **more)))
        return shown[-1][1]

    monkeypatch.setattr(Recommender, "top_rows", spy)
    judge_lists(trained, 10, ABOVE_MEAN)
    known = trained.split.ratings.take(trained.split.parts != TEST)
    rated = set(zip(known.user_rows.tolist(), known.item_rows.tolist(), strict=True))
    ((users, lists),) = shown
    assert lists.shape[1] == trained.split.ratings.n_items == 30
    pairs = {(user, item) for user, row in zip(users.tolist(), lists.tolist(), strict=True)
             for item in row if item >= 0}  # fmt: skip
    assert pairs
    assert not pairs & rated
    assert len(pairs) + sum(user in set(users.tolist()) for user, _ in rated) == 30 * len(users)


def test_training_ratings_alone_say_who_is_popular(known_by_heart: Artifact) -> None:
    """Ann's validation rating of duel makes it no more popular."""
    assert known_by_heart.split.parts[3] != TRAIN
    assert judge_lists(known_by_heart, 2, ABOVE_MEAN).item_tiers[-1].n_items == 1
