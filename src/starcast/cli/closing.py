"""What closes a training: validation figures, or those of the test ratings if asked for."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple, final

import typer

from starcast.cli.answers import Answer
from starcast.cli.logging_options import Logging
from starcast.cli.saving import told_of
from starcast.errors import ArtifactError, BusyError
from starcast.evaluation.list_size import LIST_SIZE

if TYPE_CHECKING:
    from starcast.artifacts.artifact import Artifact
    from starcast.evaluation.report import Report

Test = Annotated[
    bool,
    typer.Option(
        "--test",
        help="Open the test ratings for the closing figures. Else validation ratings give them, "
        "and 'starcast evaluate' opens the others when all choices are made.",
    ),
]


@final
class Closing(NamedTuple):
    """How a training closes.

    Attributes:
        test: whether test ratings are opened.
        explain: whether each figure is.
        k: length of the lists that are judged on test ratings.
        log: that has its run; None if it is not logged.
    """

    test: bool
    explain: bool
    k: int = LIST_SIZE
    log: Logging | None = None


def closed(artifact: "Artifact", folder: Path, closing: Closing) -> Answer:
    """The figures that close a training; those of test ratings are noted in the model's folder."""
    from starcast.cli import show
    from starcast.evaluation.report import evaluate

    if not closing.test:
        shown = partial(_validated, artifact, folder, closing.explain)
        return Answer(told_of(artifact, folder), shown)
    report = evaluate(artifact, k=closing.k)
    note_opening(folder, report, artifact, closing.log)
    shown = partial(show.closing_figures, report, explain=closing.explain)
    return Answer(told_of(artifact, folder, report), shown)


def note_opening(
    folder: Path, report: "Report", judged: "Artifact", log: Logging | None = None
) -> None:
    """Note in a model's folder what its test ratings say, and that they were opened.

    Where that cannot be, as in a folder of somebody else, a line says so.

    Args:
        folder: of the model.
        report: on it.
        judged: the model as it was read from there, or saved there.
        log: whose row of its run is to have the figures, too.
    """
    from starcast.artifacts import storage
    from starcast.cli.show import note

    try:
        storage.add_test_figures(folder, report.figures(), of=judged)
    except (ArtifactError, BusyError) as error:
        note(f"that the test ratings were opened is not noted: {error}")
    if log:
        log.note_test(judged, report)


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
