"""Artifacts to disk and back: atomic, checked, and without executable content.

Format 1: `manifest.json` names every other file with its SHA-256; arrays are safetensors,
columns are Parquet.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from starcast import models
from starcast.artifact import Arrays, Artifact
from starcast.config import Config
from starcast.errors import ArtifactError, StarcastError
from starcast.ids import Vocabulary
from starcast.ratings import Ratings
from starcast.scale import RatingScale
from starcast.split import Split

FORMAT = "starcast-artifact"
FORMAT_VERSION = 1
_MANIFEST = "manifest.json"
_WEIGHTS, _BEFORE = "weights.safetensors", "weights-before-refit.safetensors"
_TABLES = ("users.parquet", "items.parquet", "ratings.parquet")
_DAMAGE = (StarcastError, LookupError, TypeError, ValueError, AttributeError, SafetensorError,
           pl.exceptions.PolarsError)  # fmt: skip


def save(artifact: Artifact, folder: Path) -> Path:
    """Write an artifact; a folder that was there is replaced whole or not at all.

    Raises: ArtifactError: the folder cannot be written; what was there is untouched.
    """
    with _replacing(folder) as fresh:
        _save_weights(artifact.weights, fresh / _WEIGHTS)
        if artifact.refit:
            _save_weights(artifact.weights_before_refit, fresh / _BEFORE)
        _save_ratings(artifact.split, fresh)
        files = {path.name: _sha256(path) for path in sorted(fresh.iterdir())}
        manifest = json.dumps(_manifest(artifact) | {"files": files}, indent=1, ensure_ascii=False)
        (fresh / _MANIFEST).write_text(manifest + "\n", encoding="utf-8")
    return folder


def require_place(folder: Path) -> None:
    """Refuse before hours of training what `save` would refuse after them.

    Raises: ArtifactError: the folder cannot be written, or holds something else.
    """
    target = folder.resolve()
    _check_replaceable(target)
    above = next(parent for parent in target.parents if parent.exists())
    if not (above.is_dir() and os.access(above, os.W_OK)):
        what = "is read-only" if above.is_dir() else "is a file"
        raise ArtifactError(f"cannot write {folder}: {above} {what}; choose another --out")


def load(folder: Path) -> Artifact:
    """Read an artifact back; needs no tensor framework.

    Raises: ArtifactError: nothing there, not one of ours, of a newer format, or damaged.
    """
    manifest = read_manifest(folder)
    try:
        _check_files(manifest, folder)
        return _assemble(manifest, folder)
    except ArtifactError:
        raise
    except (*_DAMAGE, OSError) as error:
        what = str(error) if isinstance(error, StarcastError) else f"{type(error).__name__} {error}"
        raise ArtifactError(f"{folder} is damaged: {what}; train the model again") from None


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest alone, checked for being ours.

    Raises: ArtifactError: nothing there, not one of ours, or of a newer format.
    """
    path = folder / _MANIFEST
    if not folder.exists():
        raise ArtifactError(f"no artifact at {folder}; train one with 'starcast train'")
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ArtifactError(f"{folder} is no Starcast artifact: it has no manifest.json") from None
    except NotADirectoryError:
        raise ArtifactError(f"{folder} is a file; an artifact is a folder") from None
    except (OSError, ValueError, RecursionError) as error:
        raise ArtifactError(f"{path} cannot be read: {error}") from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise ArtifactError(f"{path} is not the manifest of a Starcast artifact")
    if manifest.get("format_version") != FORMAT_VERSION:
        raise ArtifactError(
            f"{folder} has format {manifest.get('format_version')}; this Starcast reads format "
            f"{FORMAT_VERSION}; install the Starcast that made it"
        )
    return manifest


def _check_files(manifest: dict[str, Any], folder: Path) -> None:
    """Every file that is read must be listed, lie in the folder, and match its checksum."""
    listed = manifest["files"]
    needed = {*_TABLES, _WEIGHTS, *([_BEFORE] if manifest["refit"] else [])}
    if foreign := sorted(set(listed) - {*_TABLES, _WEIGHTS, _BEFORE}):
        raise ArtifactError(f"{folder} is not to be trusted: its manifest lists '{foreign[0]}'")
    if missing := sorted(needed - set(listed)):
        raise ArtifactError(f"{folder} is damaged: its manifest lists no {missing[0]}")
    for name in sorted(needed):
        path = folder / name
        if not path.is_file():
            raise ArtifactError(f"{folder} is damaged: {name} is missing; train the model again")
        if _sha256(path) != listed[name]:
            raise ArtifactError(
                f"{folder} is damaged: {name} does not match its checksum; train the model again"
            )


def _manifest(artifact: Artifact) -> dict[str, Any]:
    split, ratings = artifact.split, artifact.split.ratings
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "model": artifact.model,
        "config": asdict(artifact.config),
        "seed": artifact.seed,
        "dataset": ratings.name,
        "scale": asdict(ratings.scale),
        "ids": {"users": len(ratings.users), "items": len(ratings.items)},
        "split": split.scheme,
        "fingerprint": split.fingerprint,
        "data_hash": ratings.content_hash(),
        "best_epoch": artifact.best_epoch,
        "refit": artifact.refit,
        "leak": artifact.leak,
        "broken_off": artifact.broken_off,
        "versions": dict(artifact.versions),
        "history": [dict(record) for record in artifact.history],
    }


def _assemble(manifest: dict[str, Any], folder: Path) -> Artifact:
    model = models.find(manifest["model"])
    split = _load_ratings(manifest, folder)
    if split.fingerprint != manifest["fingerprint"]:
        raise ArtifactError(f"{folder} is damaged: its rows do not match its split fingerprint")
    weights = load_file(folder / _WEIGHTS)
    before = load_file(folder / _BEFORE) if manifest["refit"] else weights
    config = manifest["config"] | {"layers": tuple(manifest["config"]["layers"])}
    return Artifact(
        model=model.name,
        config=Config(**config),
        seed=manifest["seed"],
        weights=weights,
        weights_before_refit=before,
        split=split,
        best_epoch=manifest["best_epoch"],
        history=tuple(manifest["history"]),
        refit=manifest["refit"],
        leak=manifest["leak"],
        broken_off=manifest["broken_off"],
        versions=manifest["versions"],
    )


def _save_weights(weights: Arrays, path: Path) -> None:
    """Safetensors reads memory from a pointer on: views and NumPy scalars must become arrays."""
    save_file({name: np.asarray(weights[name], np.float32, order="C") for name in weights}, path)


def _save_ratings(split: Split, folder: Path) -> None:
    ratings = split.ratings
    users: dict[str, Any] = {"user_id": ratings.users.ids}
    items: dict[str, Any] = {"item_id": ratings.items.ids, "title": ratings.titles}
    rows: dict[str, Any] = {
        "user_row": ratings.user_rows,
        "item_row": ratings.item_rows,
        "rating": ratings.stars,
        "part": split.parts,
    }
    for name, columns in zip(_TABLES, (users, items, rows), strict=True):
        pl.DataFrame(columns).write_parquet(folder / name)


def _load_ratings(manifest: dict[str, Any], folder: Path) -> Split:
    users, items, rows = (pl.read_parquet(folder / name, glob=False) for name in _TABLES)
    ratings = Ratings(
        rows["user_row"].to_numpy(),
        rows["item_row"].to_numpy(),
        rows["rating"].to_numpy(),
        None,
        Vocabulary(_ids(users["user_id"]), "user"),
        Vocabulary(_ids(items["item_id"]), "item"),
        RatingScale(**manifest["scale"]),
        items["title"].to_numpy().astype(np.str_),
        manifest["dataset"],
    )
    return Split(ratings, rows["part"].to_numpy(), manifest["split"])


def _ids(column: pl.Series) -> Any:
    ids = column.to_numpy()
    return ids if column.dtype.is_integer() else ids.astype(np.str_)


@contextmanager
def _replacing(folder: Path) -> Iterator[Path]:
    """A fresh folder that takes the place of `folder` when all went well, and else vanishes."""
    fresh = None
    try:
        target = folder.resolve()  # what a link points to is replaced, and the link kept
        _check_replaceable(target)
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


def _check_replaceable(target: Path) -> None:
    """Refuse to replace what is not ours."""
    if target.exists() and not target.is_dir():
        raise ArtifactError(f"cannot write {target}: a file is in the way")
    if target.is_dir() and any(target.iterdir()) and not (target / _MANIFEST).is_file():
        raise ArtifactError(
            f"cannot write {target}: it holds other files and is no artifact; choose another --out"
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


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
