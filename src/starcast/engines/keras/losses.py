"""What is lowered: the losses of the compiled engine and their slopes, by the same formulas.

Slopes are said rather than found, since the likelihood's is bounded; what lies below is found.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, Self, final

import numpy as np
from keras import ops

from starcast.engines.expression import Expression
from starcast.engines.losses import BENDS
from starcast.engines.ordinal import LEAST, STEEPEST, Array, borders_of, steps_of

Tensor = Any
_FAR = 1e4  # beyond any distance from a cut point: its chance is 0 or 1


@final
class Loss(NamedTuple):
    """A loss.

    Attributes:
        reads: the part of the network that it is of.
        of: that part's values for n ratings and their stars to the loss of each (n,), and to the
            slope, as the values.
    """

    reads: Expression
    of: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]

    @classmethod
    def named(cls, name: str, network: Expression) -> Self:
        """By the setting `loss`."""
        if name in BENDS:
            return cls(network, partial(_bent, bend=BENDS[name]))
        steps = steps_of(network)
        if steps is None:
            raise ValueError(f"a network without steps has no loss '{name}'")
        return cls(steps[0], partial(_unlikelihood, levels=steps[1]))


def _bent(predicted: Tensor, stars: Tensor, bend: float) -> tuple[Tensor, Tensor]:
    error = predicted - stars
    slope = ops.clip(error, -bend, bend) if np.isfinite(bend) else error
    return slope * (error - 0.5 * slope), slope


def _unlikelihood(distances: Tensor, stars: Tensor, levels: Array) -> tuple[Tensor, Tensor]:
    """`ordinal.unlikelihood`; chances σ(a) - σ(b) as products, since float32 has too few digits
    for the difference: σ(a) σ(-b) (1 - e^(b - a))."""
    n_cuts = len(levels) - 1
    level = ops.searchsorted(ops.convert_to_tensor(borders_of(levels)), stars)
    ends = ops.full_like(distances[:, :1], _FAR)
    every = ops.concatenate([ends, distances, -ends], axis=1)
    below, above = (
        ops.sum(ops.one_hot(level + k, n_cuts + 2) * every, axis=1) for k in (0, 1)
    )  # f - c of the steps below and above the rating
    chance = ops.sigmoid(below) * ops.sigmoid(-above) * -ops.expm1(above - below)
    chance = ops.maximum(chance, LEAST)
    slopes = [
        sign * ops.sigmoid(x) * ops.sigmoid(-x) / chance for sign, x in ((-1, below), (1, above))
    ]
    steep = sum(
        ops.one_hot(level + k - 1, n_cuts) * ops.clip(slope, -STEEPEST, STEEPEST)[:, None]
        for k, slope in enumerate(slopes)
    )
    return -ops.log(chance), steep
