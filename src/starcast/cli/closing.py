"""What closes a training: validation figures, or those of the test ratings if asked for."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from starcast.cli.answers import Answer
from starcast.cli.saving import told_of

if TYPE_CHECKING:
    from starcast.artifacts.artifact import Artifact

Test = Annotated[
    bool,
    typer.Option(
        "--test",
        help="Open the test ratings for the closing figures. Else validation ratings give them, "
        "and 'starcast evaluate' opens the others when all choices are made.",
    ),
]


def closed(artifact: "Artifact", folder: Path, *, test: bool, explain: bool) -> Answer:
    """The figures that close a training; those of test ratings are noted in the model's folder."""
    from starcast.artifacts import storage
    from starcast.cli import show
    from starcast.evaluation.report import NOTED_K, evaluate

    if not test:
        return Answer(told_of(artifact, folder), partial(_validated, artifact, folder, explain))
    report = evaluate(artifact)
    storage.add_test_figures(folder, report.noted(), of=artifact)
    shown = partial(show.closing_figures, report, k=NOTED_K, explain=explain)
    return Answer(told_of(artifact, folder, report), shown)


def _validated(artifact: "Artifact", folder: Path, explain: bool) -> None:
    from starcast.artifacts.description import validation_of
    from starcast.cli.show import console, figures
    from starcast.evaluation.metrics import TITLES

    n_rows, reached = len(artifact.split.validation), validation_of(artifact) or {}
    values = {TITLES.get(name, name): value for name, value in reached.items()}
    if values:
        figures(f"{artifact.title}: {n_rows:,} validation ratings", values, explain=explain)
    console.print(
        f"test ratings were not opened; --test, or 'starcast evaluate {folder}', opens them",
        soft_wrap=True,
    )
