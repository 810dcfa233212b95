"""Guests, reasons and likeness, asked of a model known by heart; its weights are in conftest."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, final

import numpy as np
import pytest

from starcast.artifacts.artifact import Artifact
from starcast.data.ids import Rows
from starcast.data.split import VALIDATION, Split
from starcast.engines.protocol import Scores
from starcast.errors import ConfigError, UnknownIdError
from starcast.recommend import FoldedInUser, Recommendation, Recommender, Similar, persons
from starcast.scoring import FactorScorer
from starcast.scoring.cold_start import with_typical_rows


def folded(artifact: Artifact, *pairs: tuple[str, float]) -> FoldedInUser:
    return Recommender(artifact).fold_in([item for item, _ in pairs], [stars for _, stars in pairs])


# Guests


def test_a_guest_is_shown_what_is_left_and_in_order(known_by_heart: Artifact) -> None:
    person = folded(known_by_heart, ("brazil", 5), ("alien", 1))
    assert len(person) == 2
    listed = person.recommend()
    assert [row.item_id for row in listed] == ["clue", "duel"]
    assert all(isinstance(row, Recommendation) for row in listed)
    assert [row.title for row in listed] == ["", "Duel (1971)"]
    assert [row.item_id for row in person.recommend(1)] == ["clue"]
    assert len(person.recommend(exclude_seen=False)) == 4


def test_a_guest_is_unlike_another(known_by_heart: Artifact) -> None:
    """Brazil and clue have one vector and no bias: who likes the one likes the other."""
    fond, bored = (folded(known_by_heart, ("brazil", stars)) for stars in (5, 0.5))
    assert fond.predict(["clue"])[0] > 1 + bored.predict(["clue"])[0]
    assert fond.predict(["clue"]) == fond.predict("brazil")


def test_predictions_of_a_guest_are_clipped(known_by_heart: Artifact) -> None:
    stars = folded(known_by_heart, ("alien", 5), ("brazil", 5)).predict(["alien", "duel", "clue"])
    assert stars.dtype == np.float32
    assert 0.5 <= stars.min() <= stars.max() <= 5


def test_nobody_is_the_mean_of_the_users(known_by_heart: Artifact) -> None:
    """Mean vector (2/3, 2/3), mean bias 0, and the mean of all ratings 3."""
    person = folded(known_by_heart)
    stars = person.predict(["alien", "brazil", "duel"])
    np.testing.assert_allclose(stars, [3 + 1 + 2 / 3, 3 + 4 / 3, 3 - 1], rtol=1e-5)
    assert person.explain("alien").reasons == []
    assert person.explain("alien").prediction == person.explain("alien").base == stars[0]


@pytest.mark.parametrize(
    ("items", "stars", "said"),
    [
        (["alien"], [4, 5], "1 items and 2 stars make no ratings"),
        (["alien"], [], "1 items and 0 stars make no ratings"),
        (["alien", "alien"], [4, 5], "item 'alien' is rated more than once"),
        (["alien"], [float("nan")], "nan stars for item 'alien' are outside 0.5 to 5 stars"),
        (["alien"], [float("inf")], "inf stars for item 'alien' are outside"),
        (["clue", "alien"], [1, 5.5], "5.5 stars for item 'alien' are outside"),
        (["alien"], [0], "0 stars for item 'alien' are outside"),
        (["alien"], [-(10**300)], "-1e[+]300 stars for item 'alien' are outside"),
        (["alien"], [10**400], "stars must be numbers"),
        (["alien"], ["many"], "stars must be numbers"),
        (["alien"], [None], "nan stars"),
        (["alien"], [{}], "stars must be numbers"),
        ([["alien"], ["clue", "duel"]], [4, 5], "items must be a list of single values"),
        ([["alien"]], [[4]], "items must be a list of single values"),
        (["alien"], [[4]], "stars must be a list of single values"),
    ],
)
def test_ratings_that_cannot_be_meant_are_refused(
    known_by_heart: Artifact, items: Any, stars: Any, said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        Recommender(known_by_heart).fold_in(items, stars)


ASKED: dict[str, Callable[[Recommender], object]] = {
    "fold in": lambda one: one.fold_in(["aliens"], [3]),
    "predict": lambda one: one.fold_in(["alien"], [3]).predict(["clue", "aliens"]),
    "explain to a person": lambda one: one.fold_in([], []).explain("aliens"),
    "explain": lambda one: one.explain("ann", "aliens"),
    "similar": lambda one: one.similar("aliens"),
}


@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED)
def test_unknown_items_are_refused_with_titles_that_are_like_them(
    known_by_heart: Artifact, ask: Callable[[Recommender], object]
) -> None:
    said = r"no item has the id or title 'aliens'; near: alien 'Alien \(1979\)'"
    with pytest.raises(UnknownIdError, match=said):
        ask(Recommender(known_by_heart))


def test_an_unknown_user_has_no_reasons(known_by_heart: Artifact) -> None:
    with pytest.raises(UnknownIdError, match=r"user 'zoe' .*nearest known: ann, bob, eve"):
        Recommender(known_by_heart).explain("zoe", "alien")


@pytest.mark.parametrize("k", [0, -1])
def test_lists_of_no_length_are_refused(known_by_heart: Artifact, k: int) -> None:
    asked, person = Recommender(known_by_heart), folded(known_by_heart, ("alien", 3))
    for ask in (
        lambda: asked.similar("alien", k),
        lambda: asked.explain("ann", "alien", k),
        lambda: person.recommend(k),
        lambda: person.explain("clue", k),
    ):
        with pytest.raises(ConfigError, match=f"k must be at least 1, got {k}"):
            ask()


def test_a_scale_that_is_not_exact_in_binary_takes_its_own_ends(known_by_heart: Artifact) -> None:
    assert len(folded(known_by_heart, ("alien", float(np.float32(0.5) - np.float32(1e-7))))) == 1


@final
class Plain:
    """A scorer of zeros that can do nothing but score."""

    def score_pairs(self, user_rows: Rows, item_rows: Rows) -> Scores:
        return np.zeros(len(user_rows), np.float32)

    def score_all(self, user_rows: Rows) -> Scores:
        return np.zeros((len(user_rows), 4), np.float32)

    def score_user(self, user_row: int) -> Scores:
        return np.zeros(4, np.float32)


def test_a_model_that_cannot_says_so(known_by_heart: Artifact) -> None:
    plain = replace(known_by_heart)
    plain.__dict__["scorer"] = Plain()  # where the cached property keeps it
    asked = Recommender(plain)
    with pytest.raises(ConfigError, match="Latent factor cannot fold in people"):
        asked.fold_in(["alien"], [3])
    with pytest.raises(ConfigError, match="Latent factor cannot fold in people"):
        asked.explain("ann", "alien")
    with pytest.raises(ConfigError, match="Latent factor does not tell which items are alike"):
        asked.similar("alien")


# Reasons


def test_reasons_are_ratings_the_model_has_learned_from(known_by_heart: Artifact) -> None:
    """Ann rated duel for validation, which a model has seen once it was refitted only."""
    told = Recommender(known_by_heart).explain("ann", "clue")
    assert {(reason.item_id, reason.stars) for reason in told.reasons} == {
        ("alien", 5), ("brazil", 3),
    }  # fmt: skip
    refitted = Recommender(replace(known_by_heart, refit=True)).explain("ann", "clue")
    assert {reason.item_id for reason in refitted.reasons} == {"alien", "brazil", "duel"}
    assert {reason.title for reason in refitted.reasons} == {"Alien (1979)", "", "Duel (1971)"}
    assert told.prediction == 3.5


def test_an_effect_is_the_difference_a_rating_makes(known_by_heart: Artifact) -> None:
    both, one = (("brazil", 4.0), ("alien", 2.0)), (("brazil", 4.0),)
    with_it, without = (folded(known_by_heart, *rated) for rated in (both, one))
    expected = with_it.predict("clue")[0] - without.predict("clue")[0]
    effects = {reason.item_id: reason.effect for reason in with_it.explain("clue").reasons}
    assert effects["alien"] == pytest.approx(expected, abs=1e-4)
    assert abs(effects["alien"]) > 0.01
    assert [r.item_id for r in with_it.explain("clue", k=1).reasons] == ["brazil"]


def test_ratings_lie_as_far_from_predictions_as_validation_says(known_by_heart: Artifact) -> None:
    # the only row: 1 star, predicted 1.5
    assert known_by_heart.residual_rmse == pytest.approx(0.5)


def test_only_weights_that_have_not_seen_the_rows_say_how_far(known_by_heart: Artifact) -> None:
    """Before the refit 1.5 was predicted for the one row of 1 star, or with other weights 3.5."""
    biased = {**known_by_heart.weights, "mean": np.array(5, np.float32)}
    near = replace(known_by_heart, refit=True)
    far = replace(near, weights_before_refit=biased)
    assert near.residual_rmse == pytest.approx(0.5)
    assert far.residual_rmse == pytest.approx(2.5)
    assert replace(near, weights=biased).residual_rmse == pytest.approx(0.5)
    trusted, doubted = (folded(one, ("alien", 1)).predict("alien")[0] for one in (near, far))
    assert trusted < doubted - 0.1


def test_a_model_that_is_never_wrong_leaves_some_room(known_by_heart: Artifact) -> None:
    ratings = known_by_heart.split.ratings
    right = np.where(known_by_heart.split.parts == VALIDATION, 1.5, ratings.stars)
    split = Split(replace(ratings, stars=right.astype(np.float32)), known_by_heart.split.parts, "")
    exact = replace(known_by_heart, split=split)
    assert exact.residual_rmse == pytest.approx(0.005)
    assert np.isfinite(folded(exact, ("alien", 5), ("brazil", 1)).predict(["clue"])).all()


def test_many_users_are_refolded_and_few_kept(
    known_by_heart: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(persons, "_KEPT", 2)
    asked = Recommender(known_by_heart)
    first = [asked.explain(user, "clue") for user in ("ann", "bob", "eve")]
    assert [asked.explain(user, "clue") for user in ("ann", "bob", "eve")] == first


# Likeness


def test_likeness_is_a_cosine_that_counts_by_ratings(known_by_heart: Artifact) -> None:
    """Brazil and clue are one vector, each rated once for training; alien stands across."""
    listed = Recommender(known_by_heart).similar("brazil")
    assert all(isinstance(row, Similar) for row in listed)
    assert [(row.item_id, row.title) for row in listed] == [("clue", ""), ("alien", "Alien (1979)")]
    assert [row.similarity for row in listed] == pytest.approx([1 / 11, 0])
    assert len(Recommender(known_by_heart).similar("brazil", 1)) == 1


def test_an_item_without_training_ratings_is_like_none(known_by_heart: Artifact) -> None:
    assert Recommender(known_by_heart).similar("duel") == []


# Who was not trained


def test_who_was_not_trained_is_taken_for_the_mean() -> None:
    weights = {
        "user_factors": np.array([[1, 2], [0, 0], [3, 0]], np.float32),
        "user_bias": np.array([0.5, 0, 1], np.float32),
        "item_factors": np.array([[1, 1], [2, 2]], np.float32),
        "item_bias": np.zeros(2, np.float32),
        "mean": np.array(3, np.float32),
    }
    filled = with_typical_rows(weights, "factors")
    assert filled["user_factors"].tolist() == [[1, 2], [2, 1], [3, 0]]
    assert filled["user_bias"].tolist() == [0.5, 0.75, 1]
    assert filled["item_factors"] is weights["item_factors"]
    assert weights["user_bias"].tolist() == [0.5, 0, 1]
    # 3 + 0.75 + (2, 1) · (1, 1) and · (2, 2)
    assert FactorScorer(weights).score_user(1).tolist() == [6.75, 9.75]


def test_a_table_of_zeros_stays_one() -> None:
    nothing = {name: np.zeros((2, 1), np.float32) for name in ("user_factors", "item_factors")}
    filled = with_typical_rows(nothing, "factors")
    assert all(not array.any() for array in filled.values())


# How sure, and why in particular


def test_how_sure_goes_by_the_spread_of_item_and_person(known_by_heart: Artifact) -> None:
    """v_i and v_u about damped means, by the formula of the docstring, one rating at a time."""
    person = folded(known_by_heart, ("alien", 5), ("clue", 1))
    ratings, train = known_by_heart.split.ratings, known_by_heart.up_to(0)
    users, items, stars = ratings.user_rows[train], ratings.item_rows[train], ratings.stars[train]
    rows = list(zip(users.tolist(), items.tolist(), map(float, stars), strict=True))
    mean = sum(one for *_, one in rows) / len(rows)

    def shift(at: int, row: int) -> float:
        own = [one[2] - mean for one in rows if one[at] == row]
        return sum(own) / (len(own) + 10)

    errors = [
        (item, (one - mean - shift(0, user) - shift(1, item)) ** 2) for user, item, one in rows
    ]
    of_all = sum(error for _, error in errors) / len(errors)

    def damped(some: list[float]) -> float:
        return (sum(some) + 20 * of_all) / (len(some) + 20)

    apart = [5 - mean - shift(1, 0), 1 - mean - shift(1, 2)]
    of_person = damped([(one - sum(apart) / 12) ** 2 for one in apart])
    for item, row in (("brazil", 1), ("duel", 3)):
        of_item = damped([error for at, error in errors if at == row])
        expected = known_by_heart.residual_rmse * (of_item * of_person) ** 0.5 / of_all
        assert person.predictive_std([item])[0] == pytest.approx(expected, rel=1e-5)


def test_kindness_is_no_reason_in_particular(known_by_heart: Artifact) -> None:
    """Without factors a rating moves all items alike; with them those that are alike more."""
    flat = {**known_by_heart.weights, "item_factors": np.zeros((4, 2), np.float32)}
    same = replace(known_by_heart, weights=flat, weights_before_refit=flat)
    person = folded(same, ("alien", 5), ("duel", 5))
    assert np.abs(np.asarray(person.explain("clue").reasons[0].effect)) > 0.01
    assert person.particular_effects(["brazil", "clue"]) == pytest.approx(
        np.zeros((2, 2)), abs=1e-6
    )
    effects = folded(known_by_heart, ("brazil", 5)).particular_effects(["clue", "duel"])
    assert effects[0, 0] > effects[1, 0]


def test_the_usual_stars_of_a_kind_person_are_higher(known_by_heart: Artifact) -> None:
    kind, stern = (folded(known_by_heart, ("alien", stars)) for stars in (5, 1))
    assert stern.usual < kind.usual
    scores = kind.predict(["alien", "brazil", "clue"])  # two, one and one training ratings
    assert kind.usual == pytest.approx(float(scores.mean()), abs=1e-5)
