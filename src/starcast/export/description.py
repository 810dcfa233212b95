"""What each deployed model computes, as an expression: a batch of pairs in, raw stars out."""

from collections.abc import Callable, Mapping
from functools import reduce
from math import sqrt
from typing import Any

import numpy as np

from starcast import models
from starcast.engines.networks.graph import Operation, operations
from starcast.engines.networks.layout import Layout
from starcast.engines.protocol import Weights
from starcast.engines.rows import SparseRows
from starcast.errors import ConfigError
from starcast.export.expression import ITEM_ROWS, USER_ROWS, Expression, concatenation, table
from starcast.scoring import (
    BlendScorer,
    DeepScorer,
    EnsembleScorer,
    FactorScorer,
    PosteriorScorer,
)
from starcast.scoring.cold_start import with_typical_rows
from starcast.scoring.weighted_sum import parts_of

_NO_HISTORIES = SparseRows(np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float32), 0)


def describe(model: str, weights: Weights) -> Expression:
    """Raw scores of a batch of pairs; (n,), stars.

    Args:
        model: its name in the registry.
        weights: as deployed.
    Raises: ConfigError: the model's scores are no such expression.
    """
    described = _DESCRIPTIONS.get(type(models.find(model).scorer(weights, _NO_HISTORIES)))
    if described is None:
        raise ConfigError(
            f"{model} cannot be exported: its scores are no fixed expression of what it holds of a "
            "user and of an item; 'starcast serve' serves it"
        )
    return described(weights)


def factor(weights: Weights) -> Expression:
    """μ + b_u + b_i + p_u · q_i."""
    return _predictor(with_typical_rows(weights, "factors"))


def _predictor(weights: Weights) -> Expression:
    """The same of tables as they are; (n, S) where a row holds S draws."""
    p, q = (table(weights[f"{side}_factors"], rows) for side, rows in _SIDES.items())
    b_u, b_i = (table(weights[f"{side}_bias"], rows) for side, rows in _SIDES.items())
    return (p * q).total() + b_u + b_i + weights["mean"]


def network(weights: Weights) -> Expression:
    """A network as TensorBoard draws it, with its weights: the deep one and the ensembles."""
    hidden = [
        len(weights[name]) for name in weights if name.startswith("hidden_") and "bias" in name
    ]
    factors = weights["user_factors"].shape[1] if "user_factors" in weights else 0
    layout = Layout(weights["user_embedding"].shape[1], tuple(hidden), factors)
    weights = _with_typical_rows(weights)
    values: dict[str, Expression] = {}
    for operation in operations(layout):
        inputs = [values[name] for name in operation.inputs]
        values[operation.name] = _OPERATIONS[operation.kind](operation, weights, *inputs)
    return values["output"].total()  # of one column


def posterior(weights: Weights) -> Expression:
    """Mean over S draws of the rating expected at each draw's predictor; see `PosteriorScorer`."""
    names = [f"{side}_{column}" for side in _SIDES for column in ("factors", "bias")]
    n_draws = len(weights["user_bias"])
    draws = [
        with_typical_rows({name: weights[name][n] for name in names}, "factors")
        for n in range(n_draws)
    ]
    tables = {name: np.stack([draw[name] for draw in draws], axis=1) for name in names}
    predictors = _predictor({**tables, "mean": weights["mean"]})  # a row holds all draws
    ratings = _steps(predictors, weights) if "levels" in weights else predictors
    return ratings.total() * (1.0 / n_draws)


def blend(weights: Weights) -> Expression:
    """c₀ + Σ cₙ · (raw score of part n)."""
    intercept, *slopes = weights["coefficients"]
    parts = (describe(*part) for part in parts_of(weights))
    mixed = (part * float(slope) for part, slope in zip(parts, slopes, strict=True))
    return reduce(Expression.__add__, mixed) + float(intercept)


def _steps(predictors: Expression, weights: Weights) -> Expression:
    """Expected level: the lowest, and every rise times the chance Φ that it is climbed.

    Φ(x) = ½ + ½ erf(x / √2), and all the ½ of the rises add up to half way to the highest level.
    """
    levels = weights["levels"].astype(np.float64)
    above = (predictors.column() + -weights["cut_points"]) * (1 / sqrt(2))  # (n, S, n_levels - 1)
    return (above.erf() * (np.diff(levels) / 2)).total() + float(levels[0] + levels[-1]) / 2


def _with_typical_rows(weights: Weights) -> Weights:
    """A network's tables as its scorer takes them, each branch on its own."""
    embeddings = {name: array for name, array in weights.items() if name.endswith("_embedding")}
    filled = {**weights, **with_typical_rows(embeddings, "embedding")}
    return with_typical_rows(filled, "factors") if "user_factors" in weights else filled


def _table(operation: Operation, weights: Weights) -> Expression:
    rows = _SIDES[operation.name.partition("_")[0]]
    return table(weights[operation.name].reshape(-1, operation.width), rows)


def _concatenation(operation: Operation, weights: Weights, *inputs: Expression) -> Expression:
    return concatenation(*inputs)


def _product(operation: Operation, weights: Weights, *inputs: Expression) -> Expression:
    one, other = inputs
    return one * other


def _dense(operation: Operation, weights: Weights, *inputs: Expression) -> Expression:
    kernel, bias = weights[f"{operation.name}_kernel"], weights[f"{operation.name}_bias"]
    linear = inputs[0] @ kernel + bias
    return linear.relu() if operation.activation == "relu" else linear


_SIDES = {"user": USER_ROWS, "item": ITEM_ROWS}
_OPERATIONS: Mapping[str, Callable[..., Expression]] = {
    "table": _table,
    "concatenation": _concatenation,
    "element-wise product": _product,
    "dense": _dense,
}
_DESCRIPTIONS: Mapping[Any, Callable[[Weights], Expression]] = {
    FactorScorer: factor,
    DeepScorer: network,
    EnsembleScorer: network,
    PosteriorScorer: posterior,
    BlendScorer: blend,
}
