"""Whole runs on Keras: goes on after an end, is a parent and a child of the compiled engine."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import starcast as sc
from starcast.data.ratings import Ratings
from starcast.data.split import Split
from starcast.recommend import Recommender

DEEP, FACTOR = "deep-neural-network-model", "latent-factor-model"
CHILD = "ensemble-transfer-learning"
SHAPE: dict[str, Any] = {"dimension": 4, "layers": [8, 4, 1]}


@pytest.fixture(scope="module")
def split(planted: Ratings) -> Split:
    return sc.split(planted)


@pytest.fixture(scope="module")
def deep(split: Split) -> Recommender:
    return trained_deep(split)


def trained_deep(split: Split, **how: Any) -> Recommender:
    settings = SHAPE | {"dropout_rate": 0.2, "epochs": 4, "batch_size": 200}
    return sc.train(split, DEEP, engine="keras", **settings, **how)


def test_a_run_that_was_ended_goes_on_to_the_bit(
    split: Split, deep: Recommender, tmp_path: Path
) -> None:
    def end(record: Any) -> None:
        if record.epoch == 2:
            raise KeyboardInterrupt

    kept: dict[str, Any] = {"checkpoint": tmp_path / "kept", "checkpoint_every": 0}
    with pytest.warns(UserWarning, match="not trained to its end"):
        trained_deep(split, on_epoch=end, **kept)
    seen: list[int] = []
    with pytest.warns(UserWarning, match="going on with training after epoch"):
        whole = trained_deep(split, on_epoch=lambda record: seen.append(record.epoch), **kept)
    assert seen
    assert seen[0] > 1
    assert whole.artifact.history[-1]["epoch"] == 4
    for name, array in deep.artifact.weights.items():
        np.testing.assert_array_equal(whole.artifact.weights[name], array)


def test_either_engine_starts_from_what_the_other_trained(split: Split, deep: Recommender) -> None:
    factor = sc.train(split, FACTOR, dimension=4, epochs=3)
    given: dict[str, Any] = SHAPE | {"epochs": 1, "parents": [factor, deep]}
    children = [sc.train(split, CHILD, engine=one, **given) for one in ("compiled", "keras")]
    first, second = (child.artifact.history[0]["validation"]["rmse"] for child in children)
    assert first == pytest.approx(second, rel=1e-5)
    configs = [child.artifact.config for child in children]
    assert [config and config.engine for config in configs] == ["compiled", "keras"]
    assert "keras" in deep.artifact.versions
    assert "keras" not in factor.artifact.versions
