"""Where the weights of a network lie."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from starcast.engines.networks.deep_network import deep_network
from starcast.engines.networks.ensemble import ensemble
from starcast.engines.networks.layout import Layout
from starcast.engines.optimizers import LANES
from starcast.engines.settings import Config

widths = st.integers(1, 20)
layouts = st.builds(
    Layout,
    embedding=widths,
    hidden=st.lists(widths, min_size=1, max_size=4).map(tuple),
    factors=st.integers(0, 20),
)


def test_the_two_networks() -> None:
    config = Config(dimension=3, layers=(6, 2, 1))
    assert deep_network(config) == Layout(embedding=3, hidden=(6, 2), factors=0)
    assert ensemble(config) == Layout(embedding=3, hidden=(6, 2), factors=3)
    hidden = {
        "hidden_0_kernel": (6, 6), "hidden_0_bias": (6,),
        "hidden_1_kernel": (6, 2), "hidden_1_bias": (2,),
    }  # fmt: skip
    output = {"output_kernel": (2, 1), "output_bias": (1,)}
    assert deep_network(config).shapes == hidden | output
    assert ensemble(config).shapes == hidden | output | {"output_kernel": (3 + 2 + 2, 1)}


def test_a_table_row_by_hand() -> None:
    """Three floats in a vector of eight, nine in two, and the bias in one of its own."""
    layout = Layout(embedding=3, hidden=(4,), factors=9)
    assert layout.vectors == (1, 2, 1)
    assert layout.columns == {
        "embedding": slice(0, 3), "factors": slice(8, 17), "bias": slice(24, 25),
    }  # fmt: skip
    assert layout.stack == (16, 4)
    alone = Layout(embedding=9, hidden=(4, 2))
    assert (alone.vectors, alone.stack) == ((2, 0, 0), (32, 4, 2))
    assert alone.columns == {"embedding": slice(0, 9)}


def test_the_dense_weights_by_hand() -> None:
    """The first kernel's halves, of the user and of the item, are filled up to whole vectors."""
    layout = Layout(embedding=2, hidden=(1,))
    dense = layout.joined(
        {
            "hidden_0_kernel": np.array([[1], [2], [3], [4]], np.float32),
            "hidden_0_bias": np.array([5], np.float32),
            "output_kernel": np.array([[6]], np.float32),
            "output_bias": np.array([7], np.float32),
        }
    )
    halves = [1, 2, 0, 0, 0, 0, 0, 0, 3, 4, 0, 0, 0, 0, 0, 0]
    assert dense.tolist() == [*halves, 5, 6, 7, 0, 0, 0, 0, 0]
    assert dense.dtype == np.float32


@given(layouts, st.integers(0, 2**32 - 1))
def test_weights_are_joined_and_named_again_unchanged(layout: Layout, seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights = {
        name: rng.uniform(1, 2, shape).astype(np.float32) for name, shape in layout.shapes.items()
    }
    dense = layout.joined(weights)
    assert len(dense) % LANES == 0
    assert np.count_nonzero(dense) == sum(array.size for array in weights.values())
    named = layout.named(dense)
    assert named.keys() == weights.keys()
    for name, array in weights.items():
        np.testing.assert_array_equal(named[name], array, name, strict=True)
        assert not np.shares_memory(named[name], dense)


@given(layouts, st.integers(0, 2**32 - 1))
def test_a_fresh_network_starts_glorot_uniform_at_the_mean(layout: Layout, seed: int) -> None:
    drawn = layout.initial(3.25, np.random.default_rng(seed))
    assert np.array_equal(drawn, layout.initial(3.25, np.random.default_rng(seed)))
    for name, array in layout.named(drawn).items():
        if name == "output_bias":
            assert array.tolist() == [3.25]
        elif name.endswith("_bias"):
            assert not np.any(array)
        else:  # Glorot, Bengio 2010, eq. 16
            assert np.all(np.abs(array) <= np.sqrt(6 / sum(array.shape)))
            assert len(np.unique(array)) == array.size


def test_glorot_kernels_have_the_spread_that_gives_them_their_name() -> None:
    """Uniform in ±√(6 / (in + out)) is of variance 2 / (in + out)."""
    layout = Layout(embedding=100, hidden=(200,))
    kernel = layout.named(layout.initial(0, np.random.default_rng(1)))["hidden_0_kernel"]
    assert kernel.var() == pytest.approx(2 / 400, rel=0.02)
    assert kernel.mean() == pytest.approx(0, abs=0.001)
