"""Scores at a time, against sums written out."""

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from starcast.engines.protocol import TimedScorer
from starcast.scoring import PosteriorScorer
from starcast.scoring.days import Days
from starcast.scoring.panels import FEW

N_USERS, N_ITEMS, N_DRAWS, D, OWN = 4, 300, 3, 3, 2
NUMBERS = [-2, 5, 9]
SESSIONS = [(0, -2), (0, 9), (1, 5), (3, -2), (3, 5), (3, 9)]  # (user, day); user 2 has none
LENGTH = 100
SHARES = [0.25, 0.75, 1, 0.5, 0.3, 0.2]


def weights() -> dict[str, Any]:
    rng = np.random.default_rng(1)
    sizes = {"user": (N_USERS, D), "item": (N_ITEMS, D), "day": (len(NUMBERS), D),
             "session": (len(SESSIONS), OWN)}  # fmt: skip
    tables: dict[str, Any] = {}
    for name, (n, width) in sizes.items():
        tables[f"{name}_factors"] = rng.normal(0, 1, (N_DRAWS, n, width)).astype(np.float32)
        tables[f"{name}_bias"] = rng.normal(0, 1, (N_DRAWS, n)).astype(np.float32)
    return tables | {
        "mean": np.array(3.25, np.float32),
        "noise": np.ones(N_DRAWS, np.float32),
        "day_length": np.array(LENGTH, np.float32),
        "day_numbers": np.array(NUMBERS, np.float32),
        "session_counts": np.array([2, 1, 0, 3], np.float32),
        "session_shares": np.array(SHARES, np.float32),
        "session_days": np.array([NUMBERS.index(day) for _, day in SESSIONS], np.float32),
    }


def expected(user: int, item: int, day: int) -> float:
    """The mean over draws, from the definition."""
    w, scores = weights(), []
    for s in range(N_DRAWS):
        vector, bias = w["user_factors"][s, user].astype(float), float(w["user_bias"][s, user])
        if day in NUMBERS:
            vector = vector + w["day_factors"][s, NUMBERS.index(day)]
            bias += w["day_bias"][s, NUMBERS.index(day)]
            for (one, other), share in zip(SESSIONS, SHARES, strict=True):
                if one == user:  # of whom the tables hold an average day
                    vector = vector - share * w["day_factors"][s, NUMBERS.index(other)]
                    bias -= share * w["day_bias"][s, NUMBERS.index(other)]
        if (user, day) in SESSIONS:
            at = SESSIONS.index((user, day))
            vector[:OWN] += w["session_factors"][s, at]
            bias += w["session_bias"][s, at]
        scores.append(3.25 + bias + w["item_bias"][s, item] + vector @ w["item_factors"][s, item])
    return float(np.mean(scores))


@pytest.mark.parametrize("day", [-3, -2, 5, 6, 9, 10])
@pytest.mark.parametrize("second", [0, 99])
def test_days_and_sessions_count_where_they_are_known(day: int, second: int) -> None:
    scorer = PosteriorScorer(weights())
    assert isinstance(scorer, TimedScorer)
    users, items = np.arange(N_USERS, dtype=np.int32), np.arange(N_USERS, dtype=np.int32) * 7
    when = np.full(N_USERS, day * LENGTH + second)
    scores = scorer.score_at(users, items, when)
    assert scores.dtype == np.float32
    assert_allclose(scores, [expected(u, 7 * u, day) for u in range(N_USERS)], atol=1e-5)


def test_many_pairs_score_as_few_do() -> None:
    rng, n = np.random.default_rng(2), 2 * FEW
    users, items = rng.integers(0, N_USERS, n), rng.integers(0, N_ITEMS, n)
    days = rng.integers(-3, 11, n)
    scorer = PosteriorScorer(weights())
    scores = scorer.score_at(users.astype(np.int32), items.astype(np.int32), days * LENGTH + 7)
    for n in range(0, len(users), 31):
        assert scores[n] == pytest.approx(
            expected(int(users[n]), int(items[n]), int(days[n])), abs=1e-5
        )


def test_occasions_are_told_apart_once() -> None:
    days = Days.among(weights())
    assert days
    users = np.array([3, 0, 3, 2, 3, 0], np.int32)
    found, which = days.occasions(users, np.array([950, 950, 901, 950, 0, 950]))
    of_each = found.users[which], found.days[which], found.sessions[which]
    assert of_each[0].tolist() == users.tolist()
    assert of_each[1].tolist() == [2, 2, 2, 2, -1, 2]
    assert of_each[2].tolist() == [5, 1, 5, -1, -1, 1]
    assert len(found.users) == 4


def test_weights_without_days() -> None:
    plain = {
        name: table
        for name, table in weights().items()
        if "day" not in name and "session" not in name
    }
    assert Days.among(plain) is None
    scorer, rows = PosteriorScorer(plain), np.arange(N_USERS, dtype=np.int32)
    alone = scorer.score_pairs(rows, rows)
    assert scorer.score_at(rows, rows, np.full(N_USERS, 950)).tolist() == alone.tolist()
