"""Artifacts to disk and back: atomic, checked, and without executable content.

Format 1: `manifest.json` names every other file with its SHA-256; arrays are safetensors,
columns are Parquet.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load_file, save_file

from starcast import models
from starcast.artifacts import attribute_columns
from starcast.artifacts.artifact import Arrays, Artifact
from starcast.artifacts.replacement import MANIFEST, atomic_replace
from starcast.data.ids import Vocabulary
from starcast.data.ratings import Ratings
from starcast.data.scale import RatingScale
from starcast.data.split import Split
from starcast.disk.lock import alone
from starcast.disk.replacement import replace_file, resolved, standing
from starcast.engines.protocol import TimedScorer
from starcast.errors import ArtifactError, StarcastError

FORMAT = "starcast-artifact"
FORMAT_VERSION = 1
_WEIGHTS, _BEFORE = "weights.safetensors", "weights-before-refit.safetensors"
_TABLES = ("users.parquet", "items.parquet", "ratings.parquet")
_DAMAGE = (StarcastError, LookupError, TypeError, ValueError, AttributeError, SafetensorError,
           pl.exceptions.PolarsError)  # fmt: skip


def save(artifact: Artifact, folder: Path) -> Path:
    """Write an artifact; a folder that was there is replaced whole or not at all.

    Raises:
        ArtifactError: the folder cannot be written; what was there is untouched.
        BusyError: another run is writing it.
    """
    with atomic_replace(folder) as fresh:
        _save_weights(artifact.weights, fresh / _WEIGHTS)
        if artifact.refit:
            _save_weights(artifact.weights_before_refit, fresh / _BEFORE)
        _save_ratings(artifact.split, fresh, timed=isinstance(artifact.scorer, TimedScorer))
        files = {path.name: _sha256(path) for path in sorted(fresh.iterdir())}
        _write_manifest(_manifest(artifact) | {"files": files}, fresh / MANIFEST)
    return folder


def add_test_figures(
    folder: Path, figures: Mapping[str, float], *, of: Artifact | None = None
) -> None:
    """Note a saved model's test figures in its manifest; the rest stays as it is.

    Args:
        folder: of the artifact.
        figures: by printed name.
        of: whose figures they are; refused if the folder holds another model by now.
    Raises:
        ArtifactError: nothing of ours there, another model, or it cannot be written.
        BusyError: another run is writing it.
    """
    try:
        with alone(resolved(folder)):
            manifest = read_manifest(folder)
            if of and not _is_that_of(of, manifest, folder):
                raise ArtifactError(f"{folder} was replaced meanwhile; nothing is noted there")
            manifest["metrics"]["test"] = {
                name: value if math.isfinite(value) else None for name, value in figures.items()
            }
            with replace_file(folder / MANIFEST) as fresh:
                _write_manifest(manifest, fresh)
    except OSError as error:
        raise ArtifactError(f"cannot write {folder}: {error}") from None


def _is_that_of(artifact: Artifact, manifest: dict[str, Any], folder: Path) -> bool:
    """Whether a folder holds this very model: the same split and the same weights."""
    with safe_open(folder / _WEIGHTS, "numpy") as saved:
        return (
            manifest["fingerprint"] == artifact.split.fingerprint
            and set(saved.keys()) == set(artifact.weights)
            and all(np.array_equal(saved.get_tensor(n), w) for n, w in artifact.weights.items())
        )


def load(folder: Path) -> Artifact:
    """Read an artifact back; needs no tensor framework.

    Raises: ArtifactError: nothing there, not one of ours, of a newer format, or damaged.
    """
    folder = standing(folder)
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
    folder = standing(folder)
    path = folder / MANIFEST
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
        "config": artifact.config and asdict(artifact.config),
        "seed": artifact.seed,
        "dataset": ratings.name,
        "scale": asdict(ratings.scale),
        "ids": {"users": len(ratings.users), "items": len(ratings.items)},
        "split": split.scheme,
        "fingerprint": split.fingerprint,
        "data_hash": ratings.content_hash(),
        "best_epoch": artifact.best_epoch,
        "metrics": {"validation": _validation_of(artifact), "test": None},
        "refit": artifact.refit,
        "leak": artifact.leak,
        "broken_off": artifact.broken_off,
        "versions": dict(artifact.versions),
        "history": [dict(record) for record in artifact.history],
        "support": artifact.support,
        "parts": [dict(part) for part in artifact.parts],
    }


def _write_manifest(manifest: dict[str, Any], path: Path) -> None:
    path.write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _validation_of(artifact: Artifact) -> Any:
    """The validation figures of the chosen epoch; None where epoch 0, a warm start, was best."""
    return next(
        (r["validation"] for r in artifact.history if r["epoch"] == artifact.best_epoch), None
    )


def _assemble(manifest: dict[str, Any], folder: Path) -> Artifact:
    model = models.find(manifest["model"])
    split = _load_ratings(manifest, folder)
    if split.fingerprint != manifest["fingerprint"]:
        raise ArtifactError(f"{folder} is damaged: its rows do not match its split fingerprint")
    weights = load_file(folder / _WEIGHTS)
    before = load_file(folder / _BEFORE) if manifest["refit"] else weights
    parts = tuple(manifest.get("parts", ()))  # which an older Starcast did not write
    return Artifact(
        model=model.name,
        config=None if parts else model.solvers.recorded(manifest["config"]),
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
        support=manifest.get("support", 0.0),
        parts=parts,
    )


def _save_weights(weights: Arrays, path: Path) -> None:
    """Safetensors reads memory from a pointer on: views and NumPy scalars must become arrays."""
    save_file({name: np.asarray(weights[name], np.float32, order="C") for name in weights}, path)
    path.chmod(0o644)  # as readable as the files beside it


def _save_ratings(split: Split, folder: Path, *, timed: bool) -> None:
    """The columns; times only where they are of use, for they are as large as all the others."""
    ratings = split.ratings
    users: dict[str, Any] = {"user_id": ratings.users.ids}
    items: dict[str, Any] = {"item_id": ratings.items.ids, "title": ratings.titles}
    items |= attribute_columns.to_columns(ratings)
    rows: dict[str, Any] = {
        "user_row": ratings.user_rows,
        "item_row": ratings.item_rows,
        "rating": ratings.stars,
        "part": split.parts,
    }
    if timed and ratings.timestamps is not None:
        rows["timestamp"] = ratings.timestamps
    for name, columns in zip(_TABLES, (users, items, rows), strict=True):
        frame = pl.DataFrame(columns)
        # In one piece, columns are arrays as they are read; several would have to be put together.
        frame.write_parquet(folder / name, row_group_size=len(frame))


def _load_ratings(manifest: dict[str, Any], folder: Path) -> Split:
    users, items, rows = (pl.read_parquet(folder / name, glob=False) for name in _TABLES)
    ratings = Ratings(
        rows["user_row"].to_numpy(),
        rows["item_row"].to_numpy(),
        rows["rating"].to_numpy(),
        rows["timestamp"].to_numpy() if "timestamp" in rows else None,
        Vocabulary(_ids(users["user_id"]), "user"),
        Vocabulary(_ids(items["item_id"]), "item"),
        RatingScale(**manifest["scale"]),
        items["title"].to_numpy().astype(np.str_),
        manifest["dataset"],
        attribute_columns.from_columns(items.to_dict()),
    )
    return Split(ratings, rows["part"].to_numpy(), manifest["split"])


def _ids(column: pl.Series) -> Any:
    ids = column.to_numpy()
    return ids if column.dtype.is_integer() else ids.astype(np.str_)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
