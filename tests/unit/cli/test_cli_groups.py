"""Verbs that take options in groups, and what Typer sees of them."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import pytest
import typer
from typer.testing import CliRunner

from starcast.cli.given import GivenSettings, SettingsCommand, for_whom, optimizers
from starcast.cli.groups import Group, grouped
from starcast.engines.setting_catalogue import OPTIONS, flags_of
from starcast.models import MODELS


@dataclass(frozen=True, kw_only=True)
class Inner(Group):
    depth: Annotated[int, typer.Option("--depth")] = 3


@dataclass(frozen=True, kw_only=True)
class Outer(Group):
    width: Annotated[int, typer.Option("--width")]
    inner: Inner


def called(verb: Any, *arguments: str) -> "tuple[int, str]":
    app = typer.Typer()
    app.command(cls=SettingsCommand)(verb)
    done = CliRunner().invoke(app, arguments, env={"COLUMNS": "300"})
    return done.exit_code, done.output


def test_typer_sees_every_option_in_its_place_and_the_verb_one_object() -> None:
    seen: list[Any] = []

    @grouped
    def verb(*, name: str = "x", outer: Outer, last: bool = False) -> None:
        """Do it."""
        seen.append((name, outer, last))

    assert list(inspect.signature(verb).parameters) == ["name", "width", "depth", "last"]
    assert verb.__doc__ == "Do it."
    assert called(verb, "--width", "8")[0] == 0
    assert called(verb, "--depth", "4", "--width", "9", "--last", "--name", "y")[0] == 0
    assert seen == [
        ("x", Outer(width=8, inner=Inner(depth=3)), False),
        ("y", Outer(width=9, inner=Inner(depth=4)), True),
    ]
    assert called(verb)[0] == 2  # a width has no default


@pytest.fixture
def given() -> tuple[Any, list[Mapping[str, Any]]]:
    """A verb with settings, and what it was given."""
    seen: list[Mapping[str, Any]] = []

    @grouped
    def verb(*, settings: GivenSettings) -> None:
        seen.append(settings.values)

    return verb, seen


def test_every_setting_is_an_option_and_those_given_are_told(given: Any) -> None:
    verb, seen = given
    assert called(verb)[0] == 0
    arguments = ["--epoch", "3", "--max-checkout-without-progress", "2", "--learning-rate", "0.5"]
    assert called(verb, *arguments, "--layers", "[8,1]")[0] == 0
    assert seen == [{}, {"epochs": 3, "learning_rate": 0.5, "layers": "[8,1]", "patience": 2}]
    assert list(inspect.signature(verb).parameters) == list(OPTIONS)


def test_help_says_which_models_have_a_setting(given: Any) -> None:
    status, said = called(given[0], "--help")
    assert status == 0
    for name, setting in OPTIONS.items():
        assert all(flag in said for flag in flags_of(name))
        assert setting.help in said
    lines = said.splitlines()
    network = next(line for line in lines if "--layers" in line)
    assert "For deep-neural-network-model, ensemble-no-transfer-learning, " in network
    assert "latent-factor-model" not in network
    assert "all but item-item-model" in next(line for line in lines if "--dimension" in line)
    assert "bayesian-" not in next(line for line in lines if "--averaging" in line)
    panels = [line for line in lines if line.startswith("╭")]
    assert any("Sampling (bayesian-factorization-model)" in panel for panel in panels)
    assert any("Autoencoder (autoencoder-model)" in panel for panel in panels)
    (engine,) = (panel for panel in panels if "Engine (" in panel)
    assert "Engine (latent-factor-model (Adam, RMSProp, GradientDescent), deep-neural-" in engine


def test_whose_a_setting_is_by_one_optimizer_alone() -> None:
    assert for_whom("batch_size", [MODELS["latent-factor-model"], MODELS["autoencoder-model"]]) == (
        "latent-factor-model (Adam, RMSProp, GradientDescent)"
    )
    assert for_whom("dimension", MODELS.values()) == "all but item-item-model"
    having = [model for model in MODELS.values() if model.name != "item-item-model"]
    assert for_whom("dimension", having) == ""


def test_models_with_the_same_optimizers_are_named_together() -> None:
    first, sampled, coder = (
        MODELS[name]
        for name in ("latent-factor-model", "bayesian-factorization-model", "autoencoder-model")
    )
    said = "SGD, ALS, Adam, RMSProp, GradientDescent (latent-factor-model); Gibbs (bayesian-"
    assert optimizers([first, sampled]).startswith(said)
    assert optimizers([coder, coder]) == "L-BFGS (autoencoder-model, autoencoder-model)"
