"""What every verb has: examples, --json, --quiet, --config, and variables of the environment."""

import functools
import inspect
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, redirect_stdout
from dataclasses import dataclass, replace
from inspect import Parameter
from pathlib import Path
from typing import Annotated, Any, final, get_args

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from starcast.cli.answers import Answer
from starcast.cli.command_line import require_no_empty
from starcast.cli.config import likely_typos, read, variables, verb_of
from starcast.cli.groups import Group, grouped

_PANEL = "Every verb"


def _configured(context: typer.Context, path: Path | None) -> Path | None:
    """Let a file say what the command line and the environment do not."""
    if path is not None and not context.resilient_parsing:
        context.default_map = read(path, context)
    return path


@final
@dataclass(frozen=True, kw_only=True)
class Common(Group):
    """Options that every verb has."""

    quiet: Annotated[
        bool,
        typer.Option(
            "--quiet", "-q", help="Print the result and warnings alone.", rich_help_panel=_PANEL
        ),
    ] = False
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            metavar="FILE.toml",
            is_eager=True,
            callback=_configured,
            help="Options from a file, such as the run.toml beside a trained model; any may also "
            "be a variable: STARCAST_SEED, or STARCAST_TRAIN_SEED for one verb.",
            rich_help_panel=_PANEL,
        ),
    ] = None


_Json = Annotated[
    bool,
    typer.Option(
        "--json",
        help="Print the result as JSON; what else is told goes to stderr.",
        rich_help_panel=_PANEL,
    ),
]


class _Helpful:
    """A command whose help shows what one writes."""

    def format_help(self: Any, ctx: Any, formatter: Any) -> None:
        """Write the help."""
        with _types_as_written(self.get_params(ctx)):
            super().format_help(ctx, formatter)  # type: ignore[misc]  # of the command beside it


class VerbGroup(_Helpful, TyperGroup):
    """Verbs under one name."""


class Verb(_Helpful, TyperCommand):
    """A verb, whose options may also stand in the environment."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the command line, with what stands elsewhere in mind."""
        require_no_empty(args)
        words = verb_of(ctx)
        for option in self.params:
            if isinstance(option, TyperOption):
                option.envvar, option.show_envvar = variables(option, words), False
        try:
            rest = super().parse_args(ctx, args)
        except typer.BadParameter as error:
            error.message = f"{_place_of(ctx, error.param)}{error.message}"
            raise
        if not ctx.resilient_parsing:
            from starcast.cli.show import note

            for line in likely_typos(ctx):
                note(line)
        return rest


def _place_of(context: Any, option: Any) -> str:
    """The file or variable that gave an option its value; nothing for the command line."""
    source = context.get_parameter_source(option.name) if option else None
    if source and source.name == "ENVIRONMENT":
        return next(f"${one}: " for one in option.envvar if one in os.environ)
    if source and source.name == "DEFAULT_MAP":
        return f"{context.params['config']}: "
    return ""


@contextmanager
def _types_as_written(parameters: Sequence[Any]) -> Iterator[None]:
    """Let help show what one writes: nothing after a flag, and one value at a time of several."""
    before = [one.type_descriptor for one in parameters]
    for one in parameters:
        kind = one.type_descriptor
        if getattr(one, "is_flag", False):
            one.metavar = ""
        elif kind.is_list:
            one.type_descriptor = replace(kind, annotation=get_args(kind.annotation)[0])
    try:
        yield
    finally:
        for one, kind in zip(parameters, before, strict=True):
            one.type_descriptor = kind


def add(
    app: typer.Typer,
    name: str,
    verb: Callable[..., Answer | None],
    *examples: str,
    cls: type[Verb] = Verb,
    answers: bool = True,
) -> None:
    """Make a function a verb of the command line.

    Args:
        app: whose verb it is.
        name: of the verb.
        verb: what is done; groups of options may be among its parameters.
        examples: of its use; the help ends with them.
        cls: of the command.
        answers: whether there is a result, which --json prints for programs.
    """
    epilog = "\n\n".join(["Examples:", *(one.replace("[", "\\[") for one in examples)])
    app.command(name, cls=cls, epilog=epilog)(_answering(verb, answers))


def examples_in(epilog: str | None) -> Sequence[str]:
    """The examples that a verb's help ends with."""
    _, *examples = (epilog or "").split("\n\n")
    return [one.replace("\\[", "[") for one in examples]


def _answering(verb: Callable[..., Answer | None], answers: bool) -> Callable[..., None]:
    """The function as Typer is to call it: with the common options, printing what it answers."""

    def called(*, common: Common, as_json: bool = False, **given: Any) -> None:
        from starcast.cli.show import talking

        # code of others, as a network of one's own, may print, too
        elsewhere = redirect_stdout(sys.stderr) if as_json else nullcontext()
        with elsewhere, talking(to_stderr=as_json, quiet=common.quiet):
            answer = verb(**given)
        if answer is not None:
            answer.give(as_json=as_json)

    common = [Parameter("common", Parameter.KEYWORD_ONLY, annotation=Common)]
    if answers:
        common.append(Parameter("as_json", Parameter.KEYWORD_ONLY, default=False, annotation=_Json))
    own = inspect.signature(verb, eval_str=True).parameters.values()
    functools.update_wrapper(called, verb)
    called.__signature__ = inspect.Signature([*own, *common])  # type: ignore[attr-defined]  # for `grouped`
    return grouped(called)
