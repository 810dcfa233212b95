"""When ratings are made, by hand: dates, drifts, and what stands for them without a time."""

from typing import Any

import numpy as np

from starcast.engines.expression import concatenate, dense, item, output, user
from starcast.engines.expression.autodiff import evaluate, rows_of
from starcast.engines.expression.layers import time
from starcast.engines.expression.node import Expression
from starcast.engines.expression.times import at_times, mean_dates, scale_of, without_times
from starcast.engines.expression.weights import given_of, shapes_of

WHEN = np.array([100, 300, 500, 700])  # mean 400, deviation √50,000
DEVIATION = np.sqrt(50_000)
USERS = np.array([0, 0, 2, 2], np.int32)
NETWORK = output(concatenate(user("p", 2), item("q", 2), dense("date", time(), 3, bias=False)))


def test_the_scale_and_the_users_mean_dates() -> None:
    scale = scale_of(WHEN)
    np.testing.assert_allclose(scale, [400, DEVIATION], rtol=1e-6)
    means = mean_dates(USERS, WHEN, scale, 3)
    np.testing.assert_allclose(means[:, 0], [-200 / DEVIATION, 0, 200 / DEVIATION], rtol=1e-6)


def test_all_at_one_time_is_no_division_by_nothing() -> None:
    scale = scale_of(np.array([7, 7]))
    assert scale.tolist() == [7, 1]
    assert mean_dates(np.array([0, 1]), np.array([7, 7]), scale, 2).tolist() == [[0], [0]]


def test_drift_is_signed_and_grows_less_than_the_distance() -> None:
    weights = {"time_scale": scale_of(WHEN)}
    weights["user_time"] = mean_dates(USERS, WHEN, weights["time_scale"], 3)
    found = at_times(weights, np.array([0, 0, 2, 1]), np.array([100, 1000, 650, 900]))
    late = np.array([-100, 800, 50, 0]) / DEVIATION  # of the user in the middle no date is known
    np.testing.assert_allclose(found[:, 0], (np.array([100, 1000, 650, 900]) - 400) / DEVIATION)
    np.testing.assert_allclose(found[:, 1], np.sign(late) * np.abs(late) ** 0.4, atol=1e-4)


def test_without_a_time_it_is_the_users_mean_date() -> None:
    plain = without_times(NETWORK)
    assert {part.kind for part in NETWORK.parts()} - {part.kind for part in plain.parts()} == {
        "time"
    }
    assert set(given_of(NETWORK)) == {"user_time", "time_scale"}
    rng = np.random.default_rng(2)
    shapes = shapes_of(NETWORK, 3, 2)
    weights = {n: rng.normal(0, 1, shape).astype(np.float32) for n, shape in shapes.items()}
    users, items = np.array([0, 2, 1]), np.array([1, 0, 1])
    dates = np.column_stack([weights["user_time"][users, 0], np.zeros(3)]).astype(np.float32)

    def scored(network: Expression) -> Any:
        values = rows_of(network, weights, users, items)
        values |= {part: dates for part in network.parts() if part.kind == "time"}
        evaluate(network.parts(), weights, values)
        return values[network]

    np.testing.assert_allclose(scored(plain), scored(NETWORK), rtol=1e-5)
