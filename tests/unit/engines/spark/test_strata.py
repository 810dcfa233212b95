"""What executors do, without any: cells in, cells out."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

pa: Any = pytest.importorskip("pyarrow")

from starcast.data.scale import RatingScale  # noqa: E402  # without pyarrow there is nothing to test
from starcast.data.units import FIVE_STARS, Units  # noqa: E402
from starcast.engines.factorization.grid import VISIT  # noqa: E402
from starcast.engines.spark.cells import (  # noqa: E402
    AVERAGE,
    ITEMS,
    NOW,
    ROWS,
    USERS,
    VISITS,
    Cell,
    batches_of,
    cells_of,
)
from starcast.engines.spark.judging import Judge  # noqa: E402
from starcast.engines.spark.packing import JUDGED_ROW, PackVisits  # noqa: E402
from starcast.engines.spark.side_table import SideTable  # noqa: E402
from starcast.engines.spark.strata import Close, Step  # noqa: E402


def table(n: int, dimension: int, seed: int) -> SideTable:
    side = SideTable.initial(np.arange(1, n + 1), dimension, np.random.default_rng(seed))
    rng = np.random.default_rng(seed)
    side.factors(dimension)[:] = rng.normal(0, 0.5, (n, dimension))
    side.bias[:] = rng.normal(0, 0.5, n)
    return side


def visits_of(rows: list[tuple[int, int, float]]) -> bytes:
    return np.array(rows, VISIT).tobytes()


def descended(
    users: NDArray[Any], items: NDArray[Any], rows: list[tuple[int, int, float]], rate: float,
    penalty: float,
) -> float:  # fmt: skip
    """Koren, Bell, Volinsky 2009, eq. 5, in float64; the last column is the bias."""
    squared = 0.0
    for u, i, stars in rows:
        p, q = users[u].copy(), items[i].copy()
        error = stars - p[:-1] @ q[:-1] - p[-1] - q[-1]
        squared += error**2
        users[u, :-1] += rate * (error * q[:-1] - penalty * p[:-1])
        items[i, :-1] += rate * (error * p[:-1] - penalty * q[:-1])
        users[u, -1] += rate * (error - penalty * p[-1])
        items[i, -1] += rate * (error - penalty * q[-1])
    return squared


def plain(side: SideTable, dimension: int) -> NDArray[np.float64]:
    return np.column_stack([side.factors(dimension), side.bias]).astype(np.float64)


def test_a_step_descends_for_each_rating_in_turn_and_sends_the_items_on() -> None:
    user, item = table(3, 5, 1), table(4, 5, 2)
    first, second = [(0, 1, 0.5), (2, 3, -1.0)], [(0, 3, 1.5), (0, 1, 0.25)]
    cells = [
        Cell(6, VISITS, 1, 1, 0.0, 0.0, visits_of(second)),
        Cell(6, ITEMS, 1, NOW, 0.0, 0.0, item.packed()),
        Cell(6, VISITS, 1, 0, 0.0, 0.0, visits_of(first)),
        Cell(6, USERS, 6, NOW, 100.0, 0.0, user.packed()),
    ]
    step = Step(dimension=5, rate=0.1, penalty=0.05, next_shift=3, n_sides=7)
    found = {cell.kind: cell for cell in cells_of(step(batches_of(cells)))}
    users, items = plain(user, 5), plain(item, 5)
    squared = descended(users, items, first + second, 0.1, 0.05)
    moved = SideTable.of(found[USERS].data, 5), SideTable.of(found[ITEMS].data, 5)
    np.testing.assert_allclose(plain(moved[0], 5), users, atol=1e-5)
    np.testing.assert_allclose(plain(moved[1], 5), items, atol=1e-5)
    assert found[USERS].squared == pytest.approx(100 + squared, rel=1e-5)
    assert (found[USERS].target, found[ITEMS].target) == (6, (1 - 3) % 7)
    np.testing.assert_array_equal(moved[1].counts, [1, 2, 3, 4])


def test_an_epoch_closes_with_averages_and_what_is_paid_for_norms() -> None:
    now, before = table(3, 2, 1), table(3, 2, 5)
    cells = [
        Cell(0, USERS, 4, AVERAGE, 0.0, 0.0, before.packed()),
        Cell(0, USERS, 4, NOW, 7.0, 0.0, now.packed()),
    ]
    kept, average = cells_of(Close(dimension=2, averaging=0.75)(batches_of(cells)))
    expected = 0.75 * plain(before, 2) + 0.25 * plain(now, 2)
    np.testing.assert_allclose(plain(SideTable.of(average.data, 2), 2), expected, atol=1e-6)
    np.testing.assert_array_equal(plain(SideTable.of(kept.data, 2), 2), plain(now, 2))
    norms = (plain(now, 2) ** 2).sum(axis=1)
    assert kept.penalty == pytest.approx(norms @ [1, 2, 3], rel=1e-6)
    assert (kept.squared, average.squared, average.penalty) == (7.0, 0.0, 0.0)


def test_a_block_is_packed_alike_however_its_rows_come() -> None:
    rng = np.random.default_rng(3)
    pairs = np.argwhere(rng.random((400, 200)) < 0.5)
    columns = {
        "user": pairs[:, 0], "item": pairs[:, 1], "stars": 1 + (pairs.sum(axis=1) % 9) / 2,
        "user_side": np.full(len(pairs), 2), "item_side": np.full(len(pairs), 5),
    }  # fmt: skip
    pack, order = PackVisits(Units(2.0, 1.0), 1.25, seed=4), rng.permutation(len(pairs))
    packed = [
        cells_of(
            pack(iter(pa.table({name: one[by] for name, one in columns.items()}).to_batches()))
        )
        for by in (np.arange(len(pairs)), order)
    ]
    (cell,), (again,) = packed
    visits = cell.array(VISIT)
    assert cell.data.to_pybytes() == again.data.to_pybytes()
    assert (cell.target, cell.side, len(visits)) == (2, 5, len(pairs))
    found = {(int(u), int(i)): float(s) for u, i, s in visits.tolist()}
    assert found[7, int(pairs[pairs[:, 0] == 7][0, 1])] == pytest.approx(
        ((1 + ((7 + pairs[pairs[:, 0] == 7][0, 1]) % 9) / 2) - 1) / 2 - 1.25
    )
    assert len(found) == len(pairs)
    assert not np.array_equal(visits["user"], np.sort(visits["user"]))


def test_rows_are_judged_as_stars_that_would_be_shown() -> None:
    user, items = table(2, 2, 1), [table(2, 2, 2), table(3, 2, 3)]
    rows = np.array([(0, 1, 2, 4.0, 1), (1, 0, 1, 2.0, 1), (1, 1, 0, 5.0, 2)], JUDGED_ROW)
    cells = [
        Cell(0, USERS, 0, AVERAGE, 0.0, 0.0, user.packed()),
        *(Cell(0, ITEMS, n, AVERAGE, 0.0, 0.0, one.packed()) for n, one in enumerate(items)),
        Cell(0, ROWS, 0, 0, 0.0, 0.0, rows.tobytes()),
    ]
    judge = Judge(2, 3.0, FIVE_STARS, RatingScale(2, 4, 1))
    (batch,) = judge(batches_of(cells))
    told = {row["part"]: row for row in batch.to_pylist()}

    def shown(u: int, side: int, i: int) -> float:
        p, q = plain(user, 2)[u], plain(items[side], 2)[i]
        return float(np.clip(3 + p[:-1] @ q[:-1] + p[-1] + q[-1], 2, 4))

    errors = [shown(0, 1, 2) - 4, shown(1, 0, 1) - 2]
    assert told[1]["n"] == 2
    assert told[1]["squared"] == pytest.approx(sum(e * e for e in errors), rel=1e-5)
    assert told[2]["absolute"] == pytest.approx(abs(shown(1, 1, 0) - 5), rel=1e-5)
