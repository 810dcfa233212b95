"""Half an epoch of least squares as an executor does it, without any: cells in, cells out."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

pa: Any = pytest.importorskip("pyarrow")

from starcast.data.units import Units  # noqa: E402  # without pyarrow there is nothing to test
from starcast.engines.spark.cells import (  # noqa: E402
    ITEMS,
    NOW,
    ROWS,
    USERS,
    Cell,
    batches_of,
    cells_of,
)
from starcast.engines.spark.packing import RATED_ROW, PackRows  # noqa: E402
from starcast.engines.spark.ridges import Solve  # noqa: E402
from starcast.engines.spark.side_table import SideTable  # noqa: E402

D, PENALTY, UNITS, MEAN = 3, 0.3, Units(2.0, 1.0), 0.25


def table(n: int, seed: int) -> SideTable:
    rng = np.random.default_rng(seed)
    side = SideTable.initial(np.arange(n), D, rng)
    side.factors(D)[:], side.bias[:] = rng.normal(0, 0.5, (n, D)), rng.normal(0, 0.5, n)
    return side


def plain(side: SideTable) -> NDArray[np.float64]:
    return np.column_stack([side.factors(D), side.bias]).astype(np.float64)


def regressed(others: NDArray[np.float64], stars: NDArray[np.float64]) -> tuple[Any, float]:
    """Zhou et al. 2008, eq. 5, for [w, b] at once; and the squared errors."""
    known = np.column_stack([others[:, :-1], np.ones(len(others))])
    y = (stars - 1.0) / 2.0 - 0.25 - others[:, -1]
    found = np.linalg.solve(known.T @ known + PENALTY * len(y) * np.eye(D + 1), known.T @ y)
    return found, float(np.square(y - known @ found).sum())


@pytest.mark.parametrize("kind", [USERS, ITEMS])
def test_a_side_is_solved_given_every_side_of_the_others(kind: int) -> None:
    """Its ratings come in two cells; one of its rows has none."""
    own, others = table(4, 1), [table(2, 2), table(5, 3), table(3, 4)]
    name, other = ("user", "item") if kind == USERS else ("item", "user")
    triples = {0: [(1, 4, 5.0), (0, 1, 1.0)], 1: [(2, 2, 3.0)], 3: [(0, 0, 2.0), (2, 1, 4.0)]}
    rows = np.zeros(5, RATED_ROW)
    flat = [(row, *triple) for row, rated in triples.items() for triple in rated]
    for field, values in zip((name, "side", other, "stars"), zip(*flat, strict=True), strict=True):
        rows[field] = values
    cells = [
        Cell(1, ROWS, 1, 1, 0.0, 0.0, rows[2:].tobytes()),
        *(
            Cell(1, ITEMS if kind == USERS else USERS, n, NOW, 9.0, 0.0, one.packed())
            for n, one in enumerate(others)
        ),
        Cell(1, kind, 1, NOW, 9.0, 0.0, own.packed()),
        Cell(1, ROWS, 1, 0, 0.0, 0.0, rows[:2].tobytes()),
    ]
    solved, handed_on = cells_of(Solve(kind, D, PENALTY, UNITS, MEAN)(batches_of(cells)))[
        :: 1 if kind == USERS else -1
    ]
    expected, squared = plain(own), 0.0
    for row, rated in triples.items():
        theirs = np.array([plain(others[side])[place] for side, place, _ in rated])
        expected[row], error = regressed(theirs, np.array([stars for *_, stars in rated]))
        squared += error
    moved = SideTable.of(solved.data, D)
    np.testing.assert_allclose(plain(moved), expected, atol=1e-5)
    np.testing.assert_array_equal(moved.counts, [0, 1, 2, 3])
    assert solved.squared == pytest.approx(squared, rel=1e-4)
    assert (solved.kind, solved.side, handed_on.side, handed_on.squared) == (kind, 1, 1, 0.0)
    np.testing.assert_array_equal(plain(SideTable.of(handed_on.data, D)), plain(others[1]))
    assert list(Solve(kind, D, PENALTY, UNITS, MEAN)(iter(()))) == []


@pytest.mark.parametrize("kind", ["user", "item"])
def test_rated_rows_lie_by_their_own_side(kind: str) -> None:
    other = "item" if kind == "user" else "user"
    columns = {
        kind: [3, 0, 3], f"{kind}_side": [7, 7, 7], other: [1, 2, 0], f"{other}_side": [4, 4, 2],
        "stars": [1.0, 2.0, 3.0],
    }  # fmt: skip
    (cell,) = cells_of(PackRows(RATED_ROW, kind)(iter(pa.table(columns).to_batches())))
    assert (cell.target, cell.kind, cell.side) == (7, ROWS, 7)
    found = [[row[one] for one in (kind, "side", other, "stars")] for row in cell.array(RATED_ROW)]
    assert found == [[0, 4, 2, 2.0], [3, 2, 0, 3.0], [3, 4, 1, 1.0]]
