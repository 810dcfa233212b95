"""What trains, updates and judges in tools/updates.py, and where its table goes."""

import numpy as np
import pytest
import updates

from starcast.data.ratings import Ratings
from starcast.data.split.growing import grow


def test_a_cut_trains_on_the_oldest_updates_by_the_next_and_judges_by_the_rest(
    planted: Ratings,
) -> None:
    assert planted.timestamps is not None
    cut = updates.Cut.of(planted, 0.8, 0.1, seed=0)
    n = len(planted)
    for rows, low, high in (
        (cut.split.train, 0.0, 0.8), (cut.split.validation, 0.0, 0.8),
        (cut.later, 0.8, 0.9), (cut.split.test, 0.9, 1.0),
    ):  # fmt: skip
        assert rows.timestamps is not None
        rank = np.searchsorted(np.sort(planted.timestamps), rows.timestamps) / n
        assert rank.min() >= low - 1 / n
        assert rank.max() < high
    assert len(cut.split.ratings) + len(cut.later) == n
    arrivals = grow(cut.split, cut.later).arrivals
    assert (arrivals.new, arrivals.kept_unseen) == (len(cut.later), 0)


def test_a_table_goes_between_its_marks() -> None:
    page = "a\n<!-- tools/updates.py: x -->\nold\n<!-- tools/updates.py: end of x -->\nz\n"
    again = updates.placed(page, "x", "| new |")
    assert again == page.replace("old", "| new |")
    with pytest.raises(SystemExit, match="no place for y"):
        updates.placed(page, "y", "| new |")


def test_gaps_over_seeds_are_those_of_mean_figures() -> None:
    def trial(updated: float, anew: float) -> updates.Trial:
        nothing, *others = (updates.Figures(one, 1 - one, 2) for one in (0.9, updated, anew))
        return updates.Trial("Some model", 0.9, nothing, *others)

    line = updates._line(updates.Trial.mean_of([trial(0.8, 0.7), trial(0.8, 0.8)]))
    assert "| 0.8000, 0.2000 | 0.7500, 0.2500 | 67%, 67% |" in line
