"""Reports of a model known by heart, against sums done by hand and by scikit-learn."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error, root_mean_squared_error

from starcast.artifacts.artifact import Artifact
from starcast.data.ratings import Ratings
from starcast.data.scale import RatingScale
from starcast.data.split import TEST, TRAIN, VALIDATION, Split
from starcast.engines.settings import MiniBatchSettings
from starcast.errors import ConfigError
from starcast.evaluation.metrics import Relevance, explain
from starcast.evaluation.report import evaluate
from starcast.evaluation.tiers import user_columns
from starcast.models import find
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
        "RMSE", "MAE", "Accuracy", "Held-out Precision@1", "Held-out Recall@1", "Held-out F1@1",
        "Held-out Precision@2", "Held-out Recall@2", "Held-out F1@2", "NDCG@2",
        "Catalogue Precision@2", "Catalogue Recall@2", "MAP@2", "HitRate@2", "HitStars@2",
        "Coverage@2", "Gini@2", "LongTail@2", "Novelty@2", "Miscalibration@2",
    ]  # fmt: skip
    assert all(explain(name) for name in figures)
    assert figures["RMSE"] == report.rmse
    assert figures["Held-out Precision@1"] == report.curves.precision[0]
    assert figures["HitRate@2"] == report.catalogue.ranking.hit_rate


def test_figures_stand_below_what_they_are_of(known_by_heart: Artifact) -> None:
    groups = evaluate(known_by_heart, k=2, relevance=Relevance.parse("4.5")).groups()
    assert list(groups) == [
        "Predicted stars",
        "Held-out: rankings of a user's own test items",
        "Lists of 2 from the whole catalogue; relevant: test items rated 4.5 stars or more",
    ]
    assert [next(iter(group)) for group in groups.values()] == [
        "RMSE", "Held-out Precision@2", "NDCG@2",
    ]  # fmt: skip


def test_users_are_served_by_how_much_they_rated(known_by_heart: Artifact) -> None:
    # Training ratings: ann 2; bob and eve 1, whose middle lies a third up.
    middle, most = evaluate(known_by_heart, k=2).user_tiers
    assert middle.name == "middle third"
    assert (middle.fewest, middle.most, middle.n_users) == (1, 1, 2)
    assert middle.rmse == pytest.approx(((2.25 + 0.25) / 2) ** 0.5)
    assert middle.ndcg == pytest.approx((0 + 1 / np.log2(3)) / 2)
    assert most.name == "most active third"
    columns = user_columns((middle, most), 2)
    assert columns[0].cells == ["middle third", "most active third"]
    assert columns[1].cells == ["1", "2"]
    assert (most.fewest, most.most, most.n_users, most.rmse, most.ndcg) == (2, 2, 1, 0.5, 1)


def test_more_stars_than_there_are_is_refused_at_once(known_by_heart: Artifact) -> None:
    with pytest.raises(
        ConfigError, match=r"relevant are 5\.5 stars or more, but the scale ends at"
    ):
        evaluate(known_by_heart, relevance=Relevance.parse("5.5"))


@pytest.mark.parametrize(
    ("k", "said"),
    [
        (0, "k must be at least 1, got 0"),
        (-3, "k must be at least 1, got -3"),
        (101, "k must be at most 100, got 101"),
        (150, "k must be at most 100, got 150"),
        (2.5, "k must be a whole number, got 2.5"),
        (True, "k must be a whole number, got True"),
        ("10", "k must be a whole number, got '10'"),
    ],
)
def test_lists_of_no_length_have_no_figures(known_by_heart: Artifact, k: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        evaluate(known_by_heart, k=k)
    with pytest.raises(ConfigError, match=said):
        evaluate(known_by_heart).own_items(k)
    assert evaluate(known_by_heart, k=np.int64(100)).k == 100  # type: ignore[arg-type]


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


def finely_rated(levels: Sequence[float]) -> Artifact:
    """A model that says 40 of all 0 to 1000 by thousandths; everybody rates something else."""
    stars = np.array([levels[n % len(levels)] for n in range(300)], np.float32)
    ratings = Ratings.from_columns(
        np.repeat(np.arange(30), 10), np.tile(np.arange(10), 30), stars,
        scale=RatingScale(0, 1000, 0.001),
    )  # fmt: skip
    parts = np.array([TEST, TRAIN, VALIDATION] * 100, np.uint8)
    weights = {
        "mean": np.array(40, np.float32),
        "user_bias": np.zeros(30, np.float32),
        "user_factors": np.zeros((30, 1), np.float32),
        "item_bias": np.zeros(10, np.float32),
        "item_factors": np.zeros((10, 1), np.float32),
    }
    return Artifact(
        model="latent-factor-model",
        config=MiniBatchSettings(dimension=1),
        seed=1,
        weights=weights,
        weights_before_refit=weights,
        split=Split(ratings, parts, "by hand"),
        best_epoch=1,
        history=(),
    )


def test_on_a_fine_scale_accuracy_goes_by_the_ratings_that_the_data_show() -> None:
    """Of 0, 33.3 and 1000, 40 is nearest to 33.3, which every third test row holds."""
    report = evaluate(finely_rated([0, 33.3, 1000, 33.3, 0, 0]))
    tested = report.artifact.split.test.stars
    assert report.accuracy == np.mean(tested == np.float32(33.3)) > 0
    assert report.about_accuracy == ""


def test_of_too_many_different_ratings_none_is_hit_and_the_reason_is_given() -> None:
    report = evaluate(finely_rated([*range(101)]))
    assert np.isnan(report.accuracy)
    assert "101 different ratings" in report.about_accuracy
    assert any(line.split() == ["Accuracy", "–"] for line in repr(report).splitlines())
