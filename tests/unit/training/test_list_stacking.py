"""Several models as one list: what it is learnt from, what it promises, what is refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from starcast import models
from starcast.artifacts import storage
from starcast.artifacts.artifact import Artifact
from starcast.data.split import TEST, Split
from starcast.engines.protocol import (
    DistributedScorer,
    FoldingScorer,
    ListFolded,
    ListScorer,
    UncertainScorer,
)
from starcast.engines.rows import SparseRows
from starcast.errors import ConfigError
from starcast.recommend import Recommender
from starcast.scoring.list_features import years
from starcast.training.fit import fit
from starcast.training.list_stacking import _outcomes, blend_lists
from starcast.training.quality import ListJudge
from starcast.training.stacking import blend

FACTOR, BAYESIAN, ITEM = "latent-factor-model", "bayesian-factorization-model", "item-item-model"


@pytest.fixture(scope="module")
def parts(planted_split: Split) -> tuple[Artifact, ...]:
    """Item-item and popularity, means, and a sampled model, blind to the validation rows."""
    drawn = models.find(BAYESIAN).settings(
        dimension=2, likelihood="gaussian", samples=8, burn_in=4, kept=4
    )
    return (
        fit(planted_split, ITEM, seed=1),
        fit(planted_split, "most-popular", seed=1),
        fit(planted_split, "means", seed=1),
        fit(planted_split, BAYESIAN, drawn, seed=3),
    )


@pytest.fixture(scope="module")
def blended(parts: tuple[Artifact, ...]) -> Artifact:
    return blend_lists(parts)


def test_its_stars_are_those_of_the_part_that_predicts_best(
    parts: tuple[Artifact, ...], blended: Artifact
) -> None:
    best = min(blended.parts, key=lambda part: part["validation_rmse"])
    assert best["model"] == BAYESIAN
    test, shown = parts[0].split.test, parts[3].scorer
    scored = blended.scorer.score_pairs(test.user_rows, test.item_rows)
    np.testing.assert_array_equal(scored, shown.score_pairs(test.user_rows, test.item_rows))
    assert isinstance(blended.scorer, DistributedScorer)
    assert isinstance(blended.scorer, UncertainScorer)
    assert isinstance(shown, UncertainScorer)
    np.testing.assert_array_equal(
        blended.scorer.predictive_std(test.user_rows, test.item_rows),
        shown.predictive_std(test.user_rows, test.item_rows),
    )


def test_a_user_alone_among_others_and_folded_in_is_listed_the_same(blended: Artifact) -> None:
    scorer, histories = blended.scorer, SparseRows.by_user(blended.split.train)
    assert isinstance(scorer, ListScorer)
    assert isinstance(scorer, FoldingScorer)
    everybody = np.arange(40, dtype=np.int32)
    every = scorer.list_all(everybody)
    assert np.all(np.isfinite(every))
    for user in everybody.tolist():
        np.testing.assert_allclose(scorer.list_user(user), every[user], rtol=1e-3, atol=1e-3)
    person = scorer.fold_in(*histories.row(7), 0.5)
    assert isinstance(person, ListFolded)
    assert np.corrcoef(person.list_all(), every[7])[0, 1] > 0.99


def test_what_a_user_knows_comes_last(blended: Artifact) -> None:
    assert isinstance(blended.scorer, ListScorer)
    for user in range(40):
        known, _ = SparseRows.by_user(blended.split.train).row(user)
        order = np.argsort(-blended.scorer.list_user(user))
        assert set(order[len(order) - len(known) :].tolist()) == set(known.tolist())


def test_its_figures_are_of_users_unseen_and_of_its_own_lists(
    parts: tuple[Artifact, ...], blended: Artifact
) -> None:
    record, split = blended.history[0], blended.split
    judge = ListJudge(split.train, split.validation)
    assert record["train"] == pytest.approx(judge(blended.scorer, 1.0))
    assert record["train"]["ndcg@10"] != record["validation"]["ndcg@10"]
    for part, told in zip(parts, blended.parts, strict=True):
        assert told["validation"] == judge.of(part.ranker())


def test_it_tells_its_coefficients_by_name(blended: Artifact) -> None:
    told = blended.history[0]["coefficients"]
    np.testing.assert_array_equal(list(told.values()), blended.weights["coefficients"])
    assert list(told)[:4] == ["z Item-item", "ln Item-item", "z Most popular", "ln Most popular"]
    assert told["user's activity"] == 0
    assert blended.history[0]["trees"] == 0
    assert "validation" in blended.parts[0]


def test_the_stars_of_test_rows_change_nothing(parts: tuple[Artifact, ...]) -> None:
    """Whatever they are: no number here, so that a single look would spoil every sum."""
    split = parts[0].split
    stars = np.where(split.parts == TEST, np.nan, split.ratings.stars).astype(np.float32)
    spoilt = Split(replace(split.ratings, stars=stars), split.parts, split.scheme)
    one, other = (blend_lists(each) for each in (parts, [replace(p, split=spoilt) for p in parts]))
    np.testing.assert_array_equal(one.weights["coefficients"], other.weights["coefficients"])


def test_refitted_parts_are_deployed_but_teach_nothing(parts: tuple[Artifact, ...]) -> None:
    refitted = [
        replace(p, refit=True, weights={n: w * np.float32(1.5) for n, w in p.weights.items()})
        for p in parts
    ]
    one, other = blend_lists(parts), blend_lists(refitted)
    np.testing.assert_array_equal(one.weights["coefficients"], other.weights["coefficients"])
    assert other.refit
    item_bias = f"0/{ITEM}/item_bias"
    np.testing.assert_array_equal(other.weights[item_bias], refitted[0].weights["item_bias"])
    np.testing.assert_array_equal(
        other.weights_before_refit[item_bias], parts[0].weights["item_bias"]
    )


def test_trees_are_kept_as_arrays_and_need_no_library(
    parts: tuple[Artifact, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grown = blend_lists(parts, trees=True)
    assert grown.history[0]["trees"] == len(grown.weights["tree_features"]) > 0
    folder = storage.save(grown, tmp_path / "list-blend")
    monkeypatch.setitem(__import__("sys").modules, "lightgbm", None)
    back = storage.load(folder)
    assert back.parts == grown.parts
    assert isinstance(back.scorer, ListScorer)
    assert isinstance(grown.scorer, ListScorer)
    np.testing.assert_array_equal(back.scorer.list_user(3), grown.scorer.list_user(3))
    with pytest.raises(ConfigError, match=r"pip install 'starcast\[rank\]'"):
        blend_lists(parts, trees=True)


def test_it_is_used_like_any_other(blended: Artifact) -> None:
    recommender = Recommender(blended)
    listed = recommender.recommend(1, 5)
    assert len(listed) == 5
    assert recommender.explain(1, listed[0].item_id).unit == "share"
    assert len(recommender.similar(10, 3)) == 3
    assert len(recommender.fold_in([10, 20], [5, 1]).recommend(4)) == 4


def test_years_are_read_from_titles_and_guessed_where_there_are_none() -> None:
    found = years(np.array(["Heat (1995)", "Dune", "Up (2009) "]))
    assert found is not None
    np.testing.assert_allclose(found, [-0.5, 0.2, 0.9], rtol=1e-6)
    assert years(np.array(["Heat", ""])) is None


def test_outcomes_are_those_of_held_out_rows(blended: Artifact) -> None:
    held_out = blended.split.validation
    users = np.unique(held_out.user_rows).astype(np.int32)
    rows = np.tile(np.arange(30, dtype=np.int32), (len(users), 1))
    rated, liked = _outcomes(held_out, users, rows)
    by_hand = {(u, i): s for u, i, s in zip(
        held_out.user_rows.tolist(), held_out.item_rows.tolist(), held_out.stars.tolist(),
        strict=True)}  # fmt: skip
    for at, user in enumerate(users.tolist()):
        own = [stars for (u, _), stars in by_hand.items() if u == user]
        for item in range(30):
            stars = by_hand.get((user, item))
            assert rated[at, item] == (stars is not None)
            assert liked[at, item] == (stars is not None and stars >= np.mean(own) - 1e-6)


# Refusals


def test_a_list_needs_a_model_made_for_lists(parts: tuple[Artifact, ...]) -> None:
    with pytest.raises(ConfigError, match="none of these models is made for lists"):
        blend_lists(parts[2:])


def test_parts_are_all_refitted_or_none(parts: tuple[Artifact, ...]) -> None:
    with pytest.raises(ConfigError, match=f"{ITEM} was not refitted, other parts were"):
        blend_lists([parts[0], replace(parts[3], refit=True)])


def test_one_alone_and_blends_are_refused(parts: tuple[Artifact, ...], blended: Artifact) -> None:
    with pytest.raises(ConfigError, match="at least two trained models"):
        blend_lists(parts[:1])
    with pytest.raises(ConfigError, match="give the models it is made of"):
        blend_lists([blended, parts[0]])


def test_stars_are_not_blended_of_what_is_made_for_lists(parts: tuple[Artifact, ...]) -> None:
    with pytest.raises(ConfigError, match=f"{ITEM} is made for lists; blend it with --for lists"):
        blend([parts[3], parts[0]])
