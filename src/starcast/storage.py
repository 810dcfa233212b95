"""Artifacts to disk and back: atomic, checked, and without executable content.

Format 1: `manifest.json` names every other file with its SHA-256; arrays are safetensors,
columns are Parquet.
"""

import hashlib
import json
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
from starcast.artifact import Artifact
from starcast.config import Config
from starcast.errors import ArtifactError, StarcastError
from starcast.ids import Vocabulary
from starcast.ratings import Ratings
from starcast.scale import RatingScale
from starcast.split import Split

FORMAT = "starcast-artifact"
FORMAT_VERSION = 1
_WEIGHTS, _BEFORE = "weights.safetensors", "weights-before-refit.safetensors"


def save(artifact: Artifact, folder: Path) -> Path:
    """Write an artifact; a folder that was there is replaced whole or not at all.

    Raises: ArtifactError: the folder cannot be written; what was there is untouched.
    """
    with _replacing(folder) as fresh:
        save_file(dict(artifact.weights), fresh / _WEIGHTS)
        if artifact.refit:
            save_file(dict(artifact.weights_before_refit), fresh / _BEFORE)
        _save_ratings(artifact.split, fresh)
        files = {path.name: _sha256(path) for path in sorted(fresh.iterdir())}
        manifest = json.dumps(_manifest(artifact) | {"files": files}, indent=1, ensure_ascii=False)
        (fresh / "manifest.json").write_text(manifest + "\n", encoding="utf-8")
    return folder


def load(folder: Path) -> Artifact:
    """Read an artifact back; needs no tensor framework.

    Raises: ArtifactError: nothing there, not one of ours, of a newer format, or damaged.
    """
    manifest = read_manifest(folder)
    for name, checksum in manifest["files"].items():
        path = folder / Path(name).name
        if not path.is_file():
            raise ArtifactError(f"{folder} is damaged: {name} is missing; train the model again")
        if _sha256(path) != checksum:
            raise ArtifactError(
                f"{folder} is damaged: {name} does not match its checksum; train the model again"
            )
    try:
        return _assemble(manifest, folder)
    except StarcastError:
        raise
    except (KeyError, TypeError, ValueError, SafetensorError, pl.exceptions.PolarsError) as error:
        raise ArtifactError(f"{folder} is damaged: {type(error).__name__} {error}") from None


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest alone, checked for being ours.

    Raises: ArtifactError: nothing there, not one of ours, or of a newer format.
    """
    path = folder / "manifest.json"
    if not folder.exists():
        raise ArtifactError(f"no artifact at {folder}; train one with 'starcast train'")
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ArtifactError(f"{folder} is no Starcast artifact: it has no manifest.json") from None
    except NotADirectoryError:
        raise ArtifactError(f"{folder} is a file; an artifact is a folder") from None
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{path} cannot be read: {error}") from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise ArtifactError(f"{path} is not the manifest of a Starcast artifact")
    if manifest.get("format_version") != FORMAT_VERSION:
        raise ArtifactError(
            f"{folder} has format {manifest.get('format_version')}; this Starcast reads format "
            f"{FORMAT_VERSION}; install the Starcast that made it"
        )
    return manifest


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


def _save_ratings(split: Split, folder: Path) -> None:
    ratings = split.ratings
    columns = {
        "user_row": ratings.user_rows,
        "item_row": ratings.item_rows,
        "rating": ratings.stars,
        "part": split.parts,
    }
    tables: dict[str, dict[str, Any]] = {
        "users": {"user_id": ratings.users.ids},
        "items": {"item_id": ratings.items.ids, "title": ratings.titles},
        "ratings": columns,
    }
    for name, table in tables.items():
        pl.DataFrame(table).write_parquet(folder / f"{name}.parquet")


def _load_ratings(manifest: dict[str, Any], folder: Path) -> Split:
    users, items, rows = (
        pl.read_parquet(folder / f"{name}.parquet") for name in ("users", "items", "ratings")
    )
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
    fresh = old = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        fresh.chmod(0o755)
        yield fresh
        if folder.exists():
            old = fresh.with_name(fresh.name + ".old")
            folder.rename(old)
        fresh.rename(folder)
    except (OSError, pl.exceptions.ComputeError, SafetensorError) as error:
        if old is not None and old.exists():
            old.rename(folder)
        raise ArtifactError(f"cannot write {folder}: {error}") from None
    finally:
        for leftover in (fresh, old):
            if leftover is not None:
                shutil.rmtree(leftover, ignore_errors=True)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
