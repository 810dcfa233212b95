"""A factor model sampled from its posterior, as deployed: the mean over draws, and its spread."""

from collections.abc import Iterable
from functools import cached_property, partial, reduce
from math import sqrt
from typing import Protocol, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.ids import Rows
from starcast.engines.expression import Expression, constant, weight
from starcast.engines.expression.bounds import Sizes, bound
from starcast.engines.expression.networks import factor_model
from starcast.engines.expression.weights import shapes_of
from starcast.engines.protocol import Expressed, Scores, Weights
from starcast.scoring.days import Days, calendar_fault, calendar_shapes
from starcast.scoring.factors import FactorScorer, Sized
from starcast.scoring.folding import FoldedUser, Prior
from starcast.scoring.likelihood import Gaussian, Likelihood, OrderedProbit, levels_fault
from starcast.scoring.log_likelihood import Array, Doubles, LogLikelihood
from starcast.scoring.panels import FEW
from starcast.scoring.schema import Schema, Shape
from starcast.scoring.similarity import cosines_of

_TABLES = ("user_factors", "user_bias", "item_factors", "item_bias")


@final
class PosteriorScorer:
    """Mean over draws of the rating expected at each draw's predictor μ + b_u + b_i + p_u · q_i.

    Args:
        weights: mean (); for each of S draws user_factors (S, n_users, d), user_bias (S, n_users),
            and the items' likewise. Where predictors are in stars, also noise (S,); where stars are
            ordered classes, cut_points (S, n_levels - 1), and levels (n_levels,) for all draws.
            Where times are known, also what `Days` takes.

    Sources: Rendle 2012, section 4.1.3 (averaged predictions); Albert & Chib 1993, section 4
    (ordered probit). Deviation: the expected rating is read from a curve.
    """

    def __init__(self, weights: Weights) -> None:
        self._weights, self._days = weights, Days.among(weights)
        self._draws = [FactorScorer(_draw(weights, n)) for n in range(len(weights["user_bias"]))]
        self._rating: Likelihood = (
            OrderedProbit(weights["levels"], weights["cut_points"])
            if "levels" in weights
            else Gaussian(weights["noise"])
        )

    def score_pairs(self, user_rows: Rows, item_rows: Rows) -> Scores:
        """Raw scores of n pairs; float32 (n,), stars."""
        predictors = (draw.score_pairs(user_rows, item_rows) for draw in self._draws)
        return self._mean(predictors, compiled=len(user_rows) > FEW)

    def score_at(self, user_rows: Rows, item_rows: Rows, timestamps: NDArray[np.int64]) -> Scores:
        """Raw scores of n pairs at times; float32 (n,), stars."""
        if self._days is None:
            return self.score_pairs(user_rows, item_rows)
        occasions, which = self._days.occasions(user_rows, timestamps)
        draws = (
            FactorScorer(_draw(self._weights, n) | self._days.tables(n, occasions))
            for n in range(len(self._draws))
        )
        predictors = (draw.score_pairs(which, item_rows) for draw in draws)
        return self._mean(predictors, compiled=len(user_rows) > FEW)

    def score_all(self, user_rows: Rows) -> Scores:
        """Raw scores of every item; float32 (n, n_items), stars."""
        return self._mean((draw.score_all(user_rows) for draw in self._draws), compiled=True)

    def score_user(self, user_row: int) -> Scores:
        """Raw scores of every item for one user; float32 (n_items,), stars."""
        return self.mean_response(np.stack([draw.score_user(user_row) for draw in self._draws]))

    def predictive_std(self, user_rows: Rows, item_rows: Rows) -> Scores:
        """Standard deviation of a rating about its score; float32 (n,), stars.

        That of the predictive distribution: what each draw leaves open, and what draws disagree on.
        """
        predictors = [draw.score_pairs(user_rows, item_rows) for draw in self._draws]
        compiled = len(user_rows) > FEW
        expected = [self._rating.expected(n, x, compiled) for n, x in enumerate(predictors)]
        variances = [self._rating.variance(n, x, compiled) for n, x in enumerate(predictors)]
        return np.asarray(np.sqrt(np.mean(variances, axis=0) + np.var(expected, axis=0)))

    def chances_below(self, user_rows: Rows, item_rows: Rows, marks: Doubles) -> Doubles:
        """Chances that ratings lie below marks (m,), stars, mean over draws; float64 (n, m)."""
        each = (
            self._rating.chances_below(n, draw.score_pairs(user_rows, item_rows), marks)
            for n, draw in enumerate(self._draws)
        )
        return np.asarray(reduce(np.add, each) / len(self._draws))

    def fold_in(self, item_rows: Rows, stars: Scores, residual_rmse: float) -> FoldedUser:
        """A person from ratings (n,) of items (n,): what is most likely by each draw."""
        return FoldedUser(self, item_rows, stars)

    def likeness(self, item_row: int) -> Scores:
        """Cosines of the items' factors of all draws, end to end; float32 (n_items,)."""
        tables = [draw.item_factors for draw in self._draws]
        squares = (np.einsum("nd,nd->n", table, table) for table in tables)
        products = (table @ table[item_row] for table in tables)
        return cosines_of(reduce(np.add, products), np.sqrt(reduce(np.add, squares)), item_row)

    def expressed(self) -> Expressed:
        """The mean over all draws, which a row of the tables holds side by side."""
        each = [draw.expressed().weights for draw in self._draws]
        tables = {name: np.stack([draw[name] for draw in each], axis=1) for name in _TABLES}
        n_draws, dimension = tables["user_factors"].shape[1:]
        ratings = factor_model(dimension, n_draws)
        shared = {"mean": self._weights["mean"]}
        if "levels" in self._weights:
            ratings = _expected_level(ratings, self._weights)
            shared["cut_points"] = self._weights["cut_points"]
        return Expressed(ratings.total() * (1 / n_draws), tables | shared)

    @cached_property
    def prior(self) -> Prior:
        """How users' vectors are spread, in each draw."""
        each = [draw.prior for draw in self._draws]
        return Prior(*(np.concatenate(parts) for parts in zip(*each, strict=True)))

    def linearize(self, vectors: Doubles, item_rows: Rows) -> tuple[Array, Array]:
        """Predictors (S, n) of items for vectors (S, D), and how they move with them, (S, n, D)."""
        looks = [draw.linearize(vector, item_rows) for draw, vector in self._with(vectors)]
        predictors, slopes = zip(*looks, strict=True)
        return np.stack(predictors), np.stack(slopes)

    def predictors(self, vectors: Doubles, item_rows: Rows | None = None) -> Array:
        """Predictors (S, n) of some items, or every one, for vectors (S, D)."""
        pairs = self._with(vectors)
        return np.stack([draw.score_vector(vector, item_rows) for draw, vector in pairs])

    def log_likelihood(self, predictors: Array, stars: Scores) -> LogLikelihood:
        """What ratings (n,) say of predictors (S, n)."""
        return self._rating.log_likelihood(predictors, stars)

    def mean_response(self, predictors: Array) -> Scores:
        """Mean over draws of the ratings expected at predictors (S, …); float32 (…)."""
        return self._rating.mean(predictors)

    def _with(self, vectors: Doubles) -> Iterable[tuple[FactorScorer, Doubles]]:
        return zip(self._draws, vectors, strict=True)

    def _mean(self, predictors: Iterable[Scores], *, compiled: bool) -> Scores:
        """Mean over draws of the ratings expected at their predictors, of any shape."""
        expected = (self._rating.expected(n, x, compiled) for n, x in enumerate(predictors))
        return np.asarray(reduce(np.add, expected) / np.float32(len(self._draws)))


def _draw(weights: Weights, n: int) -> dict[str, Scores]:
    """One draw as a latent factor model."""
    return {name: weights[name][n] for name in _TABLES} | {"mean": weights["mean"]}


def _expected_level(predictors: Expression, weights: Weights) -> Expression:
    """The lowest level, and every rise times the chance Φ that it is climbed.

    Φ(x) = ½ + ½ erf(x / √2), and all the ½ of the rises add up to half way to the highest level.
    """
    levels = weights["levels"].astype(np.float64)
    cut_points = weight("cut_points", *weights["cut_points"].shape)
    above = (predictors.column() - cut_points) * (1 / sqrt(2))  # (S, n_levels - 1)
    climbed = above.apply("erf") * constant((np.diff(levels) / 2).tolist())
    return climbed.total() + float(levels[0] + levels[-1]) / 2


class Sampled(Sized, Protocol):
    """Settings of a model that is sampled."""

    @property
    def likelihood(self) -> str:
        """Its name: "probit" or "gaussian"."""
        ...

    @property
    def features(self) -> tuple[str, ...]:
        """Names of what it takes beside ids."""
        ...


def posterior_schema(settings: Sampled, n_users: int, n_items: int) -> Schema:
    """What the weights of a `PosteriorScorer` must be."""
    features = settings.features
    width = settings.dimension + 2 * ("histories" in features)  # see `engines.bayesian.membership`
    draw = shapes_of(factor_model(width), n_users, n_items)
    shapes: dict[str, Shape] = {name: ("draws", *shape) for name, shape in draw.items()}
    shapes["mean"] = ()
    if settings.likelihood == "gaussian":
        shapes["noise"] = ("draws",)
    else:
        shapes |= {"levels": ("levels",), "cut_points": ("draws", "cuts")}
    if "days" in features:
        shapes |= calendar_shapes(n_users, settings.dimension)
    return Schema(shapes, partial(_reach, factor_model(width)), (n_users, n_items), _fault)


def _reach(draw: Expression, weights: Weights, sizes: Sizes) -> float:
    """Of the levels, where stars are ordered classes; else of predictors and their noise."""
    if "levels" in weights:
        return sizes["levels"]
    return bound(draw, weights, sizes) + sizes["noise"]


def _fault(weights: Weights) -> str:
    if not len(weights["user_bias"]):
        return "there are no draws"
    if "noise" in weights and not np.all(weights["noise"] > 0):
        return "'noise' is not above 0"
    return levels_fault(weights) or calendar_fault(weights)
