"""Folding in: models of one number by hand, least squares, and searches by another program."""

from collections.abc import Callable
from typing import final

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.stats import norm

from starcast.data.ids import Rows
from starcast.engines.protocol import FoldingScorer, Scores
from starcast.scoring import DeepScorer, EnsembleScorer, FactorScorer, PosteriorScorer
from starcast.scoring.folding import FoldedUser, Prior, sample_of
from starcast.scoring.log_likelihood import (
    Array,
    Doubles,
    LogLikelihood,
    gaussian_log_likelihood,
    ordered_probit_log_likelihood,
)

N_USERS, N_ITEMS, D = 30, 12, 3
SPREAD = 0.8
NOISE = 0.9 * SPREAD  # of the noise; see `_NOISE`
RATED = np.array([1, 4, 5, 8, 9], np.int32)
STARS = np.array([5, 1, 4, 3, 2], np.float32)
ALL = np.arange(N_ITEMS, dtype=np.int32)


def normal(*shape: int, seed: int = 1, scale: float = 0.6) -> NDArray[np.float32]:
    return np.random.default_rng([seed, *shape]).normal(0, scale, shape).astype(np.float32)


def factor_weights() -> dict[str, NDArray[np.float32]]:
    return {
        "mean": np.array(3.5, np.float32),
        "user_factors": normal(N_USERS, D, seed=1),
        "item_factors": normal(N_ITEMS, D, seed=2),
        "user_bias": normal(N_USERS, seed=3),
        "item_bias": normal(N_ITEMS, seed=4),
    }


def deep_weights(output: int = 4) -> dict[str, NDArray[np.float32]]:
    return {
        "user_embedding": normal(N_USERS, D, seed=5),
        "item_embedding": normal(N_ITEMS, D, seed=6),
        "hidden_0_kernel": normal(2 * D, 16, seed=7),
        "hidden_0_bias": normal(16, seed=8),
        "hidden_1_kernel": normal(16, 4, seed=9),
        "hidden_1_bias": normal(4, seed=10),
        "output_kernel": normal(output, 1, seed=11),
        "output_bias": np.array([3.5], np.float32),
    }


def ensemble_weights() -> dict[str, NDArray[np.float32]]:
    factor = {name: array for name, array in factor_weights().items() if name != "mean"}
    return factor | deep_weights(output=D + 2 + 4)


def sampled_weights(n_draws: int = 3, *, steps: bool = True) -> dict[str, NDArray[np.float32]]:
    tables = ("user_factors", "item_factors", "user_bias", "item_bias")
    shapes = [factor_weights()[name].shape for name in tables]
    weights = {
        name: normal(n_draws, *shape, seed=20 + n)
        for n, (name, shape) in enumerate(zip(tables, shapes, strict=True))
    }
    if not steps:
        noise = np.array([0.7, 0.8, 0.9], np.float32)
        return weights | {"mean": np.array(3.5, np.float32), "noise": noise}
    cuts = np.sort(normal(n_draws, 4, seed=30, scale=1.0), axis=1)
    levels = np.arange(1, 6, dtype=np.float32)
    return weights | {"mean": np.array(0, np.float32), "cut_points": cuts, "levels": levels}


SCORERS: dict[str, Callable[[], FoldingScorer]] = {
    "factors": lambda: FactorScorer(factor_weights()),
    "deep": lambda: DeepScorer(deep_weights()),
    "ensemble": lambda: EnsembleScorer(ensemble_weights()),
    "steps": lambda: PosteriorScorer(sampled_weights()),
    "draws": lambda: PosteriorScorer(sampled_weights(steps=False)),
}
EVERY_SCORER = pytest.mark.parametrize("name", SCORERS)
LINEAR = pytest.mark.parametrize("name", ["factors", "draws"])


def fold(name: str, rows: Rows = RATED, stars: Scores = STARS) -> FoldedUser:
    scorer = SCORERS[name]()
    assert isinstance(scorer, FoldingScorer)
    folded = scorer.fold_in(rows, stars, SPREAD)
    assert isinstance(folded, FoldedUser)
    return folded


def without(place: int) -> tuple[Rows, Scores]:
    return np.delete(RATED, place), np.delete(STARS, place)


# By hand


@final
class OneNumber:
    """A model that holds one number of a user, x ~ N(0, 1); an item's predictor is bend(x)."""

    prior = Prior(np.zeros((1, 1)), np.ones((1, 1, 1)))

    def __init__(self, bend: str = "x") -> None:
        self._bend = bend

    def linearize(self, vectors: Doubles, item_rows: Rows) -> tuple[Array, Array]:
        x = np.repeat(vectors, len(item_rows), axis=1)
        value, slope = (x, np.ones_like(x)) if self._bend == "x" else (np.sin(x), np.cos(x))
        return value, slope[..., np.newaxis]

    def predictors(self, vectors: Doubles, item_rows: Rows | None = None) -> Array:
        return self.linearize(vectors, ALL if item_rows is None else item_rows)[0]

    def log_likelihood(self, predictors: Array, stars: Scores) -> LogLikelihood:
        return gaussian_log_likelihood(predictors, stars, 1.0)

    def mean_response(self, predictors: Array) -> Scores:
        return np.asarray(predictors[0], np.float32)


def test_a_ridge_of_one_number_is_the_sum_over_one_more() -> None:
    """Noise and prior have variance 1, so x = Σ stars / (n + 1)."""
    one = FoldedUser(OneNumber(), RATED[:1], np.array([2], np.float32))
    two = FoldedUser(OneNumber(), RATED[:2], np.array([2, 4], np.float32))
    assert one.score_all() == pytest.approx(1)
    assert two.score_items(RATED[:1]) == pytest.approx(2)
    # Without the rating of 2 it is 4 / 2, without that of 4 it is 2 / 2.
    np.testing.assert_allclose(one.effects(ALL[:2]), [[1], [1]], atol=1e-6)
    np.testing.assert_allclose(two.effects(ALL[:1]), [[0, 1]], atol=1e-6)


def test_who_is_known_by_nothing_is_the_mean_of_all() -> None:
    nobody = FoldedUser(OneNumber(), RATED[:0], STARS[:0])
    assert nobody.score_all().tolist() == [0] * N_ITEMS
    assert nobody.effects(ALL).shape == (N_ITEMS, 0)


def test_steps_that_lead_uphill_are_shortened() -> None:
    """Of nine ratings of 3 for a sine of x: the first step leads to 2.7, beyond the sine's top."""
    found = FoldedUser(OneNumber("sin x"), ALL[:9], np.full(9, 3, np.float32)).score_items(ALL[:1])
    first = np.sin(9 * 3 / (9 + 1))
    assert first < 0.45 < 0.7 < found[0] <= 1


def test_a_prior_has_the_mean_and_covariance_of_rows_drawn_to_the_diagonal() -> None:
    """Of (0, 0) and (2, 2) the covariance is all ones; with as many columns as rows half of what
    is off the diagonal counts, and the inverse of ((1, ½), (½, 1)) is ((4, -2), (-2, 4)) / 3."""
    prior = Prior.of(np.array([[[0, 0], [2, 2]]], np.float32))
    np.testing.assert_allclose(prior.mean, [[1, 1]])
    np.testing.assert_allclose(prior.precision, [[[4 / 3, -2 / 3], [-2 / 3, 4 / 3]]], rtol=1e-4)


def test_a_prior_of_nobody_and_of_zeros_is_finite() -> None:
    for rows in (np.zeros((1, 0, 2)), np.zeros((1, 5, 2))):
        assert all(np.isfinite(part).all() for part in Prior.of(rows))


def test_a_prior_is_made_of_trained_users_alone() -> None:
    assert sample_of(np.array([False, True, True, False])).tolist() == [1, 2]
    many = sample_of(np.ones(25_000, bool))
    assert len(many) <= 10_000
    assert many[0] < 3 < 24_990 < many[-1]


# By least squares


def by_lstsq(rows: Rows, stars: Scores) -> NDArray[np.float64]:
    """Scores of every item: ratings and the prior as rows of one system of equations."""
    weights = {name: array.astype(np.float64) for name, array in factor_weights().items()}
    users = np.column_stack([weights["user_factors"], weights["user_bias"] + weights["mean"]])
    items = np.column_stack([weights["item_factors"], np.ones(N_ITEMS)])
    covariance = np.cov(users.T, bias=True)
    diagonal = np.diag(np.diag(covariance))
    shrunk = (N_USERS * covariance + (D + 1) * diagonal) / (N_USERS + D + 1)
    root = np.linalg.inv(np.linalg.cholesky(shrunk))
    system = np.concatenate([items[rows] / NOISE, root])
    wanted = np.concatenate(
        [(stars - weights["item_bias"][rows]) / NOISE, root @ users.mean(axis=0)]
    )
    vector = np.linalg.lstsq(system, wanted)[0]
    return np.asarray(items @ vector + weights["item_bias"])


def test_a_factor_model_is_solved_as_least_squares() -> None:
    folded = fold("factors")
    np.testing.assert_allclose(folded.score_all(), by_lstsq(RATED, STARS), rtol=1e-4)
    np.testing.assert_allclose(folded.score_items(RATED), by_lstsq(RATED, STARS)[RATED], rtol=1e-4)


def test_effects_are_what_least_squares_says_without_a_rating() -> None:
    expected = [by_lstsq(RATED, STARS) - by_lstsq(*without(place)) for place in range(len(RATED))]
    np.testing.assert_allclose(fold("factors").effects(ALL), np.transpose(expected), atol=1e-4)


# By searching anew


@EVERY_SCORER
def test_every_item_scores_alike_alone_and_in_the_catalogue(name: str) -> None:
    folded = fold(name)
    np.testing.assert_allclose(folded.score_items(ALL), folded.score_all(), rtol=1e-5, atol=1e-5)
    assert folded.score_all().dtype == folded.effects(ALL).dtype == np.float32


@EVERY_SCORER
def test_ratings_are_learned_from(name: str) -> None:
    """The error of the ratings is smaller than if nothing was known."""
    unknown, known = fold(name, RATED[:0], STARS[:0]), fold(name)
    before, after = (np.square(one.score_items(RATED) - STARS).sum() for one in (unknown, known))
    assert after < 0.9 * before


@LINEAR
def test_effects_are_those_of_folding_in_without_a_rating(name: str) -> None:
    whole = fold(name).score_all()
    refits = [whole - fold(name, *without(place)).score_all() for place in range(len(RATED))]
    np.testing.assert_allclose(fold(name).effects(ALL), np.transpose(refits), atol=1e-5)


def test_effects_where_stars_are_steps_are_those_of_folding_in_anew() -> None:
    """But for a hundredth: one Newton step instead of all. Networks: see the contract tests."""
    whole = fold("steps").score_all()
    refits = [whole - fold("steps", *without(place)).score_all() for place in range(len(RATED))]
    effects = fold("steps").effects(ALL)
    assert np.abs(effects - np.transpose(refits)).max() < 0.01 < np.abs(effects).max() / 10


def test_the_likeliest_opinions_are_found_where_stars_are_steps() -> None:
    """Draw by draw, by a search that knows neither our curves nor our derivatives."""
    weights = sampled_weights()
    expected = np.zeros(N_ITEMS)
    for n in range(3):
        users = np.column_stack([weights["user_factors"][n], weights["user_bias"][n]]).astype(float)
        items = np.column_stack([weights["item_factors"][n], np.ones(N_ITEMS)])
        cuts = np.concatenate([[-np.inf], weights["cut_points"][n], [np.inf]])
        covariance = np.cov(users.T, bias=True)
        diagonal = np.diag(np.diag(covariance))
        shrunk = (N_USERS * covariance + (D + 1) * diagonal) / (N_USERS + D + 1)
        prior = np.linalg.inv(shrunk), users.mean(axis=0)

        def predictors(x: Doubles, n: int = n, items: Doubles = items) -> Doubles:
            return np.asarray(items @ x + weights["item_bias"][n])

        def minus_height(x: Doubles, prior=prior, cuts=cuts, predictors=predictors) -> float:  # type: ignore[no-untyped-def]
            at, level = predictors(x)[RATED], STARS.astype(int)
            shares = norm.cdf(cuts[level] - at) - norm.cdf(cuts[level - 1] - at)
            away = x - prior[1]
            return float(away @ prior[0] @ away / 2 - np.log(shares).sum())

        best = predictors(minimize(minus_height, prior[1], tol=1e-10).x)
        shares = np.diff(norm.cdf(cuts[np.newaxis] - best[:, np.newaxis]), axis=1)
        expected += shares @ weights["levels"] / 3
    np.testing.assert_allclose(fold("steps").score_all(), expected, atol=2e-3)


# Parts


@pytest.mark.parametrize("name", ["factors", "deep", "ensemble"])
def test_slopes_are_those_of_the_scores(name: str) -> None:
    """By differences of two scores, but where a kink of the network lies between them."""
    scorer = SCORERS[name]()
    assert isinstance(scorer, FactorScorer | DeepScorer | EnsembleScorer)
    vector, step = scorer.prior.mean[0], 1e-2
    slopes = scorer.linearize(vector, ALL)[1]
    for at in range(len(vector)):
        moved = np.eye(len(vector))[at] * step
        up, down = (scorer.linearize(vector + way * moved, ALL)[0] for way in (1, -1))
        assert np.mean(np.abs(slopes[:, at] - (up - down) / (2 * step)) < 1e-3) > 0.8


def test_evidence_of_steps_has_the_derivatives_of_its_fit() -> None:
    low, high = np.array([[-np.inf, -0.5, 1.2, 6.0]]), np.array([[-1.0, 0.3, np.inf, 7.0]])
    exact = np.log(norm.sf(low) - norm.sf(high)).sum()
    assert ordered_probit_log_likelihood(low, high).fit[0] == pytest.approx(exact, rel=1e-5)
    step = 0.02
    up, here, down = (
        ordered_probit_log_likelihood(low - move, high - move) for move in (step, 0, -step)
    )
    rises = [
        np.log(np.diff(norm.cdf([low[0] - move, high[0] - move]), axis=0)[0])
        for move in (step, -step)
    ]
    np.testing.assert_allclose(here.gradient[0], (rises[0] - rises[1]) / (2 * step), rtol=1e-3)
    falls = (down.gradient - up.gradient) / (2 * step)
    np.testing.assert_allclose(here.curvature, falls, rtol=1e-3)


def test_evidence_of_steps_is_finite_however_far_off() -> None:
    low, high = np.array([[-np.inf, 40.0, 200.0]]), np.array([[-300.0, 41.0, np.inf]])
    assert all(np.isfinite(part).all() for part in ordered_probit_log_likelihood(low, high))
