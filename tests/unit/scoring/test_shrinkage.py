"""Scores drawn to the means, each kind of pairs by its own share: by sums written out."""

import numpy as np
import pytest
from numpy.typing import NDArray

from starcast.data.ratings import Ratings
from starcast.engines.expression.autodiff import scores as scores_of
from starcast.engines.means import means
from starcast.engines.protocol import ExpressedScorer, FoldingScorer, LikenessScorer
from starcast.engines.rows import SparseRows
from starcast.scoring import FactorScorer
from starcast.scoring.shrinkage import KnownMeans, Shares, kinds, shrunk, undrawn

N_USERS, N_ITEMS = 7, 5
EVERY_USER = np.arange(N_USERS, dtype=np.int32)
SHARES = Shares(known=0.75, new_user=0.25, new_item=0.5, neither=0.125)


def train() -> Ratings:
    """The last user and the last item have no ratings."""
    rng = np.random.default_rng(3)
    users, items = np.divmod(np.arange(N_USERS * N_ITEMS), N_ITEMS)
    whole = Ratings.from_columns(users, items, rng.integers(1, 6, len(users)).astype(np.float32))
    return whole.take(
        (users < N_USERS - 1) & (items < N_ITEMS - 1) & (rng.random(len(users)) < 0.7)
    )


def known() -> KnownMeans:
    return KnownMeans.of(SparseRows.by_user(train()))


def model() -> FactorScorer:
    rng = np.random.default_rng(4)
    return FactorScorer(
        {
            "mean": np.array(3, np.float32),
            "user_factors": rng.normal(0, 1, (N_USERS, 2)).astype(np.float32),
            "item_factors": rng.normal(0, 1, (N_ITEMS, 2)).astype(np.float32),
            "user_bias": rng.normal(0, 1, N_USERS).astype(np.float32),
            "item_bias": rng.normal(0, 1, N_ITEMS).astype(np.float32),
        }
    )


def expected() -> NDArray[np.float64]:
    mean, of_user, of_item = means(train())
    said = mean + of_user[:, np.newaxis] + of_item
    share = np.full((N_USERS, N_ITEMS), SHARES.known)
    share[-1], share[:, -1], share[-1, -1] = SHARES.new_user, SHARES.new_item, SHARES.neither
    return np.asarray(said + share * (model().score_all(EVERY_USER) - said))


def test_pairs_users_and_catalogue_are_drawn_alike() -> None:
    scorer = shrunk(model(), SHARES, known())
    users, items = np.divmod(np.arange(N_USERS * N_ITEMS, dtype=np.int32), N_ITEMS)
    wanted = expected()
    np.testing.assert_allclose(scorer.score_all(EVERY_USER), wanted, atol=1e-5)
    np.testing.assert_allclose(scorer.score_pairs(users, items), wanted.ravel(), atol=1e-5)
    for user in (0, N_USERS - 1):
        np.testing.assert_allclose(scorer.score_user(user), wanted[user], atol=1e-5)


def test_the_expression_is_drawn_as_well() -> None:
    scorer = shrunk(model(), SHARES, known())
    assert isinstance(scorer, ExpressedScorer)
    expression, weights = scorer.expressed()
    users, items = np.divmod(np.arange(N_USERS * N_ITEMS, dtype=np.int32), N_ITEMS)
    told = scores_of(expression, weights, users, items)
    np.testing.assert_allclose(told, expected().ravel(), atol=1e-5)


def test_pairs_of_a_whole_share_are_the_models_to_the_bit() -> None:
    scorer = shrunk(model(), Shares(new_item=0.5), known())
    plain, users = model().score_all(EVERY_USER), EVERY_USER
    np.testing.assert_array_equal(scorer.score_all(users)[:-1, :-1], plain[:-1, :-1])
    assert not np.any(scorer.score_all(users)[:-1, -1] == plain[:-1, -1])
    rows = np.zeros(3, np.int32), np.arange(3, dtype=np.int32)
    np.testing.assert_array_equal(scorer.score_pairs(*rows), model().score_pairs(*rows))


def test_who_is_drawn_is_still_within() -> None:
    one = model()
    drawn = shrunk(one, SHARES, known())
    assert undrawn(drawn) is one
    assert undrawn(one) is one
    assert isinstance(drawn, LikenessScorer)


def test_people_are_drawn_by_whether_they_have_ratings() -> None:
    scorer = shrunk(model(), SHARES, known())
    assert isinstance(scorer, FoldingScorer)
    mean, _, of_item = means(train())
    items, stars = np.array([0, 2], np.int32), np.array([5, 1], np.float32)
    bias = (stars - mean - of_item[items]).sum() / (2 + 5)
    said = mean + bias + of_item
    own = model().fold_in(items, stars, 0.8)
    wanted = said[:-1] + 0.75 * (own.score_all()[:-1] - said[:-1])
    person = scorer.fold_in(items, stars, 0.8)
    np.testing.assert_allclose(person.score_all()[:-1], wanted, atol=1e-5)
    np.testing.assert_allclose(person.score_items(items), wanted[items], atol=1e-5)
    gone = scorer.fold_in(items[:1], stars[:1], 0.8).score_all()[:3]
    effect = person.effects(np.arange(3, dtype=np.int32))[:, 1]
    np.testing.assert_allclose(effect, person.score_all()[:3] - gone, atol=1e-3)
    nobody = scorer.fold_in(items[:0], stars[:0], 0.8).score_all()
    alone = model().fold_in(items[:0], stars[:0], 0.8).score_all()
    wanted = mean + of_item + 0.25 * (alone - mean - of_item)
    np.testing.assert_allclose(nobody[:-1], wanted[:-1], atol=1e-5)


def test_kinds_go_by_what_is_known() -> None:
    known = np.array([True, False, True, False]), np.array([True, True, False, False])
    named = [Shares._fields[kind] for kind in kinds(*known)]
    assert named == ["known", "new_user", "new_item", "neither"]
    with pytest.raises(ValueError, match="shape"):
        kinds(known[0], np.array([True, False]))
