"""A model of a·x + b is that of x: its stars are a times and b more, and its errors a times.

Where the ratings of both are seen as the very same numbers, to the digits of single precision; the
scales without a counterpart among five stars within a hundredth.
"""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from starcast import models
from starcast.artifacts import storage
from starcast.artifacts.artifact import Artifact
from starcast.data.ratings import Ratings
from starcast.data.split import SplitPlan
from starcast.engines.expression.autodiff import scores as scores_of
from starcast.engines.protocol import (
    ExpressedScorer,
    FoldingScorer,
    UncertainScorer,
    score_ratings,
)
from starcast.evaluation.metrics import rmse
from starcast.evaluation.report import evaluate
from starcast.recommend import Recommender
from starcast.training.fit import fit
from starcast.training.list_stacking import blend_lists
from starcast.training.stacking import blend

SMALL: dict[str, Any] = {
    "dimension": 4, "layers": (8, 4, 1), "epochs": 12, "samples": 20, "kept": 10,
    "learning_rate": 0.01, "regularization_factor": 0.05, "averaging": 0.0, "batch_size": 50,
}  # fmt: skip
N_USERS, N_ITEMS = 50, 30
FIVE = (1.0, 0.0)
SCALES = [(20.0, 0.0), (0.25, -3.0), (1.0, 1000.0), (2e-3, 0.0)]  # of nine steps, as half stars
SKEWED = ((1.0, 0.0), (5.0, -10.0), (0.01, 3.0))
STARS = ("latent-factor-model", "bayesian-factorization-model", "autoencoder-model")
LISTS = ("item-item-model", "means")
EVERY = pytest.mark.parametrize("name", [*models.MODELS, models.BLEND.name, models.LIST_BLEND.name])


@cache
def half_stars() -> Ratings:
    """Two planted factors, every half star given."""
    rng = np.random.default_rng(5)
    user, item = (rng.normal(0, 0.9, (n, 2)) for n in (N_USERS, N_ITEMS))
    users, items = np.nonzero(rng.random((N_USERS, N_ITEMS)) < 0.6)
    exact = 3 + np.sum(user[users] * item[items], axis=1) + rng.normal(0, 0.4, len(users))
    stars = np.clip(np.round(2 * exact) / 2, 0.5, 5)
    return Ratings.from_columns(users, items, stars.astype(np.float32), np.arange(len(users)))


@cache
def skewed() -> Ratings:
    """The same tastes on 1 to 660, most of it near 1."""
    whole = half_stars()
    stars = np.round(660.0 ** ((whole.stars.astype(np.float64) - 0.5) / 4.5))
    return Ratings.from_columns(
        whole.user_rows, whole.item_rows, stars.astype(np.float32), whole.timestamps
    )


@cache
def trained(name: str, factor: float, offset: float, *, skew: bool = False) -> Artifact:
    """By the model's settings in a small shape, on a·x + b."""
    whole = skewed() if skew else half_stars()
    stars = np.round(factor * whole.stars.astype(np.float64) + offset, 6)
    ratings = Ratings.from_columns(
        whole.user_rows, whole.item_rows, stars.astype(np.float32), whole.timestamps
    )

    def others(*names: str) -> list[Artifact]:
        return [trained(one, factor, offset, skew=skew) for one in names]

    if name in models.BLENDS:
        return blend(others(*STARS)) if name == models.BLEND.name else blend_lists(others(*LISTS))
    model, split = models.find(name), SplitPlan(validation=0.2).divide(ratings)
    if skew and name == "bayesian-factorization-model":
        config = model.settings(**model.solvers.having(SMALL), likelihood="gaussian")
    else:
        config = model.settings(**model.solvers.having(SMALL))
    return fit(split, name, config, seed=3, parents=others(*model.parents))


def error_of(artifact: Artifact) -> float:
    test = artifact.split.test
    return rmse(test.stars, test.scale.clip(score_ratings(artifact.scorer, test)))


@EVERY
@pytest.mark.parametrize(("factor", "offset"), SCALES)
def test_what_five_stars_say_is_said_on_every_scale(
    name: str, factor: float, offset: float
) -> None:
    plain, moved = trained(name, *FIVE), trained(name, factor, offset)
    assert plain.units == (1.0, 0.0)
    assert moved.units == pytest.approx((factor, offset))
    users = np.arange(N_USERS, dtype=np.int32)
    scores = plain.scorer.score_all(users)
    assert scores.std() > 0.05
    near, wanted = 1e-4 * factor + 1e-6 * abs(offset), factor * scores + offset
    np.testing.assert_allclose(moved.scorer.score_all(users), wanted, rtol=0, atol=near)
    np.testing.assert_allclose(moved.scorer.score_user(7), wanted[7], rtol=0, atol=near)
    assert error_of(moved) == pytest.approx(factor * error_of(plain), rel=1e-4)
    assert moved.residual_rmse == pytest.approx(factor * plain.residual_rmse, rel=1e-4)
    assert moved.support == pytest.approx(factor * plain.support)


@EVERY
def test_a_scale_unlike_five_stars_may_be_moved_and_stretched(name: str) -> None:
    """1 to 660, most of it near 1."""
    errors = [
        error_of(trained(name, factor, offset, skew=True)) / factor for factor, offset in SKEWED
    ]
    assert errors == pytest.approx([errors[0]] * 3, rel=0.01)
    stars = skewed().stars
    assert errors[0] < 1.1 * float(stars.std())


@EVERY
def test_people_reasons_and_doubts_are_in_stars(name: str) -> None:
    plain, moved = trained(name, *FIVE), trained(name, 20, 0)
    items, stars = np.array([1, 4, 9]), np.array([5, 1, 4.5])
    if isinstance(plain.scorer, UncertainScorer):
        doubts = [Recommender(one).predictive_std([3, 4], [5, 6]) for one in (plain, moved)]
        np.testing.assert_allclose(doubts[1], 20 * doubts[0], rtol=1e-3)
    if isinstance(plain.scorer, FoldingScorer):
        assert isinstance(moved.scorer, FoldingScorer)
        ours, theirs = (
            Recommender(one).fold_in(items, factor * stars)
            for one, factor in ((plain, 1), (moved, 20))
        )
        np.testing.assert_allclose(
            theirs.predict(range(30)), 20 * ours.predict(range(30)), atol=0.1
        )
        told, ours_told = theirs.explain(2), ours.explain(2)
        factor = 20 if told.unit == "stars" else 1
        assert [one.effect for one in told.reasons] == pytest.approx(
            [factor * one.effect for one in ours_told.reasons], abs=0.01 * factor
        )
        assert told.base == pytest.approx(20 * ours_told.base, abs=0.1)


@EVERY
def test_lists_are_the_same(name: str) -> None:
    plain, moved = trained(name, *FIVE), trained(name, 20, 0)
    lists = [
        Recommender(one).top_rows(np.arange(N_USERS, dtype=np.int32), 5) for one in (plain, moved)
    ]
    assert np.mean(lists[0] == lists[1]) > 0.97
    ours, theirs = (evaluate(one).figures() for one in (plain, moved))
    assert theirs["RMSE"] == pytest.approx(20 * ours["RMSE"], rel=1e-3)
    assert theirs["Accuracy"] == pytest.approx(ours["Accuracy"], abs=0.03)
    assert theirs["NDCG@10"] == pytest.approx(ours["NDCG@10"], abs=0.02)


@EVERY
def test_exports_and_copies_on_disk_give_stars(name: str, tmp_path: Path) -> None:
    moved = trained(name, 20, 0)
    users, items = (np.arange(20, dtype=np.int32) % n for n in (7, 5))
    loaded = storage.load(storage.save(moved, tmp_path / "model"))
    assert loaded.units == moved.units
    scores = moved.scorer.score_pairs(users, items)
    np.testing.assert_array_equal(loaded.scorer.score_pairs(users, items), scores)
    if isinstance(loaded.scorer, ExpressedScorer):
        expression, weights = loaded.scorer.expressed()
        exact = {weight: array.astype(np.float64) for weight, array in weights.items()}
        np.testing.assert_allclose(scores_of(expression, exact, users, items), scores, rtol=1e-4)
