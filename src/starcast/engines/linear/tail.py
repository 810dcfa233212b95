"""Items outside the core: each regressed on the few core items that go with it most."""

from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from starcast.data.ids import Rows
from starcast.engines.blas import blas_on_one_thread
from starcast.engines.blocks import in_blocks
from starcast.engines.compiled import serial
from starcast.engines.linear.gram import BLOCK, Pairs, fill_row

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

    def solve(some: slice) -> None:
        _solve_items(neighbours[some], weights[some], items[some], summed, core_gram, penalty)

    with blas_on_one_thread():
        in_blocks(solve, len(items), BLOCK)
    return Tail(neighbours, weights)


@serial
def _solve_items(
    neighbours: Any, weights: Any, items: Any, summed: Any, core_gram: Any, penalty: Any
) -> None:
    row = np.empty(len(core_gram), np.float32)
    for n in range(len(items)):
        row[:] = 0
        fill_row(row, items[n], summed)
        count = take_nearest(row, neighbours[n])
        if count:
            nearest = neighbours[n, :count]
            weights[n, :count] = _solve(row, nearest, core_gram, penalty)


@serial
def take_nearest(row: Any, nearest: Any) -> Any:
    """The places of the highest numbers above 0, highest first, of equal ones the first.

    Args:
        row: float32 (m,).
        nearest: int32 (K,); its first entries are written.
    Returns: how many.
    """
    count = 0
    for place in range(len(row)):
        is_full = count == len(nearest)
        if row[place] > (row[nearest[count - 1]] if is_full else np.float32(0)):
            at = count - 1 if is_full else count
            while at > 0 and row[nearest[at - 1]] < row[place]:
                nearest[at] = nearest[at - 1]
                at -= 1
            nearest[at] = place
            count = min(count + 1, len(nearest))
    return count


@serial
def _solve(row: Any, nearest: Any, core_gram: Any, penalty: Any) -> Any:
    system = np.empty((len(nearest), len(nearest)), np.float32)
    target = np.empty(len(nearest), np.float32)
    for a in range(len(nearest)):
        target[a] = row[nearest[a]]
        for b in range(len(nearest)):
            system[a, b] = core_gram[nearest[a], nearest[b]]
        system[a, a] += penalty[nearest[a]]
    return np.linalg.solve(system, target)
