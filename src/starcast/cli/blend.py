"""`starcast blend`: trained models put together, to an artifact on disk."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from starcast.cli import completing, inputs
from starcast.cli import options as opt
from starcast.cli.answers import Answer
from starcast.cli.closing import Closing, Test, closed
from starcast.cli.list_blend import show_list_blend
from starcast.cli.naming import Name, folder_for, without_versions
from starcast.cli.repeated_verbs import refuse_with_repeat, repeat_blend
from starcast.cli.repeating import Again, Repeat
from starcast.cli.run_file import write_blend
from starcast.cli.saving import keep, reserve
from starcast.errors import ConfigError, UnknownNameError

if TYPE_CHECKING:
    from starcast.artifacts.artifact import Artifact

Method = Callable[[Sequence["Artifact"], int], "Artifact"]

Artifacts = Annotated[
    list[Path],
    typer.Argument(
        metavar="ARTIFACT",
        help="Two or more trained models of one split, such as "
        "pretrained_models/ml-1m/latent-factor-model.",
        show_default=False,
        autocompletion=completing.artifacts,
    ),
]
Purpose = Annotated[
    str,
    typer.Option(
        "--for",
        metavar="lists|stars",
        help="Blend predictions, or the lists that are made of them and of list models.",
    ),
]
WithTrees = Annotated[
    bool,
    typer.Option(
        "--trees/--no-trees",
        help="With --for lists: grow trees beside the logistic model; needs the extra 'rank'.",
    ),
]
Out = Annotated[
    Path, typer.Option("--out", help="Where trained models go; the blend joins its data set's.")
]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Of the folds that choose and judge.")]


def blend(
    context: typer.Context,
    artifacts: Artifacts,
    *,
    purpose: Purpose = "stars",
    trees: WithTrees = False,
    name: Name = None,
    out: Out = Path("pretrained_models"),
    seed: Seed = 42,
    test: Test = False,
    explain: opt.Explain = False,
    repeat: Repeat = None,
) -> Answer:
    """Put trained models together, by weights learnt on the validation ratings alone."""
    from starcast.artifacts import storage
    from starcast.cli import show

    model, put_together = _method(purpose, trees=trees)
    artifacts = without_versions(artifacts) or artifacts
    loaded = [storage.load(folder) for folder in artifacts]
    if repeat:
        refuse_with_repeat(context)
        return repeat_blend(
            context, Again(repeat, out, fresh=False), loaded, seed, (model, put_together), test
        )
    home = out / inputs.folder_name(loaded[0].split) / folder_for(name, model)
    if home.resolve() in [folder.resolve() for folder in artifacts]:
        raise ConfigError(f"{home} is one of the models to blend; choose another --name")
    reserve(context, home)
    blended = put_together(loaded, seed)
    replaced = keep(blended, home)
    write_blend(context, home, blended)
    if blended.leak:
        show.note(f"LEAKY: {blended.leak}")
    answer = closed(blended, home, Closing(test, explain))

    def shown() -> None:
        (show_list_blend if purpose == "lists" else _show)(blended, artifacts)
        show.console.print(f"saved to {home}", end="\n\n", soft_wrap=True)
        answer.show()

    parts = [
        {**part, "from": folder} for part, folder in zip(blended.parts, artifacts, strict=True)
    ]
    return answer._replace(show=shown).told_also(parts=parts, replaced=replaced)


def _method(purpose: str, *, trees: bool) -> tuple[str, Method]:
    """The blend's name in the registry, and what makes it of parts by a seed.

    Raises: UnknownNameError: another purpose. ConfigError: trees for stars.
    """
    from starcast import models
    from starcast.training.list_stacking import blend_lists
    from starcast.training.stacking import blend as blend_stars

    if purpose not in ("lists", "stars"):
        raise UnknownNameError("purpose", purpose, ("lists", "stars"))
    if purpose == "lists":
        return models.LIST_BLEND.name, lambda parts, seed: blend_lists(
            parts, trees=trees, seed=seed
        )
    if trees:
        raise ConfigError("--trees order lists; they need --for lists")
    return models.BLEND.name, lambda parts, seed: blend_stars(parts, seed=seed)


def _show(blended: "Artifact", folders: Sequence[Path]) -> None:
    """A line for each part, and one for the whole."""
    from rich.table import Table
    from rich.text import Text

    from starcast import models
    from starcast.cli.show import console

    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("model", no_wrap=True)
    table.add_column("from", overflow="fold")
    table.add_column(Text("validation\nRMSE"), justify="right", no_wrap=True)
    table.add_column(Text("\ncoefficient"), justify="right", no_wrap=True)
    for part, folder in zip(blended.parts, folders, strict=True):
        figures = f"{part['validation_rmse']:.4f}", f"{part['coefficient']:+.3f}"
        table.add_row(models.find(part["model"]).title, str(folder), *figures)
    quality = blended.history[0]["validation"]
    intercept = f"{float(blended.weights['coefficients'][0]):+.3f}"
    table.add_row(blended.title, "each row unseen; constant", f"{quality['rmse']:.4f}", intercept)
    console.print(table)
