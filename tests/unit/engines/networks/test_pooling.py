"""Pools by hand, their slopes by two values, and networks that read them."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from starcast.data.ratings import Ratings
from starcast.engines.expression import concatenate, item, output, user
from starcast.engines.expression.autodiff import scores
from starcast.engines.expression.graph import nodes
from starcast.engines.expression.layers import rated_items, raters, time
from starcast.engines.expression.weights import tables_of, weights_of
from starcast.engines.networks.expression_engine import ExpressionEngine
from starcast.engines.networks.pooling import pooled, slope_of_table
from starcast.engines.pools import Pooling, pooled_once
from starcast.engines.rows import SparseRows
from starcast.engines.settings import NetworkSettings
from starcast.errors import ConfigError
from starcast.scoring import network_scorer

RATINGS = replace(
    Ratings.from_columns(
        np.array([0, 0, 0, 1, 3]), np.array([0, 1, 2, 1, 2]), np.array([1.0, 4, 5, 2, 3])
    ),
    timestamps=np.array([10, 30, 20, 90, 60]),
)
TABLE = np.array([[1, 0], [10, 1], [100, 2]], np.float32)
NETWORK = output(
    concatenate(user("p", 2) + rated_items("y", 2), item("q", 2) + raters("z", 2), time())
)


def test_what_users_rated_is_added_up_each_by_the_root_of_their_number() -> None:
    """Users 0, 1 and 3 have the rows 0, 1 and 2."""
    pooling = Pooling.of(SparseRows.by_user(RATINGS))
    found = pooled(pooling, TABLE, np.array([2, 0, 1]))
    expected = np.array([[100, 2], [111 / np.sqrt(3), np.sqrt(3)], [10, 1]])
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    above = np.array([[1, 0], [3**0.5, -(3**0.5)]], np.float32)
    slope = slope_of_table(pooling, above, np.array([2, 0]), 3)
    np.testing.assert_allclose(slope, [[1, -1], [1, -1], [2, -1]], rtol=1e-6)


def test_once_trained_a_pool_is_a_row_like_any_other() -> None:
    rng = np.random.default_rng(1)
    weights = {
        name: rng.normal(0, 1, one.whole({"user": 3, "item": 3})).astype(np.float32)
        for name, one in weights_of(NETWORK).items()
    }
    alone, own = pooled_once(NETWORK, weights, SparseRows.by_user(RATINGS))
    assert tables_of(alone)["user"] == ["user_p", "user_pool_y"]
    assert "item_y" not in own
    y, z = weights["item_y"], weights["user_z"]
    np.testing.assert_allclose(own["user_pool_y"][0], (y[0] + y[1] + y[2]) / 3**0.5, rtol=1e-5)
    np.testing.assert_allclose(own["item_pool_z"][1], (z[0] + z[1]) / 2**0.5, rtol=1e-5)


def test_who_has_rated_nothing_pools_nothing() -> None:
    few = RATINGS.take(RATINGS.user_rows == 0)
    alone, own = pooled_once(
        output(user("p", 2) * item("q", 2) * rated_items("y", 2)),
        {"item_y": TABLE}, SparseRows.by_user(few),
    )  # fmt: skip
    assert own["user_pool_y"][1:].tolist() == [[0, 0], [0, 0]]
    assert alone.sides == {"user", "item"}


def loss_of(weights: Any) -> float:
    """Half the squared error, by the scorer at the times of the ratings."""
    scorer: Any = network_scorer(NETWORK, weights, SparseRows.by_user(RATINGS))
    found = scorer.score_at(RATINGS.user_rows, RATINGS.item_rows, RATINGS.timestamps)
    return 0.5 * float(np.sum((found - RATINGS.stars.astype(np.float64)) ** 2))


def test_a_step_goes_down_the_slope_of_the_deployed_error() -> None:
    """Of every weight, tables that are pooled among them: a small step, against two values."""
    config = NetworkSettings(
        optimizer="GradientDescent", learning_rate=1e-3, batch_size=9, regularization_factor=0
    )
    engine = ExpressionEngine(config, RATINGS, NETWORK, 1)
    rng = np.random.default_rng(2)
    start = {
        name: array if name in ("user_time", "time_scale") else
        rng.normal(0, 0.5, array.shape).astype(np.float32)
        for name, array in engine.weights().items()
    }  # fmt: skip
    engine.load(start)
    engine.run_epoch()
    after = engine.weights()
    for name in ("item_y", "user_z", "user_p", "output_kernel"):
        for place in np.ndindex(start[name].shape):
            sums = []
            for step in (5e-3, -5e-3):
                moved = {one: array.copy() for one, array in start.items()}
                moved[name][place] += step
                sums.append(loss_of(moved))
            slope = (start[name][place] - after[name][place]) / 1e-3
            assert slope == pytest.approx((sums[0] - sums[1]) / 1e-2, rel=0.02, abs=0.02), name
    np.testing.assert_array_equal(after["user_time"], start["user_time"])


def test_without_a_time_and_with_one_are_two_scores() -> None:
    engine = ExpressionEngine(NetworkSettings(batch_size=2), RATINGS, NETWORK, 1)
    engine.run_epoch()
    scorer: Any = network_scorer(NETWORK, engine.weights(), SparseRows.by_user(RATINGS))
    rows = RATINGS.user_rows, RATINGS.item_rows
    plain = scorer.score_pairs(*rows)
    assert not np.allclose(scorer.score_at(*rows, RATINGS.timestamps), plain)
    expression, weights = scorer.expressed()
    np.testing.assert_allclose(scores(expression, weights, *rows), plain, rtol=1e-5)


def test_what_data_do_not_tell_and_what_is_read_in_two_ways_is_refused() -> None:
    untimed = replace(RATINGS, timestamps=None)
    with pytest.raises(ConfigError, match="reads 'user_time', which these data do not tell"):
        ExpressionEngine(NetworkSettings(), untimed, NETWORK, 1)
    with pytest.raises(ConfigError, match="'item_q' is read by rows and as a whole"):
        weights_of(output(user("p", 2) * item("q", 2) + rated_items("q", 2)))


def test_it_draws_itself() -> None:
    ops = {node.op for node in nodes(NETWORK)}
    assert {"SparseSegmentSqrtN", "Time"} <= ops
