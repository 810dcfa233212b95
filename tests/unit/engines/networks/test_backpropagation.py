"""The ReLU layers and their dropout, first alone, then inside a step of the engine."""

import inspect
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from plain_network import doubles, expression_of, forward, gradients, some_ratings

from starcast.engines.expression.networks import deep_network, ensemble
from starcast.engines.networks import backpropagation
from starcast.engines.networks import engine as engine_module
from starcast.engines.networks.chunks import mixed
from starcast.engines.networks.engine import NetworkEngine
from starcast.engines.networks.epoch import run_epoch
from starcast.engines.settings import NetworkSettings

Single = NDArray[np.float32]
STACK = (16, 5, 7, 3)
RATE, PENALTY = 0.001, 0.2


def run(
    inputs: Single, dense: Single, stack: tuple[int, ...] = STACK, dropout: float = 0, seed: int = 1
) -> list[Single]:
    """The values of every layer, h_0 first; float32 (n, width)."""
    n = len(inputs)
    values = np.full(n * sum(stack), np.nan, np.float32)
    values[: inputs.size] = inputs.ravel()
    at, _ = backpropagation.forward(
        np.array(stack), dense, values, n, np.float32(dropout), np.uint32(seed)
    )  # fmt: skip
    assert at == n * sum(stack[:-1])
    ends = np.cumsum([n * width for width in stack])
    parts = zip(np.split(values, ends[:-1]), stack, strict=True)
    return [part.reshape(n, width) for part, width in parts]


def drawn(n: int = 6, seed: int = 1) -> tuple[Single, Single]:
    """Inputs and dense weights; the latter end with some that belong to no hidden layer."""
    rng = np.random.default_rng(seed)
    n_dense = sum(below * above + above for below, above in pairwise(STACK))
    inputs, dense = rng.normal(0, 1, (n, STACK[0])), rng.normal(0.1, 0.3, n_dense + 4)
    return inputs.astype(np.float32), dense.astype(np.float32)


def ones(n: int, width: int, depth: int) -> tuple[Single, Single, tuple[int, ...]]:
    """Layers of which every value is 1 but for dropout: kernels of 0, biases of 1."""
    layer = np.concatenate([np.zeros(width * width), np.ones(width)])
    dense = np.tile(layer, depth).astype(np.float32)
    return np.ones((n, width), np.float32), dense, (width,) * (depth + 1)


def test_layers_by_matrix_products() -> None:
    inputs, dense = drawn()
    found, expected, at = run(inputs, dense), inputs.astype(np.float64), 0
    for width, values in zip(STACK[1:], found[1:], strict=True):
        kernel = dense[at : at + expected.shape[1] * width].reshape(-1, width)
        at += kernel.size
        expected = np.maximum(expected @ kernel + dense[at : at + width], 0)
        at += width
        np.testing.assert_allclose(values, expected, atol=1e-5)
    assert np.any(found[-1] == 0)
    assert np.any(found[-1] > 0)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_the_given_share_is_dropped_and_the_rest_scaled_up(rate: float) -> None:
    """Between hidden layers only: the inputs and the last layer stay whole."""
    layers = run(*ones(4096, 10, depth=4), dropout=rate)
    for whole in (layers[0], layers[-1]):
        assert np.all(whole == 1)
    for dropped in layers[1:-1]:
        deviation = np.sqrt(rate * (1 - rate) / dropped.size)  # of a share, binomial
        assert np.mean(dropped == 0) == pytest.approx(rate, abs=4 * deviation)
        for axis, size in ((0, 4096), (1, 10)):  # no favourite units, no favourite ratings
            shares = np.mean(dropped == 0, axis=axis)
            assert shares.std() == pytest.approx(np.sqrt(rate * (1 - rate) / size), rel=0.7)
        assert np.unique(dropped[dropped != 0]) == pytest.approx(1 / (1 - rate), rel=1e-6)


def test_layers_and_seeds_have_masks_of_their_own() -> None:
    """Two independent masks at rate ½ agree in about half of their places."""
    seeds = (7, 10**6, 2**32 - 1)  # as far apart as the engine chooses them
    runs = [run(*ones(2000, 10, depth=4), dropout=0.5, seed=seed)[1:-1] for seed in seeds]
    masks = [layer > 0 for layers in runs for layer in layers]
    for one, other in combinations(masks, 2):
        assert np.mean(one == other) == pytest.approx(0.5, abs=0.02)
    again = run(*ones(2000, 10, depth=4), dropout=0.5, seed=10**6)
    assert np.array_equal(again[1] > 0, masks[3]), "and a seed always the same"


def test_no_dropout_drops_nothing() -> None:
    assert all(np.all(layer == 1) for layer in run(*ones(500, 10, depth=3), dropout=0))


def test_what_is_no_number_is_passed_on() -> None:
    inputs, dense = drawn()
    inputs[2, 3] = np.nan
    for layer in run(inputs, dense)[1:]:
        assert np.all(np.isnan(layer[2]))
        assert np.all(np.isfinite(np.delete(layer, 2, axis=0)))


@pytest.mark.parametrize("network", [deep_network, ensemble])
def test_a_step_with_dropout_is_backpropagation_with_the_same_masks(
    network: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One batch that is one chunk; its masks are found by running the layers again."""
    given: dict[str, Any] = {}

    def noted(*arguments: Any) -> Any:
        given.update(inspect.signature(run_epoch.py_func).bind(*arguments).arguments)
        return run_epoch(*arguments)

    monkeypatch.setattr(engine_module, "run_epoch", noted)
    ratings = some_ratings(120)
    config = NetworkSettings(
        dimension=8, layers=(12, 9, 4, 1), dropout_rate=0.4, optimizer="GradientDescent",
        learning_rate=RATE, regularization_factor=PENALTY,
    )  # fmt: skip
    engine = NetworkEngine(config, ratings, expression_of(network, config), seed=3)
    rng = np.random.default_rng(1)
    before = {
        name: rng.normal(0.1, 0.4, array.shape).astype(np.float32)
        for name, array in engine.weights().items()
    }
    engine.load(before)
    loss = engine.run_epoch()
    users, items = (column[given["order"]] for column in given["rated"][:2])
    inputs = np.hstack([before["user_embedding"][users], before["item_embedding"][items]])
    layers = run(
        inputs, engine.layout.joined(before), engine.layout.stack, 0.4, mixed(given["seed"], 0, 0)
    )
    as_sorted = np.lexsort((items, users))
    masks = [(layer[as_sorted] != 0) / 0.6 for layer in layers[1:-1]]
    plain = gradients(doubles(before), ratings, PENALTY, masks)
    for name, after in engine.weights().items():
        np.testing.assert_allclose(after, before[name] - RATE * plain[name], atol=1e-5)
    error = ratings.stars - forward(doubles(before), ratings, masks)
    assert loss.training_error == pytest.approx(np.sqrt(np.mean(error**2)), rel=1e-5)
    whole = ratings.stars - forward(doubles(before), ratings)
    assert loss.training_error != pytest.approx(np.sqrt(np.mean(whole**2)), rel=0.01)
