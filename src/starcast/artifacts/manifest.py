"""manifest.json: what an artifact says of itself, and whether it is to be believed.

Its `sum` is the SHA-256 of all the rest, as JSON with sorted keys and no spaces. The first
artifacts had none, which is why it may be missing.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starcast import models
from starcast.artifacts.manifest_fields import FIELDS, is_text
from starcast.artifacts.replacement import MANIFEST
from starcast.disk.reading import read_at_most
from starcast.disk.replacement import replace_file, standing
from starcast.engines.setting_catalogue import SETTINGS
from starcast.errors import ArtifactError, UnknownNameError

FORMAT = "starcast-artifact"
FORMAT_VERSION = 1
WEIGHTS, BEFORE = "weights.safetensors", "weights-before-refit.safetensors"
BEFORE_FINAL = "test_before_final"  # of a final model: figures of the run that chose its settings
TABLES = ("users.parquet", "items.parquet", "ratings.parquet")

Manifest = dict[str, Any]

_MOST_BYTES = 16 << 20


def read(folder: Path) -> Manifest:
    """The manifest of an artifact, without its sum.

    Raises: ArtifactError: nothing there, not one of ours, of a newer Starcast, or damaged.
    """
    manifest = _ours(_parsed(standing(folder)), folder)
    _check_model(manifest, folder)
    _check_listed(manifest, folder)
    _check_sum(manifest, folder)
    _check_known(manifest, folder)
    for name, (check, _) in FIELDS.items():
        if name in manifest and not check(manifest[name]):
            raise damaged(folder, f"'{name}' of its manifest is none")
    if manifest.get("final") and not manifest["refit"]:
        raise damaged(folder, "it is final, and yet was not trained again")
    return _without_sum(manifest)


def write(manifest: Manifest, folder: Path) -> None:
    """Put a manifest, with its sum, in the place of a folder's own.

    Raises: OSError: it cannot be written.
    """
    finite = _finite(manifest)
    signed = finite | {"sum": _sum_of(finite)}
    with replace_file(folder / MANIFEST) as fresh:
        fresh.write_text(json.dumps(signed, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _finite(value: Any) -> Any:
    """The same with None for what is no number, which JSON has no word for."""
    if isinstance(value, Mapping):
        return {name: _finite(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def damaged(folder: Path, what: str) -> ArtifactError:
    """What is said of an artifact that is not as it was written."""
    return ArtifactError(f"{folder} is damaged: {what}; train the model again")


def newer(folder: Path, manifest: Manifest, what: str) -> ArtifactError:
    """What is said of an artifact with something that this version does not know."""
    versions = manifest.get("versions")
    version = versions.get("starcast") if isinstance(versions, Mapping) else None
    return ArtifactError(
        f"{folder} is of a newer Starcast{f' ({version})' if version else ''}: {what} is unknown "
        "here; install the Starcast that made it"
    )


def _parsed(folder: Path) -> Any:
    path = folder / MANIFEST
    if not folder.exists():
        raise ArtifactError(f"no artifact at {folder}; train one with 'starcast train'")
    try:
        return json.loads(read_at_most(path, _MOST_BYTES), parse_constant=_no_number)
    except FileNotFoundError:
        raise ArtifactError(f"{folder} is no Starcast artifact: it has no manifest.json") from None
    except NotADirectoryError:
        raise ArtifactError(f"{folder} is a file; an artifact is a folder") from None
    except (OSError, ValueError, RecursionError) as error:
        raise ArtifactError(f"{path} cannot be read: {error}") from None


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _ours(manifest: Any, folder: Path) -> Manifest:
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise ArtifactError(f"{folder / MANIFEST} is not the manifest of a Starcast artifact")
    if manifest.get("format_version") != FORMAT_VERSION:
        raise ArtifactError(
            f"{folder} has format {str(manifest.get('format_version'))[:20]}; this Starcast reads "
            f"format {FORMAT_VERSION}; install the Starcast that made it"
        )
    if missing := [name for name, (_, is_old) in FIELDS.items() if is_old and name not in manifest]:
        raise damaged(folder, f"its manifest has no '{missing[0]}'")
    return manifest


def _check_model(manifest: Manifest, folder: Path) -> None:
    try:
        models.find(str(manifest["model"])[:100])
    except UnknownNameError as error:
        raise ArtifactError(
            f"{folder} cannot be used: {error}; a newer Starcast may know it"
        ) from None


def _check_listed(manifest: Manifest, folder: Path) -> None:
    """The files that it names are an artifact's, and all of them."""
    listed = manifest["files"]
    if not (isinstance(listed, dict) and all(map(is_text, listed.values()))):
        raise damaged(folder, "'files' of its manifest is none")
    if foreign := sorted(set(listed) - {*TABLES, WEIGHTS, BEFORE}):
        raise ArtifactError(f"{folder} is not to be trusted: its manifest lists '{foreign[0]}'")
    if missing := sorted(needed(manifest) - set(listed)):
        raise damaged(folder, f"its manifest lists no {missing[0]}")


def needed(manifest: Manifest) -> set[str]:
    """The files that an artifact cannot do without."""
    return {*TABLES, WEIGHTS, *([BEFORE] if manifest["refit"] else [])}


def _check_sum(manifest: Manifest, folder: Path) -> None:
    try:
        found = _sum_of(manifest)
    except ValueError as error:  # half of a character
        raise damaged(folder, f"manifest.json holds what is no text ({error})") from None
    if "sum" in manifest and manifest["sum"] != found:
        raise damaged(folder, "manifest.json does not match its own checksum")


def _sum_of(manifest: Manifest) -> str:
    rest = _without_sum(manifest)
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _without_sum(manifest: Manifest) -> Manifest:
    return {name: value for name, value in manifest.items() if name != "sum"}


def _check_known(manifest: Manifest, folder: Path) -> None:
    """Fields and settings that this version does not know are a newer one's."""
    if unknown := sorted(set(manifest) - set(FIELDS)):
        raise newer(folder, manifest, f"'{unknown[0][:40]}' in its manifest")
    settings = [manifest["config"]]
    parts = manifest.get("parts")
    for part in parts if isinstance(parts, list) else ():
        settings.append(part.get("settings") if isinstance(part, dict) else None)
    known = {*SETTINGS, "seed"}
    for one in settings:
        if unknown := sorted(set(one) - known) if isinstance(one, dict) else []:
            raise newer(folder, manifest, f"the setting '{unknown[0][:40]}'")
