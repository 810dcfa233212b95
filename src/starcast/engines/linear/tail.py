"""Items outside the core: each regressed on the few core items that go with it most."""

from typing import Any, NamedTuple, final

import numba
import numpy as np
from numpy.typing import NDArray

from starcast.data.ids import Rows
from starcast.engines.blas import blas_on_one_thread
from starcast.engines.compiled import parallel, serial
from starcast.engines.linear.gram import Pairs, fill_row

NEIGHBOURS = 64


@final
class Tail(NamedTuple):
    """What some core items say of each item of the tail.

    Attributes:
        neighbours: int32 (n_tail, K), numbers of items in the core.
        weights: float32 (n_tail, K); 0 where fewer than K core items go with it.
    """

    neighbours: Rows
    weights: NDArray[np.float32]


def tail_weights(
    summed: Pairs, core_gram: NDArray[np.float32], penalty: NDArray[np.float32], items: Rows
) -> Tail:
    """b that minimises the ridge regression of each item on its `NEIGHBOURS` nearest core items.

    (G_NN + Λ_N) b = g_N: what the whole inverse would give, had other items no say.

    Args:
        summed: the pairs.
        core_gram: float32 (m, m), of the core.
        penalty: float32 (m,), λ of the core items.
        items: int32 (n_tail,), the rows of the tail.
    """
    width = min(NEIGHBOURS, len(core_gram))
    neighbours = np.zeros((len(items), width), np.int32)
    weights = np.zeros((len(items), width), np.float32)
    with blas_on_one_thread():
        _solve_all(neighbours, weights, items, summed, core_gram, penalty)
    return Tail(neighbours, weights)


@parallel
def _solve_all(
    neighbours: Any, weights: Any, items: Any, summed: Any, core_gram: Any, penalty: Any
) -> None:
    for n in numba.prange(len(items)):
        _solve_one(neighbours[n], weights[n], items[n], summed, core_gram, penalty)


@serial
def _solve_one(
    neighbours: Any, weights: Any, item: Any, summed: Any, core_gram: Any, penalty: Any
) -> None:
    row = np.zeros(len(core_gram), np.float32)
    fill_row(row, item, summed)
    nearest = np.argsort(-row)[: len(weights)]
    count = np.sum(row[nearest] > 0)
    if count:
        neighbours[:count] = nearest[:count]
        weights[:count] = _solve(row, nearest[:count], core_gram, penalty)


@serial
def _solve(row: Any, nearest: Any, core_gram: Any, penalty: Any) -> Any:
    system = np.empty((len(nearest), len(nearest)), np.float32)
    for a in range(len(nearest)):
        for b in range(len(nearest)):
            system[a, b] = core_gram[nearest[a], nearest[b]]
        system[a, a] += penalty[nearest[a]]
    return np.linalg.solve(system, row[nearest])
