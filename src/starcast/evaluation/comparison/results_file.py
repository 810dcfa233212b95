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

from starcast import models
from starcast.display import csv_text
from starcast.evaluation import metrics
from starcast.evaluation.charts.training_run import seconds
from starcast.evaluation.comparison.comparison import Comparison
from starcast.evaluation.comparison.verdict import Verdict
from starcast.evaluation.predictive import SHARES

FORMAT = "starcast-comparison"
FORMAT_VERSION = 2  # 1 knew one verdict, by RMSE, and no lists beside the figures at k

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
            "times_fingerprint": split.times_fingerprint,
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
        "relevant": {"rule": str(first.relevance), "in_words": first.relevance.in_words},
        "n_users_with_relevant": first.catalogue.ranking.n_users,
        "n_strangers": first.catalogue.n_strangers,
        "notes": comparison.notes(),
        "genres_by": first.catalogue.attribute,
        "models": [_model(comparison, n) for n in range(len(comparison.reports))],
        "verdicts": {one.objective.name: _verdict(comparison, one) for one in comparison.verdicts},
        "definitions": {
            name: metrics.explain(name)
            for report in comparison.reports
            for name in report.figures()
        },
    }
    plain: Record = _plain(record)
    return plain


def to_json(record: Record) -> str:
    """The record as JSON text."""
    return json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def to_csv(record: Record) -> str:
    """One row per model: figures, intervals of RMSE and NDCG, epochs, seconds, settings."""
    rows = [_row(model, record) for model in record["models"]]
    text = io.StringIO(newline="")
    columns = dict.fromkeys(column for row in rows for column in row)  # a blend has its own
    writer = csv.DictWriter(text, list(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def _cell(value: Any) -> Any:
    return csv_text(value) if isinstance(value, str) else value


def _model(comparison: Comparison, n: int) -> Record:
    report = comparison.reports[n]
    artifact, lists = report.artifact, report.catalogue
    return {
        "name": comparison.names[n],
        "model": artifact.model,
        "made_for": models.find(artifact.model).objective.name,
        "is_baseline": models.find(artifact.model).is_baseline,
        "settings": artifact.settings(),
        "refit": artifact.refit,
        "leak": artifact.leak,
        "broken_off": artifact.broken_off,
        "opened_before": list(artifact.opened),
        "figures": report.figures(),
        "intervals": {verdict.metric: verdict.interval(n) for verdict in comparison.verdicts},
        "best_epoch": artifact.best_epoch,
        "n_epochs": len(artifact.history),
        "seconds": seconds(artifact),
        "history": artifact.history,
        "held_out_curves": asdict(report.curves),
        "list_curves": {"ndcg": lists.curves.ndcg, "recall": lists.curves.recall},
        "user_tiers": [tier._asdict() for tier in report.user_tiers],
        "item_tiers": [tier._asdict() for tier in lists.item_tiers],
        "calibration": report.calibration
        and {"share": SHARES, "coverage": report.calibration.coverage},
        "versions": artifact.versions,
    }


def _verdict(comparison: Comparison, verdict: Verdict) -> Record:
    names = comparison.names
    return {
        "metric": verdict.metric,
        "lower_is_better": verdict.objective.lower_is_better,
        "sentence": verdict.sentence(),
        "ranking": [names[n] for n in verdict.ranked()],
        "beside_baselines": {
            names[n]: remark._asdict() for n, remark in verdict.against_baselines().items()
        },
        "served": comparison.served(verdict),
        "p_floor": verdict.tests.floor,
        "pairs": [
            pair._asdict() | {"better": names[pair.better], "worse": names[pair.worse]}
            for pair in verdict.pairs()
        ],
    }


def _row(model: Record, record: Record) -> Record:
    figures = {}
    for name, value in model["figures"].items():
        figures[name] = value
        if name in model["intervals"]:
            figures[f"{name} low"], figures[f"{name} high"] = model["intervals"][name]
    return {
        "name": model["name"],
        "model": model["model"],
        **figures,
        "relevant": record["relevant"]["rule"],
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
