"""Artifacts to disk and back: replaced whole, without executable content, and not believed.

Format 1: `manifest.json` names every other file with its SHA-256; weights are safetensors, tables
are Parquet. Sums find damage. As whoever makes a folder makes its sums, what a file says of itself
is checked before it is unpacked, and what it holds before it is used.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from starcast import models
from starcast.artifacts import manifest as manifests
from starcast.artifacts import tables, weights_file
from starcast.artifacts.artifact import Artifact, settings_of_part
from starcast.artifacts.contents import DAMAGE, content_of, sum_of
from starcast.artifacts.description import described
from starcast.artifacts.manifest import BEFORE, BEFORE_FINAL, WEIGHTS, Manifest, damaged
from starcast.artifacts.replacement import atomic_replace
from starcast.data.blocks.header import is_blocks
from starcast.data.blocks.opening import home_of, open_blocks, sum_of_header
from starcast.data.ratings import Ratings
from starcast.data.scale import RatingScale
from starcast.data.split import Split
from starcast.data.units import Units
from starcast.disk.lock import alone
from starcast.disk.reading import open_regular
from starcast.disk.replacement import resolved, standing
from starcast.engines.convergence import Convergence
from starcast.engines.protocol import TimedScorer
from starcast.engines.settings import Settings
from starcast.errors import ArtifactError, ConfigError, StarcastError
from starcast.evaluation.metrics import LISTS
from starcast.scoring.blend_schemas import PartSchema
from starcast.scoring.schema import Schema
from starcast.scoring.shrinkage import Shares

_MOST_OPENINGS = 1000  # of the test ratings, the latest, that are noted


def save(artifact: Artifact, folder: Path) -> Path:
    """Write an artifact; a folder that was there is replaced whole or not at all.

    Raises:
        ArtifactError: the folder cannot be written; what was there is untouched.
        BusyError: another run is writing it.
    """
    with atomic_replace(folder) as fresh:
        weights_file.save(artifact.weights, fresh / WEIGHTS)
        if artifact.refit:
            weights_file.save(artifact.weights_before_refit, fresh / BEFORE)
        home = home_of(artifact.split.ratings)
        timed = _uses_times(artifact)
        tables.save(artifact.split, fresh, timed=timed, by_reference=home is not None)
        files = {path.name: sum_of(path) for path in sorted(fresh.iterdir())}
        blocks = {"blocks": {"folder": str(home[0]), "header": home[1]}} if home else {}
        manifests.write(described(artifact) | blocks | {"files": files}, fresh)
    return folder


def add_test_figures(
    folder: Path, figures: Mapping[str, float], *, of: Artifact | None = None
) -> None:
    """Note a saved model's test figures, and when they were made; the rest stays as it is.

    Those of a final model are noted as of the run that chose its settings.

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
            manifest["metrics"][BEFORE_FINAL if manifest.get("final") else "test"] = dict(figures)
            now = datetime.now(UTC).isoformat(timespec="seconds")
            manifest["opened"] = [*manifest.get("opened", []), now][-_MOST_OPENINGS:]
            manifests.write(manifest, folder)
    except OSError as error:
        raise ArtifactError(f"cannot write {folder}: {error}") from None


def load(folder: Path) -> Artifact:
    """Read an artifact back; needs no tensor framework.

    Raises: ArtifactError: nothing there, not one of ours, of a newer version, or damaged.
    """
    while True:
        manifest = read_manifest(folder)
        try:
            return _assemble(manifest, standing(folder))
        except (*DAMAGE, OSError) as error:
            if read_manifest(folder) == manifest:  # else it was replaced meanwhile: once more
                raise _told(error, folder) from None


def read_manifest(folder: Path) -> Manifest:
    """The manifest alone.

    Raises: ArtifactError: nothing there, not one of ours, of a newer version, or damaged.
    """
    return manifests.read(folder)


def _told(error: BaseException, folder: Path) -> ArtifactError:
    """A failure to read in the words of the one who asked."""
    if isinstance(error, ArtifactError):
        return error
    if isinstance(error, StarcastError | OSError):
        return damaged(folder, str(error))
    return damaged(folder, f"{type(error).__name__} {' '.join(str(error).split())[:200]}")


def _assemble(manifest: Manifest, folder: Path) -> Artifact:
    schema = _schema(manifest).in_stars(Units(**manifest.get("units", {})))
    fits = partial(weights_file.check_header, schema=schema)
    weights = {
        name: weights_file.arrays(content_of(manifest, folder, name, fits))
        for name in sorted(manifests.needed(manifest) - set(manifests.TABLES))
    }
    artifact = Artifact(
        model=manifest["model"],
        config=None if manifest["config"] is None else _settings(manifest),
        seed=manifest["seed"],
        weights=weights[WEIGHTS],
        weights_before_refit=weights.get(BEFORE, weights[WEIGHTS]),
        split=_split(manifest, folder),
        best_epoch=manifest["best_epoch"],
        history=tuple(manifest["history"]),
        units=Units(**manifest.get("units", {})),
        shares=Shares(**manifest.get("shares", {})),
        refit=manifest["refit"],
        final=manifest.get("final", False),
        leak=manifest["leak"],
        broken_off=manifest["broken_off"],
        versions=manifest["versions"],
        support=manifest.get("support", 0.0),
        measured_residual_rmse=manifest.get("residual_rmse"),
        test_before_final=manifest["metrics"].get(BEFORE_FINAL),
        parts=tuple(manifest.get("parts", ())),
        opened=tuple(manifest.get("opened", ())),
        convergence=_convergence(manifest.get("convergence")),
    )
    _check_use(artifact, schema, folder)
    return artifact


def _check_use(artifact: Artifact, schema: Schema, folder: Path) -> None:
    """What cannot be used is refused here, not where it is used."""
    wrong = schema.wrong(artifact.weights, lambda: artifact.scorer)
    if artifact.refit and not wrong:
        wrong = schema.wrong(artifact.weights_before_refit, artifact.scorer_before_refit)
    if wrong:
        raise damaged(folder, f"its weights are none: {wrong}")
    _ = artifact.scorer


def _split(manifest: Manifest, folder: Path) -> Split:
    """What the tables hold, each checked before and after it is unpacked."""
    contents = {}
    for name in manifests.TABLES:
        n_users, n_items = manifest["ids"]["users"], manifest["ids"]["items"]
        fits = partial(tables.check_size, name=name, n_users=n_users, n_items=n_items)
        contents[name] = content_of(manifest, folder, name, fits)
    scale = RatingScale(**manifest["scale"])
    told = scale, manifest["dataset"], manifest["split"]
    split = tables.load(contents, *told, _elsewhere(manifest, folder))
    if not split.has_fingerprint(manifest["fingerprint"]):
        raise damaged(folder, "its rows do not match its split fingerprint")
    split = replace(
        split,
        recorded_times=manifest.get("times_fingerprint"),
        extends=tuple(manifest.get("extends", ())),
    )
    if not split.extends and not (split.ratings.users.ascends and split.ratings.items.ascends):
        raise damaged(folder, "its ids are out of order, though none came later")
    if split.recorded_times not in (None, split.times_fingerprint):
        raise damaged(folder, "its times do not match their fingerprint")
    return split


def _uses_times(artifact: Artifact) -> bool:
    """Whether times are of use to the model, or to a later training of it."""
    names = [part["model"] for part in artifact.parts] or [artifact.model]
    is_timed = isinstance(artifact.scorer, TimedScorer)
    return is_timed or any(models.find(name).uses_times for name in names)


def _elsewhere(manifest: Manifest, folder: Path) -> Ratings | None:
    """The ratings of a model that was trained from blocks; None of another."""
    if "blocks" not in manifest:
        return None
    blocks = Path(manifest["blocks"]["folder"])
    if not is_blocks(blocks) or sum_of_header(blocks) != manifest["blocks"]["header"]:
        raise ArtifactError(
            f"{folder} was trained from blocks at {blocks}, and others or none are there; put them "
            "back, or train it again"
        )
    ratings = open_blocks(blocks, manifest["dataset"])
    if {"users": ratings.n_users, "items": ratings.n_items} != manifest["ids"]:
        raise damaged(folder, "its blocks hold other users or items")
    return ratings


def _schema(manifest: Manifest) -> Schema:
    """What the weights must be; of a blend, those of each of its parts."""
    n_rows = manifest["ids"]["users"], manifest["ids"]["items"]
    model, parts = models.find(manifest["model"]), manifest.get("parts", [])
    if (model.name in models.BLENDS) != bool(parts):
        raise ConfigError(f"a {model.name} has no {len(parts)} parts")
    if not parts:
        return model.schema(_settings(manifest), *n_rows)
    schemas = []
    for part in parts:
        of = models.find(part["model"])
        own = of.schema(settings_of_part(part), *n_rows)
        schemas.append(PartSchema(of.name, own, of.objective is LISTS))
    return model.schema(schemas, *n_rows)


def _settings(manifest: Manifest) -> Settings:
    return models.find(manifest["model"]).solvers.recorded(manifest["config"])


def _convergence(told: Mapping[str, Any] | None) -> Convergence | None:
    return None if told is None else Convergence.from_plain(told)


def _is_that_of(artifact: Artifact, manifest: Manifest, folder: Path) -> bool:
    """Whether a folder holds this very model: the same split and the same weights."""
    with open_regular(folder / WEIGHTS) as file:
        saved = weights_file.arrays(np.frombuffer(file.read(), np.uint8))
    return (
        artifact.split.has_fingerprint(manifest["fingerprint"])
        and saved.keys() == artifact.weights.keys()
        and all(np.array_equal(saved[name], array) for name, array in artifact.weights.items())
    )
