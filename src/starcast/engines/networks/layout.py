"""Where the weights of a network lie that compiled loops know, in whole vectors."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Self, final

import numpy as np
from numpy.typing import NDArray

from starcast.engines.expression import Expression
from starcast.engines.expression.networks import deep_network, ensemble
from starcast.engines.expression.plain import as_plain
from starcast.engines.expression.weights import weights_of
from starcast.engines.protocol import Weights
from starcast.engines.simd import VECTOR

Dense = NDArray[np.float32]
_HIDDEN_BIAS = re.compile(r"hidden_\d+_bias")


class Widths(NamedTuple):
    """The numbers of a layout, as compiled loops take them.

    Attributes:
        vectors: int64 (3,), vectors that s, p and b take in a table row.
        n_factors: width of p and q; 0 where there is no factor branch.
        stack: int64 (depth + 1,), widths of h_0, in whole vectors, to the last hidden layer.
        dropout: the dropout rate, float32.
    """

    vectors: NDArray[np.int64]
    n_factors: int
    stack: NDArray[np.int64]
    dropout: np.float32


@final
@dataclass(frozen=True, slots=True)
class Layout:
    """A deep network or an ensemble, as compiled loops see it.

    r̂ = Dense₁([p_u ⊙ q_i ; b_u ; b_i ; h]) with h the last hidden layer over [s_u ; t_i]; without a
    factor branch (p, q, b) a plain multilayer perceptron. Compiled loops work on whole vectors of
    `VECTOR` floats: s, p and b each begin a vector, and what they leave of the last one stays zero.

    Attributes:
        embedding: width of s and t.
        hidden: widths of the ReLU layers, at least one.
        factors: width of p and q; 0 leaves the factor branch out, biases and all.
        dropout_rate: of what one hidden layer hands to the next.
    """

    embedding: int
    hidden: tuple[int, ...]
    factors: int = 0
    dropout_rate: float = 0.0

    @classmethod
    def of(cls, network: Expression) -> Self | None:
        """The layout of a network; None of one that these loops do not know."""
        shapes = {name: weight.shape for name, weight in weights_of(network).items()}
        rates = [part.numbers[0] for part in network.parts() if part.kind == "dropout"]
        layout = cls(
            embedding=sum(shapes.get("user_embedding", ())),
            hidden=tuple(sum(shapes[name]) for name in shapes if _HIDDEN_BIAS.fullmatch(name)),
            factors=sum(shapes.get("user_factors", ())),
            dropout_rate=max(rates, default=0.0),
        )
        might_be = layout.hidden and min(layout.embedding, *layout.hidden) > 0
        return layout if might_be and as_plain(layout.network) == as_plain(network) else None

    @property
    def network(self) -> Expression:
        """What it is the layout of."""
        if self.factors:
            return ensemble(
                self.embedding, self.hidden, factors=self.factors, dropout_rate=self.dropout_rate
            )
        return deep_network(self.embedding, self.hidden, dropout_rate=self.dropout_rate)

    @property
    def vectors(self) -> tuple[int, int, int]:
        """Vectors that s, p and b take in a table row."""
        return _vectors(self.embedding), _vectors(self.factors), int(self.factors > 0)

    @property
    def columns(self) -> Mapping[str, slice]:
        """Where the floats of a table row hold what."""
        deep, factors, _ = (n * VECTOR for n in self.vectors)
        found = {"embedding": slice(0, self.embedding)}
        if self.factors:
            found["factors"] = slice(deep, deep + self.factors)
            found["bias"] = slice(deep + factors, deep + factors + 1)
        return found

    @property
    def stack(self) -> tuple[int, ...]:
        """Widths of h_0, in whole vectors, h_1, … up to the last hidden layer."""
        return (2 * VECTOR * _vectors(self.embedding), *self.hidden)

    @property
    def widths(self) -> Widths:
        """What compiled loops need to know of it."""
        vectors, stack = np.array(self.vectors), np.array(self.stack)
        return Widths(vectors, self.factors, stack, np.float32(self.dropout_rate))

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Shapes of the dense weights by name, in the order they lie in memory."""
        weights = weights_of(self.network)
        return {name: weight.shape for name, weight in weights.items() if not weight.side}

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
    return -(-n // VECTOR)


def _filled_up(rows: Dense) -> Dense:
    """With zero rows up to whole vectors."""
    filled = np.zeros((_vectors(len(rows)) * VECTOR, *rows.shape[1:]), np.float32)
    filled[: len(rows)] = rows
    return filled
