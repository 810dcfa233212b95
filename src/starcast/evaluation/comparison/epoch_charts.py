"""Charts of training: what decided between epochs on validation rows, one line per model."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from starcast import models
from starcast.evaluation.comparison.chart_style import CARD, empty, legend, lines
from starcast.evaluation.comparison.comparison import Comparison
from starcast.evaluation.comparison.training_run import validation_curve
from starcast.evaluation.metrics import TITLES, Objective

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Doubles = NDArray[np.float64]


def has_epochs(comparison: Comparison, objective: Objective) -> bool:
    """Whether any model of that objective learned in more than one epoch."""
    return any(
        models.find(report.artifact.model).objective == objective
        and len(report.artifact.history) > 1
        for report in comparison.reports
    )


def draw_epochs(comparison: Comparison, objective: Objective) -> "tuple[Figure, str]":
    """What decided, over epochs, of the models of one objective; and what to know of it."""
    from matplotlib.ticker import MaxNLocator

    title = TITLES[objective.metric]
    figure = empty(comparison, f"Validation {title} over epochs")
    axes = figure.axes[0]
    chosen: dict[int, str] = {}
    curves: list[tuple[NDArray[np.int64], Doubles]] = []
    for n, (report, line) in enumerate(zip(comparison.reports, lines(comparison), strict=True)):
        own = models.find(report.artifact.model).objective
        if own != objective:
            chosen[n] = f"by {TITLES[own.metric]}"
            continue
        epochs, figures = validation_curve(report.artifact)
        curves.append((epochs, figures))
        marker = "." if len(figures) < 12 else ""
        axes.plot(epochs, figures, **line.look, marker=marker, markersize=4)
        best = report.artifact.best_epoch
        for at in np.flatnonzero(epochs == best):
            axes.plot(best, figures[at], "o", color=line.colour, markersize=7.5, zorder=5,
                      markeredgecolor=CARD, markeredgewidth=1.2)  # fmt: skip
            chosen[n] = f"{figures[at]:.4f} " + (f"in epoch {best}" if best else "as it started")
    axes.set_ylim(*_limits([figures for _, figures in curves], objective))
    ends = [int(epoch) for epochs, _ in curves for epoch in epochs]
    axes.set_xlim(min(ends, default=1) - 0.5, max(ends, default=1) + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True, steps=[1, 2, 5, 10]))
    axes.set_xlabel("epoch")
    axes.set_ylabel(f"{title} on validation ratings")
    legend(figure, comparison, chosen)
    side = "above" if objective.lower_is_better else "below"
    note = (
        "A dot marks the epoch that validation chose; each model stops once it no longer improves. "
        f"Early epochs may lie {side} the frame."
    )
    return figure, note


def _limits(histories: Sequence[Doubles], objective: Objective) -> tuple[float, float]:
    if objective.lower_is_better:
        return loss_limits(histories)
    low, high = loss_limits([-line for line in histories])
    return -high, -low


def loss_limits(histories: Sequence[Doubles]) -> tuple[float, float]:
    """Lowest and highest loss worth showing.

    Inside are every line's end and the lower four fifths of its points: a first epoch far off must
    not flatten all that matters.
    """
    finite = [line[np.isfinite(line)] for line in histories]
    finite = [line for line in finite if len(line)]
    if not finite:
        return 0.0, 1.0
    lowest = min(float(line.min()) for line in finite)
    highest = max(max(float(np.percentile(line, 80)), float(line[-1])) for line in finite)
    margin = 0.06 * (highest - lowest) or 0.01
    return lowest - margin, highest + margin
