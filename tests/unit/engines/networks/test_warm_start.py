from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from plain_network import expression_of

from starcast.data.ids import Vocabulary
from starcast.data.ratings import Ratings
from starcast.engines.expression.networks import ensemble
from starcast.engines.networks.engine import NetworkEngine
from starcast.engines.networks.warm_start import warm_start
from starcast.engines.settings import NetworkSettings
from starcast.scoring import DeepScorer, EnsembleScorer, FactorScorer

Weights = dict[str, NDArray[np.float32]]
N_USERS, N_ITEMS, D = 5, 4, 3
LAYERS = (6, 2, 1)


def parents(seed: int = 1) -> tuple[Weights, Weights]:
    """A latent factor model and a deep network with random weights, biases included."""
    rng = np.random.default_rng(seed)

    def drawn(*shape: int) -> NDArray[np.float32]:
        return rng.normal(0.2, 0.5, shape).astype(np.float32)

    factor = {
        "mean": np.array(3.6, np.float32),
        "user_factors": drawn(N_USERS, D),
        "item_factors": drawn(N_ITEMS, D),
        "user_bias": drawn(N_USERS),
        "item_bias": drawn(N_ITEMS),
    }
    deep = {"user_embedding": drawn(N_USERS, D), "item_embedding": drawn(N_ITEMS, D)}
    for n, (below, width) in enumerate([(2 * D, 6), (6, 2)]):
        deep |= {f"hidden_{n}_kernel": drawn(below, width), f"hidden_{n}_bias": drawn(width)}
    return factor, deep | {"output_kernel": drawn(2, 1), "output_bias": drawn(1) + 3}


def every_pair() -> Ratings:
    """Stars for each user and item, over all of the scale."""
    users, items = np.divmod(np.arange(N_USERS * N_ITEMS, dtype=np.int32), N_ITEMS)
    return Ratings.from_rows(
        Vocabulary(np.arange(N_USERS)),
        Vocabulary(np.arange(N_ITEMS)),
        users,
        items,
        1.0 + (users + items) % 5,
    )


def engine_of(ratings: Ratings, **settings: Any) -> NetworkEngine:
    config = NetworkSettings(dimension=D, layers=LAYERS, **settings)
    return NetworkEngine(config, ratings, expression_of(ensemble, config), seed=1)


@pytest.mark.parametrize("alpha", [0, 0.3, 1])
def test_the_fresh_ensemble_predicts_the_mix(alpha: float) -> None:
    factor, deep = parents()
    everyone = np.arange(N_USERS, dtype=np.int32)
    mixed = EnsembleScorer(warm_start(factor, deep, alpha)).score_all(everyone)
    of_factor = FactorScorer(factor).score_all(everyone)
    of_deep = DeepScorer(deep).score_all(everyone)
    assert np.abs(of_factor - of_deep).max() > 1, "else any mix would do"
    np.testing.assert_allclose(mixed, alpha * of_factor + (1 - alpha) * of_deep, atol=1e-5)


@pytest.mark.parametrize("alpha", [0, 0.3, 1])
def test_the_engine_itself_predicts_the_mix(alpha: float) -> None:
    """Given one rating and no time to learn, its training error is that of one prediction."""
    factor, deep = parents()
    pairs = every_pair()
    of_factor = FactorScorer(factor).score_pairs(pairs.user_rows, pairs.item_rows)
    of_deep = DeepScorer(deep).score_pairs(pairs.user_rows, pairs.item_rows)
    mix = alpha * of_factor + (1 - alpha) * of_deep
    for n in range(len(pairs)):
        engine = engine_of(pairs.take(np.array([n])), learning_rate=1e-12)
        engine.load(warm_start(factor, deep, alpha))
        error = abs(pairs.stars[n] - mix[n])
        assert engine.run_epoch().training_error == pytest.approx(error, abs=1e-5)


def test_parents_become_tables_and_hidden_layers_unchanged() -> None:
    factor, deep = parents()
    mixed = warm_start(factor, deep, 0.5)
    inherited = {name: array for name, array in factor.items() if name != "mean"} | {
        name: array for name, array in deep.items() if not name.startswith("output_")
    }
    assert mixed.keys() == inherited.keys() | {"output_kernel", "output_bias"}
    for name, array in inherited.items():
        assert np.array_equal(mixed[name], array)
        assert not np.shares_memory(mixed[name], array), "fine-tuning must not touch a parent"


def test_the_output_layer_by_hand() -> None:
    factor, deep = parents()
    mixed = warm_start(factor, deep, 0.25)
    kernel = [0.25] * (D + 2) + [0.75 * weight for weight in deep["output_kernel"][:, 0]]
    np.testing.assert_allclose(mixed["output_kernel"], np.reshape(kernel, (-1, 1)), rtol=1e-6)
    np.testing.assert_allclose(
        mixed["output_bias"], [0.25 * 3.6 + 0.75 * deep["output_bias"][0]], rtol=1e-6
    )


def test_a_parent_of_another_dimension_is_refused_with_what_differs() -> None:
    factor, deep = parents()
    wide = factor | {name: np.ones((len(factor[name]), 7), np.float32)
                     for name in ("user_factors", "item_factors")}  # fmt: skip
    engine = engine_of(every_pair())
    with pytest.raises(ValueError, match=r"'user_factors' is \(5, 7\), wanted \(5, 3\)"):
        engine.load(warm_start(wide, deep, 0.5))


def test_fine_tuning_starts_from_the_mix_and_improves_on_it() -> None:
    engine = engine_of(every_pair(), learning_rate=0.01)
    engine.load(warm_start(*parents(), 0.5))
    losses = [engine.run_epoch().loss for _ in range(5)]
    assert losses == sorted(losses, reverse=True)
