"""Expressions as JSON holds them: there and back, and nothing believed."""

import json
from typing import Any

import pytest

from starcast.engines.expression import constant, dense, item, output, user, weight
from starcast.engines.expression.networks import deep_network, ensemble, factor_model
from starcast.engines.expression.plain import as_plain, from_plain
from starcast.errors import StarcastError

ROW = {"kind": "user_row", "shape": [2], "weights": ["user_factors"]}
OTHER = {"kind": "item_row", "shape": [2], "weights": ["item_factors"]}


@pytest.mark.parametrize(
    "expression",
    [
        factor_model(3),
        deep_network(3, (4,)),
        ensemble(3, (4, 2), factors=5, dropout_rate=0.25),
        output((user("a", 2) - item("b", 2) * constant([0.1, -3])).apply("softplus")),
        dense("each", user("a", 2).column(), 3, "erf", bias=False).total().total() + weight("mean"),
    ],
)
def test_json_gives_back_the_same_expression(expression: Any) -> None:
    plain = as_plain(expression)
    again = from_plain(json.loads(json.dumps(plain)))
    assert as_plain(again) == plain
    for one, other in zip(expression.parts(), again.parts(), strict=True):
        assert (one.shape, one.sides, one.start) == (other.shape, other.sides, other.start)


def test_what_is_written_by_hand() -> None:
    dot = from_plain([ROW, OTHER, {"kind": "multiply", "inputs": [0, 1]},
                      {"kind": "total", "inputs": [2]}])  # fmt: skip
    assert as_plain(dot) == as_plain((user("factors", 2) * item("factors", 2)).total())


@pytest.mark.parametrize(
    ("plain", "said"),
    [
        (None, "an expression is a list"),
        ([], "an expression is a list of 1 to 10,000 operations"),
        ([ROW] * 10_001, "an expression is a list of 1 to 10,000"),
        (["user_row"], "'user_row' is no operation"),
        ([{"shape": [2]}], "is no operation"),
        ([ROW | {"code": "import os"}], "is no operation"),
        ([ROW | {"shape": "2"}], "inputs, shape, weights, numbers are lists"),
        ([ROW | {"shape": {"0": 2}}], "are lists"),
        ([ROW | {"shape": ["2"]}], "a width must be a whole number"),
        ([ROW | {"shape": [1e9]}], "a width must be a whole number"),
        ([ROW | {"shape": [2, 2, 2, 2]}], "would have 4 axes"),
        ([ROW | {"weights": [3]}], "weights cannot be called 3"),
        ([ROW | {"weights": ["x" * 500]}], "weights cannot be called 'xxx"),
        ([ROW | {"weights": []}], "'user_row' takes no 0 inputs, weights"),
        ([ROW | {"kind": ["user_row"]}], "unknown operation"),
        ([ROW | {"start": ["mean"]}], "unknown start of weights"),
        ([ROW, {"kind": "add", "inputs": [0, 1]}], "reads what does not stand before it"),
        ([ROW, {"kind": "add", "inputs": [0, -1]}], "reads what does not stand before it"),
        ([ROW, {"kind": "add", "inputs": [0, True]}], "reads what does not stand before it"),
        ([ROW, {"kind": "add", "inputs": [0, "0"]}], "reads what does not stand before it"),
        ([{"kind": "constant", "numbers": [float("inf")]}], "'constant' takes no inf"),
        ([{"kind": "constant", "numbers": ["1"]}], "'constant' takes no '1'"),
        ([{"kind": "constant", "numbers": [1], "shape": [2]}], "'constant' takes no 1 inputs"),
        ([ROW, {"kind": "eval", "inputs": [0]}], "unknown operation 'eval'"),
    ],
)
def test_what_a_stranger_wrote_is_refused_in_a_line(plain: object, said: str) -> None:
    with pytest.raises(StarcastError) as caught:
        from_plain(plain)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300
