"""Which models `starcast compare` trains, and with which settings."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from starcast.cli import completing
from starcast.engines.setting_catalogue import flags_of
from starcast.errors import ConfigError

if TYPE_CHECKING:
    from starcast.engines.settings import Settings

ModelNames = Annotated[
    list[str] | None,
    typer.Option(
        "--models",
        "--model",
        help="Names of models, with commas between, or each for itself; else all.",
        autocompletion=completing.several_models,
    ),
]


def chosen(named: Sequence[str] | None) -> list[str]:
    """The models to compare, each once, in the registry's order; all when none are named."""
    from starcast import models

    if not named:
        return list(models.MODELS)
    every = [name.strip() for one in named for name in one.split(",")]
    given = {models.find(name).name for name in every if name}
    if len(given) < 2:
        raise ConfigError("a comparison needs at least two models; give --models NAME,NAME")
    return [name for name in [*models.MODELS, *models.UNLISTED] if name in given]


def settings_of(names: Sequence[str], given: Mapping[str, Any]) -> "dict[str, Settings]":
    """Settings of the named models and of the parents they need, parents first.

    A given setting is for those that have it; where these are not all, a line says so.
    """
    from starcast import models
    from starcast.cli.show import note
    from starcast.engines.solvers import shared_out
    from starcast.training.plan import parents_first

    needed = {parent for name in names for parent in models.find(name).parents}
    every = [name for name in [*models.MODELS, *models.UNLISTED] if name in needed or name in names]
    shares = shared_out(given, [models.find(name).solvers for name in every])
    for setting in given:
        having = [name for name in every if setting in shares[name]]
        if len(having) < len(every):
            note(f"{flags_of(setting)[0]} is for {', '.join(having)} alone")
    return parents_first({name: models.find(name).settings(**shares[name]) for name in every})
