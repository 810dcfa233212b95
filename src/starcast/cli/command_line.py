"""The command line that was given: which options stand on it, and what repeats the run."""

import shlex
from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import Any

import typer

from starcast.data.store.address import has_secret, without_secrets
from starcast.errors import ConfigError

OF_EVERY_VERB = ("as_json", "quiet", "config")  # parameters of every verb


def require_no_secret(address: str) -> None:
    """Refuse a password in an address: everybody on the machine sees command lines.

    Raises: ConfigError: there is one.
    """
    if has_secret(address):
        raise ConfigError(
            f"{without_secrets(address)}: passwords do not belong on a command line; take it out, "
            "and set PGPASSWORD, or write it into ~/.pgpass or the file that PGPASSFILE names"
        )


MAY_BE_EMPTY = ("missing",)
"""Options that mean something when they are empty: ratings that are."""


def require_no_empty(arguments: Sequence[str]) -> None:
    """Refuse an empty value: most likely a variable of the shell that was not set.

    Args:
        arguments: as typed, without the verb.
    Raises: ConfigError: there is one; says after which option.
    """
    for before, one in pairwise(["", *arguments]):
        is_joined = one.startswith("--") and one.find("=") == len(one) - 1
        option = one[:-1] if is_joined else before
        if (is_joined or one == "") and option.lstrip("-") not in MAY_BE_EMPTY:
            where = f"the value of {option}" if option.startswith("-") else "an argument"
            raise ConfigError(f"{where} is empty; give one, or leave it out")


CHANGES_NOTHING = {"mirror", "data_dir", "name", "out", "keep", "logs", "mlflow", "verbose",
                   "explain", "fresh", "checkpoint_every"}  # fmt: skip
"""Options of a comparison that leave its figures as they are."""


def repeated(context: typer.Context, leaving_out: Collection[str]) -> str:
    """What repeats this run: the verb, its artifacts, and every option that was given.

    Args:
        context: of the command.
        leaving_out: parameters that change nothing.
    """
    words = ["starcast", context.info_name or "compare"]
    words += [str(path) for path in context.params.get("artifacts") or ()]
    for name, flag in given(context, "ENVIRONMENT"):
        value: Any = context.params[name]
        if name not in leaving_out and name != "artifacts" and value is not False:
            values = value if isinstance(value, list) else [value]
            words += [flag] if value is True else _each(flag, values)
    return without_secrets(shlex.join(words))


def given(context: typer.Context, *more: str) -> list[tuple[str, str]]:
    """Name and flag of every parameter that stands on the command line, or in the file beside it.

    Args:
        context: of the command.
        more: further sources, such as "ENVIRONMENT", which speaks of all verbs.
    """
    return [
        (parameter.name, parameter.opts[0])
        for parameter in context.command.params
        if parameter.name is not None
        and (source := context.get_parameter_source(parameter.name)) is not None
        and source.name in ("COMMANDLINE", "DEFAULT_MAP", *more)
        and parameter.name not in OF_EVERY_VERB
    ]


def _each(flag: str, values: Sequence[object]) -> list[str]:
    return [word for value in values for word in (flag, str(value))]
