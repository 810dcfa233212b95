"""Where an artifact stands: its folder is replaced whole or not at all, by one run at a time."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import polars as pl
from safetensors import SafetensorError

from starcast.disk.lock import alone
from starcast.disk.replacement import replace_folder, resolved
from starcast.errors import ArtifactError

MANIFEST = "manifest.json"  # what makes a folder one of ours


def require_writable(folder: Path) -> None:
    """Refuse before hours of training what `save` would refuse after them.

    Raises: ArtifactError: the folder cannot be written, or holds something else.
    """
    target = resolved(folder)
    _check_replaceable(target)
    above = next(parent for parent in target.parents if parent.exists())
    if not (above.is_dir() and os.access(above, os.W_OK)):
        what = "is read-only" if above.is_dir() else "is a file"
        raise ArtifactError(f"cannot write {folder}: {above} {what}; choose another --out")


@contextmanager
def reserve(folder: Path) -> Iterator[None]:
    """Keep a folder for one run, from before it trains until its figures are noted.

    Raises:
        ArtifactError: the folder cannot be written, or holds something else.
        BusyError: another run has reserved it.
    """
    require_writable(folder)
    with ExitStack() as held:
        with as_artifact_error(folder):
            held.enter_context(alone(resolved(folder)))
        yield


@contextmanager
def atomic_replace(folder: Path, manifest: str = MANIFEST) -> Iterator[Path]:
    """A fresh folder that takes the place of `folder` when all went well, and else vanishes.

    Args:
        folder: what is replaced, if it is empty or of the same kind.
        manifest: the file that makes a folder one of that kind.
    Raises:
        ArtifactError: it cannot be written; what was there is untouched.
        BusyError: another run is writing it.
    """
    with as_artifact_error(folder):
        _check_replaceable(resolved(folder), manifest)
        with replace_folder(folder) as fresh:
            yield fresh


@contextmanager
def as_artifact_error(folder: Path) -> Iterator[None]:
    """A context in which what cannot be written is an ArtifactError that names the folder."""
    try:
        yield
    except (OSError, pl.exceptions.PolarsError, SafetensorError) as error:
        raise ArtifactError(f"cannot write {folder}: {error}") from None


def _check_replaceable(target: Path, manifest: str = MANIFEST) -> None:
    """Refuse to replace what is not ours."""
    if target.exists() and not target.is_dir():
        raise ArtifactError(f"cannot write {target}: a file is in the way")
    if target.is_dir() and any(target.iterdir()) and not (target / manifest).is_file():
        raise ArtifactError(
            f"cannot write {target}: it holds other files and no {manifest}; choose another --out"
        )
