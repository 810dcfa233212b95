"""What the service tells of its models: who was asked for, what was listed, how ratings drift."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry
from starlette.testclient import TestClient

from starcast.artifacts.artifact import Artifact
from starcast.data.store.importing import import_ratings
from starcast.data.store.putting import Put
from starcast.data.store.ratings_store import RatingsStore
from starcast.data.store.records import Outcome
from starcast.serve.model_store import ModelStore
from starcast.serve.prometheus import StoreMetrics
from starcast.serve.service import create_app
from starcast.serve.store.drift import Drift

DEPLOY = Path(__file__).parents[3] / "deploy"
HEART = "latent-factor-model"


def figures(text: str) -> dict[str, float]:
    """Every line of /metrics."""
    lines = (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, value in lines}


def ids(told: dict[str, float], kind: str, known: str) -> float:
    name = f'starcast_ids_total{{kind="{kind}",known="{known}",model="{HEART}"}}'
    return told.get(name, 0.0)


def test_who_was_asked_for_and_what_was_listed(client: TestClient) -> None:
    before = figures(client.get("/metrics").text)
    assert before[f'starcast_list_coverage_ratio{{model="{HEART}"}}'] == 0
    listed = client.get("/users/eve/recommendations", params={"k": 1}).json()
    assert len(listed["recommendations"]) == 1
    client.get("/users/eve/recommendations", params={"k": 1})  # kept, and asked for all the same
    client.get("/users/nobody/recommendations")
    client.get("/users/nobody/recommendations", params={"fallback": True, "k": 1})
    client.post("/predict", json={"user": "eve", "items": ["alien", "clue"]})
    client.post("/predict", json={"user": "eve", "items": ["nothing"]})
    given = [{"item": "clue", "stars": 4}, {"item": "no such film", "stars": 4}]
    client.post("/recommendations", json={"ratings": given, "k": 1})
    told = figures(client.get("/metrics").text)
    assert (ids(told, "user", "yes"), ids(told, "user", "no")) == (2, 2)
    assert (ids(told, "item", "yes"), ids(told, "item", "no")) == (3, 2)
    assert 0.25 <= told[f'starcast_list_coverage_ratio{{model="{HEART}"}}'] <= 0.75


def test_age_and_mean_of_a_model(folder: Path) -> None:
    os.utime(folder / "manifest.json", (1_000, 1_000))
    with TestClient(create_app(ModelStore([folder]))) as fresh:
        told = figures(fresh.get("/metrics").text)
    assert told[f'starcast_model_written_timestamp_seconds{{model="{HEART}"}}'] == 1_000
    mean = told[f'starcast_model_mean_stars{{model="{HEART}"}}']
    assert mean == pytest.approx((5 + 3 + 4 + 1 + 2 + 4.5 + 4 + 0.5) / 8)


def test_ratings_beside_what_was_predicted(folder: Path) -> None:
    models, registry = ModelStore([folder]), CollectorRegistry()
    drift = Drift(models, StoreMetrics(registry, lambda: 0))
    eve = models.find().recommender.predict(["eve", "eve"], ["alien", "duel"]).tolist()
    puts = [
        Put("eve", "alien", 5.0, 1), Put("eve", "duel", 1.0, 1), Put("eve", "new film", 2.0, 1),
        Put("stranger", "alien", 2.0, 1), Put("eve", "clue", None, 1),
    ]  # fmt: skip
    drift.add(puts, Outcome(new=5))
    drift.add([Put("eve", "alien", 5.0, 1)], Outcome(same=1))
    drift.tell()
    drift.tell()

    def value(name: str) -> float:
        found = registry.get_sample_value(name)
        assert found is not None
        return found

    assert (value("starcast_given_stars_count"), value("starcast_given_stars_sum")) == (4, 10)
    assert value("starcast_prediction_error_stars_count") == 2
    errors = [5 - eve[0], 1 - eve[1]]
    assert value("starcast_prediction_error_stars_sum") == pytest.approx(sum(errors), abs=1e-5)
    squares = sum(one * one for one in errors)
    assert value("starcast_prediction_squared_error_stars_total") == pytest.approx(
        squares, abs=1e-5
    )


def expressions() -> list[str]:
    """What the alerts and the dashboard ask Prometheus."""
    rules = yaml.safe_load((DEPLOY / "prometheus/alerts.yml").read_text("utf-8"))
    found = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            if isinstance(node.get("expr"), str):
                found.append(node["expr"])
            for one in node.values():
                walk(one)
        elif isinstance(node, list):
            for one in node:
                walk(one)

    walk(json.loads((DEPLOY / "grafana/dashboard.json").read_text("utf-8")))
    return found


def test_alerts_and_dashboard_ask_for_what_there_is(
    folder: Path, known_by_heart: Artifact, tmp_path: Path
) -> None:
    store = RatingsStore.create(f"sqlite:///{tmp_path}/r.db")
    import_ratings(store, known_by_heart.split.ratings)
    with TestClient(create_app(ModelStore([folder]), store=store)) as client:
        client.get("/users/eve/recommendations")
        client.put("/users/eve/ratings/alien", json={"stars": 4})
        told = set(re.findall(r"^(starcast_\w+)", client.get("/metrics").text, re.MULTILINE))
    asked = {name for one in expressions() for name in re.findall(r"starcast_\w+", one)}
    assert len(asked) > 12
    assert asked <= told
