"""The deep network and the ensembles as they are deployed."""

from functools import cached_property
from typing import final

import numpy as np

from starcast.data.ids import Rows
from starcast.engines.expression.networks import deep_network, ensemble
from starcast.engines.protocol import Expressed, Scores, Weights
from starcast.scoring.cold_start import with_typical_rows
from starcast.scoring.dense_layers import HiddenLayers
from starcast.scoring.factors import FactorScorer
from starcast.scoring.folding import FoldedUser, NormalView, Prior
from starcast.scoring.log_likelihood import Array
from starcast.scoring.similarity import cosines


@final
class DeepScorer:
    """MLP([p_u ; q_i]).

    Args:
        weights: user_embedding, item_embedding, hidden_*_kernel/bias, output_kernel/bias.
    """

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._hidden = HiddenLayers(weights, weights["output_kernel"][:, 0])
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

    def fold_in(self, item_rows: Rows, stars: Scores, residual_rmse: float) -> FoldedUser:
        """A person from ratings (n,) of items (n,)."""
        return FoldedUser(NormalView(self, residual_rmse), item_rows, stars)

    def likeness(self, item_row: int) -> Scores:
        """Cosines of the items' embeddings; float32 (n_items,)."""
        return cosines(self._hidden.item_embedding, item_row)

    def expressed(self) -> Expressed:
        """The deep network, with its weights."""
        weights = self._weights
        network = deep_network(weights["user_embedding"].shape[1], _hidden_widths(weights))
        return Expressed(network, with_typical_rows(weights, "embedding"))

    def linearize(self, vector: Array, item_rows: Rows) -> tuple[Array, Array]:
        """Nearly the scores (n,) of items for a user's vector (D,), and how they move, (n, D)."""
        scores, slopes = self._hidden.linearize(vector, item_rows)
        return scores + self._bias, slopes

    def score_vector(self, vector: Array, item_rows: Rows | None = None) -> Scores:
        """Raw scores of some items, or every one, for a user's vector (D,); float32 (n,), stars."""
        return np.asarray(self._hidden.of_vector(vector, item_rows) + self._bias)

    @cached_property
    def prior(self) -> Prior:
        """How the users' embeddings are spread."""
        return Prior.of(self._hidden.user_vectors(self._hidden.trained_users())[np.newaxis])


@final
class EnsembleScorer:
    """Dense₁([p_u ⊙ q_i ; b_u ; b_i ; MLP'([s_u ; t_i])]).

    Args:
        weights: the factor tables, the deep tables and hidden layers, and output_kernel/bias.
    """

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
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
        self._hidden = HiddenLayers(weights, kernel[d + 2 :])

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

    def fold_in(self, item_rows: Rows, stars: Scores, residual_rmse: float) -> FoldedUser:
        """A person from ratings (n,) of items (n,)."""
        return FoldedUser(NormalView(self, residual_rmse), item_rows, stars)

    def likeness(self, item_row: int) -> Scores:
        """Mean of both branches' cosines; float32 (n_items,)."""
        both = self._factors.likeness(item_row), cosines(self._hidden.item_embedding, item_row)
        return np.asarray(np.mean(both, axis=0))

    def expressed(self) -> Expressed:
        """The ensemble, with its weights; each branch has typical rows of its own."""
        weights = self._weights
        network = ensemble(
            weights["user_embedding"].shape[1],
            _hidden_widths(weights),
            factors=weights["user_factors"].shape[1],
        )
        tables = with_typical_rows(weights, "factors")
        deep = {name: weights[name] for name in weights if name.endswith("_embedding")}
        return Expressed(network, {**tables, **with_typical_rows(deep, "embedding")})

    def linearize(self, vector: Array, item_rows: Rows) -> tuple[Array, Array]:
        """Nearly the scores (n,) of items for a user's vector (D,), and how they move, (n, D)."""
        factor, deep = np.split(vector, [self._factors.width])
        one, slopes = self._factors.linearize(factor, item_rows)
        other, more_slopes = self._hidden.linearize(deep, item_rows)
        return one + other, np.concatenate([slopes, more_slopes], axis=1)

    def score_vector(self, vector: Array, item_rows: Rows | None = None) -> Scores:
        """Raw scores of some items, or every one, for a user's vector (D,); float32 (n,), stars."""
        factor, deep = np.split(vector, [self._factors.width])
        scores = self._factors.score_vector(factor, item_rows)
        return np.asarray(scores + self._hidden.of_vector(deep, item_rows))

    @cached_property
    def prior(self) -> Prior:
        """How what both branches hold of the users is spread."""
        users = self._hidden.trained_users()
        both = self._factors.user_vectors(users), self._hidden.user_vectors(users)
        return Prior.of(np.concatenate(both, axis=1)[np.newaxis])


def _hidden_widths(weights: Weights) -> list[int]:
    """Widths of the hidden layers, from the first."""
    depth = sum(name.startswith("hidden_") for name in weights) // 2
    return [len(weights[f"hidden_{n}_bias"]) for n in range(depth)]
