"""The embedding tables of the latent factor model, laid out for compiled loops."""

from dataclasses import dataclass
from typing import NamedTuple, Self, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.columns import counts_of
from starcast.data.ratings import Ratings
from starcast.engines.protocol import EpochLoss, Weights, check_shapes
from starcast.engines.simd import VectorTable, zeros

INITIAL_DEVIATION = 0.002  # small: factors grow out of the data one by one, strongest first


class Factors(NamedTuple):
    """What the model holds of all users, or of all items, as compiled loops take it.

    Attributes:
        rows: a table (n,) as `simd.zeros` makes it.
        bias: float32 (n,), or (n, planes) where there are several planes.
    """

    rows: VectorTable
    bias: NDArray[np.float32]


@final
@dataclass(frozen=True, eq=False, slots=True)
class Side:
    """What the model holds of all users, or of all items.

    Attributes:
        rows: a table (n,) as `simd.zeros` makes it: d factors, then zeros up to its width. Where
            there are several planes, the first holds the factors and the others are the solver's.
        biases: float32 (n, planes), likewise.
        counts: int64 (n,), training ratings of each row.
        dimension: number of factors d.
    """

    rows: VectorTable
    biases: NDArray[np.float32]
    counts: NDArray[np.int64]
    dimension: int

    @classmethod
    def initial(
        cls, counts: NDArray[np.int64], dimension: int, rng: np.random.Generator, planes: int
    ) -> Self:
        """Normal factors and zero biases; rows without a training rating stay zero."""
        n = len(counts)
        side = cls(
            zeros(n, dimension, planes), np.zeros((n, planes), np.float32), counts, dimension
        )
        drawn = rng.standard_normal((n, dimension), np.float32)
        drawn *= np.where(counts > 0, np.float32(INITIAL_DEVIATION), np.float32(0))[:, np.newaxis]
        side.factors[:] = drawn
        return side

    @property
    def factors(self) -> NDArray[np.float32]:
        """The factors themselves, a view, float32 (n, d)."""
        n, planes = self.biases.shape
        parts = self.rows["parts"]
        width = parts.shape[1] * parts.shape[2] // planes
        of_planes: NDArray[np.float32] = parts.reshape(n, planes, width)
        return of_planes[:, 0, : self.dimension]

    @property
    def bias(self) -> NDArray[np.float32]:
        """The biases themselves, a view, float32 (n,)."""
        return self.biases[:, 0]

    @property
    def arrays(self) -> Factors:
        """The rows, and of the biases the first plane: views."""
        return Factors(self.rows, self.bias)

    @property
    def planes(self) -> Factors:
        """The rows, and all planes of the biases: views."""
        return Factors(self.rows, self.biases)

    def penalty(self) -> float:
        """Squared norms, each row's counted once per training rating."""
        squares = np.einsum("nd,nd->n", self.factors, self.factors) + self.bias**2
        return float(self.counts @ squares.astype(np.float64))


@final
@dataclass(frozen=True, eq=False, slots=True)
class FactorTables:
    """The weights of a latent factor model.

    Attributes:
        user, item: the two sides.
        mean: μ, mean of the training ratings.
    """

    user: Side
    item: Side
    mean: float

    @classmethod
    def initial(cls, train: Ratings, dimension: int, seed: int, planes: int = 1) -> Self:
        """First weights for training rows; see `Side.initial`."""
        rng = np.random.default_rng(seed)
        of_users = counts_of(train.user_rows, train.n_users)
        of_items = counts_of(train.item_rows, train.n_items)
        return cls(
            Side.initial(of_users, dimension, rng, planes),
            Side.initial(of_items, dimension, rng, planes),
            float(train.stars.mean(dtype=np.float64)),
        )

    @property
    def arrays(self) -> dict[str, NDArray[np.float32]]:
        """All that changes in training, by name: views of whole rows, the solver's planes too."""
        return {
            "user_rows": self.user.rows["parts"],
            "user_biases": self.user.biases,
            "item_rows": self.item.rows["parts"],
            "item_biases": self.item.biases,
        }

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """Copies by name: mean (), user_factors (n_users, d), user_bias (n_users,), and items."""
        return {
            "mean": np.array(self.mean, np.float32),
            "user_factors": self.user.factors.copy(),
            "item_factors": self.item.factors.copy(),
            "user_bias": self.user.bias.copy(),
            "item_bias": self.item.bias.copy(),
        }

    def load(self, weights: Weights) -> None:
        """Take weights back in place and clear the solver's planes; the mean stays as it was."""
        wanted = {name: array.shape for name, array in self.weights().items()}
        if difference := check_shapes(weights, wanted):
            raise ValueError(difference)
        for name, side in (("user", self.user), ("item", self.item)):
            side.rows["parts"][:], side.biases[:] = 0, 0
            side.factors[:], side.bias[:] = weights[f"{name}_factors"], weights[f"{name}_bias"]

    def epoch_loss(self, squared_error: float, regularization: float) -> EpochLoss:
        """The objective per rating: each rating pays for the squared norms of its two rows.

        Source: Koren, Bell, Volinsky 2009, eq. 5, with every sum halved.
        """
        n = int(self.user.counts.sum())
        penalty = self.user.penalty() + self.item.penalty()
        loss = 0.5 * (squared_error + regularization * penalty) / n
        return EpochLoss(loss, float(np.sqrt(squared_error / n)))
