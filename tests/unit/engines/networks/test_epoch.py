"""How an epoch is cut: threads, chunks and spans of batches change nothing but the time it takes.

What the compiled loop fixes at compile time is varied in its plain Python form, which calls the
same compiled pieces.
"""

import inspect
import tracemalloc
from copy import deepcopy
from typing import Any

import numba
import numpy as np
import pytest
from numpy.typing import NDArray
from plain_network import PlainOptimizer, expression_of, largest_difference, some_ratings
from threadpoolctl import threadpool_info

from starcast.data.ratings import Ratings
from starcast.engines.expression.networks import deep_network, ensemble
from starcast.engines.networks import engine as engine_module
from starcast.engines.networks import epoch
from starcast.engines.networks.engine import NetworkEngine
from starcast.engines.networks.gradient import chunk_gradient
from starcast.engines.protocol import EpochLoss
from starcast.engines.settings import NetworkSettings

RATINGS = some_ratings(900)  # three full batches of three chunks each, and a smaller one
BATCH = 290
EVERY_NETWORK = pytest.mark.parametrize("network", [deep_network, ensemble])


def engine_of(network: Any, ratings: Ratings = RATINGS, **settings: Any) -> NetworkEngine:
    given: dict[str, Any] = {
        "dimension": 5,
        "layers": (6, 4, 1),
        "batch_size": BATCH,
        "learning_rate": 0.001,
        "regularization_factor": 0.2,
    }
    config = NetworkSettings(**given | settings)
    engine = NetworkEngine(config, ratings, expression_of(network, config), seed=3)
    rng = np.random.default_rng(1)
    drawn = {name: rng.normal(0.1, 0.4, a.shape) for name, a in engine.weights().items()}
    engine.load({name: array.astype(np.float32) for name, array in drawn.items()})
    return engine


def after_two_epochs(
    network: Any, **settings: Any
) -> tuple[list[EpochLoss], dict[str, NDArray[np.float32]]]:
    engine = engine_of(network, **settings)
    return [engine.run_epoch() for _ in range(2)], engine.weights()


@pytest.fixture
def in_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop as Python runs it, so that its constants can be changed."""
    monkeypatch.setattr(engine_module, "run_epoch", epoch.run_epoch.py_func)
    for name in ("_group", "_gradients", "_move"):
        monkeypatch.setattr(epoch, name, getattr(epoch, name).py_func)


@EVERY_NETWORK
def test_an_epoch_of_many_chunks_is_adam_on_the_gradients_of_the_expression(network: Any) -> None:
    engine = engine_of(network)
    plain = PlainOptimizer(engine.weights(), "Adam", 0.001, 0.2)
    visits = deepcopy(engine._ratings)  # gives the order that the engine will be given
    shuffled = visits.rated
    places = np.lexsort((shuffled.items, shuffled.users)).argsort()  # theirs among sorted ratings
    order = places[visits.fresh_order()]
    loss, _ = engine.run_epoch()
    batches = [order[start : start + BATCH] for start in range(0, 900, BATCH)]
    plain_loss = sum(plain.visit(RATINGS.take(np.sort(batch))) for batch in batches) / 900
    assert loss == pytest.approx(plain_loss, rel=1e-5)
    assert largest_difference(engine.weights(), plain.weights) < 1e-5


@pytest.mark.skipif(
    numba.config.NUMBA_NUM_THREADS < 2,  # type: ignore[attr-defined]
    reason="one core: set NUMBA_NUM_THREADS=2",
)
@EVERY_NETWORK
def test_the_number_of_threads_changes_no_bit(network: Any) -> None:
    runs = []
    for n_threads in (1, 2):
        numba.set_num_threads(n_threads)
        try:
            runs.append(after_two_epochs(network, dropout_rate=0.3))
        finally:
            numba.set_num_threads(numba.config.NUMBA_NUM_THREADS)  # type: ignore[attr-defined]
    (losses, weights), (other_losses, other_weights) = runs
    assert losses == other_losses
    assert largest_difference(weights, other_weights) == 0


@EVERY_NETWORK
@pytest.mark.parametrize("size", [1, 7, 100, 10**6])
def test_the_size_of_a_chunk_changes_only_rounding(
    network: Any, size: int, in_python: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses, weights = after_two_epochs(network)
    monkeypatch.setattr(epoch, "CHUNK", size)
    other_losses, other_weights = after_two_epochs(network)
    np.testing.assert_allclose(other_losses, losses, rtol=1e-5)
    assert 0 < largest_difference(other_weights, weights) < 1e-5


@EVERY_NETWORK
@pytest.mark.parametrize("n_ratings", [1, 2 * BATCH])
def test_how_many_batches_are_grouped_ahead_changes_no_bit(
    network: Any, n_ratings: int, in_python: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses, weights = after_two_epochs(network, dropout_rate=0.3)
    monkeypatch.setattr(epoch, "_GROUPED", n_ratings)
    other_losses, other_weights = after_two_epochs(network, dropout_rate=0.3)
    assert other_losses == losses
    assert largest_difference(other_weights, weights) == 0


@EVERY_NETWORK
def test_compiled_and_in_python_it_is_the_same_loop(
    network: Any, request: pytest.FixtureRequest
) -> None:
    """What the tests above vary is what users run, masks of dropout included."""
    losses, weights = after_two_epochs(network, dropout_rate=0.3)
    request.getfixturevalue("in_python")
    other_losses, other_weights = after_two_epochs(network, dropout_rate=0.3)
    np.testing.assert_allclose(other_losses, losses, rtol=1e-5)
    assert largest_difference(other_weights, weights) < 1e-5


def test_every_chunk_of_every_batch_and_epoch_draws_masks_of_its_own(
    in_python: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    seeds = []

    def noted(*given: Any) -> Any:
        bound = inspect.signature(chunk_gradient.py_func).bind(*given)
        seeds.append(int(bound.arguments["seed"]))
        return chunk_gradient(*given)

    monkeypatch.setattr(epoch, "chunk_gradient", noted)
    monkeypatch.setattr(epoch, "CHUNK", 100)
    after_two_epochs(ensemble, dropout_rate=0.3)
    assert len(seeds) == 2 * (3 * 3 + 1)
    assert len(set(seeds)) == len(seeds)


def test_the_memory_of_an_epoch_does_not_grow_with_the_batches(
    in_python: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that an epoch makes fits a span of batches, however many spans there are."""
    monkeypatch.setattr(epoch, "_GROUPED", 40)
    peaks = []
    for n in (80, 800):
        engine = engine_of(ensemble, some_ratings(n), batch_size=4)
        orders = [engine._ratings.fresh_order() for _ in range(2)]
        monkeypatch.setattr(engine._ratings, "fresh_order", orders.pop)
        engine.run_epoch()  # so that nothing is imported or compiled below
        tracemalloc.start()
        engine.run_epoch()
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert len(engine._space.distinct[0]) == 10, "40 ratings"
    few, many = peaks
    assert many < few + 4096  # of 180 more batches, with 200 bytes each in their groups alone


def test_moments_that_fade_away_end_at_zero_not_among_the_subnormal_numbers() -> None:
    """Those are as good as zero, but a processor reckons a hundred times as long with them."""
    engine = engine_of(deep_network, some_ratings(60), batch_size=1)
    weights = engine.weights()
    weights["hidden_1_bias"][0] = -1000  # never fires again: no gradient, and its moments fade
    engine.load(weights)
    dense = engine._tables.dense
    dense[0, 1:] = 1e-3
    for _ in range(15):
        engine.run_epoch()
    first, second = dense.reshape(3, -1)[1:]
    dead = engine.layout.named(first)["hidden_1_kernel"][:, 0]
    assert not np.any(dead), "0.9 to the 900th"
    assert np.all(engine.layout.named(second)["hidden_1_kernel"][:, 0] > 3e-4), "0.999 likewise"
    assert not np.any((np.abs(dense) > 0) & (np.abs(dense) < 1e-30))


def test_a_fit_compiles_the_loop_once() -> None:
    """Batches, widths, depths, rules and networks are data: no two need code of their own."""
    engine_of(deep_network).run_epoch()
    n_compiled = len(epoch.run_epoch.signatures)
    every: list[dict[str, Any]] = [
        {"batch_size": 10, "optimizer": "RMSProp"},
        {"dimension": 9, "layers": (3, 1), "dropout_rate": 0.5},
        {"layers": (17, 8, 8, 2, 1), "regularization_factor": 0, "learning_rate": 1},
    ]
    for settings in every:
        for network in (deep_network, ensemble):
            engine = engine_of(network, **settings)
            engine.run_epoch()
            engine.load(engine.weights())
            engine.run_epoch()
    assert len(epoch.run_epoch.signatures) == n_compiled


def test_matrix_products_stay_on_their_own_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks run side by side already; more threads inside each would only get in their way."""
    during: list[int] = []

    def watched(*given: Any) -> Any:
        during.extend(pool["num_threads"] for pool in blas())
        return epoch.run_epoch(*given)

    def blas() -> list[dict[str, Any]]:
        return [pool for pool in threadpool_info() if pool["user_api"] == "blas"]

    monkeypatch.setattr(engine_module, "run_epoch", watched)
    before = blas()
    engine_of(deep_network).run_epoch()
    assert during
    assert set(during) == {1}
    assert blas()[: len(before)] == before, "whoever comes next has all threads again"
