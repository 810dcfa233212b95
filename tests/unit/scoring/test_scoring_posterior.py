"""The mean over draws, against sums written out with the standard library's normal distribution."""

from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from starcast.engines.protocol import DistributedScorer, UncertainScorer
from starcast.scoring import PosteriorScorer
from starcast.scoring.panels import FEW

N_USERS, N_ITEMS, N_DRAWS, D = 7, 300, 5, 3
LEVELS = np.array([1, 2, 3.5, 5], np.float32)
NOISE = np.array([0.5, 0.7, 0.9, 1.1, 1.3], np.float32)
CUTS = np.sort(np.random.default_rng(2).normal(0, 1.5, (N_DRAWS, 3)), axis=1).astype(np.float32)
TABLES = {
    "user_factors": (N_DRAWS, N_USERS, D),
    "user_bias": (N_DRAWS, N_USERS),
    "item_factors": (N_DRAWS, N_ITEMS, D),
    "item_bias": (N_DRAWS, N_ITEMS),
}
USERS, ITEMS = np.divmod(np.arange(N_USERS * N_ITEMS, dtype=np.int32), N_ITEMS)
assert len(USERS) > FEW  # so that compiled code scores them


def weights(kind: str) -> dict[str, Any]:
    rng = np.random.default_rng(1)
    tables: dict[str, Any] = {
        name: rng.normal(0, 1, shape).astype(np.float32) for name, shape in TABLES.items()
    }
    more: dict[str, Any] = (
        {"noise": NOISE, "mean": np.array(3.25, np.float32)}
        if kind == "stars"
        else {"levels": LEVELS, "cut_points": CUTS, "mean": np.array(0, np.float32)}
    )
    return tables | more


def moments(kind: str, user: int, item: int) -> tuple[float, float]:
    """Mean and standard deviation of a rating, from the definition."""
    given, firsts, seconds = weights(kind), [], []
    for s in range(N_DRAWS):
        predictor = float(given["mean"] + given["user_bias"][s, user] + given["item_bias"][s, item])
        predictor += float(given["user_factors"][s, user] @ given["item_factors"][s, item])
        if kind == "stars":
            firsts.append(predictor)
            seconds.append(predictor**2 + float(NOISE[s]) ** 2)
            continue
        reached = [1.0, *(NormalDist().cdf(predictor - float(cut)) for cut in CUTS[s]), 0.0]
        shares = -np.diff(reached)  # of each level
        firsts.append(float(shares @ LEVELS))
        seconds.append(float(shares @ LEVELS**2))
    mean = float(np.mean(firsts))
    return mean, float(np.sqrt(np.mean(seconds) - mean**2))


BOTH = pytest.mark.parametrize("kind", ["stars", "steps"])


@BOTH
def test_scores_and_deviations_are_those_of_the_definition(kind: str) -> None:
    scorer = PosteriorScorer(weights(kind))
    assert isinstance(scorer, UncertainScorer)
    scores, deviations = scorer.score_pairs(USERS, ITEMS), scorer.predictive_std(USERS, ITEMS)
    assert scores.dtype == deviations.dtype == np.float32
    for n in range(0, len(USERS), 97):
        mean, deviation = moments(kind, int(USERS[n]), int(ITEMS[n]))
        assert scores[n] == pytest.approx(mean, abs=2e-5)
        assert deviations[n] == pytest.approx(deviation, abs=5e-5)


@BOTH
def test_chances_are_those_of_the_definition(kind: str) -> None:
    """That a rating lies below 1.5, 2.75 and 4.25, and on a level as likely as the cuts say."""
    given, scorer = weights(kind), PosteriorScorer(weights(kind))
    assert isinstance(scorer, DistributedScorer)
    marks = np.array([1.5, 2.75, 4.25])
    found = scorer.chances_below(USERS[:50], ITEMS[:50], marks)
    assert found.shape == (50, 3)
    user, item = int(USERS[37]), int(ITEMS[37])
    for m, mark in enumerate(marks.tolist()):
        expected = []
        for s in range(N_DRAWS):
            predictor = float(given["mean"] + given["user_bias"][s, user])
            predictor += float(given["item_bias"][s, item])
            predictor += float(given["user_factors"][s, user] @ given["item_factors"][s, item])
            away = (mark - predictor) / float(NOISE[s]) if kind == "stars" else (
                float(CUTS[s, m]) - predictor
            )  # fmt: skip
            expected.append(NormalDist().cdf(away))
        assert found[37, m] == pytest.approx(np.mean(expected), abs=1e-6)


@BOTH
def test_few_pairs_one_user_and_the_catalogue_score_as_many_pairs_do(kind: str) -> None:
    scorer = PosteriorScorer(weights(kind))
    scores = scorer.score_pairs(USERS, ITEMS)
    few = slice(400, 400 + FEW)
    assert_allclose(scorer.score_pairs(USERS[few], ITEMS[few]), scores[few], atol=1e-5)
    assert_allclose(scorer.predictive_std(USERS[few], ITEMS[few]),
                    scorer.predictive_std(USERS, ITEMS)[few], atol=1e-5)  # fmt: skip
    table = scores.reshape(N_USERS, N_ITEMS)
    assert_allclose(scorer.score_user(4), table[4], atol=1e-5)
    assert_allclose(scorer.score_all(np.array([6, 0], np.int32)), table[[6, 0]], atol=1e-5)


@pytest.mark.parametrize("predictor", [-1e6, 1e6])
def test_opinions_beyond_all_steps_are_the_last_level(predictor: float) -> None:
    far = weights("steps")
    far["user_bias"] = np.full_like(far["user_bias"], predictor)
    scorer, wanted = PosteriorScorer(far), LEVELS[0] if predictor < 0 else LEVELS[-1]
    assert_allclose(scorer.score_user(0), wanted, rtol=1e-6)
    assert_allclose(scorer.score_all(np.zeros(1, np.int32)), wanted, rtol=1e-6)


def test_what_is_no_number_comes_through() -> None:
    broken = weights("steps")
    broken["user_bias"][2, 3] = np.nan
    scores = PosteriorScorer(broken).score_all(np.arange(N_USERS, dtype=np.int32))
    assert np.isnan(scores[3]).all()
    assert np.isfinite(np.delete(scores, 3, axis=0)).all()
