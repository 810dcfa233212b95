"""Values by formulas written by hand, and gradients by two values of these formulas."""

from collections.abc import Callable
from math import erf, exp, log1p
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from starcast.engines.expression import (
    ACTIVATIONS,
    Expression,
    concatenate,
    constant,
    dense,
    item,
    output,
    user,
    weight,
)
from starcast.engines.expression.autodiff import evaluate, gradient, rows_of, scores
from starcast.engines.expression.kinds import DEPLOYED, ROWS
from starcast.engines.expression.networks import deep_network, ensemble, factor_model
from starcast.engines.expression.operations import OPERATIONS
from starcast.engines.expression.weights import shapes_of

TABLES = ("factors", "bias", "embedding", "a", "b", "c")
Doubles = dict[str, NDArray[np.float64]]
Formula = Callable[[Doubles, int, int], Any]
N_USERS, N_ITEMS, STEP = 4, 5, 1e-6
USERS, ITEMS = np.array([0, 3, 1, 3, 0, 0]), np.array([4, 0, 0, 2, 4, 1])  # rows and pairs repeat
SLOPES = np.array([1.0, -2, 0.5, 3, 0.25, -1])


def drawn(expression: Expression, seed: int = 1) -> Doubles:
    rng = np.random.default_rng(seed)
    shapes = shapes_of(expression, N_USERS, N_ITEMS)
    return {name: np.asarray(rng.normal(0.2, 0.6, shape)) for name, shape in shapes.items()}


def factor_by_hand(w: Doubles, u: int, i: int) -> Any:
    dot = sum(w["user_factors"][u, f] * w["item_factors"][i, f] for f in range(3))
    return w["mean"] + w["user_bias"][u] + w["item_bias"][i] + dot


def layer(w: Doubles, name: str, below: list[Any]) -> list[Any]:
    kernel, bias = w[f"{name}_kernel"], w[f"{name}_bias"]
    return [
        sum(x * kernel[n, out] for n, x in enumerate(below)) + bias[out] for out in range(len(bias))
    ]


def hidden_by_hand(w: Doubles, u: int, i: int) -> list[Any]:
    values = [*w["user_embedding"][u], *w["item_embedding"][i]]
    for name in ("hidden_0", "hidden_1"):
        values = [max(x, 0) for x in layer(w, name, values)]
    return values


def deep_by_hand(w: Doubles, u: int, i: int) -> Any:
    return layer(w, "output", hidden_by_hand(w, u, i))[0]


def ensemble_by_hand(w: Doubles, u: int, i: int) -> Any:
    products = [w["user_factors"][u, f] * w["item_factors"][i, f] for f in range(2)]
    biases = [w["user_bias"][u], w["item_bias"][i]]
    return layer(w, "output", [*products, *biases, *hidden_by_hand(w, u, i)])[0]


TOWERS = output(
    dense(
        "top", concatenate(user("a", 2), item("a", 2), user("a", 2) * item("a", 2)), 3, "tanh",
        bias=False,
    )
)  # fmt: skip


def towers_by_hand(w: Doubles, u: int, i: int) -> Any:
    (p, r), (q, s), kernel = w["user_a"][u], w["item_a"][i], w["top_kernel"]
    read = [p, r, q, s, p * q, r * s]
    top = [np.tanh(sum(x * kernel[n, out] for n, x in enumerate(read))) for out in range(3)]
    return layer(w, "output", top)[0]


ODDS = (  # what the networks above have not: a bias times a vector, constants, weights of two axes
    (user("bias") * (2 - item("c", 3)) * constant([1, 0.5, -3])).total()
    + dense("wide", user("c", 2).column(), 2, "sigmoid").total().total() * weight("scale")
    + ((item("c", 3) + 1).column() * weight("mix", 3, 2) + weight("add", 2)).total().total()
)


def odds_by_hand(w: Doubles, u: int, i: int) -> Any:
    c = w["item_c"][i]
    first = w["user_bias"][u] * ((2 - c[0]) + 0.5 * (2 - c[1]) - 3 * (2 - c[2]))
    kernel, bias = w["wide_kernel"], w["wide_bias"]
    second = sum(
        1 / (1 + np.exp(-(x * kernel[0, out] + bias[out])))
        for x in w["user_c"][u] for out in range(2)
    )  # fmt: skip
    third = sum((c[n] + 1) * w["mix"][n, m] + w["add"][m] for n in range(3) for m in range(2))
    return first + second * w["scale"] + third


BY_HAND: dict[str, tuple[Expression, Formula]] = {
    "factor": (factor_model(3), factor_by_hand),
    "deep": (deep_network(2, (4, 3)), deep_by_hand),
    "ensemble": (ensemble(3, (4, 3), factors=2), ensemble_by_hand),
    "towers": (TOWERS, towers_by_hand),
    "odds": (ODDS, odds_by_hand),
}
EVERY = pytest.mark.parametrize(("expression", "formula"), BY_HAND.values(), ids=BY_HAND)


def weighted(formula: Formula, weights: Doubles) -> float:
    pairs = zip(SLOPES, USERS, ITEMS, strict=True)
    return float(sum(slope * formula(weights, u, i) for slope, u, i in pairs))


def whole(found: dict[str, Any], weights: Doubles) -> Doubles:
    """The gradient with tables as wholes rather than pair by pair."""
    rows = {"user": USERS, "item": ITEMS}
    for name in found.keys() & {f"{side}_{c}" for side in rows for c in TABLES}:
        table = np.zeros_like(weights[name])
        np.add.at(table, rows[name[:4]], found[name])
        found[name] = table
    return found


@EVERY
def test_values_by_hand(expression: Expression, formula: Formula) -> None:
    weights = drawn(expression)
    expected = [formula(weights, u, i) for u, i in zip(USERS, ITEMS, strict=True)]
    assert np.ptp(expected) > 0.1
    np.testing.assert_allclose(scores(expression, weights, USERS, ITEMS), expected, rtol=1e-12)


@EVERY
def test_every_slope_by_two_values_of_a_formula_written_by_hand(
    expression: Expression, formula: Formula
) -> None:
    weights, parts = drawn(expression), expression.parts()
    values = rows_of(expression, weights, USERS, ITEMS)
    evaluate(parts, weights, values)
    found = whole(gradient(parts, weights, values, SLOPES), weights)
    assert found.keys() == weights.keys()
    for name, array in weights.items():
        for place in np.ndindex(array.shape):
            kept = array[place]
            array[place] = kept + STEP
            above = weighted(formula, weights)
            array[place] = kept - STEP
            below = weighted(formula, weights)
            array[place] = kept
            assert found[name][place] == pytest.approx((above - below) / (2 * STEP), abs=1e-6)


def elu(x: float) -> float:
    return x if x > 0 else exp(x) - 1


ONE_BY_ONE: dict[str, Callable[[float], float]] = {
    "relu": lambda x: x if x > 0 else 0.0,
    "elu": elu,
    "tanh": lambda x: (exp(2 * x) - 1) / (exp(2 * x) + 1),
    "sigmoid": lambda x: 1 / (1 + exp(-x)),
    "softplus": lambda x: log1p(exp(x)),
    "erf": erf,
}


def test_every_operation_has_values_and_slopes_and_every_activation_a_formula() -> None:
    assert set(OPERATIONS) == set(DEPLOYED) - {*ROWS, "constant", "dropout"}
    assert set(ONE_BY_ONE) == set(ACTIVATIONS)


@pytest.mark.parametrize("word", ACTIVATIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_activation_and_its_slope_number_by_number(word: str, dtype: Any) -> None:
    x = np.array([-5, -1.5, -0.3, 0.2, 1, 4], dtype)
    value, slopes = OPERATIONS[word]
    y = value(x)
    (slope,) = slopes(np.full(6, 2, dtype), y, x)
    assert y.dtype == slope.dtype == dtype
    formula, step = ONE_BY_ONE[word], 1e-6
    np.testing.assert_allclose(y, [formula(number) for number in x.tolist()], rtol=2e-5)
    expected = [
        (formula(number + step) - formula(number - step)) / step for number in x.tolist()
    ]  # twice the derivative
    np.testing.assert_allclose(slope, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("word", ACTIVATIONS)
def test_an_activation_overflows_nowhere_and_passes_on_what_is_no_number(word: str) -> None:
    x = np.array([-1e30, -100, 100, 1e30], np.float32)
    value, slopes = OPERATIONS[word]
    y = value(x)
    assert np.all(np.isfinite(y))
    with np.errstate(over="ignore"):  # erf squares it
        assert np.all(np.isfinite(slopes(np.ones(4, np.float32), y, x)[0]))
    lost = np.array([np.nan], np.float32)
    assert np.isnan(value(lost)[0])
    assert np.isnan(slopes(np.array([1], np.float32), value(lost), lost)[0][0]) or word == "relu"


@given(st.data())
def test_whatever_is_put_together_its_gradient_is_its_slope(data: st.DataObject) -> None:
    """Smooth operations at random on random rows, along a random direction."""
    parts = [user("a", 3), item("b", 3), user("c"), weight("d", 3)]
    for n in range(data.draw(st.integers(1, 6), "operations")):
        one, other = (data.draw(st.sampled_from(parts)) for _ in range(2))
        make = data.draw(st.sampled_from(MAKES), "operation")
        if one.sides and other.sides:
            parts.append(make(n, one, other))
    last = concatenate(*(part for part in parts if part.sides)).total()
    weights, rng = drawn(last, seed=2), np.random.default_rng(3)
    values = rows_of(last, weights, USERS, ITEMS)
    evaluate(last.parts(), weights, values)
    found = whole(gradient(last.parts(), weights, values, SLOPES), weights)
    way = {name: np.asarray(rng.normal(size=array.shape)) for name, array in weights.items()}

    def at(step: float) -> float:
        moved = {name: array + step * way[name] for name, array in weights.items()}
        return float(scores(last, moved, USERS, ITEMS) @ SLOPES)

    slope = sum(float(np.sum(found[name] * way[name])) for name in found)
    by_values = (at(1e-5) - at(-1e-5)) / 2e-5
    assert slope == pytest.approx(by_values, rel=1e-5, abs=1e-5)


MAKES: list[Callable[[int, Expression, Expression], Expression]] = [
    lambda n, one, other: dense(f"dense_{n}", one, 3, "tanh"),
    lambda n, one, other: dense(f"dense_{n}", concatenate(one, other), 3, "sigmoid"),
    lambda n, one, other: (one + other).apply("softplus"),
    lambda n, one, other: (one * other).apply("erf"),
    lambda n, one, other: concatenate(one, other).total(),
    lambda n, one, other: one - 0.5 * other,
]


def test_masks_stand_for_dropout_and_without_them_nothing_drops() -> None:
    row = user("a", 3)
    dropped = row.dropout(0.5)
    network = output(dropped)
    weights = drawn(network)
    parts, values = network.parts(), rows_of(network, weights, USERS, ITEMS)
    plain = dict(values)
    evaluate(parts, weights, plain)
    np.testing.assert_array_equal(plain[dropped], weights["user_a"][USERS])
    masks = {dropped: np.tile([2.0, 0, 2], (6, 1))}
    evaluate(parts, weights, values, masks)
    np.testing.assert_array_equal(values[dropped], weights["user_a"][USERS] * [2, 0, 2])
    found = gradient(parts, weights, values, SLOPES, masks)
    kernel = weights["output_kernel"][:, 0]
    np.testing.assert_allclose(found["user_a"], np.outer(SLOPES, kernel * [2, 0, 2]))


def test_what_is_known_of_one_user_is_repeated_along_the_pairs() -> None:
    """A first axis of one: the user's part is reckoned once for all items."""
    network = ensemble(3, (4, 3), factors=2)
    weights = drawn(network)
    items = np.arange(N_ITEMS)
    values = rows_of(network, weights, np.array([2]), items)
    evaluate(network.parts(), weights, values)
    expected = scores(network, weights, np.full(N_ITEMS, 2), items)
    np.testing.assert_allclose(values[network], expected, rtol=1e-12)


def test_single_precision_stays_single() -> None:
    weights = {name: array.astype(np.float32) for name, array in drawn(ODDS).items()}
    values = rows_of(ODDS, weights, USERS, ITEMS)
    evaluate(ODDS.parts(), weights, values)
    assert {value.dtype for value in values.values()} == {np.dtype(np.float32)}
    found = gradient(ODDS.parts(), weights, values, SLOPES.astype(np.float32))
    assert {slope.dtype for slope in found.values()} == {np.dtype(np.float32)}
