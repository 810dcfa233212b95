"""Putting expressions together: shapes that meet, and one line for what does not."""

from collections.abc import Callable

import pytest

from starcast.engines.expression import (
    Expression,
    concatenate,
    constant,
    dense,
    hidden_layers,
    item,
    output,
    user,
    weight,
)
from starcast.engines.expression.node import made
from starcast.errors import ConfigError, StarcastError, UnknownNameError

P, Q, B = user("factors", 4), item("factors", 4), user("bias")


@pytest.mark.parametrize(
    ("expression", "shape", "sides"),
    [
        (P, (4,), {"user"}),
        (B, (), {"user"}),
        (P * Q, (4,), {"user", "item"}),
        ((P * Q).total(), (), {"user", "item"}),
        (3 + Q * 0.5 - 1, (4,), {"item"}),
        (B * Q, (4,), {"user", "item"}),  # one number for each pair, beside a vector
        (weight("scale", 4) * P, (4,), {"user"}),
        (weight("scale") * B, (), {"user"}),
        (concatenate(P, Q, B, P * Q), (13,), {"user", "item"}),
        (dense("hidden_0", P, 7, "tanh"), (7,), {"user"}),
        (dense("hidden_0", B, 7), (7,), {"user"}),
        (dense("each", P.column(), 3), (4, 3), {"user"}),
        (output(concatenate(P, Q)), (), {"user", "item"}),
        (constant([1, 2]), (2,), set()),
    ],
)
def test_shapes_and_sides(expression: Expression, shape: tuple[int, ...], sides: set[str]) -> None:
    assert expression.shape == shape
    assert expression.sides == sides


def test_a_sum_of_sums_is_one_sum() -> None:
    assert [part.name for part in (B + item("bias") + weight("mean")).inputs] == [
        "user_bias", "item_bias", "mean",
    ]  # fmt: skip


def test_every_part_comes_once_and_after_what_it_reads() -> None:
    network = output(hidden_layers(concatenate(P, Q, P * Q), (5, 3), "tanh", dropout_rate=0.5))
    parts = network.parts()
    assert len(set(parts)) == len(parts) == 4 + 5 + 2
    for place, part in enumerate(parts):
        assert set(part.inputs) <= set(parts[:place])
    assert parts[-1] is network


def test_what_is_known_and_only_the_known_is_made_of_is_left_out() -> None:
    product = P * Q
    whole = concatenate(product, P)
    assert whole.parts({product}) == [P, whole]
    assert whole.parts({whole}) == []


def test_a_chain_of_any_length_is_no_trouble() -> None:
    part = P
    for _ in range(5000):
        part = part.apply("tanh")
    assert len(part.parts()) == 5001


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: P + item("factors", 5),
         r"'add': 'user_factors' \(width 4\) and 'item_factors' \(width 5\) do not fit each other"),
        (lambda: P * user("other", 3), "'multiply': .* do not fit"),
        (lambda: weight("table", 2, 4) * P, "do not fit"),
        (lambda: P.column() * P, "do not fit"),  # NumPy would make a table of it
        (lambda: concatenate(P.column(), P), r"'concatenate': .*shape \(4, 1\).* do not fit"),
        (lambda: B.total(), r"'total' takes vectors, not 'user_bias' \(one number\)"),
        (lambda: user("factors", 0), r"a width must be a whole number in \[1, 1,000,000\], got 0"),
        (lambda: user("factors", 2.5), r"got 2\.5"),  # type: ignore[arg-type]
        (lambda: user("factors", True), r"got True"),
        (lambda: dense("hidden_0", P, 10**7), "got 10000000"),
        (lambda: dense("hidden_0", P, "8"), "got '8'"),  # type: ignore[arg-type]
        (lambda: P.column().column().column(), "would have 4 axes"),
        (lambda: P.dropout(1.0), r"'dropout' takes no 1\.0"),
        (lambda: P.dropout(-0.1), r"'dropout' takes no -0\.1"),
        (lambda: P * float("nan"), "'constant' takes no nan"),
        (lambda: constant(10**400), "'constant' takes no 1000"),
        (lambda: dense("", P, 3).inputs[0] + user("", 3), "do not fit"),
        (lambda: weight("a\nb"), r"weights cannot be called 'a\\nb'"),
        (lambda: made("add", (P,)), "'add' takes no 1 inputs"),
        (lambda: made("dense", (P,), weights=("kernel",)), "give it a width"),
        (lambda: made("dense", (P,), shape=(3,)), "'dense' takes no 0 inputs, weights or numbers"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_one_line(wrong: Callable[[], object], said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        wrong()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: P.apply("tahn"), "unknown activation 'tahn': did you mean 'tanh'?"),
        (lambda: dense("hidden_0", P, 3, "rleu"), "unknown activation 'rleu': did you mean 'relu'"),
        (lambda: made("plus", (P, P)), "unknown operation 'plus'"),
        (lambda: weight("mean", start="median"), "unknown start of weights 'median'"),
    ],
)
def test_an_unknown_word_is_answered_with_the_nearest(
    wrong: Callable[[], object], said: str
) -> None:
    with pytest.raises(UnknownNameError) as caught:
        wrong()
    assert said in str(caught.value)


def test_linear_is_the_word_for_no_activation() -> None:
    assert P.apply("linear") is P
    assert P.dropout(0) is P


def test_widths_that_only_add_up_to_too_much_are_refused() -> None:
    """Doubled eighteen times, four are more than a million."""
    part = P
    for _ in range(17):
        part = concatenate(part, part)
    with pytest.raises(StarcastError, match="a width must be"):
        concatenate(part, part)
