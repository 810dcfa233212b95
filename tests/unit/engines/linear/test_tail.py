"""Which items of the core speak for one outside it."""

import numpy as np
import pytest

from starcast.engines.linear.tail import take_nearest


@pytest.mark.parametrize(
    ("most", "wanted"),
    [(1, [2]), (3, [2, 5, 1]), (4, [2, 5, 1, 4]), (6, [2, 5, 1, 4, 7, -7])],
)
def test_the_nearest_come_first_and_of_equal_ones_the_first(most: int, wanted: list[int]) -> None:
    """0 and less never come: they do not go together."""
    row = np.array([0, 3, 9, -1, 3, 4, np.nan, 0.5], np.float32)
    nearest = np.full(most, -7, np.int32)
    count = take_nearest(row, nearest)
    assert nearest.tolist() == wanted
    assert count == sum(place != -7 for place in wanted)
