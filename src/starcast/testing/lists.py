"""What models made for lists promise of them."""

from typing import Any

import numpy as np

from starcast.engines.rows import SparseRows
from starcast.models import LIST_BLEND
from starcast.recommend import Recommender
from starcast.testing.planted import EVERY_USER, N_ITEMS, crowd, own_ratings
from starcast.testing.trial import (
    Trial,
    check,
    engine_of,
    of_lists,
    require,
    small,
    trained_for_lists,
)


@check(of_lists)
def lists_are_those_of_each_user_alone(trial: Trial) -> None:
    """Lists are those of each user alone."""
    scorer = trial.scorer
    every = scorer.list_all(EVERY_USER)
    for row in EVERY_USER:
        alone = scorer.list_user(int(row))
        np.testing.assert_allclose(every[row], alone, rtol=1e-4, atol=1e-5)
    recommender = Recommender(trial.artifact)
    top = recommender.top_rows(EVERY_USER, 5)
    for row in EVERY_USER:
        require([one.item_id for one in recommender.recommend(row, 5)] == top[row].tolist())


@check(of_lists)
def a_person_is_listed_what_a_user_of_the_same_ratings_is(trial: Trial) -> None:
    """To a few places: rows of factors are solved for in turn, and validation rows are unknown."""
    model = trial.model
    own = own_ratings(3)
    scorer = trial.scorer
    person = scorer.fold_in(own.item_rows, own.stars, 0.5)
    alike = np.corrcoef(person.list_all(), scorer.list_user(3))[0, 1]
    require(alike > 0.98)
    effects = person.list_effects(np.arange(N_ITEMS, dtype=np.int32))
    require(effects.shape == (N_ITEMS, len(own)))
    if effects.any() and model != LIST_BLEND:  # whose reasons are one part's
        np.testing.assert_allclose(effects.sum(axis=1), person.list_all(), rtol=1e-4, atol=1e-5)


@check(trained_for_lists)
def who_has_rated_nothing_is_listed_what_everybody_picks(trial: Trial) -> None:
    """Who has rated nothing is listed what everybody picks."""
    model = trial.model
    whole = crowd()
    known = whole.take((whole.user_rows > 9) & (whole.user_rows % 7 + whole.item_rows > 12))
    engine = engine_of(model, ratings=known)
    engine.run_epoch()
    scorer: Any = model.scorer(engine.weights(), SparseRows.by_user(known), small(model))
    alone, nobody = scorer.list_user(0), np.empty(0, np.int32)
    stranger = scorer.fold_in(nobody, nobody.astype(np.float32), 0.5)
    np.testing.assert_array_equal(scorer.list_all(EVERY_USER[:12])[0], alone)
    np.testing.assert_array_equal(stranger.list_all(), alone)
    raters = np.bincount(known.item_rows, minlength=known.n_items)
    require(np.corrcoef(alone, raters)[0, 1] > 0.8)


@check(of_lists)
def reasons_of_a_list_are_shares(trial: Trial) -> None:
    """Reasons of a list are shares."""
    model = trial.model
    told = trial.guest_like(3).explain(7, k=N_ITEMS)
    require(told.unit == "share")
    total = sum(abs(reason.effect) for reason in told.reasons)
    np.testing.assert_allclose(total, 0 if model.is_baseline else 1, atol=1e-5)
