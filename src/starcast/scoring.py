"""The deployed form of every model: plain NumPy on named weights, no tensor framework."""

from typing import final

import numpy as np
from numpy.typing import NDArray

from starcast.engine import Scores, Weights
from starcast.ids import Rows

_PAIRS = 8192  # pairs per chunk: the widest layer of a chunk stays in the second-level cache

Matrix = NDArray[np.float32]


@final
class FactorScorer:
    """μ + b_u + b_i + p_u · q_i.

    Args:
        weights: mean (), user_factors (n_users, d), user_bias (n_users,), and the items' likewise.

    Source: Koren, Bell, Volinsky 2009, eq. 4.
    """

    def __init__(self, weights: Weights) -> None:
        # [p, b_u + μ, 1] · [q, 1, b_i] turns a catalogue into one matrix product.
        self._user = _beside(weights["user_factors"], weights["user_bias"] + weights["mean"], 1)
        self._item = _beside(weights["item_factors"], 1, weights["item_bias"])

    def score_pairs(self, user_rows: Rows, item_rows: Rows) -> Scores:
        """Raw scores of n pairs; float32 (n,), stars."""
        scores = np.empty(len(user_rows), np.float32)
        for part in _chunks(len(scores)):
            user, item = self._user[user_rows[part]], self._item[item_rows[part]]
            np.einsum("nd,nd->n", user, item, out=scores[part])
        return scores

    def score_all(self, user_rows: Rows) -> Scores:
        """Raw scores of every item; float32 (n, n_items), stars."""
        return self._user[user_rows] @ self._item.T


@final
class DeepScorer:
    """MLP([p_u ; q_i]).

    Args:
        weights: user_embedding, item_embedding, hidden_*_kernel/bias, output_kernel/bias.
    """

    def __init__(self, weights: Weights) -> None:
        self._hidden = _HiddenLayers(weights)
        self._kernel, self._bias = weights["output_kernel"][:, 0], weights["output_bias"]

    def score_pairs(self, user_rows: Rows, item_rows: Rows) -> Scores:
        """Raw scores of n pairs; float32 (n,), stars."""
        scores = np.empty(len(user_rows), np.float32)
        for part in _chunks(len(scores)):
            hidden = self._hidden.of_pairs(user_rows[part], item_rows[part])
            scores[part] = hidden @ self._kernel + self._bias
        return scores

    def score_all(self, user_rows: Rows) -> Scores:
        """Raw scores of every item; float32 (n, n_items), stars."""
        scores = np.empty((len(user_rows), self._hidden.n_items), np.float32)
        for n, row in enumerate(user_rows):
            scores[n] = self._hidden.of_catalogue(row) @ self._kernel + self._bias
        return scores


@final
class EnsembleScorer:
    """Dense₁([p_u ⊙ q_i ; b_u ; b_i ; MLP'([s_u ; t_i])]).

    Args:
        weights: the factor tables, the deep tables and hidden layers, and output_kernel/bias.
    """

    def __init__(self, weights: Weights) -> None:
        kernel = weights["output_kernel"][:, 0]
        d = weights["user_factors"].shape[1]
        # The output layer over the factor branch is a weighted dot product with weighted biases.
        self._factors = FactorScorer(
            {
                "mean": weights["output_bias"][0],
                "user_factors": weights["user_factors"] * kernel[:d],
                "item_factors": weights["item_factors"],
                "user_bias": weights["user_bias"] * kernel[d],
                "item_bias": weights["item_bias"] * kernel[d + 1],
            }
        )
        self._hidden, self._kernel = _HiddenLayers(weights), kernel[d + 2 :]

    def score_pairs(self, user_rows: Rows, item_rows: Rows) -> Scores:
        """Raw scores of n pairs; float32 (n,), stars."""
        scores = self._factors.score_pairs(user_rows, item_rows)
        for part in _chunks(len(scores)):
            scores[part] += self._hidden.of_pairs(user_rows[part], item_rows[part]) @ self._kernel
        return scores

    def score_all(self, user_rows: Rows) -> Scores:
        """Raw scores of every item; float32 (n, n_items), stars."""
        scores = self._factors.score_all(user_rows)
        for n, row in enumerate(user_rows):
            scores[n] += self._hidden.of_catalogue(row) @ self._kernel
        return scores


@final
class _HiddenLayers:
    """The ReLU layers; the first is split, so that each user's and item's part is made once."""

    def __init__(self, weights: Weights) -> None:
        user, item = weights["user_embedding"], weights["item_embedding"]
        first = weights["hidden_0_kernel"]
        self._user_part = user @ first[: user.shape[1]] + weights["hidden_0_bias"]
        self._item_part = item @ first[user.shape[1] :]
        depth = sum(name.startswith("hidden_") for name in weights) // 2
        self._rest = [
            (weights[f"hidden_{n}_kernel"], weights[f"hidden_{n}_bias"]) for n in range(1, depth)
        ]
        self.n_items = len(item)

    def of_pairs(self, user_rows: Rows, item_rows: Rows) -> Matrix:
        """(n, width of the last hidden layer)."""
        return self._above(self._user_part[user_rows] + self._item_part[item_rows])

    def of_catalogue(self, user_row: int) -> Matrix:
        """(n_items, width of the last hidden layer)."""
        return self._above(self._item_part + self._user_part[user_row])

    def _above(self, values: Matrix) -> Matrix:
        np.maximum(values, 0, out=values)
        for kernel, bias in self._rest:
            values = values @ kernel
            values += bias
            np.maximum(values, 0, out=values)
        return values


def _beside(table: Matrix, *columns: Matrix | int) -> Matrix:
    """A table with further columns, each an (n,) array or a constant."""
    wide = np.empty((len(table), table.shape[1] + len(columns)), np.float32)
    wide[:, : table.shape[1]] = table
    for n, column in enumerate(columns):
        wide[:, table.shape[1] + n] = column
    return wide


def _chunks(n: int) -> list[slice]:
    return [slice(start, min(start + _PAIRS, n)) for start in range(0, n, _PAIRS)]
