"""Trained models to disk, finished or under way, as the verbs that train do it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from starcast.artifacts.beside import INTERRUPTED
from starcast.cli.signals import SIGNALS
from starcast.errors import ArtifactError, ConfigError, InterruptedTrainingError, TrainingError

if TYPE_CHECKING:
    from starcast.artifacts.artifact import Artifact
    from starcast.cli.options import Resuming
    from starcast.evaluation.report import Report
    from starcast.training.checkpoints import Checkpoints


def reserve(context: typer.Context, folder: Path) -> None:
    """Keep a folder for this command until it ends; another run may be writing a model there.

    Raises: ArtifactError, BusyError: before anything is trained.
    """
    from starcast.artifacts import replacement
    from starcast.artifacts.versions import Versions

    context.with_resource(replacement.reserve(folder))
    context.with_resource(Versions(folder).held())


def checkpoints(place: Callable[[str], Path], resuming: "Resuming") -> "Checkpoints":
    """The checkpoints of a command that trains.

    Args:
        place: a model's name to the folder that it goes to.
        resuming: how they are kept.
    """
    from starcast.cli.show import note
    from starcast.training.checkpoints import Checkpoints, Keeping

    return Checkpoints(
        place,
        Keeping(
            minutes=resuming.checkpoint_every,
            fresh=resuming.fresh,
            tell=cache(note),  # however many runs cannot keep theirs
            held_back=SIGNALS.held_back,
        ),
    )


def keep(artifact: "Artifact", folder: Path, kept: "Checkpoints | None" = None) -> Path | None:
    """Save a trained model; what it replaces becomes a version, which is told.

    One that broke off goes to a folder beside and is reported.

    Args:
        artifact: the model.
        folder: where it goes.
        kept: the checkpoints of its training, if it was trained; they note that it is done.
    Returns: where the model is that it has replaced; None if there was none.
    Raises: TrainingError: the run broke off; says where its best weights are.
    """
    from starcast.artifacts import storage
    from starcast.artifacts.versions import Versions

    if artifact.broken_off:
        beside = folder.with_name(folder.name + INTERRUPTED)
        storage.save(artifact, beside)
        was_stopped = "interrupted" in artifact.broken_off
        so_far = f"the weights so far ({artifact.reached}) are in {beside}"
        is_kept = kept and kept.of(artifact.model).path.exists()
        goes_on = "; the same command goes on" if is_kept else ""
        raise (InterruptedTrainingError if was_stopped else TrainingError)(
            f"{artifact.broken_off}; {so_far}{goes_on}"
        )
    if kept and kept.of(artifact.model).is_finished:
        return None
    of_another_split = _about_another_split(folder, artifact)
    before = Versions(folder).keep_standing()
    if kept:
        kept.save(artifact)
    else:
        storage.save(artifact, folder)
    tell_replaced(folder, before, of_another_split)
    return before


@contextmanager
def replacing(folder: Path, mark: str) -> Iterator[Path | None]:
    """A context in which results are written; gives where those are that were there before.

    Args:
        folder: of the results.
        mark: the file there that is replaced; where there is none, nothing is kept.
    Raises: ConfigError: nothing can be written there. BusyError: another run is writing it.
    """
    from starcast.artifacts.versions import Versions

    versions = Versions(folder, mark)
    try:
        with versions.held():
            yield versions.keep_standing()
    except ArtifactError as error:
        raise ConfigError(f"{error}; choose another --out") from None


def tell_replaced(folder: Path, before: Path | None, what: str = "") -> None:
    """Say where the old one is, if there was one.

    Args:
        folder: that was replaced.
        before: where it is now.
        what: it was, if this is to be said.
    """
    from starcast.cli.show import note

    if before:
        note(f"{folder}{what} is replaced; the old one is at {before}")


def _about_another_split(folder: Path, artifact: "Artifact") -> str:
    """That a folder holds a model of another split than a new one, in words."""
    from starcast.artifacts import storage

    with suppress(ArtifactError):  # nothing is there, or nothing that can be told of
        theirs = storage.read_manifest(folder)["fingerprint"]
        split = artifact.split
        if theirs not in split.extends and not split.has_fingerprint(theirs):
            return f", a model of another split ({theirs[:12]}),"
    return ""


def tell_convergence(artifact: "Artifact") -> None:
    """Say whether the chains of a sampled model agree; of another there is nothing to say.

    Where they do not, its figures are measured all the same, on ratings that no draw has seen.
    """
    from starcast.cli.show import console, note

    told = artifact.convergence
    if told and told.is_reached:
        console.print(told.sentence, soft_wrap=True)
    elif told:
        is_all = getattr(artifact.config, "until_converged", False) or told.n_chains == 1
        longer = "--samples" if is_all else "--until-converged"
        note(
            f"{told.sentence}. Validation judges what is predicted as it is; longer chains "
            f"({longer}) need not predict better: docs/models.md"
        )


def told_of(artifact: "Artifact", folder: Path, report: "Report | None" = None) -> dict[str, Any]:
    """What programs are told of a trained model: what it is, where, and its figures."""
    from starcast.artifacts.description import validation_of

    return {
        "model": artifact.model,
        "folder": folder,
        "dataset": artifact.split.ratings.name,
        "split": artifact.split.scheme,
        "fingerprint": artifact.split.fingerprint,
        "seed": artifact.seed,
        "best_epoch": artifact.best_epoch,
        "epochs": len(artifact.history),
        "validation": validation_of(artifact),
        "convergence": artifact.convergence and artifact.convergence.plain(),
        "refit": artifact.refit,
        "final": artifact.final,
        "leak": artifact.leak,
        "test": report and report.figures(),
    }
