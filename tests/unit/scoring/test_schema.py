"""What weights must be: sizes that agree, values that are numbers, scores that are too."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from starcast.engines.expression.networks import deep_network
from starcast.engines.protocol import Weights
from starcast.models import MODELS, find
from starcast.scoring import DeepScorer
from starcast.scoring.blend_schemas import PartSchema, blend_schema, list_blend_schema
from starcast.scoring.factors import factor_schema
from starcast.scoring.posterior import posterior_schema
from starcast.scoring.schema import Schema, network_schema


@dataclass(frozen=True)
class Sampled:
    dimension: int = 2
    likelihood: str = "probit"
    features: tuple[str, ...] = ()


def floats(values: object) -> NDArray[np.float32]:
    return np.array(values, np.float32)


def drawn(schema: Schema, **sizes: int) -> dict[str, Any]:
    """Weights of ones with the shapes of a schema."""
    return {
        name: np.ones([sizes[one] if isinstance(one, str) else one for one in shape], np.float32)
        for name, shape in schema.shapes.items()
    }


def wrong_in(schema: Schema, weights: Weights) -> str:
    """What is wrong with weights whose scores a bound vouches for."""
    return schema.wrong(weights, lambda: pytest.fail("nobody need be asked"))


def shapes(weights: Weights) -> dict[str, tuple[int, ...]]:
    return {name: array.shape for name, array in weights.items()}


def test_every_model_says_what_its_weights_are() -> None:
    for model in MODELS.values():
        schema = model.schema(model.settings(), 7, 5)
        assert schema.is_said, model.name
        assert any(5 in shape for shape in schema.shapes.values()), model.name


def test_sizes_without_a_number_agree_wherever_they_stand() -> None:
    schema = posterior_schema(Sampled(), 3, 4)
    weights = drawn(schema, draws=6, levels=3, cuts=2)
    assert schema.misfit(shapes(weights)) == ""
    fewer = weights | {"item_bias": weights["item_bias"][:5]}
    assert schema.misfit(shapes(fewer)) == "'item_bias' is (5, 4), wanted (6, 4)"
    flat = weights | {"item_bias": weights["item_bias"][0]}
    assert schema.misfit(shapes(flat)) == "'item_bias' is (4,), wanted (6, 4)"


def test_what_is_missing_or_foreign_is_named() -> None:
    schema = factor_schema(Sampled(), 3, 4)
    weights = drawn(schema)
    assert schema.misfit(shapes(weights)) == ""
    del weights["mean"]
    assert schema.misfit(shapes(weights)) == "'mean' is missing"
    weights |= {"mean": floats(1), "noise": np.ones(3)}
    assert schema.misfit(shapes(weights)) == "'noise' is not part of this model"


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 2e16, -2e16])
def test_a_value_that_is_no_number_is_found_wherever_it_stands(value: float) -> None:
    schema = factor_schema(Sampled(), 3, 4)
    for place in range(8):
        weights = drawn(schema)
        assert wrong_in(schema, weights) == ""
        weights["item_factors"].flat[place] = value
        assert "'item_factors' holds what is no number" in wrong_in(schema, weights)


def test_scores_that_overflow_are_found_though_no_weight_does() -> None:
    """4 · 5e14, then 2e15 · 2 · 5e14, then 2e30 · 2 · 5e14 are too much for float32."""
    schema = network_schema(deep_network(2, (2, 2)), 3, 4)
    weights = drawn(schema)
    assert wrong_in(schema, weights) == ""
    for name in ("hidden_0_kernel", "hidden_1_kernel", "output_kernel"):
        weights[name][:] = 5e14
    assert schema.wrong(weights, lambda: DeepScorer(weights)) == "some scores are no numbers"


def test_many_layers_whose_bound_says_nothing_are_asked() -> None:
    """Columns of +1 and -1 cancel, which a sum of absolute values does not see."""
    schema = network_schema(deep_network(2, (64,) * 20), 3, 4)
    weights = drawn(schema)
    for name, array in weights.items():
        if name.endswith("kernel"):
            array[::2] = -1
    assert schema.wrong(weights, lambda: DeepScorer(weights)) == ""


def test_draws_have_cut_points_that_ascend_between_levels_that_do() -> None:
    schema = posterior_schema(Sampled(), 3, 4)
    weights = drawn(schema, draws=2, levels=3, cuts=2)
    weights |= {"levels": floats([1, 2, 4]), "cut_points": floats([[-1, 1], [0, 0]])}
    assert wrong_in(schema, weights) == ""
    for name, wrong, said in (
        ("levels", [1, 1, 4], "do not ascend"),
        ("levels", [1, 2], "2 between 2 levels"),
        ("cut_points", [[1, -1], [0, 0]], "do not ascend"),
        ("cut_points", [[-1e9, 1e9], [0, 0]], "too far apart"),
    ):
        assert said in wrong_in(schema, weights | {name: floats(wrong)}), name


def test_noise_is_above_zero_and_there_are_draws() -> None:
    schema = posterior_schema(Sampled(likelihood="gaussian"), 3, 4)
    weights = drawn(schema, draws=2)
    assert wrong_in(schema, weights) == ""
    assert "'noise'" in wrong_in(schema, weights | {"noise": floats([1, 0])})
    assert "no draws" in wrong_in(schema, drawn(schema, draws=0))


CALENDAR = {
    "day_length": 86_400.0,
    "day_numbers": [10, 11, 20],
    "session_counts": [2, 0, 1],
    "session_days": [0, 2, 1],
    "session_shares": [0.5, 0.5, 1],
}


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("day_length", 0.0),
        ("day_length", 1.5),
        ("day_numbers", [10, 11.5, 20]),
        ("day_numbers", [10, 10, 20]),
        ("session_counts", [2, 0, 2]),
        ("session_counts", [4, -2, 1]),
        ("session_counts", [1, 1, 0]),
        ("session_days", [0, 3, 1]),
        ("session_days", [0, -1, 1]),
        ("session_days", [2, 0, 1]),
        ("session_days", [0, 0, 1]),
        ("session_shares", [0.5, 0, 1]),
        ("session_shares", [0.5, 0.5, 1.5]),
    ],
)
def test_a_calendar_that_finds_other_peoples_days_is_refused(name: str, wrong: object) -> None:
    """Rows are looked up by it: what it says is believed later."""
    schema = posterior_schema(Sampled(features=("days",)), 3, 4)
    weights = drawn(schema, draws=2, levels=2, cuts=1, days=3, sessions=3, own=2)
    weights |= {"levels": floats([1, 2])}
    weights |= {each: np.array(value, np.float32) for each, value in CALENDAR.items()}
    assert wrong_in(schema, weights) == ""
    assert wrong_in(schema, weights | {name: np.array(wrong, np.float32)})


def test_a_session_has_no_more_factors_than_a_day() -> None:
    schema = posterior_schema(Sampled(features=("days",)), 3, 4)
    weights = drawn(schema, draws=2, levels=2, cuts=1, days=3, sessions=3, own=3)
    weights |= {"levels": floats([1, 2])}
    weights |= {each: np.array(value, np.float32) for each, value in CALENDAR.items()}
    assert "'session_factors'" in wrong_in(schema, weights)


def test_of_a_blend_every_part_is_checked() -> None:
    gaussian = posterior_schema(Sampled(likelihood="gaussian"), 3, 4)
    factors = factor_schema(Sampled(), 3, 4)
    parts = [PartSchema("a", factors, False), PartSchema("b", gaussian, False)]
    schema = blend_schema(parts, 3, 4)
    weights = drawn(schema, **{"1/draws": 2})
    assert schema.misfit(shapes(weights)) == ""
    assert wrong_in(schema, weights) == ""
    assert wrong_in(schema, weights) == ""
    for changed, said in (
        ({"coefficients": np.ones(2, np.float32)}, "'coefficients' is (2,), wanted (3,)"),
        ({"1/b/noise": np.ones(3, np.float32)}, "'1/b/noise' is (3,), wanted (2,)"),
        ({"2/c/mean": np.ones((), np.float32)}, "'2/c/mean' is not part of this model"),
    ):
        assert schema.misfit(shapes(weights | changed)) == said
    assert "noise" in wrong_in(schema, weights | {"1/b/noise": -np.ones(2, np.float32)})


TREES = {
    "tree_features": [[0, 14]],
    "tree_thresholds": [[0, 0]],
    "tree_children": [[[1, -1], [-2, -3]]],
    "tree_values": [[1, 2, 3]],
}


@pytest.mark.parametrize(
    ("name", "wrong", "said"),
    [
        ("shown", 2, "'shown' is none of 2 parts"),
        ("strongest", -1, "'strongest' is none of 2 parts"),
        ("strongest", 1, "'strongest' is not made for lists"),
        ("coefficients", [1] * 14, "'coefficients' are 14, wanted 15"),
        ("tree_features", [[0, 15]], "trees"),
        ("tree_features", [[0, 0.5]], "no row numbers"),
        ("tree_children", [[[0, -1], [-2, -3]]], "trees"),  # round in a circle
        ("tree_children", [[[2, -1], [-2, -3]]], "trees"),
        ("tree_children", [[[1, -1], [-2, -4]]], "trees"),
        ("tree_children", [[[1, -1], [-2, -1e15]]], "no row numbers"),
        ("tree_values", [[1, 2]], "trees"),
    ],
)
def test_a_list_blend_leads_to_parts_features_and_leaves_that_there_are(
    name: str, wrong: object, said: str
) -> None:
    """Features: two of the list part, one of the other, the stars, and 11 traits with years."""
    lists = find("most-popular").schema(None, 3, 4)
    stars = factor_schema(Sampled(), 3, 4)
    schema = list_blend_schema([PartSchema("a", lists, True), PartSchema("b", stars, False)], 3, 4)
    weights = drawn(schema, features=15) | {"shown": floats(1), "strongest": floats(0)}
    assert wrong_in(schema, weights) == "'coefficients' are 15, wanted 12"
    weights |= {"item_year": floats([0] * 4)}
    weights |= {one: floats(value) for one, value in TREES.items()}
    assert schema.misfit(shapes(weights)) == ""
    assert wrong_in(schema, weights) == ""
    assert said in wrong_in(schema, weights | {name: floats(wrong)})
