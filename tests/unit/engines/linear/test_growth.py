"""Later ratings in an item-item model: solved again, or kept but for what is counted."""

import numpy as np
import pytest

from starcast.data.ratings import Ratings
from starcast.engines.linear import growth
from starcast.engines.linear.engine import ItemItemEngine
from starcast.engines.linear.growth import with_later
from starcast.engines.settings import ItemItemSettings

SETTINGS = ItemItemSettings(core_items=20)


@pytest.fixture
def first(planted: Ratings) -> Ratings:
    """All ratings but those of the last two items, over the vocabulary of the others."""
    mask = planted.item_rows < 28
    ids = planted.users.ids[planted.user_rows[mask]], planted.items.ids[planted.item_rows[mask]]
    assert planted.timestamps is not None
    return Ratings.from_columns(*ids, planted.stars[mask], planted.timestamps[mask])


def solved(train: Ratings) -> dict[str, np.ndarray]:
    engine = ItemItemEngine(SETTINGS, train, 0)
    engine.run_epoch()
    return engine.weights()


def test_what_takes_a_moment_is_solved_again(first: Ratings, planted: Ratings) -> None:
    found = with_later(solved(first), SETTINGS, planted, planted.item_rows >= 28)
    for name, array in solved(planted).items():
        np.testing.assert_array_equal(found[name], array)


def test_else_weights_stay_and_new_items_are_regressed_as_training_does(
    first: Ratings, planted: Ratings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Against a training whose core is the same: there new items have the very same weights."""
    monkeypatch.setattr(growth, "_A_MOMENT", 0.0)
    monkeypatch.setattr(growth, "_MANY_FRESH", 0.2)
    before, is_fresh = solved(first), planted.item_rows >= 28
    found = with_later(before, SETTINGS, planted, is_fresh)
    np.testing.assert_array_equal(found["item_item"], before["item_item"])
    anew = solved(planted)
    np.testing.assert_array_equal(found["interest"], anew["interest"])
    np.testing.assert_allclose(found["item_bias"], anew["item_bias"], atol=2e-3)
    off = np.abs(np.append(before["item_bias"], [0, 0]) - anew["item_bias"]).max()
    assert off > 0.03, "without being counted they would be far off"
    core = before["core_items"].astype(int)
    engine = ItemItemEngine(SETTINGS, planted, 0)
    engine._core = core.astype(np.int32)
    engine._outside = np.setdiff1d(np.arange(30, dtype=np.int32), engine._core)
    engine.run_epoch()
    wanted = engine.weights()
    for name in ("tail_neighbours", "tail_weights"):
        np.testing.assert_allclose(found[name][-2:], wanted[name][-2:], rtol=1e-5)
        np.testing.assert_array_equal(found[name][:-2], before[name])
