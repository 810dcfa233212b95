"""Charts of lists from the whole catalogue: NDCG and recall over their length."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from starcast.evaluation.charts.style import FAINT, TICKS, empty, legend, lines
from starcast.evaluation.comparison.compared import Compared

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CURVES: Mapping[str, str] = {"ndcg": "NDCG", "recall": "Catalogue recall"}


def draw_lists(comparison: Compared, name: str) -> "tuple[Figure, str]":
    """One figure over the length of the list; and what to know of it."""
    title, k = CURVES[name], comparison.k
    figure = empty(comparison.shown, f"{title} over list size")
    axes = figure.axes[0]
    curves = [getattr(report.catalogue.curves, name) for report in comparison.reports]
    last = len(curves[0])
    for curve, line in zip(curves, lines(comparison.shown), strict=True):
        axes.plot(np.arange(1, last + 1), curve, **line.look)
    axes.axvline(k, color=FAINT, linewidth=0.8, linestyle=(0, (2, 2)), zorder=0)
    axes.set_xlim(1, max(last, 2))
    axes.set_ylim(0, 1.05 * max(float(curve.max()) for curve in curves) or 1)
    axes.set_xticks([size for size in TICKS if size <= last])
    axes.set_xlabel("list size k")
    axes.set_ylabel(f"{title}@k")
    legend(figure, comparison.shown, {n: f"{curve[k - 1]:.4f}" for n, curve in enumerate(curves)})
    n_users = comparison.reports[0].catalogue.ranking.n_users
    note = (
        f"Lists from the whole catalogue of what a user has not yet rated; means over {n_users:,} "
        f"users. Relevant: {comparison.relevance.in_words}. The legend says where k is {k}."
    )
    return figure, note
