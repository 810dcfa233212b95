"""Options about the parents of a warm-started model, and the parents on disk."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, final

import typer

from starcast.cli import completing
from starcast.cli.groups import Group
from starcast.errors import ConfigError

if TYPE_CHECKING:
    from starcast.artifacts.artifact import Artifact
    from starcast.models import Model

_PARENTS = "Transfer learning"


@final
@dataclass(frozen=True, kw_only=True)
class Parents(Group):
    """Where the parents of a warm-started model come from."""

    init_from: Annotated[
        list[Path] | None,
        typer.Option(
            "--init-from",
            help="A parent's artifact; give it twice, for the latent factor model (or a Bayesian "
            "one) and the deep network. Else those in --out are used, or trained first.",
            autocompletion=completing.artifacts,
            rich_help_panel=_PARENTS,
        ),
    ] = None
    fresh_parents: Annotated[
        bool,
        typer.Option("--fresh-parents", help="Train parents anew.", rich_help_panel=_PARENTS),
    ] = False
    leaky_parents: Annotated[
        bool,
        typer.Option(
            "--leaky-parents",
            help="Accept parents of another split. Their training rows may be test rows here: the "
            "artifact and its figures are stamped LEAKY.",
            rich_help_panel=_PARENTS,
        ),
    ] = False


def refuse_for_none(model: "Model", parents: Parents) -> None:
    """Refuse options about parents where there are none."""
    for name, value in asdict(parents).items():
        if value and not model.parents:
            flag = name.replace("_", "-")
            raise ConfigError(f"{model.name} starts from no parents; leave --{flag} out")


def named_parents(model: "Model", parents: Parents) -> dict[str, Path]:
    """The folders of --init-from by the parent that each holds, in whatever order they came."""
    from starcast.artifacts import storage
    from starcast.training.parents import place_of

    init_from = parents.init_from or []
    if init_from and parents.fresh_parents:
        raise ConfigError("--init-from names trained parents, --fresh-parents trains new ones")
    held = {folder: storage.read_manifest(folder)["model"] for folder in init_from}
    named = {place_of(name): folder for folder, name in held.items()}
    if init_from and sorted(named) != sorted(model.parents):
        raise ConfigError(
            f"{model.name} starts from {' and '.join(model.parents)}; --init-from names "
            f"{' and '.join(sorted(held.values()))}: give it for each parent, once"
        )
    return named


def parent_at(folder: Path, name: str, refit: bool, final: bool = False) -> "Artifact | None":
    """A parent from disk; None where there is none yet."""
    from starcast.artifacts import storage
    from starcast.cli.show import console, note
    from starcast.disk.replacement import standing

    if not standing(folder).exists():
        note(f"no {name} at {folder}: training it first, on the same split")
        return None
    console.print(f"starting from {folder}", soft_wrap=True)
    found = storage.load(folder)
    if found.broken_off:
        note(f"{folder} is not trained to its end: {found.broken_off}")
    if refit and not found.refit:
        note(f"{folder} was not refitted: the refit starts from training rows only")
    if final and not found.final:
        note(f"{folder} was trained without --final: the final training starts from fewer rows")
    return found
