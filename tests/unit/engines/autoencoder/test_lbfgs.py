"""L-BFGS against the textbook's recursion, and on functions whose minimum is known."""

import numpy as np
import pytest
from numpy.typing import NDArray

from starcast.engines.autoencoder.lbfgs import MEMORY, Descent, Flat, Objective


def quadratic(scales: NDArray[np.float64], best: NDArray[np.float64]) -> Objective:
    """½ Σ scale · (w - best)²."""

    def objective(weights: Flat, gradient: Flat) -> float:
        gradient[:] = scales * (weights - best)
        return float(0.5 * scales @ (weights - best) ** 2)

    return objective


def rosenbrock(weights: Flat, gradient: Flat) -> float:
    """(1 - x)² + 100 (y - x²)²: a bent valley; its lowest point is (1, 1)."""
    x, y = weights.astype(np.float64)
    gradient[:] = -2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)
    return float((1 - x) ** 2 + 100 * (y - x * x) ** 2)


def two_loops(
    steps: list[NDArray[np.float64]],
    changes: list[NDArray[np.float64]],
    gradient: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Nocedal & Wright 2006, algorithm 7.4 with eq. 7.20, from whole vectors."""
    direction, weights = gradient.copy(), []
    for step, change in zip(reversed(steps), reversed(changes), strict=True):
        weights.append(step @ direction / (step @ change))
        direction -= weights[-1] * change
    direction *= steps[-1] @ changes[-1] / (changes[-1] @ changes[-1])
    for step, change in zip(steps, changes, strict=True):
        direction += step * (weights.pop() - change @ direction / (step @ change))
    return -direction


def test_a_quadratic_is_solved() -> None:
    scales, best = np.geomspace(1, 100, 40), np.linspace(-3, 3, 40)
    descent = Descent(quadratic(scales, best), np.zeros(40, np.float32))
    for _ in range(60):
        descent.step()
    np.testing.assert_allclose(descent.weights, best, atol=1e-3)
    assert descent.value < 1e-4


def test_a_bent_valley_is_followed_to_its_lowest_point() -> None:
    descent = Descent(rosenbrock, np.array([-1.2, 1], np.float32))
    values = [descent.value]
    while len(values) < 60 and descent.step():
        values.append(descent.value)
    assert np.all(np.diff(values) <= 0)
    np.testing.assert_allclose(descent.weights, [1, 1], atol=1e-2)


def test_the_direction_is_the_textbooks_whatever_has_been_forgotten() -> None:
    rng = np.random.default_rng(1)
    n = 9000  # more than a piece, and no multiple of one
    scales, best = np.exp(rng.normal(0, 1.5, n)), rng.normal(0, 1, n)
    descent = Descent(quadratic(scales, best), np.zeros(n, np.float32))
    at = [descent.weights]
    for _ in range(MEMORY + 3):
        assert descent.step()
        at.append(descent.weights)
        points = np.array(at, np.float64)
        gradients = scales * (points - best)
        recent = slice(max(0, len(at) - 1 - MEMORY), None)
        wanted = two_loops(
            list(np.diff(points, axis=0)[recent]), list(np.diff(gradients, axis=0)[recent]),
            gradients[-1],
        )  # fmt: skip
        direction, slope = descent._direction()
        np.testing.assert_allclose(direction, wanted, atol=2e-3 * np.abs(wanted).max())
        assert slope == pytest.approx(wanted @ gradients[-1], rel=1e-3)


def test_a_step_is_long_enough_for_the_slope_to_flatten() -> None:
    """From the first guess, 1, it takes seven doublings to where a tenth of the slope is gone."""
    descent = Descent(quadratic(np.array([0.001]), np.array([1000.0])), np.zeros(1, np.float32))
    assert descent.step()
    assert descent.weights[0] == 128


def test_at_the_lowest_point_there_is_no_way_down_and_nothing_moves() -> None:
    best = np.array([1.0, -2.0, 0.5])
    descent = Descent(quadratic(np.ones(3), best), best.astype(np.float32))
    assert not descent.step()
    assert np.array_equal(descent.weights, best)


def test_the_first_weights_are_left_as_they_were() -> None:
    start = np.zeros(3, np.float32)
    Descent(quadratic(np.ones(3), np.ones(3)), start).step()
    assert not start.any()


def test_a_value_that_is_no_number_is_not_taken() -> None:
    def cliff(weights: Flat, gradient: Flat) -> float:
        gradient[:] = -1
        return float("nan") if weights[0] > 0.25 else -float(weights[0])

    descent = Descent(cliff, np.zeros(1, np.float32))
    descent.step()
    assert np.isfinite(descent.value)
    assert descent.weights[0] <= 0.25
