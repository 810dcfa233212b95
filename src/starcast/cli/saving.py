"""Trained models to disk, as the verbs that train do it."""

from pathlib import Path
from typing import TYPE_CHECKING

from starcast.errors import TrainingError

if TYPE_CHECKING:
    from starcast.artifacts.artifact import Artifact

INTERRUPTED = "-interrupted"  # a run that broke off must not take the place of a finished model


def keep(artifact: "Artifact", folder: Path) -> None:
    """Save a trained model; one that broke off goes to a folder beside and is reported.

    Raises: TrainingError: the run broke off; says where its best weights are.
    """
    from starcast.artifacts import storage
    from starcast.cli.show import note

    if artifact.broken_off:
        beside = folder.with_name(folder.name + INTERRUPTED)
        storage.save(artifact, beside)
        raise TrainingError(
            f"{artifact.broken_off}; the weights so far ({artifact.reached}) are in {beside}"
        )
    if (folder / "manifest.json").exists():
        theirs = storage.read_manifest(folder).get("fingerprint", "")
        if theirs != artifact.split.fingerprint:
            note(f"{folder} held a model of another split ({theirs[:12]}); it is replaced")
    storage.save(artifact, folder)
