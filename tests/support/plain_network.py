"""The deep network and the ensemble in plain float64 NumPy, backpropagated by hand."""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from starcast.data.ids import Vocabulary
from starcast.data.ratings import Ratings
from starcast.data.scale import RatingScale

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


def forward(
    weights: Doubles, ratings: Ratings, masks: Masks = ()
) -> tuple[Matrix, list[Matrix], Matrix]:
    """Predictions (n,), the values below each hidden layer and above the last, the head's input."""
    u, i = ratings.user_rows, ratings.item_rows
    values = [np.hstack([weights["user_embedding"][u], weights["item_embedding"][i]])]
    for n in range(depth(weights)):
        above = values[-1] @ weights[f"hidden_{n}_kernel"] + weights[f"hidden_{n}_bias"]
        values.append(np.maximum(above, 0) * (masks[n] if n < len(masks) else 1))
    head = values[-1]
    if "user_factors" in weights:
        product = weights["user_factors"][u] * weights["item_factors"][i]
        biases = np.column_stack([weights["user_bias"][u], weights["item_bias"][i]])
        head = np.hstack([product, biases, head])
    return (head @ weights["output_kernel"] + weights["output_bias"])[:, 0], values, head


def depth(weights: Given) -> int:
    """Hidden layers of a network."""
    return sum(name.startswith("hidden_") for name in weights) // 2


def objective(weights: Doubles, ratings: Ratings, penalty: float, masks: Masks = ()) -> float:
    """½ Σ error² + ½ λ Σ squared norms of the rating's two table rows."""
    error = ratings.stars - forward(weights, ratings, masks)[0]
    norms = sum(
        np.sum(weights[name][rows_of(name, ratings)] ** 2) for name in weights if is_table(name)
    )
    return float(0.5 * np.sum(error**2) + 0.5 * penalty * norms)


def is_table(name: str) -> bool:
    """Whether weights are one row per user or item, rather than a dense layer."""
    return name.startswith(("user_", "item_"))


def rows_of(name: str, ratings: Ratings) -> NDArray[np.int32]:
    """The rows of a table that the ratings use."""
    return ratings.user_rows if name.startswith("user_") else ratings.item_rows


def gradients(weights: Doubles, ratings: Ratings, penalty: float, masks: Masks = ()) -> Doubles:
    """Of the objective: backpropagation, layer by layer."""
    predictions, values, head = forward(weights, ratings, masks)
    error = (predictions - ratings.stars)[:, None]
    found = {"output_kernel": head.T @ error, "output_bias": error.sum(axis=0)}
    of_head = error @ weights["output_kernel"].T
    of_columns: Doubles = {}
    if "user_factors" in weights:
        d = weights["user_factors"].shape[1]
        user, item = (weights[f"{s}_factors"][rows_of(f"{s}_", ratings)] for s in ("user", "item"))
        of_columns["user_factors"] = of_head[:, :d] * item
        of_columns["item_factors"] = of_head[:, :d] * user
        of_columns["user_bias"], of_columns["item_bias"] = of_head[:, d], of_head[:, d + 1]
        of_head = of_head[:, d + 2 :]
    for n in reversed(range(depth(weights))):
        of_head = of_head * (values[n + 1] > 0) * (masks[n] if n < len(masks) else 1)
        found[f"hidden_{n}_kernel"] = values[n].T @ of_head
        found[f"hidden_{n}_bias"] = of_head.sum(axis=0)
        of_head = of_head @ weights[f"hidden_{n}_kernel"].T
    of_columns["user_embedding"], of_columns["item_embedding"] = np.hsplit(of_head, 2)
    for name, of_column in of_columns.items():
        rows = rows_of(name, ratings)
        found[name] = np.zeros_like(weights[name])
        np.add.at(found[name], rows, of_column + penalty * weights[name][rows])
    return found


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
        for name, gradient in gradients(self.weights, batch, self.penalty).items():
            rows: Any = np.unique(rows_of(name, batch)) if is_table(name) else slice(None)
            self._move(name, rows, gradient[rows])
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
