"""Runs in logs, found again: by a key that follows from what was trained, and how.

No model says where its logs are, so that a model from elsewhere names no place to write to.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starcast.engines.settings import Settings

_MARK = "starcast-run.json"
_HAS_SETTINGS = "validation"  # the run of TensorBoard that has the row of hyper-parameters


def key_of(fingerprint: str, model: str, config: Settings, seed: int) -> str:
    """What tells a training from others, 32 hexadecimal digits.

    Args:
        fingerprint: of the split.
        model, config, seed: of the training.
    """
    told = [fingerprint, model, config.written(), seed]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:32]


def mark(folder: Path, key: str) -> None:
    """Note in the folder of a run's logs whose they are. Raises: OSError."""
    (folder / _MARK).write_text(json.dumps({"run": key}), encoding="utf-8")


def add_figures(home: Path, key: str, figures: Mapping[str, float]) -> Path | None:
    """Add figures to the row of hyper-parameters of the latest run with that key.

    Args:
        home: the folder that has a folder for each run.
        key: of the run.
        figures: by name; those that are finite.
    Returns: the folder of the run; None if there is none.
    Raises: OSError: it cannot be written.
    """
    found = [path.parent for path in home.glob(f"*/{_MARK}") if _key_in(path) == key]
    having = [folder / _HAS_SETTINGS for folder in found if (folder / _HAS_SETTINGS).is_dir()]
    if not having:
        return None
    from starcast.training.run_files import RunFiles  # which brings what most evaluations lack

    latest = max(having, key=lambda folder: folder.stat().st_mtime)
    files = RunFiles(latest, ending=".added")
    try:
        for name, value in figures.items():
            if math.isfinite(value):
                files.scalar(name, value, 0)
    finally:
        files.close()
    return latest.parent


def _key_in(path: Path) -> Any:
    try:
        told = json.loads(path.read_bytes()[:1000])
    except (OSError, ValueError, RecursionError):
        return None
    return told.get("run") if isinstance(told, dict) else None
