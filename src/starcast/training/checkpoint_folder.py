"""A folder of its own for what one training in Python needs to go on."""

import shutil
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from starcast.artifacts.artifact import Artifact
from starcast.disk.lock import kept_if_used
from starcast.errors import CheckpointError
from starcast.training.checkpoints import Checkpoints, Keeping


class Kept(NamedTuple):
    """What a plan takes.

    Attributes:
        checkpoints: of its models; None where nothing is kept.
        trained: to be told of every model that is trained.
    """

    checkpoints: Checkpoints | None
    trained: Callable[[Artifact], None]


@contextmanager
def kept_in(place: Path | str | None, wanted: str, minutes: float) -> Iterator[Kept]:
    """Keep checkpoints, and parents that are trained, until a model is.

    Args:
        place: of the folder, which is made, and taken away again; None keeps nothing.
        wanted: the model.
        minutes: between two checkpoints.
    Raises: CheckpointError: the folder cannot be made.
    """
    if place is None:
        yield Kept(None, lambda artifact: None)
        return
    folder = Path(place)
    remedy = f"remove {folder}, or name another folder, to start over"
    kept = Checkpoints(lambda name: folder / name, Keeping(minutes, remedy=remedy, tell=_tell))
    trained: dict[str, Artifact] = {}

    def note(artifact: Artifact) -> None:
        trained[artifact.model] = artifact
        if artifact.model != wanted and not artifact.broken_off:
            kept.save(artifact)

    with _made(folder):
        yield Kept(kept, note)
        if wanted in trained and not trained[wanted].broken_off:
            kept.of(wanted).discard()
            kept.discard()
            for parent in trained.keys() - {wanted}:
                shutil.rmtree(folder / parent)


@contextmanager
def _made(folder: Path) -> Iterator[None]:
    with kept_if_used(folder.parent):
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise CheckpointError(f"cannot make {folder}: {error.strerror}") from None
        try:
            yield
        finally:
            if not any(folder.iterdir()):
                folder.rmdir()


def _tell(line: str) -> None:
    warnings.warn(line, stacklevel=2)
