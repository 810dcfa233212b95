"""The mean over samples as it grows."""

import numpy as np
import pytest

from benchmarks.running_mean import RunningMean
from starcast.data.ratings import Ratings


def test_levels_are_told_when_first_reached_and_the_mean_is_judged() -> None:
    rows = Ratings.from_columns(np.array([1, 2]), np.array([1, 2]), np.array([2.0, 4.0]))
    mean = RunningMean(rows, (0.5, 0.25, 0.1))
    mean.add(np.array([3.0, 3.0]), 1.0)  # 1 off
    mean.add(np.array([2.0, 4.0]), 2.0)  # on average 2.5 and 3.5
    mean.add(np.array([2.0, 4.0]), 3.0)  # 7/3 and 11/3, which is 1/3 off
    mean.add(np.array([2.0, 4.0]), 4.0)  # 9/4 and 15/4
    assert mean.figures() == {"validation RMSE": pytest.approx(0.25), "s to 0.5": 2, "s to 0.25": 4}


def test_the_mean_is_clipped_to_the_scale_and_not_each_sample() -> None:
    rows = Ratings.from_columns(np.array([1, 2]), np.array([1, 2]), np.array([1.0, 5.0]))
    mean = RunningMean(rows, (0.1,))
    mean.add(np.array([0.0, 9.0]), 1.0)
    assert mean.figures()["validation RMSE"] == 0
    mean.add(np.array([4.0, 3.0]), 2.0)  # on average 2 and 6
    assert mean.figures()["validation RMSE"] == pytest.approx(np.sqrt(1 / 2))
