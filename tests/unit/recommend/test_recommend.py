"""Stars and lists from weights known by heart; see the fixture for the raw scores."""

import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numba
import numpy as np
import pytest
from plain_scorers import Doubtful

from starcast.artifacts.artifact import Artifact
from starcast.data.ids import Rows
from starcast.data.ratings import Ratings
from starcast.data.split import Split
from starcast.engines.protocol import Scorer, Scores
from starcast.errors import ConfigError, UnknownIdError
from starcast.recommend import Recommender
from starcast.scoring import FactorScorer, top_lists

MEAN = (5 + 3 + 2 + 0.5) / 4  # of the training ratings


def damped(total: float, count: int) -> float:
    """A mean pulled towards the mean of all, as if ten ratings more had been exactly that."""
    return MEAN + (total - count * MEAN) / (count + 10)


OF_USER = {"ann": damped(8, 2), "bob": damped(2, 1), "eve": damped(0.5, 1)}
OF_ITEM = {"alien": damped(7, 2), "brazil": damped(3, 1), "clue": damped(0.5, 1), "duel": MEAN}


def numbered(artifact: Artifact) -> Artifact:
    """The artifact with users 41, 42, 43 and items 1, 2, 3, 4."""
    ratings = artifact.split.ratings
    renamed = Ratings.from_columns(
        ratings.user_rows + 41, ratings.item_rows + 1, ratings.stars, name="numbered"
    )
    return replace(artifact, split=Split(renamed, artifact.split.parts, "by hand"))


def listed(recommender: Recommender, user: object, k: int = 10, **more: Any) -> list[Any]:
    return [(row.item_id, row.prediction) for row in recommender.recommend(user, k, **more)]


# Predicting


def test_predictions_are_the_scores_clipped_to_the_scale(known_by_heart: Artifact) -> None:
    stars = Recommender(known_by_heart).predict(
        ["ann", "bob", "eve", "ann"], ["alien", "duel", "brazil", "duel"]
    )
    assert stars.tolist() == [5, 3, 4.5, 1.5]  # 5.5 is more than there is
    assert stars.dtype == np.float32


def test_one_pair_may_be_given_without_lists(known_by_heart: Artifact) -> None:
    assert Recommender(known_by_heart).predict("bob", "alien").tolist() == [4]


def with_scorer(artifact: Artifact, scorer: Scorer) -> Artifact:
    changed = replace(artifact)
    changed.__dict__["scorer"] = scorer
    return changed


def test_deviations_are_told_of_known_pairs(known_by_heart: Artifact) -> None:
    recommender = Recommender(with_scorer(known_by_heart, Doubtful()), fallback=True)
    told = recommender.predictive_std(
        ["bob", "zoe", "eve", "ann"], ["duel", "alien", "clue", "none"]
    )
    np.testing.assert_allclose(told, [1.3, np.nan, 2.2, np.nan], rtol=1e-6)
    assert np.isnan(recommender.predictive_std("zoe", "alien")).all()


def test_a_scorer_of_stars_alone_tells_no_deviation(known_by_heart: Artifact) -> None:
    assert np.isnan(Recommender(known_by_heart).predictive_std(["bob"], ["duel"])).all()


def test_columns_of_different_length_are_refused(known_by_heart: Artifact) -> None:
    for fallback in (False, True):
        with pytest.raises(ConfigError, match="1 users and 2 items make no pairs"):
            Recommender(known_by_heart, fallback=fallback).predict(["ann"], ["alien", "clue"])


@pytest.mark.parametrize("one", [42, "42", np.int32(42)])
def test_integer_ids_may_come_as_text(known_by_heart: Artifact, one: Any) -> None:
    recommender = Recommender(numbered(known_by_heart))
    assert recommender.predict([one], ["1"]).tolist() == [4]


@pytest.mark.parametrize(
    ("user", "item", "said"),
    [
        ("anna", "alien", "user 'anna' .*nearest known: ann, bob"),
        ("ann", "aliens", r"title 'aliens'; near: alien 'Alien \(1979\)'"),
        ("ann", "x", "item 'x' .*nearest known: brazil, clue, duel"),
    ],
)
def test_unknown_ids_are_refused_with_the_nearest(
    known_by_heart: Artifact, user: str, item: str, said: str
) -> None:
    with pytest.raises(UnknownIdError, match=said):
        Recommender(known_by_heart).predict([user], [item])


# Recommending


def test_the_best_unseen_come_first(known_by_heart: Artifact) -> None:
    recommender = Recommender(known_by_heart)
    # Ann has rated alien and brazil for training and duel for validation; clue is in the test.
    assert listed(recommender, "ann") == [("clue", 3.5)]
    assert listed(recommender, "bob") == [("brazil", 5), ("clue", 5), ("duel", 3)]
    assert listed(recommender, "eve") == [("alien", 4.5), ("brazil", 4.5), ("duel", 1.5)]


def test_seen_items_can_be_included_and_are_shown_clipped(known_by_heart: Artifact) -> None:
    everything = listed(Recommender(known_by_heart), "ann", exclude_seen=False)
    assert everything == [("alien", 5), ("brazil", 3.5), ("clue", 3.5), ("duel", 1.5)]


def test_k_cuts_the_list(known_by_heart: Artifact) -> None:
    recommender = Recommender(known_by_heart)
    assert listed(recommender, "bob", 2) == [("brazil", 5), ("clue", 5)]
    assert listed(recommender, "bob", 1) == [("brazil", 5)]  # a tie goes to the lower row


def test_titles_stand_beside_the_ids(known_by_heart: Artifact) -> None:
    recommender = Recommender(known_by_heart)
    titles = [row.title for row in recommender.recommend("eve")]
    assert titles == ["Alien (1979)", "", "Duel (1971)"]
    assert recommender.title("alien") == "Alien (1979)"
    assert recommender.title("brazil") == ""
    assert recommender.title("nowhere") == ""


@pytest.mark.parametrize("k", [0, -1])
def test_an_empty_list_is_refused(known_by_heart: Artifact, k: int) -> None:
    with pytest.raises(ConfigError, match=f"k must be at least 1, got {k}"):
        Recommender(known_by_heart).recommend("ann", k)
    with pytest.raises(ConfigError, match=f"k must be at least 1, got {k}"):
        Recommender(known_by_heart).top_rows(rows_of(0), k)


def test_an_unknown_user_is_refused_with_the_nearest(known_by_heart: Artifact) -> None:
    with pytest.raises(UnknownIdError, match=r"user 'zoe' .*nearest known: ann, bob, eve"):
        Recommender(known_by_heart).recommend("zoe")


# Rows


def rows_of(*rows: int) -> Rows:
    return np.array(rows, np.int32)


def test_lists_run_out_into_minus_one(known_by_heart: Artifact) -> None:
    top = Recommender(known_by_heart).top_rows(rows_of(0, 2, 1), 6)
    assert top.tolist() == [[2, -1, -1, -1, -1, -1], [0, 1, 3, -1, -1, -1], [1, 2, 3, -1, -1, -1]]
    assert top.dtype == np.int32


def test_nobody_makes_no_lists(known_by_heart: Artifact) -> None:
    assert Recommender(known_by_heart).top_rows(rows_of(), 3).shape == (0, 3)


def test_seen_rows_are_those_of_training_and_validation(known_by_heart: Artifact) -> None:
    recommender = Recommender(known_by_heart)
    assert [recommender.seen_rows(row).tolist() for row in range(3)] == [[0, 1, 3], [0], [2]]


class CannedScorer:
    """Scores from a function of the user rows; remembers how many users were asked for at once."""

    def __init__(self, score: Callable[[Rows], Scores]) -> None:
        self._score = score
        self.blocks: list[int] = []

    def score_pairs(self, user_rows: Rows, item_rows: Rows) -> Scores:
        raise AssertionError("lists come from whole rows")

    def score_user(self, user_row: int) -> Scores:
        return self._score(np.array([user_row], np.int32)).ravel()  # settles what is nearly a tie

    def score_all(self, user_rows: Rows) -> Scores:
        self.blocks.append(len(user_rows))
        return self._score(user_rows)


def canned(artifact: Artifact, scorer: Scorer, n_items: int) -> Recommender:
    """A recommender for 1000 users, each of whom has rated one of the items."""
    users = np.arange(1000)
    stars = np.where(users % 2, 1, 5).astype(np.float32)
    ratings = Ratings.from_columns(users, users % n_items, stars, name="canned")
    parts = np.array([0, 1, 2, 0] * 250, np.uint8)
    copy = replace(artifact, split=Split(ratings, parts, "by hand"))
    copy.__dict__["scorer"] = scorer  # where the cached property keeps it
    return Recommender(copy)


def test_ties_at_the_end_of_the_list_go_to_the_lower_rows(known_by_heart: Artifact) -> None:
    rng = np.random.default_rng(1)
    scores = rng.integers(0, 4, (1000, 50)).astype(np.float32)
    recommender = canned(known_by_heart, CannedScorer(lambda rows: scores[rows]), 50)
    users = np.arange(1000, dtype=np.int32)
    top = recommender.top_rows(users, 7, exclude_seen=False)
    by_sorting = np.argsort(-scores, axis=1, kind="stable")[:, :7]
    np.testing.assert_array_equal(top, by_sorting)


def test_neither_threads_nor_blocks_change_a_list(
    known_by_heart: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(2)
    weights = {
        name: rng.normal(0, 1, shape).astype(np.float32)
        for name, shape in {
            "mean": (), "user_factors": (1000, 12), "user_bias": (1000,),
            "item_factors": (50, 12), "item_bias": (50,),
        }.items()
    }  # fmt: skip
    recommender = canned(known_by_heart, FactorScorer(weights), 50)
    users = np.arange(1000, dtype=np.int32)
    found = []
    for n_threads, block in ((1, 1000), (1, 1), (2, 32), (5, 7)):
        monkeypatch.setattr(numba.config, "NUMBA_NUM_THREADS", n_threads)
        monkeypatch.setattr(top_lists, "_BLOCK", block)
        found.append(recommender.top_rows(users, 9))
    assert all(np.array_equal(found[0], other) for other in found[1:])
    for user in range(1000):
        listed = [row.item_id for row in recommender.recommend(user, 9)]
        assert listed == found[0][user].tolist()


def test_near_ties_are_listed_as_they_are_for_one_user(known_by_heart: Artifact) -> None:
    """Items that differ by less than float32 sums do, so that the order of adding up decides."""
    rng = np.random.default_rng(3)
    item = rng.normal(0, 1, 40).astype(np.float32)
    nearly = (item + rng.normal(0, 1e-8, (300, 40))).astype(np.float32)
    weights = {
        "mean": np.array(3, np.float32),
        "user_factors": rng.normal(0, 1, (1000, 40)).astype(np.float32),
        "user_bias": np.zeros(1000, np.float32),
        "item_factors": nearly,
        "item_bias": np.zeros(300, np.float32),
    }
    recommender = canned(known_by_heart, FactorScorer(weights), 300)
    top = recommender.top_rows(np.arange(1000, dtype=np.int32), 5)
    alone = [[row.item_id for row in recommender.recommend(user, 5)] for user in range(1000)]
    assert top.tolist() == alone


def test_ties_of_many_long_lists_can_be_left_unsettled(
    known_by_heart: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then nobody is scored alone, which takes longer than all users in blocks."""
    scores = np.tile(np.arange(50, dtype=np.float32) // 5, (100, 1))
    scorer = CannedScorer(lambda rows: scores[rows])
    monkeypatch.setattr(scorer, "score_user", lambda row: pytest.fail("scored alone"))
    recommender = canned(known_by_heart, scorer, 50)
    users = np.arange(100, dtype=np.int32)
    top = recommender.top_rows(users, 7, exclude_seen=False, settle_ties=False)
    assert top[99].tolist() == [45, 46, 47, 48, 49, 40, 41]


def test_progress_is_told_up_to_the_last_user(known_by_heart: Artifact) -> None:
    scorer = CannedScorer(lambda rows: np.zeros((len(rows), 4), np.float32))
    told: list[tuple[int, int]] = []
    canned(known_by_heart, scorer, 4).top_rows(
        np.arange(100, dtype=np.int32), 2, on_progress=lambda *both: told.append(both)
    )
    assert told == [(32, 100), (64, 100), (96, 100), (100, 100)]


def test_scores_of_more_users_take_no_more_memory(
    known_by_heart: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numba.config, "NUMBA_NUM_THREADS", 1)  # one block at a time
    scorer = CannedScorer(lambda rows: np.zeros((len(rows), 5000), np.float32))
    recommender = canned(known_by_heart, scorer, 5000)

    def peak(n_users: int) -> int:
        tracemalloc.start()
        recommender.top_rows(np.arange(n_users, dtype=np.int32), 10)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(100)  # compiles
    lists = 900 * 10 * 4  # bytes of int32
    assert peak(1000) - peak(100) < lists + 100_000 < 900 * 5000 * 4


def test_memory_does_not_grow_with_the_number_of_users(known_by_heart: Artifact) -> None:
    scorer = CannedScorer(lambda rows: np.tile(np.arange(4, dtype=np.float32), (len(rows), 1)))
    top = canned(known_by_heart, scorer, 4).top_rows(np.arange(1000, dtype=np.int32), 2)
    assert max(scorer.blocks) <= 256
    assert sum(scorer.blocks) == 1000
    # User 3 has rated item 3 for training, user 2 item 2 for the test.
    assert top[[0, 2, 3, 999]].tolist() == [[3, 2], [3, 2], [2, 1], [2, 1]]


# Falling back


def test_the_fallback_takes_what_is_known(known_by_heart: Artifact) -> None:
    recommender = Recommender(known_by_heart, fallback=True)
    stars = recommender.predict(
        ["ann", "zoe", "bob", "zoe", "zoe"], ["alien", "alien", "xanadu", "duel", "xanadu"]
    )
    expected = [5, OF_ITEM["alien"], OF_USER["bob"], MEAN, MEAN]
    assert stars.tolist() == pytest.approx(expected, rel=1e-6)


def test_the_fallback_knows_integer_ids_given_as_text(known_by_heart: Artifact) -> None:
    recommender = Recommender(numbered(known_by_heart), fallback=True)
    stars = recommender.predict(["42", "42", "nobody", "44", "x"], ["1", "nothing", "1", "2", "y"])
    expected = [4, OF_USER["bob"], OF_ITEM["alien"], OF_ITEM["brazil"], MEAN]
    assert stars.tolist() == pytest.approx(expected, rel=1e-6)
    assert recommender.predict([42, 99], [1, 1]).tolist() == pytest.approx([4, OF_ITEM["alien"]])


def test_the_fallback_list_is_of_the_best_means(known_by_heart: Artifact) -> None:
    rows = Recommender(known_by_heart, fallback=True).recommend("zoe", 3)
    order = sorted(OF_ITEM, key=lambda item: -OF_ITEM[item])[:3]
    assert [row.item_id for row in rows] == order == ["alien", "brazil", "duel"]
    assert [row.prediction for row in rows] == pytest.approx([OF_ITEM[item] for item in order])


def test_the_fallback_changes_nothing_for_the_known(known_by_heart: Artifact) -> None:
    with_it, without = Recommender(known_by_heart, fallback=True), Recommender(known_by_heart)
    assert with_it.recommend("bob") == without.recommend("bob")
    assert with_it.predict("bob", "duel") == without.predict("bob", "duel")
