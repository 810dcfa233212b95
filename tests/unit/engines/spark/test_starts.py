"""First tables, without any Spark: rows in, cells out."""

from typing import Any

import numpy as np
import pytest

pa: Any = pytest.importorskip("pyarrow")

from starcast.data.ratings import Ratings  # noqa: E402  # without pyarrow there is nothing to test
from starcast.data.scale import RatingScale  # noqa: E402
from starcast.engines.factorization.tables import FactorTables  # noqa: E402
from starcast.engines.spark.cells import ITEMS, NOW, USERS, cells_of  # noqa: E402
from starcast.engines.spark.side_table import SideTable  # noqa: E402
from starcast.engines.spark.starts import Begin, BeginAsHere  # noqa: E402


def begun(begin: Begin | BeginAsHere, **columns: Any) -> list[SideTable]:
    """Tables by side."""
    cells = cells_of(begin(iter(pa.table(columns).to_batches())))
    assert {cell[:4] for cell in cells} == {
        (cell.side, begin.kind, cell.side, NOW) for cell in cells
    }
    return [SideTable.of(cell.data, begin.dimension) for cell in cells]


def test_tables_of_a_side_are_zero_where_nothing_was_rated() -> None:
    begin = Begin(USERS, dimension=4, seed=9)
    (drawn,) = begun(begin, side=[3] * 4, place=[1, -1, 0, 2], n=[0, 0, 5, 2])
    np.testing.assert_array_equal(drawn.counts, [5, 0, 2])
    np.testing.assert_array_equal(drawn.factors(4).any(axis=1), [True, False, True])
    (nobody,) = begun(begin, side=[3], place=[-1], n=[0])
    assert len(nobody.bias) == 0
    assert list(begin(iter(()))) == []


@pytest.mark.parametrize(
    "ids", [["9", "100", "-2", "07", "31"], ["é", "b", "\U0001f600", "Z", "x"]]
)
def test_tables_of_all_sides_are_those_of_the_local_engine(ids: list[str]) -> None:
    """Ids are in the order of numbers or of characters; side 1 has nobody, item 3 no ratings."""
    are_numbers = ids[0] == "9"
    known, rated = [int(one) for one in ids] if are_numbers else ids, [0, 0, 1, 2, 2, 3, 4]
    every = Ratings.from_columns(
        np.arange(7), np.array(known)[rated], np.ones(7, np.float32), scale=RatingScale(1, 5, 1)
    )
    train = every.take(every.item_rows != every.items.ids.tolist().index(known[3]))
    here = FactorTables.initial(train, 5, seed=8).item
    begin = BeginAsHere(ITEMS, 5, 8, n_before=7, n_sides=3, are_numbers=are_numbers)
    sides, places, counts = [2, 0, 2, 0, 2], [1, 0, 2, 1, 0], [2, 1, 2, 0, 1]
    drawn = begun(begin, id=ids, side=sides, place=places, n=counts)
    assert [len(one.bias) for one in drawn] == [2, 0, 3]
    for one, side, place, n in zip(known, sides, places, counts, strict=True):
        row = every.items.ids.tolist().index(one)
        np.testing.assert_array_equal(drawn[side].factors(5)[place], here.factors[row])
        assert drawn[side].factors(5)[place].any() == (n > 0)
        assert (drawn[side].counts[place], here.counts[row]) == (n, n)
    assert list(begin(iter(()))) == []
