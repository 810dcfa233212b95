"""What was trained before still opens, predicts, recommends and is judged as it was.

`tests/fixtures/artifacts-format-1` holds a small artifact of every model, a refitted one and a
blend among them, as the last Starcast of the first layout wrote them, and in `answers.json` what it
said of them. Nothing here may be made anew: they stand for the models that people have on disk.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from starcast.artifacts import storage
from starcast.evaluation.comparison import compare
from starcast.evaluation.report import evaluate
from starcast.recommend import Recommender

FIXTURES = Path(__file__).parents[1] / "fixtures" / "artifacts-format-1"
ANSWERS: dict[str, dict[str, Any]] = json.loads((FIXTURES / "answers.json").read_text("utf-8"))
EVERY_FIXTURE = pytest.mark.parametrize("name", sorted(ANSWERS))
_ULPS = 2  # matrix products of another processor may add in another order; here it is none


def as_floats(answers: list[str]) -> Any:
    return np.array([float.fromhex(answer) for answer in answers], np.float32)


def test_every_model_has_one() -> None:
    kept = {path.name for path in FIXTURES.iterdir() if path.is_dir()}
    assert kept == set(ANSWERS)
    assert len({storage.read_manifest(FIXTURES / name)["model"] for name in kept}) == 7


@EVERY_FIXTURE
def test_it_scores_as_before(name: str) -> None:
    artifact = storage.load(FIXTURES / name)
    ratings = artifact.split.ratings
    pairs = np.arange(ratings.n_users * ratings.n_items, dtype=np.int32)
    scores = artifact.scorer.score_pairs(pairs // ratings.n_items, pairs % ratings.n_items)
    np.testing.assert_array_max_ulp(scores[::7], as_floats(ANSWERS[name]["pairs"]), _ULPS)


@EVERY_FIXTURE
def test_it_predicts_and_recommends_as_before(name: str) -> None:
    recommender = Recommender(storage.load(FIXTURES / name))
    ratings = recommender.artifact.split.ratings
    predicted = recommender.predict(ratings.users.ids[:10], ratings.items.ids[:10])
    np.testing.assert_array_max_ulp(predicted, as_floats(ANSWERS[name]["predict"]), _ULPS)
    listed = recommender.recommend(ratings.users.ids[3], 5)
    wanted = ANSWERS[name]["recommend"]
    assert [str(row.item_id) for row in listed] == [item for item, _ in wanted]
    stars = np.array([row.prediction for row in listed], np.float32)
    np.testing.assert_array_max_ulp(stars, as_floats([star for _, star in wanted]), _ULPS)


@EVERY_FIXTURE
def test_it_is_judged_as_before(name: str) -> None:
    report, wanted = evaluate(storage.load(FIXTURES / name)), ANSWERS[name]
    judged = {
        "rmse": report.rmse,
        "mae": report.mae,
        "accuracy": report.accuracy,
        "precision_at_10": float(report.curves.precision[9]),
        "ndcg_at_10": report.catalogue.ranking.ndcg,
    }
    for figure, value in judged.items():
        assert value == pytest.approx(float.fromhex(wanted[figure]), rel=1e-7, nan_ok=True), figure


@EVERY_FIXTURE
def test_it_is_of_the_same_split_as_one_that_is_saved_today(name: str, tmp_path: Path) -> None:
    old = storage.load(FIXTURES / name)
    first = storage.read_manifest(FIXTURES / name)["fingerprint"]
    storage.save(old, tmp_path / "today")
    manifest, today = storage.read_manifest(tmp_path / "today"), storage.load(tmp_path / "today")
    assert manifest["fingerprint"] == old.split.fingerprint != first
    assert old.split.has_fingerprint(first)
    old.require_split(today.split.fingerprint, "compare it")
    today.require_split(old.split.fingerprint, "compare it")


def test_old_ones_are_compared_with_each_other_and_with_new_ones(tmp_path: Path) -> None:
    factor, deep = "latent-factor-model", "deep-neural-network-model"
    old = [storage.load(FIXTURES / name) for name in (factor, deep)]
    new = storage.load(storage.save(old[1], tmp_path / "today"))
    by_age = [compare([evaluate(one) for one in pair]) for pair in (old, (old[0], new))]
    assert by_age[0].stars.pairs() == by_age[1].stars.pairs()
