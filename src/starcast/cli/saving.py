"""Trained models to disk, as the verbs that train do it."""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from starcast.errors import ArtifactError, InterruptedTrainingError, TrainingError

if TYPE_CHECKING:
    from starcast.artifacts.artifact import Artifact

INTERRUPTED = "-interrupted"  # a run that broke off must not take the place of a finished model


def reserve(context: typer.Context, folder: Path) -> None:
    """Keep a folder for this command until it ends; another run may be writing a model there.

    Raises: ArtifactError, BusyError: before anything is trained.
    """
    from starcast.artifacts import replacement

    context.with_resource(replacement.reserve(folder))


def keep(artifact: "Artifact", folder: Path) -> None:
    """Save a trained model; one that broke off goes to a folder beside and is reported.

    Raises: TrainingError: the run broke off; says where its best weights are.
    """
    from starcast.artifacts import storage
    from starcast.cli.show import note

    if artifact.broken_off:
        beside = folder.with_name(folder.name + INTERRUPTED)
        storage.save(artifact, beside)
        was_stopped = "interrupted" in artifact.broken_off
        raise (InterruptedTrainingError if was_stopped else TrainingError)(
            f"{artifact.broken_off}; the weights so far ({artifact.reached}) are in {beside}"
        )
    with suppress(ArtifactError):  # nothing is there, or nothing that can be told of
        theirs = storage.read_manifest(folder)["fingerprint"]
        if not artifact.split.has_fingerprint(theirs):
            note(f"{folder} held a model of another split ({theirs[:12]}); it is replaced")
    storage.save(artifact, folder)
