"""Lists of some items alone: the best of these, for whoever asks and however."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from shop_of_items import random_factors

from starcast.artifacts.artifact import Artifact
from starcast.data.ratings import Ratings
from starcast.data.split import SplitPlan
from starcast.engines.settings import MiniBatchSettings
from starcast.errors import ConfigError
from starcast.recommend import Recommendation, Recommender, index

N_USERS, N_ITEMS = 70, 90
ALLOWED = np.random.default_rng(0).random(N_ITEMS) < 0.4


@pytest.fixture(scope="module")
def artifact() -> Artifact:
    rng = np.random.default_rng(5)
    weights = random_factors(rng, N_USERS, N_ITEMS)
    users, items = np.nonzero(rng.random((N_USERS, N_ITEMS)) < 0.2)
    stars = rng.integers(1, 6, len(users)).astype(np.float32)
    return Artifact(
        model="latent-factor-model",
        config=MiniBatchSettings(dimension=3),
        seed=1,
        weights=weights,
        weights_before_refit=weights,
        split=SplitPlan().divide(Ratings.from_columns(users, items, stars)),
        best_epoch=1,
        history=(),
    )


def by_hand(recommender: Recommender, user: int, allowed: NDArray[np.bool_], k: int) -> list[int]:
    """The whole ranking, of which others than these are crossed out."""
    return [item for item in ids(recommender.recommend(user, N_ITEMS)) if allowed[item]][:k]


def ids(listed: list[Recommendation]) -> list[Any]:
    return [row.item_id for row in listed]


def test_a_list_of_allowed_items_is_the_whole_ranking_without_the_others(
    artifact: Artifact, tmp_path: Path
) -> None:
    recommender = Recommender(artifact)
    path = recommender.recommend_all(tmp_path / "all.parquet", 6, allowed=ALLOWED)
    of_user = dict(pl.read_parquet(path).group_by("user_id").agg("item_id").iter_rows())
    for user in range(N_USERS):
        wanted = by_hand(recommender, user, ALLOWED, 6)
        assert ids(recommender.recommend(user, 6, allowed=ALLOWED)) == wanted == of_user[user]


def test_items_left_out_besides_are_crossed_out_whatever_else_is_asked_for(
    artifact: Artifact,
) -> None:
    kind, left_out = Recommender(artifact, fallback=True), np.array([1, 5, 6], np.int32)
    without = np.ones(N_ITEMS, bool)
    without[left_out] = False
    for asked in ({}, {"allowed": ALLOWED}, {"exclude_seen": False}):
        for user in (0, 3, "zoe"):
            whole = ids(kind.recommend(user, N_ITEMS, **asked))
            wanted = [item for item in whole if without[item]][:4]
            assert ids(kind.recommend(user, 4, left_out=left_out, **asked)) == wanted


def test_people_and_strangers_are_listed_allowed_items_alone(artifact: Artifact) -> None:
    kind = Recommender(artifact, fallback=True)
    for asked in (
        kind.fold_in([3, 4], [5, 1]).recommend,
        lambda k, **o: kind.recommend("zoe", k, **o),
    ):
        whole = ids(asked(N_ITEMS))
        assert ids(asked(5, allowed=ALLOWED)) == [item for item in whole if ALLOWED[item]][:5]


def test_a_list_is_as_short_as_what_is_allowed(artifact: Artifact, tmp_path: Path) -> None:
    recommender, few = Recommender(artifact), np.arange(N_ITEMS) < 2
    assert len(recommender.recommend(0, 10, exclude_seen=False, allowed=few)) == 2
    assert recommender.recommend(0, 10, allowed=few & False) == []
    nobody = recommender.recommend_all(tmp_path / "none.csv", allowed=few & False)
    assert len(pl.read_csv(nobody)) == 0
    path = recommender.recommend_all(
        tmp_path / "all.csv", 10, exclude_seen=False, allowed=few, users=[5]
    )
    assert pl.read_csv(path)["rank"].to_list() == [1, 2]


def test_an_index_stands_back_where_only_some_items_are_allowed(
    artifact: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "LARGE", N_ITEMS)
    approximate, exact = Recommender(artifact, approximate=True), Recommender(artifact)
    for user in range(N_USERS):
        found = ids(approximate.recommend(user, 6, allowed=ALLOWED))
        assert found == ids(exact.recommend(user, 6, allowed=ALLOWED))


@pytest.mark.parametrize(
    "mask", [np.ones(3, bool), np.ones(N_ITEMS), np.ones((1, N_ITEMS), bool), [True]]
)
def test_a_mask_of_other_items_is_refused(artifact: Artifact, mask: Any, tmp_path: Path) -> None:
    recommender = Recommender(artifact)
    for asked in (
        lambda: recommender.recommend(0, allowed=mask),
        lambda: recommender.fold_in([3], [5]).recommend(allowed=mask),
        lambda: recommender.recommend_all(tmp_path / "all.csv", allowed=mask),
    ):
        with pytest.raises(ConfigError, match="allowed must be an array of 90 booleans"):
            asked()
    assert not list(tmp_path.iterdir())
