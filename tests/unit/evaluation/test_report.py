"""Reports of a model known by heart, against sums done by hand and by scikit-learn."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error, ndcg_score, root_mean_squared_error

from starcast.artifacts.artifact import Artifact
from starcast.data.split import TEST, TRAIN, Split
from starcast.evaluation.report import evaluate
from starcast.models import find
from starcast.recommend import Recommender
from starcast.training.fit import fit

# Test rows: ann–clue 4, predicted 3.5; bob–duel 4.5, predicted 3; eve–brazil 4, predicted 4.5.
ERRORS = [-0.5, -1.5, 0.5]


def test_figures_by_hand(known_by_heart: Artifact) -> None:
    report = evaluate(known_by_heart, k=2)
    assert report.n_rows == 3
    assert report.rmse == pytest.approx(((0.25 + 2.25 + 0.25) / 3) ** 0.5)
    assert report.mae == pytest.approx(2.5 / 3)
    assert report.accuracy == 0
    assert report.squared_errors.tolist() == [0.25, 2.25, 0.25]
    assert report.n_rows_of_user.tolist() == [1, 1, 1]


def test_lists_by_hand(known_by_heart: Artifact) -> None:
    # Lists of two from what was not seen, and the one test item of each user:
    #   ann: clue, nothing       – clue, hit at place 1
    #   bob: brazil, clue        – duel, no hit
    #   eve: alien, brazil       – brazil, hit at place 2
    report = evaluate(known_by_heart, k=2)
    second = 1 / np.log2(3)
    assert report.catalogue.ranking.precision == pytest.approx((0.5 + 0 + 0.5) / 3)
    assert report.catalogue.ranking.recall == pytest.approx(2 / 3)
    assert report.catalogue.ranking.hit_rate == pytest.approx(2 / 3)
    assert report.catalogue.ranking.ndcg == pytest.approx((1 + 0 + second) / 3)
    assert report.catalogue.ranking.map == pytest.approx((1 + 0 + 0.5) / 3)
    assert report.catalogue.coverage == 0.75  # nobody is shown duel
    # Training raters: alien 2, brazil 1, clue 1 of 3 users; five places are filled.
    rare, common = np.log2(3), np.log2(3 / 2)
    assert report.catalogue.novelty == pytest.approx((4 * rare + common) / 5)


def test_own_test_items_by_hand(known_by_heart: Artifact) -> None:
    # With one test item each, it is relevant, and recommended if predicted at or above its rating.
    curves = evaluate(known_by_heart).curves
    assert curves.precision[0] == curves.recall[0] == curves.f1[0] == pytest.approx(1 / 3)
    assert curves.n_users[:2].tolist() == [3, 0]
    assert np.isnan(curves.precision[1])


def test_progress_is_told_once_lists_are_asked_for(known_by_heart: Artifact) -> None:
    told: list[tuple[int, int]] = []
    report = evaluate(known_by_heart, k=2, on_progress=lambda *both: told.append(both))
    assert report.own_items(1)
    assert told == []
    assert report.catalogue.ranking.n_users == 3
    assert told == [(3, 3)]


def test_every_figure_goes_by_its_printed_name(known_by_heart: Artifact) -> None:
    report = evaluate(known_by_heart, k=2)
    figures = report.own_items(1) | report.figures()
    assert list(figures) == [
        "RMSE", "MAE", "Accuracy", "Precision@1", "Recall@1", "F1@1",
        "Precision@2", "Recall@2", "F1@2", "Catalogue Precision@2",
        "Catalogue Recall@2", "NDCG@2", "MAP@2", "HitRate@2", "Coverage@2", "Novelty@2",
    ]  # fmt: skip
    assert figures["RMSE"] == report.rmse
    assert figures["Precision@1"] == report.curves.precision[0]
    assert figures["HitRate@2"] == report.catalogue.ranking.hit_rate


def test_predictions_are_judged_as_shown(known_by_heart: Artifact) -> None:
    """Ann's 5.5 for alien, rated 5, is shown as 5 and so is exact."""
    parts = known_by_heart.split.parts.copy()
    parts[0], parts[2] = TEST, TRAIN
    split = Split(known_by_heart.split.ratings, parts, "by hand")
    report = evaluate(replace(known_by_heart, split=split))
    assert report.squared_errors.tolist() == [0, 2.25, 0.25]
    assert report.accuracy == pytest.approx(1 / 3)


def test_only_test_rows_count(known_by_heart: Artifact) -> None:
    ratings, parts = known_by_heart.split.ratings, known_by_heart.split.parts
    other = ratings.stars.copy()
    other[parts != TEST] = 5.5 - other[parts != TEST]
    split = Split(replace(ratings, stars=other), parts, "by hand")
    changed, before = evaluate(replace(known_by_heart, split=split)), evaluate(known_by_heart)
    assert changed.figures() == pytest.approx(before.figures(), nan_ok=True)
    moved = ratings.stars.copy()
    moved[parts == TEST] -= 0.5
    split = Split(replace(ratings, stars=moved), parts, "by hand")
    assert evaluate(replace(known_by_heart, split=split)).rmse != before.rmse


@pytest.fixture(scope="module")
def trained(planted_split: Split) -> Artifact:
    config = find("latent-factor-model").settings(optimizer="ALS", dimension=2, epochs=5)
    return fit(planted_split, "latent-factor-model", config)


def test_errors_agree_with_scikit_learn(trained: Artifact) -> None:
    report, test = evaluate(trained), trained.split.test
    raw = trained.scorer.score_pairs(test.user_rows, test.item_rows)
    shown = np.clip(raw, 0.5, 5)
    assert report.rmse == pytest.approx(root_mean_squared_error(test.stars, shown), rel=1e-6)
    assert report.mae == pytest.approx(mean_absolute_error(test.stars, shown), rel=1e-6)
    assert report.accuracy == np.mean(np.floor(2 * shown + 0.5) / 2 == test.stars)
    mean_square = report.squared_errors.sum() / report.n_rows_of_user.sum()
    assert report.rmse == pytest.approx(mean_square**0.5)


def test_ndcg_agrees_with_scikit_learn(trained: Artifact) -> None:
    """With everything seen pushed to the end, and relevance as the 2018 system had it."""
    split, k = trained.split, 4
    expected = []
    for user in range(split.ratings.n_users):
        own = split.test.take(split.test.user_rows == user)
        if not len(own):
            continue
        scores = trained.ranker().rank_all(np.array([user], np.int32))[0]
        scores[Recommender(trained).seen_rows(user)] = -100
        gains = np.zeros(split.ratings.n_items)
        gains[own.item_rows[own.stars >= own.stars.mean()]] = 1
        expected.append(ndcg_score([gains], [scores], k=k))
    assert evaluate(trained, k=k).catalogue.ranking.ndcg == pytest.approx(np.mean(expected))


def test_lists_hold_no_training_and_no_validation_items(
    trained: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = []
    top_rows = Recommender.top_rows

    def spy(self: Recommender, rows: np.ndarray, k: int, **more: Any) -> np.ndarray:
        shown.append((rows, top_rows(self, rows, k, **more)))
        return shown[-1][1]

    monkeypatch.setattr(Recommender, "top_rows", spy)
    assert evaluate(trained, k=30).catalogue
    known = trained.split.ratings.take(trained.split.parts != TEST)
    rated = set(zip(known.user_rows.tolist(), known.item_rows.tolist(), strict=True))
    ((users, lists),) = shown
    pairs = {(user, item) for user, row in zip(users.tolist(), lists.tolist(), strict=True)
             for item in row if item >= 0}  # fmt: skip
    assert pairs
    assert not pairs & rated
    assert len(pairs) + sum(user in set(users.tolist()) for user, _ in rated) == 30 * len(users)
