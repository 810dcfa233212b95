"""A model out of one function: its settings have effects, and its faults are one line."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from starcast.data.ratings import Ratings
from starcast.engines import expression
from starcast.engines.expression import (
    ACTIVATIONS,
    Expression,
    concatenate,
    hidden_layers,
    item,
    output,
    user,
)
from starcast.engines.expression.networks import deep_network
from starcast.engines.networks.engine import NetworkEngine
from starcast.engines.networks.expression_engine import ExpressionEngine
from starcast.engines.rows import SparseRows
from starcast.engines.settings import NetworkSettings
from starcast.errors import ConfigError
from starcast.models import network


def dot(settings: NetworkSettings) -> Expression:
    """A product of two rows."""
    return output(user("p", settings.dimension) * item("q", settings.dimension))


def deep(settings: NetworkSettings) -> Expression:
    return deep_network(
        settings.dimension, settings.layers[:-1], dropout_rate=settings.dropout_rate
    )


def test_title_and_formula_are_made_where_they_are_not_given() -> None:
    assert network("inner-product", dot).title == "Inner product"
    assert network("inner-product", dot).formula == "A product of two rows."
    assert network("deep", deep).formula == "deep"
    given = network("inner-product", dot, title="Dot", formula="p · q")
    assert (given.title, given.formula) == ("Dot", "p · q")


def test_it_is_trained_by_compiled_loops_where_they_know_it(ratings: Ratings) -> None:
    one, other = network("deep", deep), network("dot", dot)
    assert isinstance(one.engine(one.settings(), ratings, 1), NetworkEngine)
    assert isinstance(other.engine(other.settings(), ratings, 1), ExpressionEngine)


def test_it_is_deployed_with_the_settings_it_was_trained_with(ratings: Ratings) -> None:
    model = network("dot", dot)
    settings = model.settings(dimension=5)
    engine = model.engine(settings, ratings, 1)
    scorer = model.scorer(engine.weights(), SparseRows.by_user(ratings), settings)
    assert np.all(np.isfinite(scorer.score_user(0)))
    with pytest.raises(ConfigError, match="not the weights of this network: 'user_p' is"):
        model.scorer(engine.weights(), SparseRows.by_user(ratings), model.settings(dimension=6))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"dropout_rate": 0.2}, "dot makes nothing of dropout_rate; leave it at 0.0"),
        ({"layers": (8, 1)}, r"dot makes nothing of layers; leave it at \(64, 32, 16, 8, 1\)"),
        ({"dimension": 3, "dropout_rate": 0.2}, "dot makes nothing of dropout_rate"),
    ],
)
def test_a_setting_that_the_network_makes_nothing_of_is_refused(
    given: dict[str, Any], said: str, ratings: Ratings
) -> None:
    model = network("dot", dot)
    with pytest.raises(ConfigError, match=said):
        model.engine(model.settings(**given), ratings, 1)


@pytest.mark.parametrize(
    "given",
    [
        {"dimension": 3},
        {"learning_rate": 0.1, "epochs": 2, "batch_size": 7, "patience": 1, "averaging": 0.5},
        {"regularization_factor": 0.3, "optimizer": "RMSProp"},
    ],
)
def test_settings_of_the_training_always_have_an_effect(
    given: dict[str, Any], ratings: Ratings
) -> None:
    model = network("dot", dot)
    model.engine(model.settings(**given), ratings, 1)


def test_what_fails_with_some_settings_only_is_one_line_too(ratings: Ratings) -> None:
    def picky(settings: NetworkSettings) -> Expression:
        """With two hidden layers at least."""
        both = concatenate(user("p", settings.dimension), item("q", settings.dimension))
        assert len(settings.layers) > 2, "too few"
        return output(hidden_layers(both, settings.layers[:-1]))

    model = network("picky", picky)
    with pytest.raises(ConfigError, match=r"picky fails: AssertionError: too few.*\(test_net"):
        model.engine(model.settings(layers=(8, 1)), ratings, 1)


def test_the_page_tells_all_that_networks_are_made_of() -> None:
    page = (Path(__file__).parents[3] / "docs" / "models.md").read_text(encoding="utf-8")
    section = page.partition("## A network of your own\n")[2].partition("\n## ")[0]
    functions = set(expression.__all__) - {"ACTIVATIONS", "Expression"}
    methods = {name for name in vars(Expression) if name in ("total", "apply", "dropout", "column")}
    assert len(methods) == 4
    told = set(re.findall(r"[`.](\w+)\(", section))
    assert functions | methods <= told
    words = next(line for line in section.splitlines() if "`p.apply(" in line)
    assert words.endswith(f"{', '.join(ACTIVATIONS)} |")
