"""Where the weights of a network lie."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from starcast.engines.expression import (
    Expression,
    concatenate,
    hidden_layers,
    item,
    output,
    user,
    weight,
)
from starcast.engines.expression.networks import deep_network, ensemble, factor_model
from starcast.engines.networks.backpropagation import forward
from starcast.engines.networks.layout import Layout
from starcast.engines.simd import VECTOR

widths = st.integers(1, 20)
layouts = st.builds(
    Layout,
    embedding=widths,
    hidden=st.lists(widths, min_size=1, max_size=4).map(tuple),
    factors=st.integers(0, 20),
    dropout_rate=st.just(0.0),
)


@given(layouts)
def test_the_layout_of_a_network_is_what_it_was_made_of(layout: Layout) -> None:
    assert Layout.of(layout.network) == layout


def test_the_two_networks() -> None:
    assert Layout.of(deep_network(3, (6, 2))) == Layout(embedding=3, hidden=(6, 2))
    assert Layout.of(ensemble(3, (6, 2), factors=4)) == Layout(3, (6, 2), factors=4)
    hidden = {
        "hidden_0_kernel": (6, 6), "hidden_0_bias": (6,),
        "hidden_1_kernel": (6, 2), "hidden_1_bias": (2,),
    }  # fmt: skip
    output = {"output_kernel": (2, 1), "output_bias": (1,)}
    assert Layout(3, (6, 2)).shapes == hidden | output
    longer = {"output_kernel": (4 + 2 + 2, 1)}
    assert Layout(3, (6, 2), factors=4).shapes == hidden | output | longer


P, Q = user("embedding", 3), item("embedding", 3)


@pytest.mark.parametrize(
    "network",
    [
        factor_model(3),
        deep_network(3, ()),
        output(concatenate(P, Q)),
        output(hidden_layers(concatenate(P, Q), (6, 2), "tanh")),
        output(hidden_layers(concatenate(Q, P), (6, 2))),
        output(hidden_layers(concatenate(P, Q, P * Q), (6, 2))),
        output(hidden_layers(concatenate(P, user("other", 3)), (6, 2))),
        output(hidden_layers(concatenate(P, Q), (6, 2)).dropout(0.5)),
        output(hidden_layers(concatenate(P, Q), (6,))) + user("bias"),
        output(P * Q) + weight("hidden_0_bias"),
    ],
)
def test_a_network_that_the_compiled_loops_do_not_know_has_no_layout(network: Expression) -> None:
    assert Layout.of(network) is None


@pytest.mark.parametrize("hidden", [(40,), (40, 30), (40, 30, 50)])
def test_dropout_acts_where_the_compiled_layers_drop(hidden: tuple[int, ...]) -> None:
    layout, n = Layout(4, hidden, dropout_rate=0.5), 8
    weights = {name: np.ones(shape, np.float32) for name, shape in layout.shapes.items()}
    stack = np.array(layout.stack)
    values = np.ones(n * int(stack.sum()), np.float32)  # positive all the way, so ReLU cuts nothing
    forward(stack, layout.joined(weights), values, n, np.float32(0.5), np.uint32(1))
    layers = np.split(values, np.cumsum(n * stack)[:-1])
    dropped = {f"hidden_{at}" for at, layer in enumerate(layers[1:]) if np.any(layer == 0)}
    dropouts = [part for part in layout.network.parts() if part.kind == "dropout"]
    assert {part.inputs[0].inputs[0].name for part in dropouts} == dropped


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
    assert len(dense) % VECTOR == 0
    assert np.count_nonzero(dense) == sum(array.size for array in weights.values())
    named = layout.named(dense)
    assert named.keys() == weights.keys()
    for name, array in weights.items():
        np.testing.assert_array_equal(named[name], array, name, strict=True)
        assert not np.shares_memory(named[name], dense)
