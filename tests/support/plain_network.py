"""The deep network and the ensemble in plain float64 NumPy, by formulas written by hand.

Their gradients are those of the expressions, which `test_plain_network` checks by these formulas.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from starcast.data.ids import Vocabulary
from starcast.data.ratings import Ratings
from starcast.data.scale import RatingScale
from starcast.engines.expression import Expression
from starcast.engines.expression.autodiff import evaluate, gradient, rows_of
from starcast.engines.expression.networks import deep_network, ensemble
from starcast.engines.settings import NetworkSettings

Matrix = NDArray[np.float64]
Doubles = dict[str, Matrix]
Given = Mapping[str, NDArray[Any]]
Masks = Sequence[Matrix]
"""What dropout multiplies the first hidden layers by, (n, width) each; () for no dropout."""


def ratings_of(rows: list[tuple[int, int, float]], n_users: int, n_items: int) -> Ratings:
    """Ratings from (user row, item row, stars), over users 0, 1, … and items 0, 1, …"""
    users, items, stars = zip(*rows, strict=True)
    return Ratings.from_rows(
        Vocabulary(np.arange(n_users), "user"),
        Vocabulary(np.arange(n_items), "item"),
        np.array(users, np.int32),
        np.array(items, np.int32),
        np.array(stars),
        scale=RatingScale(1, 5, 0.5),
    )


def some_ratings(n: int, n_users: int = 50, n_items: int = 40) -> Ratings:
    """n random cells with random stars; the last user and the last item have none."""
    rng = np.random.default_rng(n)
    cells = np.sort(rng.permutation((n_users - 1) * (n_items - 1))[:n])
    users, items = np.divmod(cells, n_items - 1)
    stars = rng.integers(2, 11, n) / 2
    return ratings_of(list(zip(users, items, stars, strict=True)), n_users, n_items)


def doubles(weights: Given) -> Doubles:
    """Copies in float64."""
    return {name: np.array(array, np.float64) for name, array in weights.items()}


def forward(weights: Doubles, ratings: Ratings, masks: Masks = ()) -> Matrix:
    """Predictions (n,)."""
    u, i = ratings.user_rows, ratings.item_rows
    head = np.hstack([weights["user_embedding"][u], weights["item_embedding"][i]])
    for n in range(depth(weights)):
        above = head @ weights[f"hidden_{n}_kernel"] + weights[f"hidden_{n}_bias"]
        head = np.maximum(above, 0) * (masks[n] if n < len(masks) else 1)
    if "user_factors" in weights:
        product = weights["user_factors"][u] * weights["item_factors"][i]
        biases = np.column_stack([weights["user_bias"][u], weights["item_bias"][i]])
        head = np.hstack([product, biases, head])
    return np.asarray((head @ weights["output_kernel"] + weights["output_bias"])[:, 0])


def depth(weights: Given) -> int:
    """Hidden layers of a network."""
    return sum(name.startswith("hidden_") for name in weights) // 2


def objective(weights: Doubles, ratings: Ratings, penalty: float, masks: Masks = ()) -> float:
    """½ Σ error² + ½ λ Σ squared norms of the rating's two table rows."""
    error = ratings.stars - forward(weights, ratings, masks)
    norms = sum(
        np.sum(weights[name][rows_of_table(name, ratings)] ** 2)
        for name in weights
        if is_table(name)
    )
    return float(0.5 * np.sum(error**2) + 0.5 * penalty * norms)


def is_table(name: str) -> bool:
    """Whether weights are one row per user or item, rather than a dense layer."""
    return name.startswith(("user_", "item_"))


def rows_of_table(name: str, ratings: Ratings) -> NDArray[np.int32]:
    """The rows of a table that the ratings use."""
    return ratings.user_rows if name.startswith("user_") else ratings.item_rows


def gradients(weights: Doubles, ratings: Ratings, penalty: float, masks: Masks = ()) -> Doubles:
    """Of the objective: those of the network as an expression."""
    network = network_of(weights, dropped=len(masks))
    dropouts = [part for part in network.parts() if part.kind == "dropout"]
    given = dict(zip(dropouts, masks, strict=True))
    values = rows_of(network, weights, ratings.user_rows, ratings.item_rows)
    evaluate(network.parts(), weights, values, given)
    slope = values[network] - ratings.stars
    found = doubles(gradient(network.parts(), weights, values, slope, given))
    for name in filter(is_table, weights):
        rows = rows_of_table(name, ratings)
        table = np.zeros_like(weights[name])
        np.add.at(table, rows, found[name] + penalty * weights[name][rows])
        found[name] = table
    return found


def network_of(weights: Given, dropped: int = 0) -> Expression:
    """The network of which these may be the weights; with dropout if layers are dropped."""
    widths = [len(weights[f"hidden_{n}_bias"]) for n in range(depth(weights))]
    dimension, rate = weights["user_embedding"].shape[1], 0.5 if dropped else 0.0
    if "user_factors" not in weights:
        return deep_network(dimension, widths, dropout_rate=rate)
    factors = weights["user_factors"].shape[1]
    return ensemble(dimension, widths, factors=factors, dropout_rate=rate)


def expression_of(network: Callable[..., Expression], config: NetworkSettings) -> Expression:
    """A known network in the shape of some settings."""
    return network(config.dimension, config.layers[:-1], dropout_rate=config.dropout_rate)


class PlainOptimizer:
    """A rule, lazy on tables: in a batch, only rows that occur in it are touched."""

    def __init__(self, weights: Given, rule: str, rate: float, penalty: float) -> None:
        self.weights, self.t = doubles(weights), 0
        self.rule, self.rate, self.penalty = rule, rate, penalty
        self.m = {name: np.zeros_like(array) for name, array in self.weights.items()}
        self.v = deepcopy(self.m)

    def visit(self, batch: Ratings) -> float:
        """One step; the objective of the batch before it."""
        before = objective(self.weights, batch, self.penalty)
        self.t += 1
        for name, found in gradients(self.weights, batch, self.penalty).items():
            rows: Any = np.unique(rows_of_table(name, batch)) if is_table(name) else slice(None)
            self._move(name, rows, found[rows])
        return before

    def _move(self, name: str, rows: Any, g: Matrix) -> None:
        m, v, step = self.m[name], self.v[name], g
        if self.rule == "Adam":  # Kingma & Ba 2015, the efficient order at the end of section 2
            m[rows] = 0.9 * m[rows] + 0.1 * g
            v[rows] = 0.999 * v[rows] + 0.001 * g**2
            correction = np.sqrt(1 - 0.999**self.t) / (1 - 0.9**self.t)
            step = correction * m[rows] / (np.sqrt(v[rows]) + 1e-7)
        elif self.rule == "RMSProp":  # Tieleman & Hinton 2012
            v[rows] = 0.9 * v[rows] + 0.1 * g**2
            step = g / np.sqrt(v[rows] + 1e-7)
        self.weights[name][rows] -= self.rate * step


def largest_difference(ours: Given, theirs: Given) -> float:
    """Between two sets of weights of the same names."""
    assert ours.keys() == theirs.keys()
    return max(float(np.abs(ours[name] - theirs[name]).max()) for name in ours)


def batchings(rows: list[int], size: int) -> Iterator[list[list[int]]]:
    """Every way to visit rows in batches of a size (the last may be smaller), in every order."""
    if len(rows) <= size:
        yield [rows]
        return
    for batch in combinations(rows, size):
        rest = [row for row in rows if row not in batch]
        for others in batchings(rest, size):
            yield [list(batch), *others]
