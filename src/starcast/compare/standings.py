"""Standings: what a comparison shows of every model, as text, best model first."""

from typing import TYPE_CHECKING

from starcast.artifact import Artifact
from starcast.tables import figure

if TYPE_CHECKING:
    from starcast.compare.comparison import Comparison

EPOCHS, TIME = "epochs", "time"


def cells(comparison: "Comparison") -> dict[str, list[str]]:
    """Cells of every column, best model first; RMSE with its 95 % interval."""
    order = comparison.ranked()
    k = comparison.reports[0].k
    figures = [comparison.reports[n].figures() for n in order]
    artifacts = [comparison.reports[n].artifact for n in order]
    lists = ("Precision", "Recall", "F1", "NDCG", "Coverage")
    columns = {
        name: [figure(values[name]) for values in figures]
        for name in ("RMSE", "MAE", "Accuracy", *(f"{name}@{k}" for name in lists))
    }
    columns["RMSE"] = [
        "{} ({:.3f}–{:.3f})".format(cell, *comparison.interval(n))
        for n, cell in zip(order, columns["RMSE"], strict=True)
    ]
    columns[EPOCHS] = [f"{a.best_epoch}/{len(a.history)}" for a in artifacts]
    columns[TIME] = [f"{seconds(artifact):.1f} s" for artifact in artifacts]
    return columns


def seconds(artifact: Artifact) -> float:
    """Time spent in the epochs that led to the choice; validation and a refit are left out."""
    return float(sum(epoch["seconds"] for epoch in artifact.history))
