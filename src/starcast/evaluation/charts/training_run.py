"""How a model was trained: its epochs, as its own objective saw them, and its time."""

import numpy as np
from numpy.typing import NDArray

from starcast import models
from starcast.artifacts.artifact import Artifact
from starcast.engines.protocol import score_ratings
from starcast.evaluation import metrics
from starcast.evaluation.metrics import STARS, TITLES, Objective


def summary(artifact: Artifact) -> str:
    """A training run in one line."""
    epochs, figures = validation_curve(artifact)
    best = figures[epochs == artifact.best_epoch]
    title = TITLES[objective_of(artifact).metric]
    quality = f", validation {title} {best[0]:.4f}" if len(best) else ""
    return (
        f"{artifact.reached} of {len(artifact.history)}{quality}, "
        f"{seconds(artifact):.1f} s{artifact.retrained}"
    )


def drawn(artifact: Artifact) -> str:
    """How much of what it says are the means', in words; "" where it speaks for itself."""
    known, *others, _ = (round(100 * (1 - share)) for share in artifact.shares)
    apart = zip(("new users", "new items"), others, strict=True)
    said = [f"{what} {share} %" for what, share in apart if share != known]
    if not (known or said):
        return ""
    return f"{known} %" + (f" ({', '.join(said)})" if said else "")


def validation_curve(artifact: Artifact) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Epochs, and what decided between them on validation rows: RMSE, or NDCG@10 of a list model.

    A warm start that was never improved upon is epoch 0, measured here from the weights kept.
    """
    objective = objective_of(artifact)
    told = [(one["epoch"], (one.get("validation") or {}).get(objective.metric))
            for one in artifact.history]  # fmt: skip
    epochs = [epoch for epoch, figure in told if figure is not None]
    figures = [figure for _, figure in told if figure is not None]
    if artifact.best_epoch == 0 and objective == STARS:
        held_out = artifact.split.validation
        raw = score_ratings(artifact.scorer_before_refit(), held_out)
        epochs.insert(0, 0)
        figures.insert(0, metrics.rmse(held_out.stars, held_out.scale.clip(raw)))
    return np.array(epochs, np.int64), np.array(figures, np.float64)


def seconds(artifact: Artifact) -> float:
    """Time spent in the epochs that led to the choice; validation and a refit are left out."""
    return float(sum(epoch.get("seconds") or 0 for epoch in artifact.history))


def objective_of(artifact: Artifact) -> Objective:
    """What a model is for."""
    return models.find(artifact.model).objective
