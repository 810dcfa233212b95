"""What an expression reads: names, shapes and first values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from starcast.engines.expression import concatenate, dense, item, output, user, weight
from starcast.engines.expression.networks import deep_network, ensemble, factor_model
from starcast.engines.expression.weights import initial, shapes_of, weights_of
from starcast.errors import ConfigError

widths = st.integers(1, 20)


def seen(n_users: int, n_items: int) -> dict[str, np.ndarray]:
    """All but the last user and the last item."""
    return {"user": np.arange(n_users) < n_users - 1, "item": np.arange(n_items) < n_items - 1}


def test_shapes_by_hand() -> None:
    tables = {"user_embedding": (9, 3), "item_embedding": (7, 3)}
    hidden = {
        "hidden_0_kernel": (6, 6), "hidden_0_bias": (6,),
        "hidden_1_kernel": (6, 2), "hidden_1_bias": (2,),
    }  # fmt: skip
    out = {"output_kernel": (2, 1), "output_bias": (1,)}
    assert shapes_of(deep_network(3, (6, 2)), 9, 7) == tables | hidden | out
    assert shapes_of(ensemble(3, (6, 2), factors=4), 9, 7) == tables | hidden | {
        "user_factors": (9, 4), "user_bias": (9,), "item_factors": (7, 4), "item_bias": (7,),
        "output_kernel": (4 + 2 + 2, 1), "output_bias": (1,),
    }  # fmt: skip
    assert shapes_of(factor_model(5), 9, 7) == {
        "mean": (), "user_factors": (9, 5), "user_bias": (9,),
        "item_factors": (7, 5), "item_bias": (7,),
    }  # fmt: skip


def test_tables_come_first_users_before_items_then_layer_by_layer() -> None:
    assert list(weights_of(ensemble(3, (6,)))) == [
        "user_bias", "user_embedding", "user_factors", "item_bias", "item_embedding",
        "item_factors", "hidden_0_kernel", "hidden_0_bias", "output_kernel", "output_bias",
    ]  # fmt: skip


def test_two_layers_of_one_name_are_refused_even_where_they_would_fit() -> None:
    twice = dense("hidden", dense("hidden", user("factors", 3), 3), 3)
    with pytest.raises(ConfigError, match="2 layers are called 'hidden'; give each a name of its"):
        weights_of(twice)


def test_one_name_with_two_shapes_is_refused() -> None:
    both = concatenate(user("factors", 3), user("factors", 4))
    with pytest.raises(ConfigError, match=r"'user_factors' have shape \(3,\) .* and \(4,\) in"):
        weights_of(both)
    with pytest.raises(ConfigError, match="'user_bias' have shape"):
        weights_of(user("bias") + weight("user_bias"))


def test_a_table_may_be_read_twice() -> None:
    assert list(weights_of(user("bias") * user("bias"))) == ["user_bias"]


@given(widths, st.lists(widths, min_size=1, max_size=4), widths, st.integers(0, 2**32 - 1))
def test_a_fresh_network_starts_glorot_uniform_at_the_mean(
    dimension: int, hidden: list[int], factors: int, seed: int
) -> None:
    network = ensemble(dimension, hidden, factors=factors)
    drawn = initial(network, seen(6, 5), 3.25, np.random.default_rng(seed))
    again = initial(network, seen(6, 5), 3.25, np.random.default_rng(seed))
    assert {name: array.shape for name, array in drawn.items()} == shapes_of(network, 6, 5)
    for name, array in drawn.items():
        assert array.dtype == np.float32
        assert np.array_equal(array, again[name])
        if name == "output_bias":
            assert array.tolist() == [3.25]
        elif name.endswith("_bias"):
            assert not np.any(array)
        elif name.endswith("_kernel"):  # Glorot, Bengio 2010, eq. 16
            assert np.all(np.abs(array) <= np.sqrt(6 / sum(array.shape)))
            assert len(np.unique(array)) > 0.98 * array.size  # two may be drawn alike
        else:
            assert not np.any(array[-1]), "nobody rated"
            assert np.all(array[:-1] != 0)
            assert np.abs(array).max() < 0.05 * 6


def test_kernels_and_rows_have_the_spread_they_are_known_for() -> None:
    """Uniform in ±√(6 / (in + out)) is of variance 2 / (in + out); Keras's rows are of 0.05."""
    network = deep_network(100, (200,))
    drawn = initial(network, seen(300, 3), 3, np.random.default_rng(1))
    assert drawn["hidden_0_kernel"].var() == pytest.approx(2 / 400, rel=0.02)
    assert drawn["hidden_0_kernel"].mean() == pytest.approx(0, abs=0.001)
    assert drawn["user_embedding"][:-1].std() == pytest.approx(0.05, rel=0.02)


def test_what_starts_at_the_mean_and_what_at_zero() -> None:
    network = weight("mean", start="mean") + weight("shift") + output(user("a", 2) * item("a", 2))
    drawn = initial(network, seen(3, 3), 2.5, np.random.default_rng(1))
    assert {name: drawn[name].tolist() for name in ("mean", "shift", "output_bias")} == {
        "mean": 2.5, "shift": 0.0, "output_bias": [2.5],
    }  # fmt: skip
    assert drawn["mean"].shape == ()
