"""Where an artifact stands: its folder is replaced whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
from safetensors import SafetensorError

from starcast.errors import ArtifactError

MANIFEST = "manifest.json"  # what makes a folder one of ours


def require_writable(folder: Path) -> None:
    """Refuse before hours of training what `save` would refuse after them.

    Raises: ArtifactError: the folder cannot be written, or holds something else.
    """
    target = folder.resolve()
    _check_replaceable(target)
    above = next(parent for parent in target.parents if parent.exists())
    if not (above.is_dir() and os.access(above, os.W_OK)):
        what = "is read-only" if above.is_dir() else "is a file"
        raise ArtifactError(f"cannot write {folder}: {above} {what}; choose another --out")


@contextmanager
def atomic_replace(folder: Path, manifest: str = MANIFEST) -> Iterator[Path]:
    """A fresh folder that takes the place of `folder` when all went well, and else vanishes.

    Args:
        folder: what is replaced, if it is empty or of the same kind.
        manifest: the file that makes a folder one of that kind.
    Raises: ArtifactError: it cannot be written; what was there is untouched.
    """
    fresh = None
    try:
        target = folder.resolve()  # what a link points to is replaced, and the link kept
        _check_replaceable(target, manifest)
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        fresh.chmod(0o755)
        yield fresh
        _swap(fresh, target)
    except (OSError, pl.exceptions.PolarsError, SafetensorError) as error:
        raise ArtifactError(f"cannot write {folder}: {error}") from None
    finally:
        if fresh is not None:
            shutil.rmtree(fresh, ignore_errors=True)


def _check_replaceable(target: Path, manifest: str = MANIFEST) -> None:
    """Refuse to replace what is not ours."""
    if target.exists() and not target.is_dir():
        raise ArtifactError(f"cannot write {target}: a file is in the way")
    if target.is_dir() and any(target.iterdir()) and not (target / manifest).is_file():
        raise ArtifactError(
            f"cannot write {target}: it holds other files and no {manifest}; choose another --out"
        )


def _swap(fresh: Path, target: Path) -> None:
    """Put `fresh` in the place of `target`; on any failure, Ctrl-C too, `target` is put back."""
    if not target.exists():
        fresh.rename(target)
        return
    old = fresh.with_name(f"{fresh.name}.old")
    try:
        target.rename(old)
        fresh.rename(target)
    except BaseException:
        if old.exists() and not target.exists():
            old.rename(target)
        raise
    finally:
        if target.exists():
            shutil.rmtree(old, ignore_errors=True)
