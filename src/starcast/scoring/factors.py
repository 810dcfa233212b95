"""The latent factor model as it is deployed."""

from functools import cached_property
from typing import Protocol, final

import numpy as np

from starcast.data.ids import Rows
from starcast.engines.blocks import in_blocks
from starcast.engines.expression.networks import factor_model
from starcast.engines.protocol import Expressed, Scores, Weights
from starcast.scoring.cold_start import is_trained, with_typical_rows
from starcast.scoring.folding import Chosen, FoldedUser, NormalView, Prior, sample_of
from starcast.scoring.log_likelihood import Array
from starcast.scoring.panels import FEW, Flat, Matrix, for_kernels, panels, wide
from starcast.scoring.schema import Schema, network_schema
from starcast.scoring.similarity import cosines

_PAIRS = 1 << 18  # per block: more than a thread costs to start


@final
class FactorScorer:
    """μ + b_u + b_i + p_u · q_i.

    Args:
        weights: mean (), user_factors (n_users, d), user_bias (n_users,), and the items' likewise.

    Source: Koren, Bell, Volinsky 2009, eq. 4.
    """

    def __init__(self, weights: Weights) -> None:
        self._weights, self._is_trained = weights, is_trained(weights["user_factors"])
        weights = with_typical_rows(weights, "factors")
        self._user = wide(weights["user_factors"], weights["user_bias"] + weights["mean"])
        self._item = wide(weights["item_factors"], weights["item_bias"])

    @np.errstate(invalid="ignore")  # a run that exploded ends with a word of its own
    def score_pairs(self, user_rows: Rows, item_rows: Rows) -> Scores:
        """Raw scores of n pairs; float32 (n,), stars."""
        if len(user_rows) <= FEW:
            user, item = self._user[user_rows], self._item[item_rows]
            products = np.einsum("nd,nd->n", user[:, :-1], item[:, :-1])
            return np.asarray(products + user[:, -1] + item[:, -1])
        from starcast.scoring.kernels import score_factor_pairs

        users, items = for_kernels(user_rows), for_kernels(item_rows)
        scores = np.empty(len(users), np.float32)

        def score(part: slice) -> None:
            score_factor_pairs(self._user, self._item, users[part], items[part], scores[part])

        in_blocks(score, len(scores), _PAIRS)
        return scores

    def score_all(self, user_rows: Rows) -> Scores:
        """Raw scores of every item; float32 (n, n_items), stars."""
        from starcast.scoring.kernels import score_factor_catalogue

        scores = np.empty((len(user_rows), len(self._item)), np.float32)
        score_factor_catalogue(self._user, self._panels, for_kernels(user_rows), scores)
        return scores

    def score_user(self, user_row: int) -> Scores:
        """Raw scores of every item for one user; float32 (n_items,), stars."""
        return self.score_vector(self._user[user_row])

    def fold_in(self, item_rows: Rows, stars: Scores, residual_rmse: float) -> FoldedUser:
        """A person from ratings (n,) of items (n,): ridge regression."""
        return FoldedUser(NormalView(self, residual_rmse), item_rows, stars)

    def likeness(self, item_row: int) -> Scores:
        """Cosines of the items' factors; float32 (n_items,)."""
        return cosines(self.item_factors, item_row)

    def expressed(self) -> Expressed:
        """μ + b_u + b_i + p_u · q_i, with the weights."""
        dimension = self._weights["user_factors"].shape[1]
        return Expressed(factor_model(dimension), with_typical_rows(self._weights, "factors"))

    @property
    def item_factors(self) -> Matrix:
        """What is learned of the items' nature, (n_items, width)."""
        return self._item[:, :-1]

    @property
    def width(self) -> int:
        """D, what is held of a user: factors, then bias and mean as one."""
        return int(self._user.shape[1])

    def user_vectors(self, users: Chosen) -> Matrix:
        """What is held of users, (n, D)."""
        return self._user[users]

    def trained_users(self) -> Chosen:
        """A sample of the users with training ratings."""
        return sample_of(self._is_trained)

    def linearize(self, vector: Array, item_rows: Rows) -> tuple[Array, Array]:
        """Scores (n,) of items for a user's vector (D,), and how they move with it, (n, D)."""
        slopes = self._item[item_rows].astype(np.float64)
        item_bias = slopes[:, -1].copy()
        slopes[:, -1] = 1
        return slopes @ vector + item_bias, slopes

    def score_vector(self, vector: Array, item_rows: Rows | None = None) -> Scores:
        """Raw scores of some items, or every one, for a user's vector (D,); float32 (n,), stars."""
        if item_rows is not None:
            return np.asarray(self.linearize(vector, item_rows)[0], np.float32)
        user = vector.astype(np.float32)
        user_bias, user[-1] = user[-1], 1  # so that item biases join the product
        return np.asarray(user @ self._columns + user_bias)

    @cached_property
    def prior(self) -> Prior:
        """How what is held of users is spread."""
        return Prior.of(self.user_vectors(self.trained_users())[np.newaxis])

    @cached_property
    def _columns(self) -> Matrix:
        """An item a column: summed like this, equal items get equal scores to the bit."""
        return np.ascontiguousarray(self._item.T)

    @cached_property
    def _panels(self) -> Flat:
        return panels(self._item)


class Sized(Protocol):
    """Settings of a factor model."""

    @property
    def dimension(self) -> int:
        """Number of factors."""
        ...


def factor_schema(settings: Sized, n_users: int, n_items: int) -> Schema:
    """What the weights of a `FactorScorer` must be."""
    return network_schema(factor_model(settings.dimension), n_users, n_items)


def autoencoder_schema(settings: Sized, n_users: int, n_items: int) -> Schema:
    """The same, and what made its item factors."""
    schema, width = factor_schema(settings, n_users, n_items), settings.dimension
    coding = {"input_kernel": (n_users, width), "input_bias": (width,)}
    return schema._replace(shapes={**schema.shapes, **coding})
