"""The dense layers of a deployed network."""

from functools import cached_property
from typing import final

import numpy as np

from starcast.data.ids import Rows
from starcast.engines.blocks import in_blocks
from starcast.engines.protocol import Scores, Weights
from starcast.scoring.cold_start import is_trained, with_typical_rows
from starcast.scoring.folding import Chosen, sample_of
from starcast.scoring.log_likelihood import Array
from starcast.scoring.panels import FEW, Flat, Matrix, dense, for_kernels, padded, panels, wide

_PAIRS = 16384  # per block: more than a thread costs to start
_ITEMS = 384  # at once: BLAS is fastest with them, and starts no threads in usual networks
_KINK = 0.4  # of the spread of values, half the width of a rounded one
_TYPICAL = 1000  # items that tell the spread


@final
class HiddenLayers:
    """The ReLU layers; the first is split, so that each user's and item's part is made once.

    Args:
        weights: user_embedding, item_embedding, hidden_*_kernel/bias.
        output: (width of the last hidden layer,), what the output layer takes of it.
    """

    def __init__(self, weights: Weights, output: Flat) -> None:
        self._is_trained = is_trained(weights["user_embedding"])
        weights = with_typical_rows(weights, "embedding")
        user, item = weights["user_embedding"], weights["item_embedding"]
        first = weights["hidden_0_kernel"]
        self._embedding, self.item_embedding = user, item
        self._kernel = first[: user.shape[1]]
        self._first_bias = weights["hidden_0_bias"]
        self._user = wide(user @ self._kernel + self._first_bias)
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
        return self._of_all(self._user[user_row])

    def of_vector(self, embedding: Array, item_rows: Rows | None = None) -> Scores:
        """The same for a user's embedding (d,) and some items, or all."""
        user = wide(self._first(embedding)[np.newaxis])[0]
        return (
            self._of_all(user) if item_rows is None else self._climb(user + self._item[item_rows])
        )

    def linearize(self, embedding: Array, item_rows: Rows) -> tuple[Array, Array]:
        """The same for some items (n,) with rounded kinks, and how it moves with the embedding.

        Nobody finds the top of a hill that is all edges: of the users folded into a network of
        ReLUs, each search would end somewhere else on a ridge.

        Returns: (n,); (n, d).
        """
        values = self._item[item_rows, : self._first_width] + self._first(embedding)
        values, gate = _rounded(values, self._kinks[0])
        gates = [gate]
        for (kernel, bias), kink in zip(self._above, self._kinks[1:], strict=True):
            values, gate = _rounded(values @ kernel + bias, kink)
            gates.append(gate)
        slopes = self._output * gates.pop()
        for kernel, _ in self._above[::-1]:
            slopes = (slopes @ kernel.T) * gates.pop()
        return values @ self._output, slopes @ self._kernel.T

    @cached_property
    def _kinks(self) -> Flat:
        """How wide a kink of each layer is rounded: by how values differ among items, (depth,)."""
        typical = self._embedding[self.trained_users()].mean(axis=0)
        values = self._item[:: self.n_items // _TYPICAL + 1, : self._first_width]
        values, spreads = values + self._first(typical), []
        for kernel, bias in self._above:
            spreads.append(values.std())
            values = np.maximum(values, 0) @ kernel + bias
        return np.float32(_KINK) * np.array([*spreads, values.std()], np.float32)

    def _first(self, embedding: Array) -> Flat:
        """What the first layer takes of a user's embedding (d,)."""
        return embedding.astype(np.float32) @ self._kernel + self._first_bias

    def user_vectors(self, users: Chosen) -> Matrix:
        """The embeddings of users (n, d)."""
        return self._embedding[users]

    def trained_users(self) -> Chosen:
        """A sample of the users with training ratings."""
        return sample_of(self._is_trained)

    def _of_all(self, user: Flat) -> Scores:
        """Output · the last hidden layer for every item, from a user's part of the first layer.

        max(x + b, 0) = max(x, -b) + b, and the + b goes through the layers above once for all the
        items: what is left of a layer is a product and a maximum.
        """
        scores = np.empty(self.n_items, np.float32)
        rest, floors = user[: self._first_width], []
        for kernel, bias in [*self._above, (self._output[:, np.newaxis], np.float32(0))]:
            floors.append(np.full((_ITEMS, len(rest)), -rest))  # whole rows: no loop inside a loop
            rest = rest @ kernel + bias
        layers = [np.empty_like(floor) for floor in floors]
        for start in range(0, self.n_items, _ITEMS):
            values = self._item[start : start + _ITEMS, : self._first_width]
            n = len(values)
            values = np.maximum(values, floors[0][:n], out=layers[0][:n])
            for (kernel, _), floor, layer in zip(self._above, floors[1:], layers[1:], strict=True):
                values = np.matmul(values, kernel, out=layer[:n])
                np.maximum(values, floor[:n], out=values)
            np.matmul(values, self._output, out=scores[start : start + n])
        return np.asarray(scores + rest)

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


def _rounded(values: Matrix, kink: np.float32) -> tuple[Matrix, Matrix]:
    """The ReLU with a parabola in the place of its kink, of half that width, and its slope."""
    slopes = np.minimum(np.maximum(values / (2 * kink) + np.float32(0.5), 0), 1)
    return slopes * slopes * kink + np.maximum(values - kink, 0), slopes
