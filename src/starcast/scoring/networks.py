"""The deep network and the ensembles as they are deployed."""

from functools import cached_property
from typing import final

import numpy as np

from starcast.engine import Scores, Weights
from starcast.ids import Rows
from starcast.scoring.factors import FactorScorer
from starcast.scoring.layout import FEW, Flat, Matrix, dense, for_kernels, padded, panels, wide
from starcast.scoring.threads import in_blocks

_PAIRS = 16384  # per block: more than a thread costs to start


@final
class DeepScorer:
    """MLP([p_u ; q_i]).

    Args:
        weights: user_embedding, item_embedding, hidden_*_kernel/bias, output_kernel/bias.
    """

    def __init__(self, weights: Weights) -> None:
        self._hidden = _HiddenLayers(weights, weights["output_kernel"][:, 0])
        self._bias = weights["output_bias"][0]

    def score_pairs(self, user_rows: Rows, item_rows: Rows) -> Scores:
        """Raw scores of n pairs; float32 (n,), stars."""
        scores = np.full(len(user_rows), self._bias, np.float32)
        self._hidden.add_to_pairs(user_rows, item_rows, scores)
        return scores

    def score_all(self, user_rows: Rows) -> Scores:
        """Raw scores of every item; float32 (n, n_items), stars."""
        scores = np.full((len(user_rows), self._hidden.n_items), self._bias, np.float32)
        self._hidden.add_to_catalogue(user_rows, scores)
        return scores

    def score_user(self, user_row: int) -> Scores:
        """Raw scores of every item for one user; float32 (n_items,), stars."""
        return np.asarray(self._hidden.of_user(user_row) + self._bias)


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
        self._hidden = _HiddenLayers(weights, kernel[d + 2 :])

    def score_pairs(self, user_rows: Rows, item_rows: Rows) -> Scores:
        """Raw scores of n pairs; float32 (n,), stars."""
        scores = self._factors.score_pairs(user_rows, item_rows)
        self._hidden.add_to_pairs(user_rows, item_rows, scores)
        return scores

    def score_all(self, user_rows: Rows) -> Scores:
        """Raw scores of every item; float32 (n, n_items), stars."""
        scores = self._factors.score_all(user_rows)
        self._hidden.add_to_catalogue(user_rows, scores)
        return scores

    def score_user(self, user_row: int) -> Scores:
        """Raw scores of every item for one user; float32 (n_items,), stars."""
        return self._factors.score_user(user_row) + self._hidden.of_user(user_row)


@final
class _HiddenLayers:
    """The ReLU layers; the first is split, so that each user's and item's part is made once.

    Args:
        weights: user_embedding, item_embedding, hidden_*_kernel/bias.
        output: (width of the last hidden layer,), what the output layer takes of it.
    """

    def __init__(self, weights: Weights, output: Flat) -> None:
        user, item = weights["user_embedding"], weights["item_embedding"]
        first = weights["hidden_0_kernel"]
        self._user = wide(user @ first[: user.shape[1]] + weights["hidden_0_bias"])
        self._item = wide(item @ first[user.shape[1] :])
        depth = sum(name.startswith("hidden_") for name in weights) // 2
        layers = [
            (weights[f"hidden_{n}_kernel"], weights[f"hidden_{n}_bias"]) for n in range(depth)
        ]
        self._first_width, self._above, self._output = first.shape[1], layers[1:], output
        self._stack = (
            np.array([padded(len(bias)) for _, bias in layers]),
            np.concatenate([*(dense(*layer) for layer in self._above), np.empty(0, np.float32)]),
            wide(output[np.newaxis])[0],
        )
        self.n_items = len(item)

    @np.errstate(over="ignore", invalid="ignore")  # as in `FactorScorer`
    def add_to_pairs(self, user_rows: Rows, item_rows: Rows, scores: Scores) -> None:
        """Add output · the last hidden layer to the scores (n,) of pairs."""
        if len(scores) <= FEW:
            scores += self._climb(self._user[user_rows] + self._item[item_rows])
            return
        from starcast.scoring.kernels import add_network_pairs

        users, items = for_kernels(user_rows), for_kernels(item_rows)

        def add(part: slice) -> None:
            add_network_pairs(
                self._user, self._item, *self._stack, users[part], items[part], scores[part]
            )

        in_blocks(add, len(scores), _PAIRS)

    def add_to_catalogue(self, user_rows: Rows, scores: Scores) -> None:
        """Add output · the last hidden layer to the scores (n, n_items) of every item."""
        from starcast.scoring.kernels import add_network_catalogue

        users = for_kernels(user_rows)
        add_network_catalogue(self._user, self._panels, *self._stack, users, scores)

    def of_user(self, user_row: int) -> Scores:
        """Output · the last hidden layer for every item, (n_items,)."""
        user, scores = self._user[user_row], np.empty(self.n_items, np.float32)
        for start in range(0, self.n_items, FEW):
            items = slice(start, start + FEW)
            scores[items] = self._climb(user + self._item[items])
        return scores

    def _climb(self, first: Matrix) -> Scores:
        """Output · the last hidden layer in plain NumPy, from the first before its ReLU.

        For few rows: threads of BLAS wait for each other, where cores are busy for milliseconds.
        """
        values = np.maximum(first[:, : self._first_width], 0)
        for kernel, bias in self._above:
            values = values @ kernel
            values += bias
            np.maximum(values, 0, out=values)
        return values @ self._output

    @cached_property
    def _panels(self) -> Flat:
        return panels(self._item)
