"""`starcast compare --live`: models in service, by what people did with their lists."""

import time
from dataclasses import dataclass
from typing import Annotated, final

import typer

from starcast.cli.answers import Answer
from starcast.cli.command_line import given, require_no_secret
from starcast.cli.groups import Group
from starcast.errors import ConfigError

_DAY = 86_400  # seconds
_OWN = {"live", "days", "within"}


@final
@dataclass(frozen=True, kw_only=True)
class Live(Group):
    """Which lists that people were shown are compared."""

    live: Annotated[
        str | None,
        typer.Option(
            "--live",
            metavar="ADDRESS",
            help="Compare the models of a service by what people did: the address of the store "
            "that its lists and their ratings are kept in.",
        ),
    ] = None
    days: Annotated[
        float, typer.Option("--days", min=0.001, help="With --live: lists of how many days.")
    ] = 30.0
    within: Annotated[
        float,
        typer.Option(
            "--within", min=0.001, help="With --live: days in which a rating is a list's hit."
        ),
    ] = 30.0


def show_live(context: typer.Context, asked: Live) -> Answer | None:
    """What people did with lists, if that is asked for.

    Raises:
        ConfigError: options that are for something else.
        DataError: the store cannot be read, or holds no list.
    """
    if asked.live is None:
        if unused := next((flag for name, flag in given(context) if name in _OWN), ""):
            raise ConfigError(f"{unused} is for --live, which is not given")
        return None
    for name, flag in given(context):
        if name not in _OWN:
            raise ConfigError(f"{flag} has no effect with --live; leave one of them out")
    require_no_secret(asked.live)
    from rich.text import Text

    from starcast.cli.results import show_table
    from starcast.cli.show import console
    from starcast.data.store.live_log import lists_shown, ratings_given
    from starcast.data.store.ratings_store import RatingsStore
    from starcast.evaluation.comparison.live import compare_live

    since = int(time.time() - asked.days * _DAY)
    with RatingsStore.open(asked.live) as store:
        found = compare_live(
            lists_shown(store, since), ratings_given(store, since), int(asked.within * _DAY)
        )

    def shown() -> None:
        show_table(found.columns())
        for line in found.sentences():
            console.print(Text(line), soft_wrap=True)

    return Answer(found.figures(), shown)
