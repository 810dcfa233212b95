"""Export: a trained model for programs that know nothing of Starcast.

A scorer says what it computes as an expression (`engines.expression`); `savedmodel` and `onnx`
write it down, and are the only modules that need the extra `export`.
"""

import json
import os
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from starcast.artifacts.artifact import Artifact
from starcast.artifacts.replacement import atomic_replace
from starcast.engines.protocol import Expressed, ExpressedScorer
from starcast.errors import ArtifactError, ConfigError, UnknownNameError

FORMATS = {"savedmodel": "TensorFlow", "onnx": "onnx"}
"""What an artifact can be exported to, and the library that writes it."""

MANIFEST = "export.json"  # what makes a folder an export of ours
TOLERANCE = 1e-5  # of a star, or of the largest rating where that is more than one
_CHECKED = 256  # pairs


def export(artifact: Artifact, place: Path, *, format: str) -> float:
    """Write a model as a folder that other programs can run; an older export there is replaced.

    Beside the model lie users.json and items.json, the ids of every row, and export.json. What was
    written is read back and compared with the scores of the artifact on random pairs.

    Args:
        artifact: the model.
        place: the folder.
        format: "savedmodel" (TensorFlow) or "onnx" (model.onnx).
    Returns: the largest difference found, stars.
    Raises:
        UnknownNameError: there is no such format.
        ConfigError: the model cannot be exported, or the extra is not installed.
        ArtifactError: it cannot be written, or tells other stars than the artifact.
    """
    if format not in FORMATS:
        raise UnknownNameError("export format", format, FORMATS)
    expressed, ratings = _expressed(artifact), artifact.split.ratings
    writer = _writer(format)
    with atomic_replace(place, MANIFEST) as fresh:
        writer.write(expressed, ratings, fresh)
        difference = _difference(artifact, writer, fresh)
        _write_json(fresh / "users.json", {"ids": ratings.users.ids.tolist()})
        items = {"ids": ratings.items.ids.tolist(), "titles": ratings.titles.tolist()}
        _write_json(fresh / "items.json", items)
        _write_json(fresh / MANIFEST, _manifest(artifact, format, difference))
    return difference


def _expressed(artifact: Artifact) -> Expressed:
    if not isinstance(artifact.scorer, ExpressedScorer):
        raise ConfigError(
            f"{artifact.model} cannot be exported: its scores are no fixed expression of what it "
            "holds of a user and of an item; 'starcast serve' serves it"
        )
    return artifact.scorer.expressed()


def _writer(format: str) -> Any:
    # TensorFlow says on stderr that these are on; they are about speed, which matters elsewhere.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    try:
        return import_module(f"starcast.export.{format}")
    except ModuleNotFoundError:
        raise ConfigError(
            f"exporting to {format} needs {FORMATS[format]}: pip install 'starcast[export]'"
        ) from None


def _difference(artifact: Artifact, writer: Any, folder: Path) -> float:
    """Between what was written and what the artifact says. Raises: ArtifactError: too large."""
    ratings, rng = artifact.split.ratings, np.random.default_rng(0)
    users = rng.integers(0, ratings.n_users, _CHECKED).astype(np.int32)
    items = rng.integers(0, ratings.n_items, _CHECKED).astype(np.int32)
    ours = ratings.scale.clip(artifact.scorer.score_pairs(users, items))
    difference = float(np.abs(writer.read(folder, users, items) - ours).max())
    largest = max(1.0, abs(ratings.scale.lowest), abs(ratings.scale.highest))
    if not difference <= TOLERANCE * largest:
        raise ArtifactError(
            f"what was written of {artifact.model} is {difference:g} stars off; it is not kept"
        )
    return difference


def _manifest(artifact: Artifact, format: str, difference: float) -> dict[str, Any]:
    ratings = artifact.split.ratings
    return {
        "format": "starcast-export",
        "format_version": 1,
        "written_as": format,
        "model": artifact.model,
        "leak": artifact.leak,
        "dataset": ratings.name,
        "fingerprint": artifact.split.fingerprint,
        "scale": {"lowest": ratings.scale.lowest, "highest": ratings.scale.highest},
        "largest_difference": difference,
    }


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False) + "\n", encoding="utf-8")
