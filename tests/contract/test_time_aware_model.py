"""A model that knows of days: trained, judged, saved and asked like any other."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from starcast.artifacts import manifest as manifest_file
from starcast.artifacts import storage
from starcast.artifacts.artifact import Artifact
from starcast.data.ratings import Attribute, Ratings
from starcast.data.split import SplitPlan
from starcast.engines.protocol import score_ratings
from starcast.evaluation.charts.training_run import validation_curve
from starcast.evaluation.metrics import rmse
from starcast.evaluation.report import evaluate
from starcast.models import find
from starcast.recommend import Recommender
from starcast.scoring.in_stars import as_trained
from starcast.training.fit import fit

NAME = "bayesian-factorization-model"
EVERYTHING = ("histories", "attributes", "days")
SMALL: dict[str, Any] = {"dimension": 2, "samples": 40, "burn_in": 10, "kept": 20, "seed": 3}


@cache
def moody() -> Ratings:
    """40 users whose mood changes from day to day, on items of two genres."""
    rng = np.random.default_rng(7)
    users, items = np.nonzero(rng.random((40, 30)) < 0.6)
    days = rng.integers(0, 3, len(users))
    stars = 3 + rng.normal(0, 0.9, (40, 3))[users, days] + rng.normal(0, 0.3, len(users))
    ratings = Ratings.from_columns(
        users + 1, items * 10, np.clip(np.round(2 * stars) / 2, 1, 5), days * 86_400 + 5
    )
    genres = {item: ["even" if item % 20 else "odd"] for item in ratings.items.ids.tolist()}
    return replace(ratings, attributes=(Attribute.of(ratings.items, "genre", genres),))


@cache
def trained(*features: str, refit: bool = False) -> Artifact:
    settings = SMALL | {"features": features}
    seed = settings.pop("seed")
    config = find(NAME).settings(**settings)
    return fit(SplitPlan().divide(moody()), NAME, config, seed=seed, refit=refit)


def test_days_are_worth_having() -> None:
    without, with_days = (evaluate(trained(*features)) for features in (("histories",), EVERYTHING))
    assert with_days.rmse < 0.75 * without.rmse


def test_the_running_validation_ends_at_the_deployed_scores() -> None:
    artifact = trained(*EVERYTHING)
    validation = artifact.split.validation
    raw = artifact.units.stars(score_ratings(as_trained(artifact.scorer), validation))
    shown = validation.scale.clip(raw)
    last = artifact.history[-1]["validation"]["rmse"]
    assert last == pytest.approx(rmse(validation.stars, shown), abs=1e-5)
    assert validation_curve(artifact)[1][-1] == last


@pytest.mark.parametrize("refit", [False, True])
def test_a_saved_model_is_judged_from_its_folder_alone(tmp_path: Path, refit: bool) -> None:
    artifact = trained(*EVERYTHING, refit=refit)
    loaded = storage.load(storage.save(artifact, tmp_path / "model"))
    assert loaded.config == artifact.config
    assert loaded.split.fingerprint == artifact.split.fingerprint
    assert loaded.split.ratings.timestamps is not None
    np.testing.assert_array_equal(loaded.split.ratings.timestamps, moody().timestamps)
    np.testing.assert_equal(evaluate(loaded).figures(), evaluate(artifact).figures())


def test_times_are_kept_only_where_they_are_of_use(tmp_path: Path) -> None:
    model = find("latent-factor-model")
    factor = fit(SplitPlan().divide(moody()), model.name, model.settings(dimension=2, epochs=2))
    storage.save(factor, tmp_path / "factor")
    assert "timestamp" not in pl.read_parquet(tmp_path / "factor" / "ratings.parquet")
    assert storage.load(tmp_path / "factor").split.ratings.timestamps is None


def test_without_a_time_it_answers_for_an_average_day() -> None:
    artifact = trained(*EVERYTHING)
    ids = artifact.split.ratings.items.ids
    predicted = Recommender(artifact).predict([1] * len(ids), ids)
    base = artifact.scorer.score_user(0)
    np.testing.assert_allclose(predicted, moody().scale.clip(base), rtol=1e-5)
    assert len(Recommender(artifact).recommend(1, 5)) == 5


def test_features_change_no_fingerprint() -> None:
    fingerprints = {
        trained(*features).split.fingerprint for features in (("histories",), EVERYTHING)
    }
    bare = replace(moody(), attributes=(), timestamps=None)
    assert fingerprints == {SplitPlan().divide(bare).fingerprint}


def test_settings_that_an_older_artifact_lacks_have_their_defaults(tmp_path: Path) -> None:
    artifact = trained("histories")
    folder = storage.save(artifact, tmp_path / "model")
    manifest = storage.read_manifest(folder)
    for name in ("features", "day_length"):
        del manifest["config"][name]
    manifest_file.write(manifest, folder)
    assert storage.load(folder).config == artifact.config
