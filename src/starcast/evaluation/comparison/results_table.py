"""What a comparison shows of every model, as text."""

from collections.abc import Sequence

from starcast.artifacts.artifact import Artifact
from starcast.display import figure
from starcast.evaluation.report import Report

EPOCHS, TIME = "epochs", "time"


def cells(
    reports: Sequence[Report], intervals: Sequence[tuple[float, float]]
) -> dict[str, list[str]]:
    """Cells of every column, a row per report; RMSE with its 95 % interval, stars."""
    k = reports[0].k
    figures = [report.figures() for report in reports]
    artifacts = [report.artifact for report in reports]
    lists = ("Precision", "Recall", "F1", "NDCG", "Coverage")
    columns = {
        name: [figure(values[name]) for values in figures]
        for name in ("RMSE", "MAE", "Accuracy", *(f"{name}@{k}" for name in lists))
    }
    columns["RMSE"] = [
        "{} ({:.3f}–{:.3f})".format(cell, *interval)
        for interval, cell in zip(intervals, columns["RMSE"], strict=True)
    ]
    columns[EPOCHS] = [f"{a.best_epoch}/{len(a.history)}" for a in artifacts]
    columns[TIME] = [f"{seconds(artifact):.1f} s" for artifact in artifacts]
    return columns


def seconds(artifact: Artifact) -> float:
    """Time spent in the epochs that led to the choice; validation and a refit are left out."""
    return float(sum(epoch["seconds"] for epoch in artifact.history))
