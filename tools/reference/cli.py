"""Pages of the command line, read from its parser: one for each verb, and an overview."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import typer
from markdown_tables import table
from typer.core import TyperArgument, TyperOption

from starcast.cli.app import app
from starcast.cli.verbs import examples_in

_COMMON = "Every verb"  # the panel of what each verb has
_TYPES: Mapping[Any, str] = {int: "whole number", float: "number", Path: "path", str: "text"}


def verbs(of: typer.Typer = app) -> dict[str, Any]:
    """Every verb as Typer has it, by its words."""
    return dict(_below(typer.main.get_command(of), ()))


def _below(command: Any, words: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    if not hasattr(command, "commands"):
        yield " ".join(words), command
        return
    for name, one in command.commands.items():
        yield from _below(one, (*words, name))


def pages() -> dict[str, Callable[[], str]]:
    """What makes the page of each verb."""
    return {name: partial(_page, name, verb) for name, verb in verbs().items()}


def overview() -> str:
    """The page that names the verbs."""
    rows = [
        (f"[`starcast {name}`](cli/{name.replace(' ', '-')}.md)", str(verb.help).split("\n")[0])
        for name, verb in verbs().items()
    ]
    common = [_row(one) for one in options(verbs()["compare"]) if one.rich_help_panel == _COMMON]
    return (
        "# Verbs of the command line\n\n"
        "Written from the parser by `tools/write_reference.py`; `starcast VERB --help` says the "
        "same. What holds for all of them: [the command line](../command-line.md).\n\n"
        + table(("verb", "what it does"), rows)
        + "\n## Options of every verb\n\n"
        + table(("option", "value", "default", "what it is"), common)
    )


def _page(name: str, verb: Any) -> str:
    examples = "\n".join(examples_in(verb.epilog))
    return (
        f"# starcast {name}\n\n{verb.help}\n\n```sh\n{examples}\n```\n"
        + "".join(_panels(verb))
        + "\nAnd the [options of every verb](../command-line.md#options-of-every-verb).\n"
    )


def _panels(verb: Any) -> Iterator[str]:
    """A table of arguments, and one for each panel of options."""
    arguments = [one for one in verb.params if isinstance(one, TyperArgument)]
    if arguments:
        rows = [(f"`{_metavar(one)}`", one.help or "") for one in arguments]
        yield "\n## Arguments\n\n" + table(("argument", "what it is"), rows)
    by_panel: dict[str, list[TyperOption]] = {}
    for option in options(verb):
        by_panel.setdefault(option.rich_help_panel or "Options", []).append(option)
    for panel, those in by_panel.items():
        if panel != _COMMON:
            heads = ("option", "value", "default", "what it is")
            yield f"\n## {panel}\n\n" + table(heads, map(_row, those))


def options(verb: Any) -> list[TyperOption]:
    """The options of a verb, those of every verb among them."""
    return [one for one in verb.params if isinstance(one, TyperOption) and not one.hidden]


def spellings(option: TyperOption) -> str:
    """How an option is written: `--batch-size`, `--k`, `-k`."""
    every = dict.fromkeys(one.replace("_", "-") for one in (*option.opts, *option.secondary_opts))
    return ", ".join(f"`{one}`" for one in every)


def _row(option: TyperOption) -> tuple[str, str, str, str]:
    default = "" if option.default in (None, False) else f"`{option.default}`"
    more = "; may be repeated" if option.multiple else ""
    return spellings(option), _value(option) + more, default, option.help or ""


def _value(option: TyperOption) -> str:
    """What may follow the option."""
    if option.is_flag:
        return ""
    if option.metavar:
        return f"`{option.metavar}`"
    annotation: Any = option.type_descriptor.annotation
    (kind,) = getattr(annotation, "__args__", (annotation,))[:1]
    low, high = getattr(option, "min", None), getattr(option, "max", None)
    return f"{_TYPES.get(kind, 'text')}{_bounds(low, high)}"


def _bounds(low: float | None, high: float | None) -> str:
    if low is None:
        return "" if high is None else f", at most {high}"
    return f", {low} or more" if high is None else f", {low} to {high}"


def _metavar(argument: TyperArgument) -> str:
    name = argument.metavar or str(argument.name).upper()
    many = "…" if argument.nargs != 1 else ""
    return f"{name}{many}" if argument.required else f"[{name}{many}]"
