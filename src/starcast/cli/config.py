"""Options that do not stand on the command line: a file has them, or the environment.

The command line beats the environment, and this the file.
"""

import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple, final

import typer
from typer.core import TyperArgument, TyperGroup, TyperOption

from starcast.cli.command_line import MAY_BE_EMPTY
from starcast.display import shown
from starcast.errors import ConfigError, UnknownNameError

PREFIX = "STARCAST"
# What Kubernetes sets of a service that is called "starcast".
_ITS_VALUES, _ITS_NAMES = ("tcp://", "udp://", "sctp://"), re.compile(r"_SERVICE_|_PORT_\d")
_IS_TYPO = 0.85  # from where on a variable is likely meant for an option

Parameter = TyperOption | TyperArgument


@final
class _Table(NamedTuple):
    """What a file says of one verb."""

    words: tuple[str, ...]
    options: Mapping[str, Parameter]
    values: Mapping[str, Any]


def read(path: Path, context: typer.Context) -> dict[str, Any]:
    """What a TOML file says of the options of a verb, by parameter.

    Keys are options without their dashes. Those at the top, and those of the verb's own table, such
    as [train] or [data.describe], which beat them, are taken; other verbs' tables are checked, too.

    Raises: ConfigError, UnknownNameError: it cannot be read, an option is unknown, a value is none,
        or nothing is said of this verb.
    """
    document = _parsed(path)
    root = context.find_root().command
    verb = verb_of(context)
    tables = list(_tables(path, root, document, ()))
    top = {name: value for name, value in document.items() if not isinstance(value, dict)}
    own = [one.values for one in tables if one.words == verb]
    if not top and not own:
        there = ", ".join(f"[{'.'.join(one.words)}]" for one in tables) or "nothing"
        raise ConfigError(f"{path} says nothing of '{' '.join(verb)}'; it has {there}")
    options = options_of(context.command)
    tables.append(_Table(verb, options, top))
    for table in tables:
        for name in table.values:
            if _key(name) not in table.options:
                kind = f"option of '{' '.join(table.words)}' in {path},"
                raise UnknownNameError(kind, name, table.options)
    merged = top | {name: value for values in own for name, value in values.items()}
    found = {name: (options[_key(name)], value) for name, value in merged.items()}
    return {
        str(option.name): _as_given(option, value, f"{path}: {name}")
        for name, (option, value) in found.items()
    }


def options_of(command: Any) -> dict[str, Parameter]:
    """What a file may say of a verb: its options by every long spelling, its arguments by name."""
    found: dict[str, Parameter] = {}
    for one in command.params:
        long = [opt[2:] for opt in one.opts if opt.startswith("--")]
        names = long if isinstance(one, TyperOption) else [str(one.name)]
        found |= {_key(name): one for name in names if one.name != "config"}
    return found


def variables(option: TyperOption, verb: Sequence[str]) -> list[str]:
    """The variables of the environment that an option of a verb may be in, the first beats others.

    One that Kubernetes has set for a service called "starcast" is none of them.
    """
    flag = next((opt[2:] for opt in option.opts if opt.startswith("--")), str(option.name))
    names = ["_".join([PREFIX, *words, flag]) for words in (verb, ())]
    names = [name.replace("-", "_").upper() for name in names]
    return [name for name in names if not os.environ.get(name, "").startswith(_ITS_VALUES)]


def likely_typos(context: Any) -> Iterator[str]:
    """A line for every variable that is likely meant for an option of a verb, and is for none."""
    ours = _variables_of(context.command, verb_of(context))
    strange = [
        name
        for name in sorted(os.environ)
        if name.startswith(f"{PREFIX}_") and name not in ours and not _ITS_NAMES.search(name)
    ]
    if not strange:
        return
    known = _variables_of(context.find_root().command, ())
    bare = {one.removeprefix(PREFIX): one for one in ours}
    for name in strange:
        near = get_close_matches(name.removeprefix(PREFIX), bare, n=1, cutoff=_IS_TYPO)
        if near and name not in known:
            yield f"{name} has no effect: did you mean {bare[near[0]]}?"


def _variables_of(command: Any, words: tuple[str, ...]) -> set[str]:
    """The variables of a verb's options, or of all verbs of a group."""
    if isinstance(command, TyperGroup):
        below = command.commands.items()
        return {one for name, verb in below for one in _variables_of(verb, (*words, name))}
    options = [one for one in command.params if isinstance(one, TyperOption)]
    return {name for option in options for name in variables(option, words)}


def verb_of(context: Any) -> tuple[str, ...]:
    """The words that name a verb, without the program's."""
    parent = context.parent
    return () if parent is None else (*verb_of(parent), str(context.info_name))


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror or error}") from None
    except (tomllib.TOMLDecodeError, UnicodeError, RecursionError) as error:
        raise ConfigError(f"{path} is no TOML: {error}") from None


def _tables(
    path: Path, group: Any, document: Mapping[str, Any], words: tuple[str, ...]
) -> Iterator[_Table]:
    """The tables of a document that are verbs, at any depth."""
    verbs = group.commands if isinstance(group, TyperGroup) else {}
    for name, values in document.items():
        if not isinstance(values, dict):
            if words:
                raise ConfigError(f"{path}: [{'.'.join(words)}] is no verb; write [verb.of.it]")
            continue
        if name not in verbs:
            raise UnknownNameError(f"verb in {path},", name, verbs)
        if isinstance(verbs[name], TyperGroup):
            yield from _tables(path, verbs[name], values, (*words, name))
        else:
            yield _Table((*words, name), options_of(verbs[name]), values)


def _as_given(option: Parameter, value: Any, where: str) -> Any:
    """A value of a file as the command line would have it."""
    if isinstance(value, dict):
        raise ConfigError(f"{where} is a table; it takes a value")
    is_empty = value == "" or (isinstance(value, list) and "" in value)
    if is_empty and option.name not in MAY_BE_EMPTY:
        raise ConfigError(f"{where} is empty; give a value, or leave it out")
    if getattr(option, "is_flag", False):
        if not isinstance(value, bool):
            raise ConfigError(f"{where} must be true or false, got {shown(value)}")
        return value
    if getattr(option, "multiple", False) or option.nargs != 1:
        return [_text(one) for one in (value if isinstance(value, list) else [value])]
    if isinstance(value, list):
        as_names = all(isinstance(one, str) for one in value)
        return ",".join(value) if as_names else json.dumps(value, default=str)
    return _text(value)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _key(name: str) -> str:
    return name.replace("_", "-")
