"""The settings as options: generated, for whichever model is trained."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from inspect import Parameter
from typing import TYPE_CHECKING, Any, Self, cast, final

import typer
from typer.core import TyperOption

from starcast.cli.groups import Group
from starcast.cli.verbs import Verb
from starcast.engines.setting_catalogue import OPTIONS, flags_of

if TYPE_CHECKING:
    from starcast.models import Model

OF_2018 = "of 2018"  # what Typer's context holds where a command of 2018 is run
K_OF_2018 = 20  # length of the lists that it judged


@final
@dataclass(frozen=True)
class GivenSettings(Group):
    """What the command line says of settings, by name: those alone that it says something of."""

    values: Mapping[str, Any]

    @classmethod
    def options(cls) -> Iterator[Parameter]:
        """An option for every setting there is; None is not given."""
        for name, setting in OPTIONS.items():
            yield Parameter(
                name,
                Parameter.KEYWORD_ONLY,
                default=typer.Option(
                    None, *flags_of(name), help=setting.line, rich_help_panel=setting.panel
                ),
                annotation=setting.written | None,
            )

    @classmethod
    def taken_from(cls, given: dict[str, Any]) -> Self:
        """Those that are given."""
        values = {name: given.pop(name) for name in OPTIONS}
        return cls({name: value for name, value in values.items() if value is not None})


@final
class SettingsCommand(Verb):
    """A verb with settings; its help says which models have each."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help: for whom a setting is stands beside it, or beside all of its panel."""
        from starcast.data.split import examples as split_schemes
        from starcast.models import MODELS

        whose = {name: for_whom(name, MODELS.values()) for name in OPTIONS}
        for parameter in cast(list[TyperOption], self.params):
            panel, whom = parameter.rich_help_panel, whose.get(parameter.name or "")
            of_panel = {whose[name] for name in OPTIONS if OPTIONS[name].panel == panel}
            if parameter.name == "split":
                parameter.help = f"{split_schemes()}. random if not given."
            elif parameter.name == "optimizer":
                parameter.help = f"{OPTIONS['optimizer'].help}: {optimizers(MODELS.values())}."
            elif len(of_panel) == 1:
                parameter.rich_help_panel = f"{panel} ({of_panel.pop()})"
            elif whom:
                parameter.help = f"{parameter.help} For {whom}."
        super().format_help(ctx, formatter)


def for_whom(name: str, models: "Collection[Model]") -> str:
    """The models that have a setting, by which optimizers; "" where all have it by all.

    Baselines have no settings, and are not spoken of.
    """
    having = [
        (model.name, model.solvers.having_it(name), len(model.defaults))
        for model in models
        if not model.is_baseline
    ]
    partly = [(model, by) for model, by, n in having if len(by) < n]
    if not partly:
        return ""
    if len(partly) == 1 and not partly[0][1]:
        return f"all but {partly[0][0]}"
    return ", ".join(
        model if len(by) == n else f"{model} ({', '.join(by)})" for model, by, n in having if by
    )


def optimizers(models: "Collection[Model]") -> str:
    """The optimizers of each model, the default first."""
    models_by: dict[str, list[str]] = {}
    for model in models:
        models_by.setdefault(", ".join(model.defaults), []).append(model.name)
    return "; ".join(f"{by} ({', '.join(names)})" for by, names in models_by.items())


def with_effect(model: "Model", given: Mapping[str, Any]) -> dict[str, Any]:
    """What a command of 2018 gives, without those flags of 2018 that do nothing for its model.

    At that time every model took every flag, so a line tells of it and the command runs.
    """
    from starcast.cli.show import note

    optimizer = model.settings(optimizer=given.get("optimizer")).optimizer
    effective = model.solvers.having(given)
    idle = [name for name in given if name not in effective and OPTIONS[name].of_2018]
    for name in idle:
        flag = flags_of(name)[-1].removeprefix("--").replace("-", "_")
        note(f"--{flag} has no effect on {model.name} by {optimizer}")
    return {name: value for name, value in given.items() if name not in idle}
