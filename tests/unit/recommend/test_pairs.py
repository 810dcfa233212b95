"""Predictions for tables of pairs, by weights known by heart; see the fixture for the scores."""

from dataclasses import replace

import polars as pl
import pytest
from plain_scorers import Doubtful

from starcast.artifacts.artifact import Artifact
from starcast.errors import (
    ConfigError,
    DataError,
    LeftOutWarning,
    UnknownIdError,
    UnknownNameError,
)
from starcast.recommend import Recommender, pairs

MEAN = (5 + 3 + 2 + 0.5) / 4  # of the training ratings
OF_BOB = MEAN + (2 - MEAN) / 11  # pulled towards the mean as by ten ratings
OF_ALIEN = MEAN + (7 - 2 * MEAN) / 12

ASKED = pl.DataFrame({
    "user": ["ann", "zoe", "bob", "zoe", "eve"],
    "item": ["alien", "alien", "none", "none", "brazil"],
})  # fmt: skip


def test_every_pair_has_its_row_in_the_order_asked(known_by_heart: Artifact) -> None:
    with pytest.warns(LeftOutWarning) as told:
        found = Recommender(known_by_heart).predict_pairs(ASKED)
    assert found.columns == ["user_id", "item_id", "prediction"]
    assert found["user_id"].to_list() == ASKED["user"].to_list()
    assert found["item_id"].to_list() == ASKED["item"].to_list()
    expected = [5, OF_ALIEN, OF_BOB, MEAN, 4.5]  # ann's 5.5 is more than there is
    assert found["prediction"].to_list() == pytest.approx(expected)
    assert [str(one.message) for one in told] == [
        "3 of 5 pairs are of ids that were not in the training data (user zoe; item none) and are "
        "predicted by damped means"
    ]


def test_unknown_ids_can_be_left_out(known_by_heart: Artifact) -> None:
    with pytest.warns(LeftOutWarning, match="3 of 5 pairs .* and are left out"):
        found = Recommender(known_by_heart).predict_pairs(ASKED, unknown="skip")
    assert found.rows() == [("ann", "alien", 5), ("eve", "brazil", 4.5)]


def test_nothing_is_said_where_all_is_known(known_by_heart: Artifact) -> None:
    found = Recommender(known_by_heart).predict_pairs({"user": ["bob"], "item": ["duel"]})
    assert found.rows() == [("bob", "duel", 3)]


def test_what_is_refused(known_by_heart: Artifact) -> None:
    recommender = Recommender(known_by_heart, fallback=True)
    with pytest.raises(UnknownIdError, match=r"user 'zoe' .* was not in the"):
        recommender.predict_pairs(ASKED, unknown="refuse")
    with pytest.raises(UnknownNameError, match="unknown way with unknown ids 'skp': did you mean"):
        recommender.predict_pairs(ASKED, unknown="skp")
    with pytest.raises(DataError, match="no item column among 'user'"):
        recommender.predict_pairs({"user": ["ann"]})


def test_columns_that_make_no_pairs_are_refused(known_by_heart: Artifact) -> None:
    scorer = pairs.PairScorer(known_by_heart)
    found = scorer.rows(["bob", "zoe"], ["duel", "clue"], refuse=False)
    assert [rows.tolist() for rows in found] == [[1, -1], [3, 2]]
    for users, items in ((["bob"], ["duel", "clue"]), (["bob", "ann"], ["duel"])):
        said = f"{len(users)} users and {len(items)} items make no pairs"
        with pytest.raises(ConfigError, match=said):
            scorer.rows(users, items, refuse=True)
    with pytest.raises(UnknownIdError, match="zoe"):
        scorer.rows(["zoe"], ["duel"], refuse=True)


def test_many_ids_are_named_by_the_first(known_by_heart: Artifact) -> None:
    asked = {"user": [f"u{at}" for at in range(1200)], "item": ["alien"] * 1200}
    with pytest.warns(LeftOutWarning, match=r"1,200 of 1,200 .*\(users u0, u1, u10 and 1,197 more"):
        Recommender(known_by_heart).predict_pairs(asked)


def test_blocks_change_nothing(known_by_heart: Artifact, monkeypatch: pytest.MonkeyPatch) -> None:
    recommender = Recommender(known_by_heart)
    asked = {"user": ["ann", "bob", "eve"] * 3, "item": ["alien", "duel", "clue"] * 3}
    whole = recommender.predict_pairs(asked)
    monkeypatch.setattr(pairs, "_BLOCK", 2)
    assert recommender.predict_pairs(asked).equals(whole)
    assert whole["prediction"].to_list() == [5, 3, 4.5] * 3


def test_deviations_stand_beside_where_the_model_tells_them(known_by_heart: Artifact) -> None:
    doubtful = replace(known_by_heart)
    doubtful.__dict__["scorer"] = Doubtful()
    with pytest.warns(LeftOutWarning):
        found = Recommender(doubtful).predict_pairs(ASKED)
    assert found.columns == ["user_id", "item_id", "prediction", "predictive_std"]
    assert found["predictive_std"].to_list() == [0, None, None, None, pytest.approx(2.1)]
