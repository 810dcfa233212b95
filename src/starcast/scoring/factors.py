"""The latent factor model as it is deployed."""

from functools import cached_property
from typing import final

import numpy as np

from starcast.engine import Scores, Weights
from starcast.ids import Rows
from starcast.scoring.layout import FEW, Flat, Matrix, for_kernels, panels, wide
from starcast.scoring.threads import in_blocks

_PAIRS = 1 << 18  # per block: more than a thread costs to start


@final
class FactorScorer:
    """μ + b_u + b_i + p_u · q_i.

    Args:
        weights: mean (), user_factors (n_users, d), user_bias (n_users,), and the items' likewise.

    Source: Koren, Bell, Volinsky 2009, eq. 4.
    """

    def __init__(self, weights: Weights) -> None:
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
        user = self._user[user_row].copy()
        user_bias, user[-1] = user[-1], 1  # so that item biases join the product
        return np.asarray(user @ self._columns + user_bias)

    @cached_property
    def _columns(self) -> Matrix:
        """An item a column: summed like this, equal items get equal scores to the bit."""
        return np.ascontiguousarray(self._item.T)

    @cached_property
    def _panels(self) -> Flat:
        return panels(self._item)
