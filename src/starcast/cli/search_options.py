"""What `starcast tune` is asked: which models, how long, where to look, and how."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, final

import typer

from starcast.cli import completing
from starcast.cli.groups import Group

if TYPE_CHECKING:
    from starcast.training.tuning.sampling import How
    from starcast.training.tuning.search import Budget

_TRIALS = 30  # if nothing says how long
_PANEL = "Search"

ModelNames = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        "--models",
        help="Which model to tune, or several that share the budget: with commas between, or each "
        "for itself. [default: latent-factor-model]",
        autocompletion=completing.several_models,
    ),
]


@final
@dataclass(frozen=True, kw_only=True)
class Search(Group):
    """How long, where and how is searched."""

    trials: Annotated[
        int | None,
        typer.Option(
            "--trials", min=1, rich_help_panel=_PANEL,
            help=f"How many trials, earlier ones of this search included. {_TRIALS} if nothing "
            "else ends it.",
        ),
    ] = None  # fmt: skip
    minutes: Annotated[
        float | None,
        typer.Option(
            "--minutes", help="How long, earlier runs of this search included.",
            rich_help_panel=_PANEL,
        ),
    ] = None  # fmt: skip
    jobs: Annotated[
        int,
        typer.Option(
            "--jobs", min=1, max=64, rich_help_panel=_PANEL,
            help="Trials at a time, each in a process of its own that takes its share of threads.",
        ),
    ] = 1  # fmt: skip
    space: Annotated[
        list[str] | None,
        typer.Option(
            "--space", metavar="NAME=LOW:HIGH|NAME=ONE/OTHER", rich_help_panel=_PANEL,
            help="Where to look for a setting, such as dimension=8:64, learning-rate=0.001:0.1:log "
            "or loss=mse/huber. Settings given as options stay as they are.",
        ),
    ] = None  # fmt: skip
    sampler: Annotated[
        str,
        typer.Option("--sampler", metavar="tpe|random", rich_help_panel=_PANEL,
                     help="What proposes trials."),
    ] = "tpe"  # fmt: skip
    pruner: Annotated[
        str,
        typer.Option("--pruner", metavar="median|halving|none", rich_help_panel=_PANEL,
                     help="What gives trials up that lag behind others after as many epochs."),
    ] = "median"  # fmt: skip
    name: Annotated[
        str | None,
        typer.Option("--name", rich_help_panel=_PANEL, show_default=False,
                     help="Of the search's folder; the models' names if not given."),
    ] = None  # fmt: skip
    fresh: Annotated[
        bool,
        typer.Option("--fresh", rich_help_panel=_PANEL,
                     help="Start over; else a search that is there goes on."),
    ] = False  # fmt: skip

    def budget(self) -> "Budget":
        """When it ends. Raises: ConfigError: it never begins."""
        from starcast.training.tuning.search import Budget

        trials = _TRIALS if self.trials is None and self.minutes is None else self.trials
        budget = Budget(trials, self.minutes)
        budget.check()
        return budget

    def how(self, seed: int) -> "How":
        """How it proposes and prunes. Raises: UnknownNameError: there is no such way."""
        from starcast.training.tuning.sampling import How

        how = How(self.sampler, self.pruner, seed)
        how.check()
        return how


def named(models: list[str] | None) -> list[str]:
    """Names of models, each once, in the order given; the default where there are none."""
    from starcast.models import DEFAULT, find

    every = [name.strip() for one in models or [DEFAULT] for name in one.split(",")]
    return list(dict.fromkeys(find(name).name for name in every if name))
