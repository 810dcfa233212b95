"""What models promise of people they were not trained for, and of likeness."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from starcast.data.split import TEST, TRAIN, Split
from starcast.engines.protocol import FoldingScorer, LikenessScorer
from starcast.errors import ConfigError
from starcast.evaluation.metrics import rmse
from starcast.recommend import Recommender
from starcast.testing.planted import EVERY_USER, N_ITEMS, N_USERS, own_ratings, planted, split
from starcast.testing.trial import (
    Trial,
    check,
    claimed,
    deployed,
    refused,
    require,
    small,
    trained_alone,
)
from starcast.training.plan import Recipe, train_all


@check(deployed)
def who_is_folded_in_is_predicted_as_if_trained_for(trial: Trial) -> None:
    """Nearly the stored predictions, and as near to the stars of cells that nobody saw."""
    claimed(trial, FoldingScorer)
    items, test = np.arange(N_ITEMS), split().test
    stored = trial.artifact.scorer.score_all(EVERY_USER)
    folded = np.stack([trial.guest_like(user).predict(items) for user in range(N_USERS)])
    require(np.sqrt(np.mean((folded - stored) ** 2)) < 0.3 * stored.std())
    errors = [rmse(test.stars, of[test.user_rows, test.item_rows]) for of in (stored, folded)]
    require(errors[1] < 1.15 * errors[0])


@check(deployed)
def no_question_changes_a_weight(trial: Trial) -> None:
    """No question changes a weight."""
    claimed(trial, FoldingScorer)
    artifact = trial.artifact
    before = {name: array.tobytes() for name, array in artifact.weights.items()}
    scores = artifact.scorer.score_all(EVERY_USER)
    recommender, person = Recommender(artifact), trial.guest_like(3)
    require(person.recommend(5))
    require(person.explain(7).reasons)
    require(recommender.explain(3, 7).reasons)
    if isinstance(artifact.scorer, LikenessScorer):
        require(recommender.similar(7))
    require(recommender.recommend(3))
    require({name: array.tobytes() for name, array in artifact.weights.items()} == before)
    require(np.array_equal(artifact.scorer.score_all(EVERY_USER), scores))


@check(deployed)
def a_guest_is_answered_as_a_user_is(trial: Trial) -> None:
    """A guest is answered as a user is."""
    claimed(trial, FoldingScorer)
    person, own = trial.guest_like(3), set(own_ratings(3).item_rows.tolist())
    listed = person.recommend(N_ITEMS)
    require({row.item_id for row in listed} == set(range(N_ITEMS)) - own)
    stars = [row.prediction for row in listed]
    alone = person.predict([row.item_id for row in listed])
    np.testing.assert_allclose(alone, stars, rtol=1e-5, atol=1e-5)
    by_stars = [row.prediction for row in trial.guest_like(3, "stars").recommend(N_ITEMS)]
    require(by_stars == sorted(stars, reverse=True))
    everything = person.recommend(N_ITEMS, exclude_seen=False)
    require(len(everything) == N_ITEMS)


@check(deployed)
def reasons_are_the_users_own_ratings_by_what_they_move(trial: Trial) -> None:
    """Reasons are the users own ratings by what they move."""
    claimed(trial, FoldingScorer)
    person, own = trial.guest_like(3), own_ratings(3)
    told = person.explain(7, k=len(own))
    rated = dict(zip(own.item_rows.tolist(), own.stars.tolist(), strict=True))
    require({reason.item_id: reason.stars for reason in told.reasons} == rated)
    sizes = [abs(reason.effect) for reason in told.reasons]
    require(sizes == sorted(sizes, reverse=True))
    require(person.explain(7, k=2).reasons == told.reasons[:2])
    require(told.prediction == person.predict([7])[0])
    stranger = Recommender(trial.artifact).fold_in([], [])
    require(told.base == stranger.predict([7])[0])
    known = Recommender(trial.artifact).explain(3, 7, k=len(own))
    require((known.base, known.reasons) == (told.base, told.reasons))
    require(known.prediction == Recommender(trial.artifact).predict([3], [7])[0])


@check(deployed)
def an_effect_is_about_what_is_lost_without_the_rating(trial: Trial) -> None:
    """For most ratings; beside a network's kinks a search may end elsewhere without one."""
    claimed(trial, FoldingScorer)
    recommender = Recommender(trial.artifact, rank_by="stars")
    off = [one for user in (5, 6, 7, 8) for one in _shares_of_effects_missed(recommender, user)]
    require(np.median(off) < 0.5)


def _shares_of_effects_missed(recommender: Recommender, user: int) -> Iterator[float]:
    """How far told effects are from what is lost, in shares of it; for each of a user's ratings."""
    own, items = own_ratings(user), np.arange(N_ITEMS)
    whole = recommender.fold_in(own.item_rows, own.stars)
    told = [{r.item_id: r.effect for r in whole.explain(i, len(own)).reasons} for i in items]
    for at, item in enumerate(own.item_rows.tolist()):
        left = recommender.fold_in(np.delete(own.item_rows, at), np.delete(own.stars, at))
        lost = whole.predict(items) - left.predict(items)
        effects = np.array([one[item] for one in told])
        yield float(np.abs(effects - lost).mean() / np.abs(lost).mean())


@check(deployed)
def what_a_model_does_not_claim_is_refused_in_a_line(trial: Trial) -> None:
    """What a model does not claim is refused in a line."""
    model = trial.model
    recommender = Recommender(trial.artifact)
    scorer = trial.scorer
    if not isinstance(scorer, FoldingScorer):
        with refused(ConfigError, f"{model.title} cannot fold in people"):
            recommender.fold_in([7], [3.5])
        with refused(ConfigError, f"{model.title} cannot fold in people"):
            recommender.explain(3, 7)
    if not isinstance(scorer, LikenessScorer):
        with refused(ConfigError, f"{model.title} does not tell which items are alike"):
            recommender.similar(7)
    require(recommender.recommend(3))
    require(len(recommender.predict([3, 4], [7, 8])) == 2)


@check(deployed)
def many_threads_are_told_the_same(trial: Trial) -> None:
    """Many threads are told the same."""
    claimed(trial, FoldingScorer)
    recommender = Recommender(trial.artifact)

    def ask(user: int) -> Any:
        own = own_ratings(user)
        person = recommender.fold_in(own.item_rows, own.stars)
        return person.recommend(5), person.explain(7), recommender.explain(user, 7)

    one_by_one = [ask(user) for user in range(16)]
    recommender = Recommender(trial.artifact)
    with ThreadPoolExecutor(8) as threads:
        require(list(threads.map(ask, range(16))) == one_by_one)


@check(deployed)
def similar_items_come_in_order_and_never_the_item_itself(trial: Trial) -> None:
    """Similar items come in order and never the item itself."""
    claimed(trial, LikenessScorer)
    listed = Recommender(trial.artifact).similar(7, N_ITEMS)
    require(len(listed) == N_ITEMS - 1)
    require(7 not in {row.item_id for row in listed})
    likeness = [row.similarity for row in listed]
    require(likeness == sorted(likeness, reverse=True))
    require(-1 <= likeness[-1] < likeness[0] <= 1)


@check(trained_alone)
def an_item_that_nobody_rated_is_like_none(trial: Trial) -> None:
    """An item that nobody rated is like none."""
    model = trial.model
    claimed(trial, LikenessScorer)
    whole = planted()
    rare = np.flatnonzero(whole.item_rows == 7)
    parts = np.where(np.arange(len(whole)) % 9 == 0, 1, TRAIN).astype(np.uint8)
    parts[rare] = TEST
    wanted = {model.name: small(model, epochs=3)}
    artifact = train_all(Split(whole, parts, "by hand"), wanted, Recipe(seed=1))[model.name]
    recommender = Recommender(artifact)
    require(recommender.similar(7) == [])
    require(7 not in {row.item_id for row in recommender.similar(8, N_ITEMS)})
