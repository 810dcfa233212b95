"""Approximate lists: recall on planted data, exact stars, and an exact list wherever one is due."""

import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from starcast.artifacts.artifact import Artifact
from starcast.data.ids import Vocabulary
from starcast.data.ratings import Ratings
from starcast.data.split import SplitPlan
from starcast.engines.settings import MiniBatchSettings
from starcast.errors import ConfigError
from starcast.models import find
from starcast.recommend import Recommender, index

N_USERS, N_ITEMS, D = 50, 5000, 8


@pytest.fixture(scope="module")
def artifact() -> Artifact:
    """A latent factor model of items in 40 clusters; each user rated twelve of them."""
    rng = np.random.default_rng(3)
    centres = rng.normal(0, 1, (40, D))
    items = centres[rng.integers(0, 40, N_ITEMS)] + rng.normal(0, 0.3, (N_ITEMS, D))
    users = centres[rng.integers(0, 40, N_USERS)] + rng.normal(0, 0.5, (N_USERS, D))
    weights: dict[str, NDArray[np.float32]] = {
        "mean": np.array(3, np.float32),
        "user_factors": (users / 4).astype(np.float32),
        "item_factors": (items / 4).astype(np.float32),
        "user_bias": rng.normal(0, 0.3, N_USERS).astype(np.float32),
        "item_bias": rng.normal(0, 0.3, N_ITEMS).astype(np.float32),
    }
    rated = np.sort(rng.permuted(np.tile(np.arange(N_ITEMS), (N_USERS, 1)), axis=1)[:, :12])
    ratings = Ratings.from_rows(
        Vocabulary(np.arange(N_USERS), "user"),
        Vocabulary(np.arange(N_ITEMS), "item"),
        np.repeat(np.arange(N_USERS, dtype=np.int32), 12),
        rated.ravel().astype(np.int32),
        rng.integers(1, 6, rated.size).astype(np.float32),
    )
    return Artifact(
        model="latent-factor-model",
        config=MiniBatchSettings(dimension=D),
        seed=1,
        weights=weights,
        weights_before_refit=weights,
        split=SplitPlan().divide(ratings),
        best_epoch=1,
        history=(),
    )


@pytest.fixture
def approximate(artifact: Artifact, monkeypatch: pytest.MonkeyPatch) -> Recommender:
    monkeypatch.setattr(index, "LARGE", N_ITEMS)
    return Recommender(artifact, approximate=True)


def test_most_of_the_best_are_found_with_their_exact_stars(
    artifact: Artifact, approximate: Recommender
) -> None:
    exact, hits = Recommender(artifact), 0
    for user in range(N_USERS):
        found = approximate.recommend(user, 10)
        wanted = exact.recommend(user, 10)
        hits += len({row.item_id for row in found} & {row.item_id for row in wanted})
        stars = exact.predict([user] * 10, np.array([row.item_id for row in found]))
        np.testing.assert_allclose([row.prediction for row in found], stars, atol=1e-5)
        assert sorted(found, key=lambda row: -row.prediction) == found
    assert hits / (10 * N_USERS) > 0.8


def test_what_was_rated_is_left_out_unless_asked_for(
    artifact: Artifact, approximate: Recommender
) -> None:
    for user in range(5):
        seen = set(approximate.seen_rows(user).tolist())
        everything = approximate.recommend(user, N_ITEMS, exclude_seen=False)
        assert {row.item_id for row in everything} == set(range(N_ITEMS))
        unseen = approximate.recommend(user, N_ITEMS)
        assert {row.item_id for row in unseen} == set(range(N_ITEMS)) - seen


def test_lists_are_exact_unless_asked_for_and_in_catalogues_that_are_not_large(
    artifact: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("an index was built")

    monkeypatch.setattr(index, "FactorIndex", refuse)
    exact = Recommender(artifact).recommend(7)
    assert Recommender(artifact, approximate=True).recommend(7) == exact  # 5,000 are few
    monkeypatch.setattr(index, "LARGE", N_ITEMS)
    assert Recommender(artifact).recommend(7) == exact
    with pytest.raises(AssertionError, match="an index was built"):
        Recommender(artifact, approximate=True)


@pytest.mark.parametrize("name", ["deep-neural-network-model", "ensemble-transfer-learning"])
def test_models_without_inner_products_are_refused(name: str, artifact: Artifact) -> None:
    weights = {
        "user_embedding": np.zeros((N_USERS, 2), np.float32),
        "item_embedding": np.zeros((N_ITEMS, 2), np.float32),
        "hidden_0_kernel": np.zeros((4, 3), np.float32),
        "hidden_0_bias": np.zeros(3, np.float32),
        "output_kernel": np.zeros((D + 5 if "ensemble" in name else 3, 1), np.float32),
        "output_bias": np.zeros(1, np.float32),
        **{key: table for key, table in artifact.weights.items() if key != "mean"},
    }
    one = replace(artifact, model=name, config=find(name).settings(dimension=2), weights=weights)
    with pytest.raises(ConfigError, match=f"those of {name} are not.*leave approximate out"):
        Recommender(one, approximate=True)


def test_the_missing_extra_is_named(artifact: Artifact, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "LARGE", N_ITEMS)
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(ConfigError, match=r"pip install 'starcast\[index\]'"):
        Recommender(artifact, approximate=True)
