"""Names of runs: the folder that a trained model or a report goes to."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from starcast.artifacts.beside import ENDINGS, VERSIONS
from starcast.display import quoted
from starcast.errors import ConfigError

_PANEL = "Run"

Name = Annotated[
    str | None,
    typer.Option(
        "--name",
        help="Of the run: the folder of its model, and of its logs. The model's name if not given.",
        rich_help_panel=_PANEL,
    ),
]


def folder_for(name: str | None, model: str) -> str:
    """The folder of a run's model: its name, or else that of the model.

    Raises: ConfigError: see `checked`; or another model goes there.
    """
    from starcast import models

    if name is None:
        return model
    if checked(name) != model and name in [*models.MODELS, *models.UNLISTED]:
        raise ConfigError(f"'{name}' is where a model of that name goes; choose another --name")
    return name


def without_versions(folders: Sequence[Path]) -> list[Path]:
    """Folders of models; what a shell makes of a * has their older versions among them, too."""
    from starcast.cli.show import note

    older = [one for one in folders if one.name.endswith(VERSIONS)]
    for one in older:
        note(f"{one} holds older models, and is left out; name one of them to take it")
    return [one for one in folders if one not in older]


def checked(name: str) -> str:
    """A name that a folder may have.

    Raises: ConfigError: it has not, or what stands beside a folder is called so.
    """
    if Path(name).name != name or name[:1] in ("", ".", "-") or not name.isprintable():
        raise ConfigError(
            f"{quoted(name)} names no folder; --name is a single word such as 'thursday'"
        )
    if ending := next((one for one in ENDINGS if name.endswith(one)), None):
        raise ConfigError(
            f"{quoted(name)} ends with '{ending}', as what stands beside a model does; choose "
            "another --name"
        )
    return name
