"""Record: a comparison as plain values, for JSON, CSV and the page."""

import csv
import io
import json
import math
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from starcast.artifacts.artifact import Artifact
from starcast.display import csv_text
from starcast.engines.protocol import score_ratings
from starcast.evaluation import metrics
from starcast.evaluation.comparison.comparison import Comparison
from starcast.evaluation.comparison.results_table import seconds

FORMAT = "starcast-comparison"
FORMAT_VERSION = 1

Record = dict[str, Any]


class Provenance(NamedTuple):
    """Where and how a comparison was made.

    Attributes:
        command: that repeats it.
        created: date and time, ISO 8601.
        cores: processor cores this process may use.
        machine: operating system and processor family.
        python: version.
    """

    command: str
    created: str
    cores: int
    machine: str
    python: str


def here(command: str) -> Provenance:
    """This machine, now."""
    affinity = getattr(os, "sched_getaffinity", None)  # what a container grants, where it is told
    return Provenance(
        command=command,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        cores=len(affinity(0)) if affinity else os.cpu_count() or 1,
        machine=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
    )


def as_record(comparison: Comparison, provenance: Provenance) -> Record:
    """Everything a comparison found, as values JSON can hold; NaN becomes None."""
    first = comparison.reports[0]
    split, ratings = first.artifact.split, first.artifact.split.ratings
    record = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "provenance": provenance._asdict(),
        "dataset": {
            "name": ratings.name,
            "n_ratings": len(ratings),
            "n_users": ratings.n_users,
            "n_items": ratings.n_items,
            "scale": asdict(ratings.scale),
        },
        "split": {
            "scheme": split.scheme,
            "fingerprint": split.fingerprint,
            "n_train": len(split.train),
            "n_validation": len(split.validation),
            "n_test": len(split.test),
            "n_test_users": int(np.count_nonzero(first.n_rows_of_user)),
        },
        "bootstrap": {
            "n_draws": comparison.n_draws,
            "seed": comparison.seed,
            "interval": 0.95,
            "adjustment": "Holm",
        },
        "k": first.k,
        "models": [_model(comparison, n) for n in range(len(comparison.reports))],
        "ranking": [comparison.names[n] for n in comparison.ranked()],
        "pairs": _pairs(comparison),
        "verdict": comparison.verdict(),
        "definitions": {name: metrics.explain(name) for name in first.figures()},
    }
    plain: Record = _plain(record)
    return plain


def to_json(record: Record) -> str:
    """The record as JSON text."""
    return json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def to_csv(record: Record) -> str:
    """One row per model: figures, the RMSE's interval, epochs, seconds, settings."""
    rows = [_row(model, record) for model in record["models"]]
    text = io.StringIO(newline="")
    columns = dict.fromkeys(
        column for row in rows for column in row
    )  # a blend has settings of its own
    writer = csv.DictWriter(text, list(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def _cell(value: Any) -> Any:
    return csv_text(value) if isinstance(value, str) else value


def summary(artifact: Artifact) -> str:
    """A training run in one line."""
    epochs, rmse = validation_curve(artifact)
    best = rmse[epochs == artifact.best_epoch]
    quality = f", validation RMSE {best[0]:.4f}" if len(best) else ""
    return (
        f"{artifact.reached} of {len(artifact.history)}{quality}, "
        f"{seconds(artifact):.1f} s{', refitted' if artifact.refit else ''}"
    )


def validation_curve(artifact: Artifact) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Epochs and the RMSE on validation rows after each.

    A warm start that was never improved upon is epoch 0, measured here from the weights kept.
    """
    rated = [epoch for epoch in artifact.history if epoch["validation"]]
    epochs = [epoch["epoch"] for epoch in rated]
    rmse = [epoch["validation"]["rmse"] for epoch in rated]
    if artifact.best_epoch == 0:
        held_out = artifact.split.validation
        scorer = artifact.scorer_before_refit()
        raw = score_ratings(scorer, held_out)
        epochs.insert(0, 0)
        rmse.insert(0, metrics.rmse(held_out.stars, held_out.scale.clip(raw)))
    return np.array(epochs, np.int64), np.array(rmse, np.float64)


def _model(comparison: Comparison, n: int) -> Record:
    report = comparison.reports[n]
    artifact = report.artifact
    low, high = comparison.interval(n)
    return {
        "name": comparison.names[n],
        "model": artifact.model,
        "settings": artifact.settings(),
        "refit": artifact.refit,
        "leak": artifact.leak,
        "broken_off": artifact.broken_off,
        "figures": report.figures(),
        "rmse_interval": [low, high],
        "best_epoch": artifact.best_epoch,
        "n_epochs": len(artifact.history),
        "seconds": seconds(artifact),
        "history": artifact.history,
        "curves": asdict(report.curves),
        "versions": artifact.versions,
    }


def _pairs(comparison: Comparison) -> list[Record]:
    names = comparison.names
    return [
        pair._asdict() | {"better": names[pair.better], "worse": names[pair.worse]}
        for pair in comparison.pairs()
    ]


def _row(model: Record, record: Record) -> Record:
    low, high = model["rmse_interval"]
    figures = dict(model["figures"])
    return {
        "name": model["name"],
        "model": model["model"],
        "RMSE": figures.pop("RMSE"),
        "RMSE low": low,
        "RMSE high": high,
        **figures,
        "best_epoch": model["best_epoch"],
        "n_epochs": model["n_epochs"],
        "seconds": round(model["seconds"], 3),
        "refit": model["refit"],
        "leak": model["leak"],
        "broken_off": model["broken_off"],
        **model["settings"],
        "fingerprint": record["split"]["fingerprint"],
    }


def _plain(value: Any) -> Any:
    """Arrays and tuples as lists, NumPy numbers as Python's, NaN and infinity as None."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
