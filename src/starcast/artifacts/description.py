"""What the manifest says of an artifact."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from starcast.artifacts.artifact import Artifact
from starcast.artifacts.manifest import BEFORE_FINAL, FORMAT, FORMAT_VERSION, Manifest

_MOST_EPOCHS = 10_000


def described(artifact: Artifact) -> Manifest:
    """All but the sums of the files."""
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
        "extends": list(split.extends),
        "opened": list(artifact.opened),
        "times_fingerprint": split.times_fingerprint,
        "data_hash": ratings.content_hash(),
        "best_epoch": artifact.best_epoch,
        "metrics": {"validation": validation_of(artifact), "test": None}
        | ({BEFORE_FINAL: artifact.test_before_final} if artifact.final else {}),
        "refit": artifact.refit,
        "final": artifact.final,
        "leak": artifact.leak,
        "broken_off": artifact.broken_off,
        "versions": dict(artifact.versions),
        "history": [dict(record) for record in _thinned(artifact)],
        "support": artifact.support,
        "residual_rmse": artifact.residual_rmse,
        "units": artifact.units._asdict(),
        "shares": artifact.shares._asdict(),
        "parts": [dict(part) for part in artifact.parts],
        "convergence": artifact.convergence and artifact.convergence.plain(),
    }


def _thinned(artifact: Artifact) -> list[Mapping[str, Any]]:
    """Not more epochs than a manifest can hold, the best among them."""
    every = -(-len(artifact.history) // _MOST_EPOCHS)
    return [
        record
        for n, record in enumerate(artifact.history)
        if n % every == 0 or record["epoch"] == artifact.best_epoch
    ]


def validation_of(artifact: Artifact) -> Any:
    """The validation figures of the chosen epoch; None where epoch 0, a warm start, was best."""
    return next(
        (one.get("validation") for one in artifact.history if one["epoch"] == artifact.best_epoch),
        None,
    )
