"""A model that cannot answer is refused before it takes the place of one that can."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from starcast.artifacts import storage
from starcast.artifacts.artifact import Artifact
from starcast.errors import ArtifactError, ConfigError
from starcast.recommend import FoldedInUser, Recommender
from starcast.recommend.search import Search
from starcast.scoring.factors import FactorScorer
from starcast.scoring.ranker import Ranker
from starcast.serve.model_store import ModelStore
from starcast.serve.service import create_app

Break = Callable[[pytest.MonkeyPatch], None]


def returning(owner: Any, name: str, value: Any) -> Break:
    def breaking(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(owner, name, lambda *_, **__: value)

    return breaking


def raising(owner: Any, name: str, error: Exception) -> Break:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    def breaking(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(owner, name, fail)

    return breaking


AGE = "^starcast_model_look_age_seconds (.*)$"
NAN = np.array([1, np.nan, 2, 3], np.float32)
BROKEN = {
    "scores that are no numbers": returning(FactorScorer, "score_user", NAN),
    "endless scores": returning(FactorScorer, "score_user", NAN * 0 + np.inf),
    "too few scores": returning(FactorScorer, "score_user", np.ones(3, np.float32)),
    "too many scores": returning(FactorScorer, "score_user", np.ones(5, np.float32)),
    "a table of scores": returning(FactorScorer, "score_user", np.ones((2, 4), np.float32)),
    "no scores": returning(FactorScorer, "score_user", None),
    "no list": raising(Ranker, "rank_user", IndexError("index 9 is out of bounds")),
    "no stars": returning(FactorScorer, "score_pairs", np.full(1, np.nan, np.float32)),
    "no tables": raising(storage, "load", OverflowError("Python int too large")),
    "no memory": raising(Recommender, "recommend", MemoryError()),
    "no folding in": raising(Recommender, "fold_in", KeyError("user_bias")),
    "no list of a person": returning(FoldedInUser, "recommend", []),
    "no reasons": raising(Recommender, "explain", ZeroDivisionError("division by zero")),
    "no likeness": raising(Recommender, "similar", ValueError("operands could not be broadcast")),
    "no search": raising(Search, "find", RecursionError("maximum recursion depth exceeded")),
}


def retrained(artifact: Artifact) -> Artifact:
    weights = {**artifact.weights, "mean": artifact.weights["mean"] + 1}
    return replace(artifact, weights=weights, weights_before_refit=weights)


def stars(model_store: ModelStore) -> str:
    return model_store.find().predictions("bob", ["duel"])


@pytest.mark.parametrize("what", BROKEN)
def test_whatever_is_broken_is_refused_once_and_the_next_is_taken(
    folder: Path, known_by_heart: Artifact, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    model_store = ModelStore([folder])
    storage.save(retrained(known_by_heart), folder)
    with pytest.MonkeyPatch.context() as patch:
        BROKEN[what](patch)
        for _ in range(3):
            model_store.refresh()
    assert '"stars": 3.0' in stars(model_store)
    assert (model_store.n_reloads, model_store.n_refused) == (0, 1)
    (said,) = [one.getMessage() for one in caplog.records]
    assert said.startswith(f"{folder} is not taken, the model loaded before stays: ")
    assert "\n" not in said
    storage.save(retrained(known_by_heart), folder)
    model_store.refresh()
    assert '"stars": 4.0' in stars(model_store)


@pytest.mark.parametrize("what", [*list(BROKEN)[:7], "no memory"])
def test_a_service_does_not_start_with_a_model_that_makes_no_lists(folder: Path, what: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        BROKEN[what](patch)
        with pytest.raises(ArtifactError, match=f"{folder} loads but makes no lists"):
            ModelStore([folder])


def test_what_breaks_while_warming_up_is_said_and_the_rest_answers(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    BROKEN["no folding in"](monkeypatch)
    model_store = ModelStore([folder])
    model_store.warm_up()
    assert model_store.n_refused == 1
    assert "answers in part" in caplog.text
    assert "KeyError" in caplog.text
    assert TestClient(create_app(model_store)).get("/users/ann/recommendations").status_code == 200


def test_a_model_that_knows_less_is_no_broken_one(
    folder: Path, known_by_heart: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    raising(Recommender, "fold_in", ConfigError("it cannot fold in people"))(monkeypatch)
    raising(Recommender, "similar", ConfigError("it does not tell"))(monkeypatch)
    model_store = ModelStore([folder])
    model_store.warm_up()
    storage.save(retrained(known_by_heart), folder)
    model_store.refresh()
    assert (model_store.n_reloads, model_store.n_refused) == (1, 0)


def test_metrics_tell_of_refusals_and_of_the_last_look(
    folder: Path, known_by_heart: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    model_store = ModelStore([folder])
    client = TestClient(create_app(model_store))
    model_store.looked_at -= 1000
    (age,) = re.findall(AGE, client.get("/metrics").text, re.M)
    assert 1000 <= float(age) < 1100
    BROKEN["no memory"](monkeypatch)
    storage.save(retrained(known_by_heart), folder)
    model_store.refresh()
    told = client.get("/metrics").text
    assert 'starcast_model_reloads_total{result="refused"} 1.0' in told
    assert 'starcast_model_reloads_total{result="taken"} 0.0' in told
    (age,) = re.findall(AGE, told, re.M)
    assert float(age) < 100  # it has just looked
