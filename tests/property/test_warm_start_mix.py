from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from plain_network import expression_of

from starcast.data.ids import Vocabulary
from starcast.data.ratings import Ratings
from starcast.engines.expression.networks import ensemble
from starcast.engines.networks.engine import NetworkEngine
from starcast.engines.networks.warm_start import warm_start
from starcast.engines.settings import NetworkSettings
from starcast.scoring import DeepScorer, EnsembleScorer, FactorScorer

Arrays = dict[str, NDArray[np.float32]]
Doubles = NDArray[np.float64]
N_USERS, N_ITEMS = 4, 3
EVERY_USER = np.arange(N_USERS, dtype=np.int32)
STARS = 1.0 + np.add.outer(np.arange(N_USERS), np.arange(N_ITEMS)) % 5

alphas = st.floats(0, 1)


class Parents(NamedTuple):
    factor: Arrays
    deep: Arrays

    def mix(self, alpha: float) -> Doubles:
        """What the fresh ensemble must predict, (n_users, n_items)."""
        of_factor = FactorScorer(self.factor).score_all(EVERY_USER).astype(np.float64)
        of_deep = DeepScorer(self.deep).score_all(EVERY_USER).astype(np.float64)
        return alpha * of_factor + (1 - alpha) * of_deep


@st.composite
def parents(draw: st.DrawFn, dimension: int = 0, layers: tuple[int, ...] = ()) -> Parents:
    """Random weights, biases included, of a drawn or given shape."""
    d = dimension or draw(st.integers(1, 6))
    widths = layers or (*draw(st.lists(st.integers(1, 6), min_size=1, max_size=3)), 1)
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    shapes: dict[str, tuple[int, ...]] = {
        "user_factors": (N_USERS, d), "item_factors": (N_ITEMS, d),
        "user_bias": (N_USERS,), "item_bias": (N_ITEMS,), "mean": (),
    }  # fmt: skip
    factor = {name: single(rng.normal(0, 0.5, shape)) for name, shape in shapes.items()}
    deep = {
        "user_embedding": single(rng.normal(0, 0.5, (N_USERS, d))),
        "item_embedding": single(rng.normal(0, 0.5, (N_ITEMS, d))),
    }
    for n, (below, width) in enumerate(zip((2 * d, *widths), widths, strict=False)):
        name = "output" if n == len(widths) - 1 else f"hidden_{n}"
        deep[f"{name}_kernel"] = single(rng.normal(0, 0.5, (below, width)))
        deep[f"{name}_bias"] = single(rng.normal(0, 0.5, width))
    return Parents(factor, deep)


def single(values: Any) -> NDArray[np.float32]:
    return np.asarray(values, np.float32)


@given(parents(), alphas)
def test_the_fresh_ensemble_predicts_the_mix(drawn: Parents, alpha: float) -> None:
    scorer = EnsembleScorer(warm_start(*drawn, alpha))
    np.testing.assert_allclose(scorer.score_all(EVERY_USER), drawn.mix(alpha), atol=1e-5)
    users, items = np.divmod(np.arange(N_USERS * N_ITEMS, dtype=np.int32), N_ITEMS)
    pairs = scorer.score_pairs(users, items).reshape(N_USERS, N_ITEMS)
    np.testing.assert_allclose(pairs, drawn.mix(alpha), atol=1e-5)


@pytest.fixture(scope="module")
def engine() -> NetworkEngine:
    """An engine that does not learn, loaded anew in each example."""
    users, items = np.divmod(np.arange(N_USERS * N_ITEMS, dtype=np.int32), N_ITEMS)
    vocabularies = Vocabulary(np.arange(N_USERS)), Vocabulary(np.arange(N_ITEMS))
    ratings = Ratings.from_rows(*vocabularies, users, items, STARS.ravel())
    config = NetworkSettings(
        dimension=3, layers=(5, 2, 1), batch_size=5, optimizer="GradientDescent",
        learning_rate=1e-12,
    )  # fmt: skip
    return NetworkEngine(config, ratings, expression_of(ensemble, config), seed=1)


@given(drawn=parents(dimension=3, layers=(5, 2, 1)), alpha=alphas)
def test_the_engine_takes_the_mix_as_it_is_and_starts_from_its_error(
    engine: NetworkEngine, drawn: Parents, alpha: float
) -> None:
    weights = warm_start(*drawn, alpha)
    engine.load(weights)
    loaded = engine.weights()
    assert loaded.keys() == weights.keys()
    for name, array in weights.items():
        np.testing.assert_array_equal(loaded[name], array, name, strict=True)
    error = np.sqrt(np.mean((STARS - drawn.mix(alpha)) ** 2))
    assert engine.run_epoch().training_error == pytest.approx(error, abs=1e-5)
