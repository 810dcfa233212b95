"""Users' days: one factor's draws by dense linear algebra, and the whole by planted drift."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray
from plain_bayesian import Doubles, dense_features, side_posterior
from plain_factor import random_ratings, ratings_of

from starcast.data.ratings import Attribute, Ratings
from starcast.engines.bayesian.chain import Chain
from starcast.engines.bayesian.design import feature_group, histories
from starcast.engines.bayesian.draws import Hyperprior, Noise, Side
from starcast.engines.bayesian.engine import BayesianEngine
from starcast.engines.bayesian.sessions import SessionSide, draw_sessions, sessions
from starcast.engines.protocol import TimedScorer, Weights, score_ratings
from starcast.engines.settings import GibbsSettings
from starcast.errors import ConfigError
from starcast.scoring import PosteriorScorer

DAY = 86_400
TINY = GibbsSettings(
    dimension=3, samples=8, burn_in=2, chains=2, kept=4, features=("histories", "days")
)


def timed(ratings: Ratings, days: NDArray[Any]) -> Ratings:
    """The ratings at noon of these days."""
    return replace(ratings, timestamps=days.astype(np.int64) * DAY + DAY // 2)


def run(config: GibbsSettings, train: Ratings) -> BayesianEngine:
    engine = BayesianEngine(config, train, 1)
    for _ in range(engine.sweeps):
        engine.run_epoch()
    return engine


def test_a_session_is_a_user_on_a_day() -> None:
    users = np.array([0, 0, 0, 2, 2, 3], np.int32)
    days = np.array([7, -1, 7, 7, 300, -1])
    found = sessions(users, days)
    assert found.numbers.tolist() == [-1, 7, 300]
    pairs = zip(found.users.tolist(), found.numbers[found.days].tolist(), strict=True)
    assert list(pairs) == [(0, -1), (0, 7), (2, 7), (2, 300), (3, -1)]
    assert found.of_ratings.tolist() == [1, 0, 1, 2, 3, 4]
    assert_allclose(found.shares, [1 / 3, 2 / 3, 0.5, 0.5, 1])


# One factor given fixed priors: N(0, 1/LAMBDA) for every coordinate. Hyperpriors of so many
# degrees of freedom draw nothing else.

N_USERS, ALPHA, LAMBDA, SURE = 6, 2.5, 1.7, 1e10
FIXED = Hyperprior(alpha_0=SURE, beta_0=SURE / LAMBDA, gamma_0=SURE)
TRAIN = random_ratings(N_USERS, 5, 0.7, seed=3)
FOUND = sessions(TRAIN.user_rows, np.random.default_rng(8).integers(0, 3, len(TRAIN)))
N_SESSIONS, N_DAYS = len(FOUND.users), len(FOUND.numbers)
HISTORY = histories(TRAIN)[0]
OTHER = np.random.default_rng(4).normal(0, 1, len(TRAIN))  # the other side's factor, per rating
TARGETS = np.random.default_rng(6).normal(0, 1, len(TRAIN))
BY_DAY = feature_group(FOUND.days, np.arange(N_SESSIONS), N_DAYS, N_SESSIONS)


def dense_design(n_own: int) -> Doubles:
    """(n_ratings, n): own coordinates of sessions, days, own of users, their histories."""
    users = np.hstack([np.eye(N_USERS), dense_features(HISTORY)])[FOUND.users]
    own = np.eye(N_SESSIONS)[:, :n_own]
    by_session = np.hstack([own, dense_features(BY_DAY), users])
    return np.asarray(by_session[FOUND.of_ratings])


def drawn(n_own: int, state: Doubles, normal: Doubles) -> Doubles:
    """The coordinates that one draw makes of `state`."""
    sizes = np.cumsum([n_own, N_DAYS, N_USERS])
    columns = [part.astype(np.float32)[np.newaxis].copy() for part in np.split(state, sizes)]
    normals = [part.astype(np.float32)[np.newaxis].copy() for part in np.split(normal, sizes)]
    own, days, user_own, rated = columns
    user_total = (user_own + rated @ dense_features(HISTORY).T).astype(np.float32)
    total = days @ dense_features(BY_DAY).T + user_total[:, FOUND.users]
    if n_own:
        total = total + own
    else:
        own, normals[0] = (
            np.zeros((0, N_SESSIONS), np.float32),
            np.zeros((0, N_SESSIONS), np.float32),
        )
    side = Side(own, days, total.astype(np.float32), BY_DAY, np.ones(N_SESSIONS, bool), FIXED)
    user = Side(user_own, rated, user_total, HISTORY, np.ones(N_USERS, bool), FIXED)
    error = TARGETS - OTHER * total[0, FOUND.of_ratings]
    sums = tuple(
        np.bincount(FOUND.of_ratings, weights, N_SESSIONS).astype(np.float32)
        for weights in (error * OTHER, OTHER * OTHER)
    )
    sure, none = np.full((1, 2), SURE / 2), np.zeros((1, 2))
    draw_sessions(
        SessionSide(side, FOUND.users, FOUND.days), 0, sums, np.float32(ALPHA),
        Noise(normals[0], normals[1], sure, none), np.zeros(N_SESSIONS, np.float32),
        user, Noise(normals[2], normals[3], sure, none),
    )  # fmt: skip
    after = np.concatenate([*own, days[0], user_own[0], rated[0]]).astype(np.float64)
    assert_allclose(side.total[0][FOUND.of_ratings], dense_design(n_own) @ after, atol=2e-5)
    return after


@pytest.mark.parametrize("n_own", [N_SESSIONS, 0])
def test_a_draw_leaves_the_dense_posterior_as_it_is(n_own: int) -> None:
    """A draw is state ↦ A·state + b + L·normal, with and without own coordinates of sessions."""
    design = dense_design(n_own)
    n = design.shape[1]
    zero, unit = np.zeros(n), np.eye(n)
    b = drawn(n_own, zero, zero)
    a = np.column_stack([drawn(n_own, one, zero) - b for one in unit])
    root = np.column_stack([drawn(n_own, zero, one) - b for one in unit])
    mean, covariance = side_posterior(
        design, OTHER, TARGETS, ALPHA, np.zeros(n), np.full(n, LAMBDA)
    )
    assert_allclose(a @ mean + b, mean, atol=5e-5)
    assert_allclose(a @ covariance @ a.T + root @ root.T, covariance, atol=5e-5)
    assert np.abs(np.linalg.eigvals(a)).max() < 0.95


@pytest.mark.parametrize("likelihood", ["gaussian", "probit"])
def test_errors_and_totals_stay_true_over_sweeps(likelihood: str) -> None:
    train = random_ratings(30, 20, 0.4, seed=2)
    found = sessions(train.user_rows, np.random.default_rng(1).integers(0, 4, len(train)))
    by_user, by_item = histories(train)
    chain = Chain(train, 12, by_user, by_item, likelihood, [1, 0], sessions=found)
    for _ in range(20):
        chain.step()
    assert chain.now.sessions
    side, users, _ = chain.now.sessions
    assert side.own.shape == (9, len(users))  # the linear part and eight of twelve factors
    expected = side.features @ dense_features(side.groups).T + chain.now.user.total[:, users]
    expected[:9] += side.own
    assert_allclose(side.total, expected, atol=1e-4)
    order = np.argsort(found.of_ratings, kind="stable")
    p, q = side.total[:, found.of_ratings[order]], chain.now.item.total[:, train.item_rows[order]]
    predicted = p[0] + q[0] + (p[1:] * q[1:]).sum(axis=0)
    assert_allclose(chain.predictions(), predicted, atol=1e-4)
    if likelihood == "gaussian":
        stars = train.stars[order] - train.stars.mean()
        assert_allclose(chain.now.likelihood.errors, stars - predicted, atol=1e-4)


# Geweke 2004, as in test_bayesian_sweep: draws of everything from the prior, or the sampler and
# fresh data in turns, have the same joint distribution if and only if the sampler is right.

NARROW = Hyperprior(alpha_0=12.0, beta_0=8.0, gamma_0=3.0)
FEW = ratings_of([(0, 0, 1), (0, 1, 3), (1, 0, 2), (1, 2, 3), (2, 1, 1), (2, 2, 2)], 3, 3)
FEW_DAYS = np.array([0, 1, 0, 0, 2, 0])
N_DRAWS = 12_000


def from_prior(rng: np.random.Generator, n: int) -> Doubles:
    """n coordinates of one group: λ, then μ, then they."""
    precision = rng.gamma(NARROW.alpha_0 / 2) / (NARROW.beta_0 / 2)
    mean = rng.normal() / np.sqrt(NARROW.gamma_0 * precision)
    return np.asarray(mean + rng.normal(size=n) / np.sqrt(precision))


def prior_totals(chain: Chain, rng: np.random.Generator) -> tuple[Doubles, Doubles]:
    """Of sessions and of items."""
    assert chain.now.sessions
    days = dense_features(chain.now.sessions.side.groups)
    n_sessions, n_days = days.shape
    user, item = (dense_features(side.groups) for side in (chain.now.user, chain.now.item))

    def line(dense: Doubles) -> Doubles:
        return from_prior(rng, 3) + dense @ from_prior(rng, dense.shape[1])

    fronts = [
        line(user)[chain.now.sessions.users] + from_prior(rng, n_sessions)
        + days @ from_prior(rng, n_days)
        for _ in range(2)
    ]  # fmt: skip
    return np.array(fronts), np.array([line(item) for _ in range(2)])


def summary(front: NDArray[Any], item: NDArray[Any], alpha: float) -> Doubles:
    """Bounded functions of sessions of one user (0 and 1), of one day (0 and 2), and of neither."""
    bias, factor = front
    parts = [bias[0], bias[0] * bias[1], bias[0] * bias[2], bias[1] * bias[2], abs(factor[3]),
             factor[0] * factor[1], factor[2] * factor[3], factor[0] * item[1, 0], item[0, 1],
             np.log(alpha)]  # fmt: skip
    return np.asarray(np.tanh(parts))


def test_the_sampler_and_fresh_data_keep_to_the_prior() -> None:
    by_user, by_item = histories(FEW)
    found = sessions(FEW.user_rows, FEW_DAYS)
    chain = Chain(FEW, 1, by_user, by_item, "gaussian", [1, 0], hyperprior=NARROW, sessions=found)
    assert chain.now.sessions
    rng, likelihood = np.random.default_rng(7), chain.now.likelihood
    prior_alpha = rng.gamma(NARROW.alpha_0 / 2, size=N_DRAWS) / (NARROW.beta_0 / 2)
    independent = np.array(
        [summary(*prior_totals(chain, rng), alpha) for alpha in prior_alpha.tolist()]
    )
    in_turns = np.empty_like(independent)
    for sweep in range(N_DRAWS):
        likelihood.errors[:] = rng.standard_normal(len(FEW)) / np.sqrt(likelihood.alpha)
        before = float(likelihood.alpha)
        chain.step()
        in_turns[sweep] = summary(chain.now.sessions.side.total, chain.now.item.total, before)
    blocks = in_turns.reshape(40, -1, independent.shape[1]).mean(axis=1)  # long beside the memory
    error = np.sqrt(independent.var(axis=0) / N_DRAWS + blocks.var(axis=0, ddof=1) / len(blocks))
    deviations = (independent.mean(axis=0) - in_turns.mean(axis=0)) / error
    assert np.abs(deviations).max() < 4


def test_a_draw_as_deployed_predicts_what_the_chain_does() -> None:
    train = random_ratings(30, 20, 0.4, seed=2)
    train = timed(train, np.random.default_rng(1).integers(0, 4, len(train)))
    config = replace(TINY, likelihood="gaussian", chains=1, features=("days",))
    engine = BayesianEngine(config, train, 1)
    for _ in range(3):
        error = engine.run_epoch().training_error
    scores = score_ratings(PosteriorScorer(engine.latest()), train)
    assert np.sqrt(np.mean((scores - train.stars) ** 2)) == pytest.approx(error, rel=1e-5)


def planted(seed: int) -> tuple[Ratings, Ratings]:
    """Users whose mood and first taste change from day to day; train and held-out rows."""
    rng = np.random.default_rng(seed)
    users, items = np.argwhere(rng.random((60, 60)) < 0.5).T
    days = rng.integers(0, 4, len(users))
    taste, nature = rng.normal(0, 0.6, (60, 2)), rng.normal(0, 0.6, (60, 2))
    mood, drift, of_day = (
        rng.normal(0, 0.5, (60, 4)),
        rng.normal(0, 0.6, (60, 4)),
        (-0.4, 0, 0.5, 0),
    )
    stars = 3 + mood[users, days] + np.array(of_day)[days] + (taste[users] * nature[items]).sum(1)
    stars += drift[users, days] * nature[items, 0] + rng.normal(0, 0.3, len(users))
    shown = np.clip(stars, 1, 5).tolist()
    rows = list(zip(users.tolist(), items.tolist(), shown, strict=True))
    ratings = timed(ratings_of(rows, 60, 60), days)  # argwhere is in the order of ratings
    held_out = rng.random(len(ratings)) < 0.2
    return ratings.take(~held_out), ratings.take(held_out)


def test_planted_days_are_found() -> None:
    train, held_out = planted(3)
    config = GibbsSettings(dimension=4, likelihood="gaussian", samples=120, burn_in=40, kept=60)

    def rmse(*features: str) -> float:
        scorer = PosteriorScorer(run(replace(config, features=features), train).weights())
        return float(np.sqrt(np.mean((score_ratings(scorer, held_out) - held_out.stars) ** 2)))

    without, with_days = rmse("histories"), rmse("histories", "days")
    assert without > 0.6  # mood and drift stay noise
    assert with_days < 0.8 * without


def test_planted_attributes_are_found() -> None:
    """Users with hardly any ratings like what others of their kind do."""
    rng = np.random.default_rng(5)
    kind, nature = rng.integers(0, 3, 90), rng.normal(0, 1, (3, 40))
    users, items = np.argwhere(rng.random((90, 40)) < 0.15).T
    stars = 3 + nature[kind[users], items] + rng.normal(0, 0.2, len(users))
    shown = np.clip(stars, 1, 5).tolist()
    rows = list(zip(users.tolist(), items.tolist(), shown, strict=True))
    ratings = ratings_of(rows, 90, 40)
    known = {user: [str(one)] for user, one in enumerate(kind.tolist())}
    ratings = replace(ratings, attributes=(Attribute.of(ratings.users, "kind", known),))
    held_out = rng.random(len(ratings)) < 0.2
    config = GibbsSettings(dimension=4, likelihood="gaussian", samples=120, burn_in=40, kept=60)

    def rmse(*features: str) -> float:
        engine = run(replace(config, features=features), ratings.take(~held_out))
        part = ratings.take(held_out)
        scores = score_ratings(PosteriorScorer(engine.weights()), part)
        return float(np.sqrt(np.mean((scores - part.stars) ** 2)))

    assert rmse("attributes") < 0.8 * rmse()


def weights_of_days() -> Weights:
    train = random_ratings(20, 15, 0.5, seed=5)
    return run(TINY, timed(train, 100 + np.arange(len(train)) % 3)).weights()


def test_the_calendar_finds_every_session() -> None:
    weights = weights_of_days()
    assert weights["day_length"] == DAY
    assert weights["day_numbers"].tolist() == [100, 101, 102]
    n_sessions = len(weights["session_days"])
    assert weights["session_counts"].sum() == n_sessions == weights["session_bias"].shape[1]
    assert weights["session_factors"].shape == (4, n_sessions, 3)
    assert weights["day_factors"].shape == (4, 3, 3)


def test_users_hold_the_average_over_their_ratings() -> None:
    """So that without a time a user is as on an average day of theirs."""
    train = random_ratings(20, 15, 0.5, seed=5)
    train = timed(train, 100 + np.arange(len(train)) % 3)
    scorer = PosteriorScorer(run(replace(TINY, likelihood="gaussian"), train).weights())
    for user in range(train.n_users):
        days = 100 + np.flatnonzero(train.user_rows == user) % 3
        users, items = np.full(len(days), user, np.int32), np.full(len(days), 4, np.int32)
        each = scorer.score_at(users, items, days * DAY)
        assert np.mean(each) == pytest.approx(scorer.score_user(user)[4], abs=1e-5)


@pytest.mark.parametrize("likelihood", ["gaussian", "probit"])
def test_weights_come_back_as_they_were_and_sampling_goes_on_from_them(likelihood: str) -> None:
    train = planted(6)[0]
    train = replace(train, stars=np.clip(np.round(train.stars), 1, 5))
    config = replace(TINY, likelihood=likelihood, samples=80, burn_in=20)
    weights = run(config, train).weights()
    engine = BayesianEngine(replace(config, burn_in=0), train, 7)
    cold = engine.run_epoch().training_error
    engine.load(weights)
    for name, array in engine.weights().items():
        assert_array_equal(array, weights[name], err_msg=name)
    assert engine.run_epoch().training_error < cold - 0.1


def test_scores_at_a_time_only_where_there_are_times() -> None:
    train = random_ratings(20, 15, 0.5, seed=5)
    scorer = PosteriorScorer(weights_of_days())
    assert isinstance(scorer, TimedScorer)
    alone = scorer.score_pairs(train.user_rows, train.item_rows)
    assert_array_equal(score_ratings(scorer, train), alone)
    later = timed(train, np.full(len(train), 999))
    assert_allclose(score_ratings(scorer, later), alone, rtol=1e-6)  # a day unheard of
    known = timed(train, 100 + np.arange(len(train)) % 3)
    assert np.abs(score_ratings(scorer, known) - alone).max() > 0.01


BAD: list[tuple[str, Callable[[Ratings], Ratings], dict[str, Any], str]] = [
    ("no times", lambda r: r, {"features": ("days",)}, "has no timestamps; leave 'days' out"),
    ("no attributes", lambda r: r, {"features": ("attributes",)}, "nothing is known of the users"),
    (
        "other units",
        lambda r: timed(r, np.full(len(r), 20_000)),
        {"features": ("days",), "day_length": 1},
        r"lies 1,728,043,200 days of 1 from 0; give --day-length",
    ),
]


@pytest.mark.parametrize(
    ("change", "settings", "message"), [row[1:] for row in BAD], ids=[row[0] for row in BAD]
)
def test_features_that_the_ratings_do_not_have(
    change: Callable[[Ratings], Ratings], settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        BayesianEngine(replace(TINY, **settings), change(random_ratings(9, 7, 0.5, seed=1)), 1)
