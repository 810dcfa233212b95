"""Several models as one: what the weights are learnt from, and what is refused."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import Ridge

from starcast import models
from starcast.artifacts import storage
from starcast.artifacts.artifact import Artifact
from starcast.data.split import TEST, Split, SplitPlan
from starcast.engines.protocol import FoldingScorer, LikenessScorer, UncertainScorer
from starcast.engines.settings import AlsSettings
from starcast.errors import ConfigError, SplitMismatchError, TrainingError
from starcast.evaluation.metrics import rmse
from starcast.recommend import Recommender
from starcast.scoring import BlendScorer
from starcast.scoring.in_stars import as_trained
from starcast.scoring.weighted_sum import parts_of
from starcast.training.fit import fit
from starcast.training.stacking import blend, cross_fitted, fit_coefficients, mixed, ridge

Doubles = NDArray[np.float64]
PENALTIES = np.logspace(-6, 0, 7)  # what the module chooses from


@cache
def _example() -> tuple[Doubles, Doubles, NDArray[np.intp]]:
    """Stars, three noisy views of them, and folds: 60 rows."""
    rng = np.random.default_rng(3)
    stars = rng.uniform(1, 5, 60)
    scores = 0.7 * stars[:, np.newaxis] + rng.normal(1, [0.3, 0.5, 0.9], (60, 3))
    return scores, stars, np.arange(60) % 5


def _by_scikit_learn(scores: Doubles, stars: Doubles, penalty: float) -> Doubles:
    """Ridge on what equal weights leave open: its weights are the distances from equal ones."""
    n, n_parts = scores.shape
    alpha = penalty * scores.var(axis=0).mean() * n
    found = Ridge(alpha=alpha, solver="svd").fit(scores, stars - scores.mean(axis=1))
    return np.append(found.intercept_, found.coef_ + 1 / n_parts)


# Ridge


def test_ridge_is_that_of_scikit_learn() -> None:
    scores, stars, _ = _example()
    expected = [_by_scikit_learn(scores, stars, penalty) for penalty in PENALTIES]
    np.testing.assert_allclose(ridge(scores, stars, PENALTIES), expected, rtol=1e-9)


def test_ridge_is_least_squares_with_rows_that_pull_to_equal_weights() -> None:
    scores, stars, _ = _example()
    n, n_parts = scores.shape
    pull = np.sqrt(0.3 * scores.var(axis=0).mean() * n)
    rows = np.column_stack([np.ones(n), scores])
    more = pull * np.eye(n_parts + 1)[1:]  # none for the intercept
    design, aims = np.vstack([rows, more]), np.append(stars, np.full(n_parts, pull / n_parts))
    expected = np.linalg.lstsq(design, aims, rcond=None)[0]
    np.testing.assert_allclose(ridge(scores, stars, np.array([0.3]))[0], expected, rtol=1e-9)


def test_an_exact_mix_is_found() -> None:
    scores, *_ = _example()
    stars = 0.25 + scores @ [1.5, -0.75, 0.125]
    found = ridge(scores, stars, np.array([1e-12]))[0]
    np.testing.assert_allclose(found, [0.25, 1.5, -0.75, 0.125], atol=1e-6)


def test_a_heavy_penalty_leaves_equal_weights() -> None:
    scores, stars, _ = _example()
    intercept, *slopes = ridge(scores, stars, np.array([1e12]))[0]
    np.testing.assert_allclose(slopes, 1 / 3, rtol=1e-9)
    assert intercept == pytest.approx(stars.mean() - scores.mean(), rel=1e-9)


def test_parts_that_cannot_be_told_apart_share() -> None:
    scores, stars, _ = _example()
    twins = scores[:, [0, 0, 0]]
    slopes = ridge(twins, stars, PENALTIES)[:, 1:]
    np.testing.assert_allclose(slopes, slopes[:, :1] * np.ones(3), rtol=1e-6)
    alone = ridge(scores[:, :1], stars, PENALTIES[:1])
    assert slopes[0].sum() == pytest.approx(alone[0, 1], rel=1e-4)


def test_parts_that_always_say_the_same_are_no_accident() -> None:
    _, stars, _ = _example()
    found = ridge(np.full((60, 2), 3.0), stars, PENALTIES)
    np.testing.assert_allclose(mixed(found[0], np.full((1, 2), 3.0)), stars.mean())


# The penalty, and figures that have not seen what they are judged on


def test_the_penalty_is_the_one_that_predicts_left_out_rows_best() -> None:
    scores, stars, folds = _example()
    noise = np.random.default_rng(5).normal(3, 1, (60, 40))
    for columns in (scores, noise, np.hstack([scores, noise])):
        errors = []
        for penalty in PENALTIES:
            squares = 0.0
            for fold in range(5):
                kept = folds != fold
                intercept, *slopes = _by_scikit_learn_shared(columns, stars, kept, penalty)
                squares += float(np.sum((stars - intercept - columns @ slopes)[~kept] ** 2))
            errors.append(squares)
        expected = _by_scikit_learn(columns, stars, PENALTIES[int(np.argmin(errors))])
        np.testing.assert_allclose(fit_coefficients(columns, stars, folds), expected, rtol=1e-6)


def _by_scikit_learn_shared(
    scores: Doubles, stars: Doubles, kept: NDArray[np.bool_], penalty: float
) -> Doubles:
    return _by_scikit_learn(scores[kept], stars[kept], penalty)


def test_a_prediction_has_not_seen_the_stars_of_its_fold() -> None:
    scores, stars, folds = _example()
    before = cross_fitted(scores, stars, folds)
    after = cross_fitted(scores, np.where(folds == 2, 6 - stars, stars), folds)
    np.testing.assert_array_equal(after[folds == 2], before[folds == 2])
    assert not np.any(after[folds != 2] == before[folds != 2])


# Blends of artifacts


@pytest.fixture(scope="module")
def parts(planted_split: Split) -> tuple[Artifact, ...]:
    """Two latent factor models and a sampled one, blind to the validation rows."""
    name = "latent-factor-model"
    config = AlsSettings(dimension=2, epochs=6, regularization_factor=0.1)
    drawn = models.find("bayesian-factorization-model").settings(
        dimension=2, likelihood="gaussian", samples=8, burn_in=4, kept=4
    )
    return (
        fit(planted_split, name, config, seed=1),
        fit(planted_split, name, replace(config, regularization_factor=2.0), seed=2),
        fit(planted_split, "bayesian-factorization-model", drawn, seed=3),
    )


def coefficients(artifact: Artifact) -> NDArray[np.float32]:
    return artifact.weights["coefficients"]


def test_a_blend_mixes_the_scores_of_its_parts(parts: tuple[Artifact, ...]) -> None:
    blended, test = blend(parts), parts[0].split.test
    each = [as_trained(part.scorer).score_pairs(test.user_rows, test.item_rows) for part in parts]
    intercept, *slopes = coefficients(blended).tolist()
    expected = intercept + sum(slope * own for slope, own in zip(slopes, each, strict=True))
    scored = as_trained(blended.scorer).score_pairs(test.user_rows, test.item_rows)
    np.testing.assert_allclose(scored, expected, rtol=1e-5)
    assert scored.dtype == np.float32
    user = blended.scorer.score_user(3)
    np.testing.assert_allclose(blended.scorer.score_all(np.array([3], np.int32))[0], user, 1e-5)


def test_its_coefficients_are_ridge_on_the_validation_rows(parts: tuple[Artifact, ...]) -> None:
    held_out = parts[0].split.validation
    scores = np.stack(
        [
            as_trained(part.scorer).score_pairs(held_out.user_rows, held_out.item_rows)
            for part in parts
        ],
        1,
    )
    candidates = ridge(scores.astype(np.float64), held_out.stars.astype(np.float64), PENALTIES)
    distances = np.abs(candidates - coefficients(blend(parts))).max(axis=1)
    assert distances.min() < 1e-6


def test_a_blend_is_no_worse_than_its_best_part(parts: tuple[Artifact, ...]) -> None:
    blended, test = blend(parts), parts[0].split.test
    errors = [
        rmse(test.stars, one.scorer.score_pairs(test.user_rows, test.item_rows))
        for one in (blended, *parts)
    ]
    assert errors[0] < min(errors[1:]) + 0.01


def test_the_stars_of_test_rows_change_nothing(parts: tuple[Artifact, ...]) -> None:
    """Whatever they are: no number here, so that a single look would spoil every sum."""
    split = parts[0].split
    stars = np.where(split.parts == TEST, np.nan, split.ratings.stars).astype(np.float32)
    spoilt = Split(replace(split.ratings, stars=stars), split.parts, split.scheme)
    poisoned = blend([replace(part, split=spoilt) for part in parts])
    np.testing.assert_array_equal(coefficients(poisoned), coefficients(blend(parts)))


def test_refitted_weights_are_deployed_but_teach_nothing(parts: tuple[Artifact, ...]) -> None:
    """What has seen the validation rows predicts them too well to be judged there."""
    seen = {name: array + np.float32(0.5) for name, array in parts[0].weights.items()}
    refitted = replace(parts[0], weights=seen, refit=True)
    plain, blended = blend(parts), blend([refitted, *parts[1:]])
    np.testing.assert_array_equal(coefficients(blended), coefficients(plain))
    assert blended.refit
    assert not plain.refit
    assert plain.weights_before_refit is plain.weights
    deployed, before = parts_of(blended.weights)[0][1], parts_of(blended.weights_before_refit)[0][1]
    for name, array in parts[0].weights.items():
        np.testing.assert_array_equal(deployed[name], seen[name])
        np.testing.assert_array_equal(before[name], array)


def test_its_validation_figures_are_of_rows_unseen(parts: tuple[Artifact, ...]) -> None:
    record = blend(parts).history[0]
    assert record["train"]["rmse"] < record["validation"]["rmse"]


def test_its_training_figures_are_of_the_rows_that_taught_it(parts: tuple[Artifact, ...]) -> None:
    record = blend(parts).history[0]
    assert record["loss"] == pytest.approx(record["training_error"] ** 2 / 2)
    shown = record["train"]["rmse"]  # clipped to the scale, and so no further off
    assert 0.9 * record["training_error"] < shown <= record["training_error"]


def test_the_seed_is_that_of_the_folds(parts: tuple[Artifact, ...]) -> None:
    figures = [blend(parts, seed=seed).history[0]["validation"]["rmse"] for seed in (1, 1, 2)]
    assert figures[0] == figures[1] != figures[2]


def test_it_tells_what_it_is_made_of(parts: tuple[Artifact, ...]) -> None:
    blended = blend(parts)
    assert blended.config is None
    assert blended.title == "Blend"
    assert blended.reached == "a blend of 3"
    assert blended.settings() == {
        "parts": "Latent factor + Latent factor + Bayesian factor", "seed": 42
    }  # fmt: skip
    assert [part["model"] for part in blended.parts] == [part.model for part in parts]
    assert [part["settings"]["seed"] for part in blended.parts] == [1, 2, 3]
    assert "layers" not in blended.parts[0]["settings"]
    assert blended.parts[2]["settings"]["features"] == ["histories"]
    told = [part["coefficient"] for part in blended.parts]
    np.testing.assert_allclose(told, coefficients(blended)[1:], rtol=1e-6)
    best = [part.history[part.best_epoch - 1]["validation"]["rmse"] for part in parts[:2]]
    told = [part["validation_rmse"] for part in blended.parts[:2]]
    np.testing.assert_allclose(told, best, rtol=1e-6)


def test_there_and_back_it_is_the_same(parts: tuple[Artifact, ...], tmp_path: Path) -> None:
    refitted = replace(parts[0], refit=True, weights_before_refit=parts[1].weights)
    blended = blend([refitted, parts[2]])
    back = storage.load(storage.save(blended, tmp_path / "blend"))
    everybody = np.arange(parts[0].split.ratings.n_users, dtype=np.int32)
    np.testing.assert_array_equal(
        back.scorer.score_all(everybody), blended.scorer.score_all(everybody)
    )
    assert (back.model, back.config, back.parts) == ("blend", None, blended.parts)
    assert back.history == blended.history
    assert back.weights_before_refit.keys() == blended.weights_before_refit.keys()


def test_it_is_used_like_any_other(parts: tuple[Artifact, ...]) -> None:
    """Lists, guests, reasons and likeness are mixed of the parts' own."""
    blended = blend(parts)
    assert isinstance(blended.scorer, FoldingScorer)
    assert isinstance(blended.scorer, LikenessScorer)
    assert not isinstance(blended.scorer, UncertainScorer), "whose deviations would they be?"
    intercept, *slopes = coefficients(blended).tolist()

    def blended_of(own: Any) -> Any:
        return sum(slope * values for slope, values in zip(slopes, own, strict=True))

    rated, stars = np.array([0, 1, 2], np.int32), np.array([5, 1, 4], np.float32)
    scorers: list[Any] = [as_trained(one.scorer) for one in (blended, *parts)]
    whole, *own = [scorer.fold_in(rated, stars, 0.9) for scorer in scorers]
    items = np.array([7, 9], np.int32)
    exactly: dict[str, Any] = {"rtol": 1e-4, "atol": 1e-5}
    effects = blended_of([part.effects(items) for part in own])
    np.testing.assert_allclose(whole.effects(items), effects, **exactly)
    scores = intercept + blended_of([part.score_all() for part in own])
    np.testing.assert_allclose(whole.score_all(), scores, **exactly)
    np.testing.assert_allclose(whole.score_items(items), scores[items], **exactly)
    alike = np.average([scorer.likeness(4) for scorer in scorers[1:]], 0, np.abs(slopes))
    np.testing.assert_allclose(blended.scorer.likeness(4), alike, **exactly)
    assert len(Recommender(blended).recommend(1, 5)) == 5


# Refusals


def test_one_model_is_no_blend(parts: tuple[Artifact, ...]) -> None:
    with pytest.raises(ConfigError, match="at least two trained models, got 1"):
        blend(parts[:1])


def test_the_same_model_twice_is_refused(parts: tuple[Artifact, ...]) -> None:
    copied = {name: array.copy() for name, array in parts[0].weights.items()}
    with pytest.raises(ConfigError, match="one latent-factor-model is given twice"):
        blend([parts[0], parts[2], replace(parts[0], weights=copied)])


def test_models_of_other_splits_are_refused(parts: tuple[Artifact, ...]) -> None:
    ratings = parts[0].split.ratings
    other = replace(parts[2], split=SplitPlan(seed=7).divide(ratings))
    with pytest.raises(SplitMismatchError, match="cannot blend it with latent-factor-model: bayes"):
        blend([parts[0], other])


def test_a_blend_of_a_blend_is_refused(parts: tuple[Artifact, ...]) -> None:
    with pytest.raises(ConfigError, match="give the models it is made of"):
        blend([blend(parts[:2]), parts[2]])


def test_a_part_that_broke_off_is_refused(parts: tuple[Artifact, ...]) -> None:
    broken = replace(parts[2], broken_off="interrupted in epoch 4")
    with pytest.raises(ConfigError, match=r"to its end \(interrupted in epoch 4\); train it again"):
        blend([parts[0], broken])


def test_a_leak_is_passed_on(parts: tuple[Artifact, ...]) -> None:
    blended = blend([parts[0], replace(parts[2], leak="parents saw the test rows")])
    assert blended.leak == "parents saw the test rows"
    assert blended.title == "Blend (LEAKY)"


def test_too_few_validation_rows_are_refused(known_by_heart: Artifact) -> None:
    other = replace(known_by_heart, weights={"mean": np.zeros((), np.float32)})
    with pytest.raises(ConfigError, match="1 validation ratings are too few to weigh 2 models; at"):
        blend([known_by_heart, other])


def test_a_part_that_predicts_no_number_is_refused(parts: tuple[Artifact, ...]) -> None:
    broken: dict[str, Any] = {name: array * np.nan for name, array in parts[1].weights.items()}
    with pytest.raises(TrainingError, match="latent-factor-model does not predict a number"):
        blend([parts[0], replace(parts[1], weights=broken, weights_before_refit=broken)])


# Times


class _Clock:
    """Scores the hour where it is told, and nothing elsewhere."""

    def score_pairs(self, user_rows: Any, item_rows: Any) -> Any:
        return np.zeros(len(user_rows), np.float32)

    def score_all(self, user_rows: Any) -> Any:
        raise AssertionError("nobody asks for these")

    def score_user(self, user_row: Any) -> Any:
        raise AssertionError("nobody asks for these")

    def score_at(self, user_rows: Any, item_rows: Any, timestamps: Any) -> Any:
        return timestamps.astype(np.float32)


def test_a_part_that_knows_of_times_is_told_them(parts: tuple[Artifact, ...]) -> None:
    weights = {"coefficients": np.array([1, 2, 10], np.float32)}
    plain = parts[0].scorer
    scorer = BlendScorer([plain, _Clock()], weights)
    rows, when = np.array([3, 4], np.int32), np.array([7, 9])
    own = plain.score_pairs(rows, rows)
    np.testing.assert_allclose(scorer.score_at(rows, rows, when), 1 + 2 * own + 10 * when, 1e-6)
    np.testing.assert_allclose(scorer.score_pairs(rows, rows), 1 + 2 * own, 1e-6)
    for asked in (lambda: scorer.fold_in(rows, own, 1.0), lambda: scorer.likeness(3)):
        with pytest.raises(ConfigError, match="a part of this blend"):
            asked()


def test_times_come_from_the_part_that_has_them(parts: tuple[Artifact, ...]) -> None:
    """An artifact holds times only where its own model has use for them."""
    split = parts[0].split
    timeless = Split(replace(split.ratings, timestamps=None), split.parts, split.scheme)
    blended = blend([replace(parts[0], split=timeless), parts[2]])
    assert blended.split.ratings.timestamps is not None


def test_config_is_not_made_up(parts: tuple[Artifact, ...], tmp_path: Path) -> None:
    folder = storage.save(blend(parts), tmp_path / "blend")
    manifest = storage.read_manifest(folder)
    assert manifest["config"] is None
    assert len(manifest["parts"]) == 3
    assert manifest["metrics"]["validation"] == manifest["history"][0]["validation"]
