"""Many small ridge regressions in compiled loops, each of one row's ratings on [x, 1].

The normal equations of a regression are a *system*: rows of a table of working space, from row
`at` on. With w the width of the table, its row r < w holds Σ x_r · x from column r on, row w holds
Σ x and row w + 1 holds Σ y · x. The bias is the last unknown: its column, Σ x, is eliminated like
a second right-hand side, and its pivot is what this leaves of the number of ratings.

Elimination without exchanges, on symmetric positive matrices, is Cholesky's method without roots.
"""

from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from starcast.engines.compiled import inlined, parallel, serial
from starcast.engines.rows import N_SHARES
from starcast.engines.simd import (
    VectorTable,
    add_outer,
    load,
    load_tile,
    n_lanes,
    n_parts,
    prefetch_row,
    store,
    store_tile,
    total,
    zero,
    zeros,
)

_BLOCK = 128  # ratings summed up at once
_AHEAD = 8  # ratings; as far ahead rows are fetched
# Rows of a system after the w of its matrix: two right-hand sides, what elimination made of them,
# one over each pivot, and as many rows of the matrix as a part has lanes, over minus their pivots.
_BORDER, _TARGET, _FORWARD, _INVERSE, _SCALED = 0, 1, 2, 4, 5


class Systems(NamedTuple):
    """Working space for systems, one after the other.

    Attributes:
        rows: a table, equally many rows for each.
        cells: float32 (n_rows, width), the same memory as a matrix.
    """

    rows: VectorTable
    cells: NDArray[np.float32]


def systems(n: int, table: VectorTable) -> Systems:
    """Working space for n systems of the width of a table."""
    width = n_parts(table) * n_lanes(table)
    rows = zeros(n * (width + _SCALED + n_lanes(table)), width)
    return Systems(rows, rows["parts"].reshape(len(rows), -1))


class Penalty(NamedTuple):
    """What a row of n ratings costs: (λ n + a) |w|² + (λ n + c) b², by λ, a and c; float32."""

    per_rating: np.float32
    factors: np.float32 = np.float32(0)
    bias: np.float32 = np.float32(0)


@serial
def solve(space: Any, at: Any, fixed: Any, others: Any, stars: Any, penalty: Any) -> Any:
    """The w and b that minimise Σ (y - x · w - b)² + the penalty, where y = stars - bias.

    Args:
        space: Systems.
        at: the first row of this system.
        fixed: Factors, the rows x and what they say without w.
        others: (n,), rows of `fixed`, one for each rating.
        stars: (n,), ratings above the mean.
        penalty: Penalty.
    Returns: the row of the system that w was left in; b; Σ (y - x · w - b)².
    """
    (system, cells), (table, _) = space, fixed
    width, per_row = n_parts(table) * n_lanes(table), penalty.per_rating * np.float32(len(others))
    ridge, bias_ridge = per_row + penalty.factors, per_row + penalty.bias
    rest, squared = _add_ratings(system, at, fixed, others, stars)
    for k in range(width):
        cells[at + k, k] += ridge
    for part in range(n_parts(table)):
        _eliminate_within(system, cells, at, part)
        _eliminate_below(system, at, part)
    border, inverse = at + width + _FORWARD, at + width + _INVERSE
    target, pivot = border + 1, np.float32(len(others)) + bias_ridge
    for k in range(width):
        step = cells[border, k] * cells[inverse, k]
        pivot -= step * cells[border, k]
        rest -= step * cells[target, k]
        squared -= cells[target, k] * cells[target, k] * cells[inverse, k]
    b = rest / pivot
    for k in range(width):
        cells[target, k] -= b * cells[border, k]
    _substitute(system, cells, at)
    squared -= rest * b + bias_ridge * b * b
    for part in range(n_parts(table)):
        squared -= ridge * total(load(system, target, part) * load(system, target, part))
    return target, b, max(squared, np.float32(0))


@serial
def _add_ratings(system: Any, at: Any, fixed: Any, others: Any, stars: Any) -> Any:
    """Fill in the sums over the ratings; Σ y and Σ y²."""
    table = fixed.rows
    for row in range(at, at + n_parts(table) * n_lanes(table) + _FORWARD):
        for part in range(n_parts(table)):
            store(system, row, part, zero(table))
    y = squared = np.float32(0)
    for start in range(0, len(others), _BLOCK):
        block = slice(start, min(start + _BLOCK, len(others)))
        summed = _add_block(system, at, fixed, others[block], stars[block])
        y, squared = y + summed[0], squared + summed[1]
    return y, squared


@serial
def _add_block(system: Any, at: Any, fixed: Any, others: Any, stars: Any) -> Any:
    """Add some ratings, so few that their rows stay in the first-level cache; Σ y and Σ y²."""
    y = squared = np.float32(0)
    for a in range(n_parts(fixed.rows)):
        y, squared = _add_diagonal(system, at, fixed, others, stars, a)
        for b in range(a + 1, n_parts(fixed.rows)):
            _add_beside(system, at, fixed.rows, others, a, b)
    return y, squared


@serial
def _add_diagonal(system: Any, at: Any, fixed: Any, others: Any, stars: Any, part: Any) -> Any:
    """One part of the rows by itself, and by the two right-hand sides; Σ y and Σ y².

    Rows come from memory as the first part is added; whoever adds it asks for them ahead.
    """
    table, bias = fixed
    width, corner = n_parts(table) * n_lanes(table), at + part * n_lanes(table)
    tile = load_tile(system, corner, part)
    border = load(system, at + width + _BORDER, part)
    target = load(system, at + width + _TARGET, part)
    summed = squared = np.float32(0)
    for n in range(len(others)):
        if part == 0:
            prefetch_row(table, np.uint32(others[min(n + _AHEAD, len(others) - 1)]))
        row = np.uint32(others[n])
        x, y = load(table, row, part), stars[n] - bias[row]
        tile = add_outer(tile, table, row, part, x)
        border, target = border + x, target + y * x
        summed, squared = summed + y, squared + y * y
    store_tile(system, corner, part, tile)
    store(system, at + width + _BORDER, part, border)
    store(system, at + width + _TARGET, part, target)
    return summed, squared


@serial
def _add_beside(system: Any, at: Any, table: Any, others: Any, a: Any, b: Any) -> None:
    """One part of the rows by another."""
    tile = load_tile(system, at + a * n_lanes(table), b)
    for n in range(len(others)):
        row = np.uint32(others[n])
        tile = add_outer(tile, table, row, a, load(table, row, b))
    store_tile(system, at + a * n_lanes(table), b, tile)


@inlined
def _subtract(system: Any, row: Any, factor: Any, pivot_row: Any, first_part: Any) -> None:
    """Take a multiple of the pivot's row from another, from a part on."""
    for part in range(first_part, n_parts(system)):
        rest = load(system, row, part) - factor * load(system, pivot_row, part)
        store(system, row, part, rest)


@inlined
def _eliminate_within(system: Any, cells: Any, at: Any, part: Any) -> None:
    """Use the pivots of one part on its own rows and on the right-hand sides."""
    n, lanes = n_parts(system), n_lanes(system)
    width = n * lanes
    for lane in range(lanes):
        k = part * lanes + lane
        inverse = np.float32(1) / cells[at + k, k]
        cells[at + width + _INVERSE, k] = inverse
        for row in range(k + 1, (part + 1) * lanes):
            _subtract(system, at + row, cells[at + k, row] * inverse, at + k, part)
        for side in range(2):
            row = at + width + side
            cells[row + _FORWARD, k] = cells[row, k]
            _subtract(system, row, cells[row, k] * inverse, at + k, part)
        for p in range(part + 1, n):
            store(system, at + width + _SCALED + lane, p, load(system, at + k, p) * -inverse)


@serial
def _eliminate_below(system: Any, at: Any, part: Any) -> None:
    """Use the pivots of one part on the rows of later parts, tile by tile."""
    n, lanes = n_parts(system), n_lanes(system)
    scaled = at + n * lanes + _SCALED
    for a in range(part + 1, n):
        for b in range(a, n):
            tile = load_tile(system, at + a * lanes, b)
            for lane in range(lanes):
                row = load(system, at + part * lanes + lane, b)
                tile = add_outer(tile, system, scaled + lane, a, row)
            store_tile(system, at + a * lanes, b, tile)


@serial
def _substitute(system: Any, cells: Any, at: Any) -> None:
    """Turn the forward target into the solution, from the last unknown to the first."""
    n, lanes = n_parts(system), n_lanes(system)
    target = at + n * lanes + _FORWARD + _TARGET
    for part in range(n - 1, -1, -1):
        for k in range((part + 1) * lanes - 1, part * lanes - 1, -1):
            solved = cells[target, k] * cells[at + n * lanes + _INVERSE, k]
            cells[target, k] = solved
            for row in range(part * lanes, k):
                cells[target, row] -= cells[at + row, k] * solved
        solution = load(system, target, part)
        for row in range(part * lanes):
            cells[target, row] -= total(load(system, at + row, part) * solution)


@parallel
def solve_all(solved: Any, fixed: Any, rated: Any, space: Any, penalty: Any) -> Any:
    """A ridge regression for every row that has ratings.

    Args:
        solved: Factors, written where there are ratings.
        fixed: Factors of the other side.
        rated: SharedRows, what each row rated and how far above the mean.
        space: Systems, one for each share.
        penalty: Penalty.
    Returns: float64 (n_rows,), Σ error² of each row, 0 where there are no ratings.
    """
    (table, bias), (offsets, others, stars, shares) = solved, rated
    squared = np.zeros(len(offsets) - 1)
    for share in numba.prange(N_SHARES):
        at = share * (len(space.rows) // N_SHARES)
        for row in range(shares[share], shares[share + 1]):
            here = slice(offsets[row], offsets[row + 1])
            if here.start < here.stop:
                found, bias[row], squared[row] = solve(
                    space, at, fixed, others[here], stars[here], penalty
                )
                for part in range(n_parts(table)):
                    store(table, row, part, load(space.rows, found, part))
    return squared
