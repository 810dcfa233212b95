"""An application around the model known by heart, and its client."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from starcast.artifacts import storage
from starcast.artifacts.artifact import Artifact
from starcast.serve.model_store import ModelStore
from starcast.serve.service import create_app


@pytest.fixture
def folder(known_by_heart: Artifact, tmp_path: Path) -> Path:
    """The model known by heart on disk, with test figures."""
    place = storage.save(known_by_heart, tmp_path / "models" / "heart")
    storage.add_test_figures(place, {"RMSE": 1.25})
    return place


@pytest.fixture
def twin(known_by_heart: Artifact, tmp_path: Path) -> Path:
    """The same model a star lower, under another folder's name."""
    weights = {**known_by_heart.weights, "mean": known_by_heart.weights["mean"] - 1}
    lower = replace(known_by_heart, weights=weights, weights_before_refit=weights)
    return storage.save(lower, tmp_path / "models" / "lower")


@pytest.fixture
def client(folder: Path) -> Iterator[TestClient]:
    with TestClient(create_app(ModelStore([folder]))) as asking:
        yield asking
