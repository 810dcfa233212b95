"""Update rules against scikit-learn's (Adam, gradient descent) and the lecture's (RMSProp)."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer, SGDOptimizer

from starcast.engines.optimizers import RULES, adam, rmsprop, step_rate, update
from starcast.engines.simd import VECTOR

RATE = 0.1
WEIGHT = np.array([1.0, -2.0, 0.5])
GRADIENTS = np.array([[0.5, -1.0, 0.001], [-0.25, -1.0, 0.002], [3.0, 0.0, -0.001]])
N_ROWS, N_VECTORS = 6, 2
ROWS = np.array([4, 0, 3], np.int32)
EVERY_RULE = pytest.mark.parametrize("name", RULES)
Doubles = NDArray[np.float64]


class LectureRmsProp:
    """Tieleman & Hinton 2012: divide by the root of a running average of the squared gradient."""

    def __init__(self, params: list[Doubles]) -> None:
        self.weight, self.mean_square = params[0], np.zeros_like(params[0])

    def update_params(self, params: list[Doubles], grads: list[Doubles]) -> None:
        self.mean_square = 0.9 * self.mean_square + 0.1 * grads[0] ** 2
        self.weight -= RATE * grads[0] / np.sqrt(self.mean_square + 1e-7)


def independent(name: str, weight: Doubles) -> Any:
    """An optimizer by somebody else, in float64, that will move `weight` in place."""
    if name == "Adam":
        return AdamOptimizer([weight], learning_rate_init=RATE, epsilon=1e-7)
    if name == "GradientDescent":
        return SGDOptimizer([weight], learning_rate_init=RATE, momentum=0, nesterov=False)
    return LectureRmsProp([weight])


def after(name: str, n_steps: int) -> Doubles:
    """WEIGHT after the first gradients; as a vector, in a table of one row."""
    table = np.zeros((1, 3, 1, VECTOR), np.float32)
    table[0, 0, 0, :3] = WEIGHT
    for step, gradient in enumerate(GRADIENTS[:n_steps], start=1):
        given = np.zeros((1, 1, VECTOR), np.float32)
        given[0, 0, :3] = gradient
        update(RULES[name], table, np.zeros(1, np.int32), given, step_rate(RULES[name], RATE, step))
    assert not np.any(table[..., 3:]), "what gets no gradient does not move"
    return table[0, 0, 0, :3].astype(np.float64)


def test_gradient_descent_by_hand() -> None:
    np.testing.assert_allclose(after("GradientDescent", 1), [0.95, -1.9, 0.4999], rtol=1e-6)


def test_the_first_step_of_adam_is_the_rate_whatever_the_gradient() -> None:
    signs = np.array([1, -1, 1])
    np.testing.assert_allclose(after("Adam", 1), WEIGHT - RATE * signs, rtol=1e-3)  # ε shows a bit


def test_the_first_step_of_rmsprop_is_root_ten_times_the_rate() -> None:
    """The average begins at 0.1 g²; ε, under the root, holds small gradients back."""
    steps = RATE * np.array([np.sqrt(10), -np.sqrt(10), 0.001 / np.sqrt(2e-7)])
    np.testing.assert_allclose(after("RMSProp", 1), WEIGHT - steps, rtol=1e-5)


@EVERY_RULE
def test_three_steps_as_others_make_them(name: str) -> None:
    weight = WEIGHT.copy()
    optimizer = independent(name, weight)
    for n, gradient in enumerate(GRADIENTS, start=1):
        optimizer.update_params([weight], [gradient])
        np.testing.assert_allclose(after(name, n), weight, rtol=1e-5)


@EVERY_RULE
def test_named_rows_move_each_by_its_own_gradient_and_no_other_does(name: str) -> None:
    rng = np.random.default_rng(1)
    table = np.zeros((N_ROWS, 3, N_VECTORS, VECTOR), np.float32)
    table[:, 0] = rng.normal(0, 1, table[:, 0].shape)
    others = np.setdiff1d(np.arange(N_ROWS), ROWS)
    table[others, 1:] = 0.25  # moments that would decay
    before = table.copy()
    weight = table[ROWS, 0].astype(np.float64)
    optimizer = independent(name, weight)
    for step in range(1, 6):
        gradients = rng.normal(0, 2, (len(ROWS) + 1, N_VECTORS, VECTOR)).astype(np.float32)
        update(RULES[name], table, ROWS, gradients, step_rate(RULES[name], RATE, step))
        optimizer.update_params([weight], [gradients[:-1].astype(np.float64)])
    np.testing.assert_allclose(table[ROWS, 0], weight, rtol=1e-4, atol=1e-5)
    assert np.array_equal(table[others], before[others])


@EVERY_RULE
def test_a_gradient_that_is_no_number_leaves_none(name: str) -> None:
    """Fast sums must not forget it: it is what ends a hopeless run."""
    table = np.zeros((1, 3, 1, VECTOR), np.float32)
    gradient = np.ones((1, 1, VECTOR), np.float32)
    gradient[0, 0, 2] = np.nan
    update(RULES[name], table, np.zeros(1, np.int32), gradient, np.float32(RATE))
    assert np.isnan(table[0, 0, 0]).tolist() == [lane == 2 for lane in range(VECTOR)]


def test_one_number_moves_as_it_would_in_a_table() -> None:
    weight = second_weight = np.float32(1)
    first = second = mean_square = np.float32(0)
    for step, gradient in enumerate(GRADIENTS[:, 0].astype(np.float32), start=1):
        rate = step_rate(RULES["Adam"], RATE, step)
        weight, first, second = adam(weight, first, second, gradient, np.float32(rate))
        second_weight, mean_square = rmsprop(second_weight, mean_square, gradient, np.float32(RATE))
        assert weight == pytest.approx(after("Adam", step)[0], rel=1e-6)
        assert second_weight == pytest.approx(after("RMSProp", step)[0], rel=1e-6)


def test_the_rate_of_a_step() -> None:
    """Only Adam's changes: its moments begin at 0, and the rate makes up for it."""
    for name in ("RMSProp", "GradientDescent"):
        assert [step_rate(RULES[name], 0.5, step) for step in (1, 1000)] == [0.5, 0.5]
    rates = [step_rate(RULES["Adam"], 1.0, step) for step in (1, 2, 100_000)]
    assert rates == pytest.approx([0.001**0.5 / 0.1, 0.001999**0.5 / 0.19, 1], rel=1e-6)
