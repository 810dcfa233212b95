"""How scorers lay out weights, so that compiled loops meet whole vectors and nothing else.

A *panel* holds `PANEL` items, or pairs, side by side: one row per feature, one column per item. A
*quad* holds what four outputs take of every feature. A quad times a panel is the unit of work.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

PANEL = 128  # items in one: 64 features of them are 32 KB, a first-level cache
STEP = 8  # features per turn of the inner loop: widths are padded with zeros to a multiple
FEW = 256  # rows for NumPy: BLAS starts no threads for them, compiled code takes 0.4 s to load

Matrix = NDArray[np.float32]
Flat = NDArray[np.float32]


def padded(width: int) -> int:
    """The width rounded up to a multiple of `STEP`."""
    return -(-width // STEP) * STEP


def wide(table: Matrix, bias: Flat | None = None) -> Matrix:
    """A table (n, width) with columns of zeros up to its padded width, and perhaps a last one."""
    width = padded(table.shape[1])
    whole = np.zeros((len(table), width if bias is None else width + 1), np.float32)
    whole[:, : table.shape[1]] = table
    if bias is not None:
        whole[:, width] = bias
    return whole


def panels(table: Matrix) -> Flat:
    """A table (n, width) as panels (n / PANEL, width, PANEL), end to end; zeros fill the last."""
    n, width = table.shape
    n_panels = -(-n // PANEL)
    whole = np.zeros((n_panels * PANEL, width), np.float32)
    whole[:n] = table
    return whole.reshape(n_panels, PANEL, width).transpose(0, 2, 1).ravel()


def dense(kernel: Matrix, bias: Flat) -> Flat:
    """A dense layer (below, above) as quads (above / 4, below, 4), then its bias; padded."""
    below, above = (padded(width) for width in kernel.shape)
    whole = np.zeros((below + 1, above), np.float32)
    whole[: len(kernel), : len(bias)], whole[below, : len(bias)] = kernel, bias
    quads = whole[:below].reshape(below, above // 4, 4).transpose(1, 0, 2)
    return np.concatenate([quads.ravel(), whole[below]])


def end_to_end(tables: Sequence[NDArray[Any]]) -> Matrix:
    """Rows (n, …) of several tables as (n, width)."""
    flat = [table.reshape(len(table), math.prod(table.shape[1:])) for table in tables]
    return np.concatenate(flat, axis=1)


def for_kernels(column: NDArray[Any]) -> NDArray[Any]:
    """A column as every kernel takes it: read-only, or each kernel would be compiled twice."""
    same = np.ascontiguousarray(column).view()
    same.flags.writeable = False
    return same
