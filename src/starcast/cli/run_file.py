"""`run.toml` beside a trained model: the options that train it once more, to the same weights."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from starcast.cli import options as opt
from starcast.cli.command_line import given
from starcast.disk.replacement import replace_file
from starcast.engines.setting_catalogue import OPTIONS, flags_of

if TYPE_CHECKING:
    from starcast.artifacts.artifact import Artifact

RUN = "run.toml"
_WHERE_FROM = {one.name for one in opt.Fetching.options()}  # differs by machine
_OF_ROWS = {one.name for group in (opt.Data, opt.SplitOptions) for one in group.options()}
_OF_EVERY_MODEL = (_OF_ROWS - _WHERE_FROM) | {"refit", "final"}
OF_THE_CHOSEN = ("name", "network", "engine", "master", "keep_users", "init_from", "leaky_parents")
_OF_BLENDS = ("trees", "name")


def write_run(
    context: typer.Context, folder: Path, artifact: "Artifact", more: Collection[str] = ()
) -> None:
    """Write what repeats a run into the folder of its model.

    Args:
        context: of the command that trained it.
        folder: that the model is in.
        artifact: the model.
        more: further parameters of the command that this model listened to.
    """
    flags = dict(given(context, "ENVIRONMENT"))
    names = [name for name in flags if name in _OF_EVERY_MODEL or name in more]
    values = {flags[name].lstrip("-"): context.params[name] for name in names}
    if "network" not in values:
        values = {"model": artifact.model} | values
    if "ratings" not in values and "dataset" in context.params:
        values.setdefault("dataset", context.params["dataset"])
    values.setdefault("seed", artifact.seed)
    values |= {flags_of(name)[0].lstrip("-"): value for name, value in _settings(artifact)}
    _write("train", folder, artifact, values)


def write_blend(context: typer.Context, folder: Path, artifact: "Artifact") -> None:
    """Write what makes a blend once more, of the same models, into its folder.

    Args: as `write_run`.
    """
    flags = given(context, "ENVIRONMENT")
    values = {flag.lstrip("-"): context.params[name] for name, flag in flags if name in _OF_BLENDS}
    of_what = {"artifacts": context.params["artifacts"], "for": context.params["purpose"]}
    _write("blend", folder, artifact, of_what | {"seed": artifact.seed} | values)


def _write(verb: str, folder: Path, artifact: "Artifact", values: Mapping[str, Any]) -> None:
    text = "\n".join(_lines(verb, artifact, values)) + "\n"
    with replace_file(folder / RUN) as fresh:
        fresh.write_text(text, encoding="utf-8")


def _settings(artifact: "Artifact") -> Iterator[tuple[str, Any]]:
    """The settings that are other than what the model has of itself."""
    from starcast import models

    if artifact.config is None:
        return
    own, model = asdict(artifact.config), models.find(artifact.model)
    usual = asdict(model.settings(optimizer=own.get("optimizer")))
    by_default = asdict(model.settings())
    for name, value in own.items():
        expected = by_default if name == "optimizer" else usual
        if name in OPTIONS and value != expected.get(name):
            yield name, value


def _lines(verb: str, artifact: "Artifact", values: Mapping[str, Any]) -> Iterator[str]:
    yield f"# To make it once more: starcast {verb} --config {RUN}"
    yield f"# Starcast {metadata.version('starcast')}, split {artifact.split.fingerprint[:12]}"
    yield f"[{verb}]"
    for name, value in sorted(values.items()):  # wherever the options came from
        if value is not None:
            yield f"{name} = {_toml(value)}"


def _toml(value: Any) -> str:
    """A value as TOML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple) and not value:
        return '"none"'  # as the command line has it
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
