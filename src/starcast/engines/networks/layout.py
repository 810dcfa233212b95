"""What a network is made of: the columns of its tables and its dense layers, in whole vectors."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from starcast.engines.optimizers import LANES
from starcast.engines.protocol import Weights

Dense = NDArray[np.float32]


@final
@dataclass(frozen=True, slots=True)
class Layout:
    """A network r̂ = Dense₁([p_u ⊙ q_i ; b_u ; b_i ; h]) with h the last of its hidden layers.

    h_0 = [s_u ; t_i] and h_(l+1) = ReLU(h_l · K_l + c_l). Without a factor branch (p, q, b) the
    network is a plain multilayer perceptron. Compiled loops work on whole vectors of `LANES`
    floats: s, p and b each begin a vector, and what they leave of the last one stays zero.

    Attributes:
        embedding: width of s and t.
        hidden: widths of the ReLU layers, at least one.
        factors: width of p and q; 0 leaves the factor branch out, biases and all.
    """

    embedding: int
    hidden: tuple[int, ...]
    factors: int = 0

    @property
    def vectors(self) -> tuple[int, int, int]:
        """Vectors that s, p and b take in a table row."""
        return _vectors(self.embedding), _vectors(self.factors), int(self.factors > 0)

    @property
    def columns(self) -> Mapping[str, slice]:
        """Where the floats of a table row hold what."""
        deep, factors, _ = (n * LANES for n in self.vectors)
        found = {"embedding": slice(0, self.embedding)}
        if self.factors:
            found["factors"] = slice(deep, deep + self.factors)
            found["bias"] = slice(deep + factors, deep + factors + 1)
        return found

    @property
    def stack(self) -> tuple[int, ...]:
        """Widths of h_0, in whole vectors, h_1, … up to the last hidden layer."""
        return (2 * LANES * _vectors(self.embedding), *self.hidden)

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Shapes of the dense weights by name, in the order they lie in memory."""
        below = 2 * self.embedding
        found: dict[str, tuple[int, ...]] = {}
        for n, above in enumerate(self.hidden):
            found |= {f"hidden_{n}_kernel": (below, above), f"hidden_{n}_bias": (above,)}
            below = above
        n_inputs = self.factors + 2 * self.vectors[2] + below
        return {**found, "output_kernel": (n_inputs, 1), "output_bias": (1,)}

    def initial(self, mean: float, rng: np.random.Generator) -> Dense:
        """Glorot-uniform kernels, zero biases, and an output that starts at the mean.

        Source: Glorot, Bengio 2010, eq. 16.
        """
        drawn = {}
        for name, shape in self.shapes.items():
            reach = np.sqrt(6 / sum(shape)) if len(shape) == 2 else 0.0
            drawn[name] = rng.uniform(-reach, reach, shape).astype(np.float32)
        drawn["output_bias"][:] = mean
        return self.joined(drawn)

    def joined(self, weights: Weights) -> Dense:
        """All dense weights end to end, in whole vectors; float32 (n_dense,)."""
        parts = [weights[name] for name in self.shapes]
        parts[0] = np.concatenate([_filled_up(half) for half in np.split(parts[0], 2)])
        return _filled_up(np.concatenate([part.ravel() for part in parts]))

    def named(self, dense: Dense) -> dict[str, Dense]:
        """Copies of the dense weights by name."""
        found, at = {}, 0
        for name, shape in self.shapes.items():
            n_rows = self.stack[0] if name == "hidden_0_kernel" else shape[0]
            part = dense[at : at + n_rows * int(np.prod(shape[1:]))].reshape(n_rows, *shape[1:])
            at += part.size
            found[name] = part.copy()
        halves = np.split(found["hidden_0_kernel"], 2)
        found["hidden_0_kernel"] = np.concatenate([half[: self.embedding] for half in halves])
        return found


def _vectors(n: int) -> int:
    """How many vectors hold n floats."""
    return -(-n // LANES)


def _filled_up(rows: Dense) -> Dense:
    """With zero rows up to whole vectors."""
    filled = np.zeros((_vectors(len(rows)) * LANES, *rows.shape[1:]), np.float32)
    filled[: len(rows)] = rows
    return filled
