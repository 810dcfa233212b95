from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import mean_absolute_error, root_mean_squared_error

from starcast.evaluation.metrics import accuracy, mae, rmse

METRICS = pytest.mark.parametrize("metric", [rmse, mae, accuracy])
Metric = Callable[[NDArray[np.float64], NDArray[np.float64]], float]

STARS = np.array([5.0, 3.0, 1.0, 4.0])
PREDICTIONS = np.array([4.0, 3.0, 3.0, 2.0])  # errors 1, 0, -2, 2


def test_rmse_is_the_root_of_the_mean_square() -> None:
    assert rmse(STARS, PREDICTIONS) == 1.5  # √(9 / 4)


def test_mae_is_the_mean_distance() -> None:
    assert mae(STARS, PREDICTIONS) == 1.25  # 5 / 4


def test_accuracy_counts_exact_stars() -> None:
    assert accuracy(STARS, PREDICTIONS) == 0.25


def test_accuracy_sees_one_rating_through_different_roundings() -> None:
    assert accuracy(np.array([3.3], np.float32), np.array([0.1 + 32 * 0.1])) == 1
    assert accuracy(np.array([0.3]), np.array([0.1 + 0.2])) == 1


def test_errors_agree_with_scikit_learn() -> None:
    rng = np.random.default_rng(1)
    stars, predictions = rng.integers(1, 6, 1000).astype(np.float32), rng.normal(3.5, 1, 1000)
    assert rmse(stars, predictions) == pytest.approx(root_mean_squared_error(stars, predictions))
    assert mae(stars, predictions) == pytest.approx(mean_absolute_error(stars, predictions))


def test_float32_columns_are_summed_in_float64() -> None:
    error = np.float32(0.1)
    predictions = np.full(1_000_003, error)
    assert mae(np.zeros_like(predictions), predictions) == pytest.approx(float(error), rel=1e-12)
    assert rmse(np.zeros_like(predictions), predictions) == pytest.approx(float(error), rel=1e-12)


@METRICS
def test_nothing_to_measure_is_refused(metric: Metric) -> None:
    with pytest.raises(ValueError, match="nothing to measure"):
        metric(np.array([]), np.array([]))


@METRICS
def test_columns_that_would_broadcast_are_refused(metric: Metric) -> None:
    with pytest.raises(ValueError, match=r"one shape \(n,\), got stars \(4,\), .* \(4, 1\)"):
        metric(STARS, PREDICTIONS[:, None])
    with pytest.raises(ValueError, match="one shape"):
        metric(STARS, PREDICTIONS[:1])


@METRICS
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused_with_their_place(
    metric: Metric, bad: float
) -> None:
    predictions = PREDICTIONS.copy()
    predictions[2] = bad
    with pytest.raises(ValueError, match=rf"holds {bad} at row 2"):
        metric(STARS, predictions)
    with pytest.raises(ValueError, match=rf"stars holds {bad} at row 2"):
        metric(predictions, STARS)
