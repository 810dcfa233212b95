"""Rows of floats as single values, against NumPy."""

import math
from typing import Any

import numba
import numpy as np
import pytest

from starcast.engines.simd import (
    VectorTable,
    add_outer,
    load,
    load_tile,
    n_lanes,
    n_parts,
    prefetch,
    store,
    store_tile,
    total,
    zero,
    zeros,
)


@numba.njit
def reckon(table: Any, single: Any) -> Any:
    """Row 0 from rows 1 and 2, part by part, and a sum of row 1."""
    summed = zero(table)
    for part in range(n_parts(table)):
        a, b = load(table, 1, part), load(table, np.uint32(2), part)
        store(table, 0, part, math.sqrt(a) / b + single * (a - b) - 2)
        summed = summed + a
    return total(summed)


@numba.njit
def tile_sums(out: Any, table: Any, n: int, part: int) -> None:
    """Into `out`, what is there plus Σ x · xᵀ of a part over the first n rows of a table."""
    tile = load_tile(out, 0, part)
    for row in range(n):
        prefetch(table, row + 1, part)
        tile = add_outer(tile, table, row, part, load(table, row, part))
    store_tile(out, 0, part, tile)


def filled(n_rows: int, width: int, planes: int = 1) -> VectorTable:
    table = zeros(n_rows, width, planes)
    rng = np.random.default_rng(width)
    table["parts"][:] = rng.uniform(0.5, 2, table["parts"].shape)
    return table


@pytest.mark.parametrize(
    ("width", "planes", "shape"),
    [(1, 1, (1, 8)), (8, 1, (1, 8)), (9, 1, (1, 16)), (17, 1, (2, 16)), (33, 4, (12, 16))],
)
def test_rows_are_padded_to_whole_parts(width: int, planes: int, shape: tuple[int, int]) -> None:
    table = zeros(5, width, planes)
    assert table["parts"].shape == (5, *shape)
    assert (n_parts(table), n_lanes(table)) == shape
    assert table["parts"].dtype == np.float32
    assert not np.any(table["parts"])
    assert table.ctypes.data % 64 == 0


@pytest.mark.parametrize("width", [8, 16, 48])
def test_parts_are_loaded_reckoned_with_and_stored_as_wholes(width: int) -> None:
    table = filled(4, width)
    before = table["parts"].astype(np.float64)
    summed = reckon(table, np.float32(0.25))
    expected = np.sqrt(before[1]) / before[2] + 0.25 * (before[1] - before[2]) - 2
    np.testing.assert_allclose(table["parts"][0], expected, atol=1e-6)
    assert np.array_equal(table["parts"][1:], before[1:].astype(np.float32)), "no other row"
    assert summed == pytest.approx(before[1].sum(), rel=1e-6)


@pytest.mark.parametrize(("width", "part"), [(8, 0), (16, 0), (48, 2)])
def test_tiles_sum_outer_products(width: int, part: int) -> None:
    table = filled(9, width)
    lanes = n_lanes(table)
    out = filled(lanes + 1, width)
    before = out["parts"].astype(np.float64)
    tile_sums(out, table, 7, part)
    x = table["parts"][:7, part].astype(np.float64)
    expected = before.copy()
    expected[:lanes, part] += x.T @ x
    np.testing.assert_allclose(out["parts"], expected, rtol=1e-6)


def test_numbers_that_are_none_are_not_hidden() -> None:
    table = filled(4, 8)
    table["parts"][1, 0, 3] = np.nan
    assert np.isnan(reckon(table, np.float32(1)))
    assert np.isnan(table["parts"][0, 0, 3])
    assert np.count_nonzero(np.isnan(table["parts"][0])) == 1
