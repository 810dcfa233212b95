"""The measurement of accelerators, on sets so small that nothing is measured."""

from types import SimpleNamespace

import numpy as np
import pytest
from measure_gpu import (
    Clock,
    Shape,
    _drawn,
    planted,
    races,
    reached,
    require_accelerator,
    speeds,
    table,
)

from starcast.data.split import SplitPlan
from starcast.errors import ConfigError

TINY = Shape("tiny", 60, 40, 900, (256,), 1.0)


def test_planted_pairs_are_distinct_crowded_and_repeatable() -> None:
    ratings = planted(TINY)
    assert (len(ratings), ratings.n_users, ratings.n_items) == (900, 60, 40)
    counts = np.sort(np.bincount(ratings.item_rows, minlength=40))
    assert counts[-8:].sum() > 2 * counts[:8].sum()
    again = planted(TINY)
    assert np.array_equal(again.stars, ratings.stars)
    assert np.array_equal(again.user_rows, ratings.user_rows)
    rng = np.random.default_rng(1)
    assert np.bincount(_drawn(rng, np.array([1.0, 0.0, 3.0]), 4000))[2] == pytest.approx(
        3000, abs=150
    )


def test_every_case_is_told_and_so_is_what_there_was_no_time_for() -> None:
    split = SplitPlan(test=0.1, validation=0.1).divide(planted(TINY))
    first = next(speeds(TINY, split, Clock(5)))
    assert (first["network"], first["batch"], first["precision"]) == ("deep", 256, "float32")
    assert first["million ratings/s"] > 0
    late = [*speeds(TINY, split, Clock(0)), *races(TINY, split, Clock(0))]
    assert len(late) == 4 + 2
    assert all(row["left out"] == "no time" for row in late)
    assert "| no time |" in table([first, *late])


def test_a_target_is_reached_when_it_is_near() -> None:
    told = [(1.0, 0.9), (2.0, 0.8509), (3.0, 0.85)]
    assert reached(told, 0.85) == 2.0
    assert reached(told, 0.84) is None


def test_a_cpu_is_not_measured_for_an_accelerator(monkeypatch: pytest.MonkeyPatch) -> None:
    tensorflow = pytest.importorskip("tensorflow")
    found = [SimpleNamespace(device_type="CPU")]
    monkeypatch.setattr(tensorflow.config, "list_physical_devices", lambda: found)
    with pytest.raises(ConfigError, match="finds no accelerator here: is the build for it inst"):
        require_accelerator("tensorflow")
    found.append(SimpleNamespace(device_type="GPU"))
    require_accelerator("tensorflow")
