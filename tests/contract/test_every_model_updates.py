"""Later ratings in every model: taken in without training it again, or refused in a line.

A tenth of the planted users, and two of the items, come after the training, and so do some ratings
of those that were there.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from test_every_model import (
    BARE,
    EVERY_MODEL,
    LEARNERS,
    N_ITEMS,
    N_USERS,
    REGISTRY,
    planted,
    small,
)

from starcast import models
from starcast.artifacts import storage
from starcast.artifacts.artifact import Artifact
from starcast.artifacts.updating import Update, update
from starcast.data.ratings import Ratings
from starcast.data.split import TEST, TRAIN, VALIDATION, Split
from starcast.engines.protocol import ListScorer
from starcast.errors import ConfigError, LeftOutWarning
from starcast.evaluation.comparison import compare
from starcast.evaluation.metrics import rmse
from starcast.evaluation.report import evaluate
from starcast.models import BLEND, BLENDS, LIST_BLEND, Model
from starcast.recommend import Recommender
from starcast.testing.planted import attributes_of
from starcast.training.fit import fit
from starcast.training.list_stacking import blend_lists
from starcast.training.stacking import blend

ABLE = [model for model in REGISTRY.values() if model.grow]
EVERY_UPDATED = pytest.mark.parametrize(
    "model", [*ABLE, *BLENDS.values()], ids=lambda model: model.name
)
NEW_USERS, NEW_ITEMS = np.arange(54, N_USERS), np.array([38, 39])


@pytest.fixture(scope="module", autouse=True)
def _registered() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(models, "MODELS", REGISTRY)
        yield


def is_later() -> NDArray[np.bool_]:
    """Ratings of new users and of new items, and every 12th of the others."""
    rows = planted()
    is_new = np.isin(rows.user_rows, NEW_USERS) | np.isin(rows.item_rows, NEW_ITEMS)
    return np.asarray(is_new | (np.arange(len(rows)) % 12 == 0))


def of(rows: Ratings, mask: NDArray[np.bool_]) -> Ratings:
    """The same ratings over vocabularies of their own, with times."""
    at = np.flatnonzero(mask)
    chosen = Ratings.from_columns(
        rows.user_rows[at], rows.item_rows[at], rows.stars[at], at, scale=rows.scale, name="planted"
    )
    return replace(chosen, attributes=attributes_of(chosen))


@cache
def split() -> Split:
    """Of every seven rows that were there one validates and one is a test row."""
    rows = of(planted(), ~is_later())
    turn = np.random.default_rng(0).permutation(len(rows)) % 7
    parts = np.where(turn == 0, TEST, np.where(turn == 1, VALIDATION, TRAIN))
    return Split(rows, parts.astype(np.uint8), "by hand")


@cache
def later() -> Ratings:
    """All but a few of the later ratings, which judge."""
    return of(planted(), is_later() & (np.arange(len(planted())) % 5 != 0))


@cache
def trained(name: str, refit: bool = False) -> Artifact:
    if name == BLEND.name:
        return blend([trained(model.name) for model in LEARNERS if model.name != BARE.name])
    if name == LIST_BLEND.name:
        return blend_lists([trained(part) for part in ("item-item-model", "means")])
    parents = [trained(parent, refit) for parent in REGISTRY[name].parents]
    config = small(REGISTRY[name], samples=60, burn_in=20, kept=20)
    return fit(split(), name, config, seed=1, parents=parents, refit=refit)


@cache
def updated(name: str) -> Update:
    return update(trained(name), later())


def judging() -> Ratings:
    """Later ratings of later users that nobody has seen."""
    rows = planted()
    unseen = is_later() & (np.arange(len(rows)) % 5 == 0)
    return rows.take(unseen & np.isin(rows.user_rows, NEW_USERS))


@pytest.mark.parametrize("model", LEARNERS, ids=lambda model: model.name)
def test_later_users_are_predicted_better_than_before(model: Model) -> None:
    """Than by damped means, which is what a model that does not know them answers."""
    if not model.grow:
        pytest.skip("it takes in none")
    rows = judging()
    errors = [
        rmse(rows.stars, Recommender(one, fallback=True).predict(rows.user_rows, rows.item_rows))
        for one in (trained(model.name), updated(model.name).artifact)
    ]
    most = 1.0 if model.name.startswith("deep-") else 0.75  # they learn little of so few
    assert errors[1] < most * errors[0]


@EVERY_UPDATED
def test_rows_stay_and_new_ones_follow(model: Model) -> None:
    before, after = trained(model.name), updated(model.name).artifact
    users, items = after.split.ratings.users.ids, after.split.ratings.items.ids
    n_users, n_items = before.split.ratings.n_users, before.split.ratings.n_items
    assert users[:n_users].tolist() == before.split.ratings.users.ids.tolist()
    assert sorted(users[n_users:].tolist()) == NEW_USERS.tolist()
    assert items[:n_items].tolist() == before.split.ratings.items.ids.tolist()
    assert after.split.extends == (before.split.fingerprint,)
    scores = after.scorer.score_all(np.arange(len(users), dtype=np.int32))
    assert scores.shape == (N_USERS, N_ITEMS)
    assert np.all(np.isfinite(scores))
    for user in NEW_USERS.tolist():
        listed = Recommender(after).recommend(user, 5)
        seen = later().items.ids[later().item_rows[later().users.ids[later().user_rows] == user]]
        assert len(listed) == 5
        assert not {one.item_id for one in listed} & set(seen.tolist())


@EVERY_UPDATED
def test_pairs_that_nothing_has_touched_are_predicted_as_before(model: Model) -> None:
    """To the bit; but for models whose means, or blends, all pairs share."""
    if model.name in BLENDS or model.is_baseline or model.name in ("item-item-model",):
        pytest.skip("all pairs share what an update moves")
    before = trained(model.name)
    ratings, arrived = before.split.ratings, later()
    one = Ratings.from_columns(
        arrived.users.ids[arrived.user_rows[:1]], arrived.items.ids[arrived.item_rows[:1]],
        arrived.stars[:1], np.array([5000]), scale=arrived.scale,
    )  # fmt: skip
    after = update(before, one).artifact
    users = np.flatnonzero(ratings.users.ids != one.users.ids[0]).astype(np.int32)
    items = np.flatnonzero(ratings.items.ids != one.items.ids[0])
    if isinstance(before.scorer, ListScorer):
        assert isinstance(after.scorer, ListScorer)
        ours, theirs = before.scorer.list_all(users), after.scorer.list_all(users)
        np.testing.assert_array_equal(ours[:, items], theirs[:, items])
        return
    ours, theirs = (one.scorer.score_all(users)[:, items] for one in (before, after))
    if not before.shares.are_whole:  # means have moved
        np.testing.assert_allclose(ours, theirs, atol=0.05)
    else:
        np.testing.assert_array_equal(ours, theirs)


@EVERY_UPDATED
def test_the_same_once_more_changes_nothing_and_the_same_anew_gives_the_same(model: Model) -> None:
    first = updated(model.name)
    again = update(first.artifact, later())
    assert again.artifact is first.artifact
    model_in_use = Recommender(first.artifact, fallback=True, rank_by="stars")
    with pytest.warns(LeftOutWarning, match="were known, with the same stars"):
        assert model_in_use.update(later()) is model_in_use
    assert again.arrivals.change_nothing
    anew = update(trained(model.name), later()).artifact
    for name, array in first.artifact.weights.items():
        np.testing.assert_array_equal(array, anew.weights[name])


def test_a_model_in_use_is_updated_as_it_was_made() -> None:
    known = Recommender(trained("latent-factor-model"), fallback=True, rank_by="stars")
    grown = known.update(later())
    assert grown.ranker.by_stars
    assert np.isfinite(grown.predict([12345], [0])).all()  # by the fallback
    assert known.artifact is trained("latent-factor-model")
    assert grown.artifact.split.ratings.n_users == N_USERS


@EVERY_UPDATED
def test_an_updated_model_survives_saving_and_a_further_update(
    model: Model, tmp_path: Path
) -> None:
    artifact = updated(model.name).artifact
    loaded = storage.load(storage.save(artifact, tmp_path / model.name))
    everybody = np.arange(N_USERS, dtype=np.int32)
    np.testing.assert_array_equal(
        loaded.scorer.score_all(everybody), artifact.scorer.score_all(everybody)
    )
    assert loaded.split.extends == artifact.split.extends
    assert update(loaded, later()).arrivals.change_nothing
    last = judging()
    rest = Ratings.from_columns(
        last.user_rows, last.item_rows, last.stars, np.arange(len(last)) + 9000, scale=last.scale
    )
    further = update(loaded, rest).artifact
    assert len(further.split.extends) == 2
    assert np.all(np.isfinite(further.scorer.score_all(everybody)))


@EVERY_UPDATED
def test_before_and_after_are_judged_by_the_same_rows(model: Model) -> None:
    reports = [evaluate(one, k=5) for one in (trained(model.name), updated(model.name).artifact)]
    assert reports[0].n_rows == reports[1].n_rows
    compared = compare(reports)
    assert len(compared.stars.contestants) == 2
    assert any("was updated and knows" in note for note in compared.notes())


@pytest.mark.parametrize(
    "model", [one for one in ABLE if not one.parents], ids=lambda model: model.name
)
def test_of_a_refitted_model_both_sets_of_weights_take_them_in(model: Model) -> None:
    before = trained(model.name, refit=True)
    after = update(before, later()).artifact
    assert after.refit
    blind = update(trained(model.name), later()).artifact
    for name, array in after.weights_before_refit.items():
        np.testing.assert_array_equal(array, blind.weights[name])
    assert any(
        not np.array_equal(array, after.weights_before_refit[name])
        for name, array in after.weights.items()
    )


@EVERY_MODEL
def test_what_cannot_is_refused_and_names_those_that_can(model: Model) -> None:
    if model.grow:
        pytest.skip("it can")
    names = re.escape(", ".join(one.name for one in ABLE))
    with pytest.raises(ConfigError, match=f"{model.name} cannot take in .* These can: {names}"):
        update(trained(model.name), later())
