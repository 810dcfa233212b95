import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from starcast.networks.optimizers import RULES

RATE = 0.1
WEIGHT = np.array([1.0, -2.0, 0.5], np.float32)
GRADIENTS = np.array([[0.5, -1.0, 0.001], [-0.25, -1.0, 0.002], [3.0, 0.0, -0.001]], np.float32)
KERAS = {
    "Adam": keras.optimizers.Adam,
    "RMSProp": keras.optimizers.RMSprop,
    "GradientDescent": keras.optimizers.SGD,
}


def ours(name: str, n_steps: int = len(GRADIENTS)) -> NDArray[np.float32]:
    rule = RULES[name]
    weight, slots = tf.constant(WEIGHT), [tf.zeros(3) for _ in range(rule.n_slots)]
    for n, gradient in enumerate(GRADIENTS[:n_steps]):
        weight, slots = rule.update(
            weight, slots, tf.constant(gradient), RATE, tf.constant(float(n + 1))
        )
        assert len(slots) == rule.n_slots
    return np.asarray(weight)


def test_gradient_descent_by_hand() -> None:
    np.testing.assert_allclose(ours("GradientDescent", 1), [0.95, -1.9, 0.4999], rtol=1e-6)


def test_rmsprop_by_hand() -> None:
    expected, mean_square = WEIGHT.astype(np.float64), np.zeros(3)
    for gradient in GRADIENTS.astype(np.float64):
        mean_square = 0.9 * mean_square + 0.1 * gradient**2
        expected -= RATE * gradient / np.sqrt(mean_square + 1e-7)
    np.testing.assert_allclose(ours("RMSProp"), expected, rtol=1e-5)


def test_adam_by_hand() -> None:
    expected, m, v = WEIGHT.astype(np.float64), np.zeros(3), np.zeros(3)
    for t, gradient in enumerate(GRADIENTS.astype(np.float64), start=1):
        m = 0.9 * m + 0.1 * gradient
        v = 0.999 * v + 0.001 * gradient**2
        rate = RATE * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        expected -= rate * m / (np.sqrt(v) + 1e-7)
    np.testing.assert_allclose(ours("Adam"), expected, rtol=1e-5)


def test_the_first_step_of_adam_is_the_rate_whatever_the_gradient() -> None:
    signs = np.array([1, -1, 1])
    np.testing.assert_allclose(ours("Adam", 1), WEIGHT - RATE * signs, rtol=1e-3)  # ε shows a bit


@pytest.mark.parametrize("name", RULES)
def test_a_dense_weight_moves_as_keras_moves_it(name: str) -> None:
    variable = keras.Variable(WEIGHT)
    optimizer = KERAS[name](learning_rate=RATE)
    optimizer.build([variable])
    for gradient in GRADIENTS:
        optimizer.apply([tf.constant(gradient)], [variable])
    np.testing.assert_allclose(ours(name), variable.numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", RULES)
def test_in_place_is_the_same_rule(name: str) -> None:
    rule = RULES[name]
    variable, slots = tf.Variable(WEIGHT), [tf.Variable(tf.zeros(3)) for _ in range(rule.n_slots)]
    for n, gradient in enumerate(GRADIENTS):
        rule.assign(variable, slots, tf.constant(gradient), RATE, tf.constant(float(n + 1)))
    np.testing.assert_allclose(variable.numpy(), ours(name), rtol=1e-5, atol=1e-6)
