"""What to ask first; gains are reckoned by determinants, which the greedy search never forms."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from starcast.artifacts.artifact import Artifact
from starcast.data.ratings import Attribute, Ratings
from starcast.recommend.elicitation import Elicitation


def asked_of(
    tastes: np.ndarray, n_raters: list[int], genres: dict[int, list[str]] | None = None
) -> Any:
    """Elicitation from predictions (n_users, n_items), with noise 1."""
    n_users, n_items = tastes.shape
    rows = np.arange(n_users * n_items)
    ratings = Ratings.from_columns(
        rows // n_items, rows % n_items, (rows % 5 + 1).astype(np.float32), name="made"
    )
    if genres:
        ratings = replace(ratings, attributes=(Attribute.of(ratings.items, "genre", genres),))
    scorer = SimpleNamespace(score_pairs=lambda users, items: tastes[users, items])
    stub: Any = SimpleNamespace(
        n_raters=np.array(n_raters), split=SimpleNamespace(ratings=ratings), scorer=scorer,
        residual_rmse=1.0,
    )  # fmt: skip
    return Elicitation(stub)


NOBODY = np.empty(0, np.int32)


def test_twins_are_not_both_asked_about() -> None:
    """Items 0 and 1 are liked by the same people; 2 divides less, but otherwise."""
    tastes = np.array([[1, 1, 0.9], [1, 1, -0.9], [-1, -1, 0.9], [-1, -1, -0.9]])
    asking = asked_of(tastes, [9, 9, 9])
    assert asking.choose(NOBODY, 3).tolist() == [0, 2, 1]
    assert asking.choose(np.array([1], np.int32), 1).tolist() == [2]
    assert asking.choose(NOBODY, 2, without=np.array([0, -1])).tolist() == [1, 2]


def test_what_few_people_know_is_asked_later() -> None:
    tastes = np.array([[1, 2], [1, -2], [-1, 2], [-1, -2.0]])
    assert asked_of(tastes, [9, 9]).choose(NOBODY, 2).tolist() == [1, 0]
    assert asked_of(tastes, [9, 1]).choose(NOBODY, 2).tolist() == [0, 1]


def test_genres_take_turns() -> None:
    tastes = np.eye(4) * 2 - 0.5
    genres = {0: ["War"], 1: ["War"], 2: ["Drama"], 3: ["War"]}
    assert asked_of(tastes, [9, 8, 7, 6]).choose(NOBODY, 4).tolist() == [0, 1, 2, 3]
    assert asked_of(tastes, [9, 8, 7, 6], genres).choose(NOBODY, 4).tolist()[:2] == [0, 2]


def test_each_choice_gains_most_information() -> None:
    """½ ln det(I + K_AA / σ²) of all chosen, by NumPy, grows most by the one that was chosen."""
    rng = np.random.default_rng(5)
    tastes = rng.normal(size=(30, 6)) @ rng.normal(size=(6, 6))
    chosen = asked_of(tastes, [5] * 6).choose(NOBODY, 6).tolist()
    covariance = np.cov(tastes, rowvar=False, bias=True)

    def information(items: list[int]) -> float:
        return float(np.linalg.slogdet(np.eye(len(items)) + covariance[np.ix_(items, items)])[1])

    for at in range(5):
        before = chosen[:at]
        gains = {item: information([*before, item]) for item in range(6) if item not in before}
        assert max(gains, key=lambda item: gains[item]) == chosen[at]


def test_stars_that_differ_by_kindness_alone_are_nobodys_taste() -> None:
    kindness, quality = np.array([-1, 0, 0.5, 1.0]), np.array([3, 4, 2.5])
    assert not asked_of(kindness[:, np.newaxis] + quality, [9, 9, 9]).stars_are_personal
    twisted = kindness[:, np.newaxis] * quality
    assert asked_of(twisted, [9, 9, 9]).stars_are_personal


def test_a_rare_genre_is_filled_up_by_what_is_rated_most(
    known_by_heart: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("starcast.recommend.elicitation._ITEMS", 1)
    asking = Elicitation(known_by_heart)
    assert sorted(asking.choose(NOBODY, 9).tolist()) == [0, 1, 2, 3]
    allowed = np.array([False, False, True, True])
    assert asking.choose(NOBODY, 9, allowed=allowed).tolist() == [2, 3]
    assert asking.choose(np.array([2], np.int32), 9, allowed=allowed).tolist() == [3]
