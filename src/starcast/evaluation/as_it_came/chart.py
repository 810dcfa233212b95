"""The chart of a replay: RMSE of stars and NDCG of lists over the data's time."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from starcast import models
from starcast.display import printable
from starcast.evaluation.as_it_came.replay import Replay
from starcast.evaluation.charts.style import FAINT, INK, SERIES, Chart, save, style_axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SIZE = (5.8, 5.2)  # inches
_STYLES = ((0, (1.2, 1.2)), (0, (6, 1.5)), "-", (0, (7, 1.5, 1.2, 1.5)))


def draw(replayed: Replay) -> Chart:
    """One figure of two panels; a line for each policy, a dot for each window."""
    figure = _empty(replayed)
    middles = (replayed.edges[:-1] + replayed.edges[1:]) / 2
    when = [datetime.fromtimestamp(float(one), UTC) for one in middles]
    for n, course in enumerate(replayed.courses):
        look = {"color": SERIES[n], "linestyle": _STYLES[n % len(_STYLES)], "marker": "o"}
        for axes, values in zip(figure.axes, replayed.over_time(course), strict=True):
            known = np.flatnonzero(np.isfinite(values))
            axes.plot([when[at] for at in known], values[known], markersize=3, **look)  # type: ignore[arg-type]  # dates
    figure.axes[0].set_ylabel("RMSE, stars")
    figure.axes[1].set_ylabel(f"NDCG@{replayed.plan.k}")
    figure.axes[0].tick_params(labelbottom=False)
    figure.axes[1].tick_params(axis="x", labelrotation=25)
    shown = figure.legend(
        figure.axes[0].get_lines(), [course.name for course in replayed.courses],
        loc="upper left", bbox_to_anchor=(0.01, 1 - 0.38 / _SIZE[1]), ncols=2, frameon=False,
        fontsize=8.4, labelcolor=INK, handlelength=2.6,
    )  # fmt: skip
    shown.set_in_layout(False)
    return save(figure, f"{len(replayed.times):,} ratings, each predicted before it was known.")


def _empty(replayed: Replay) -> "Figure":
    from matplotlib.figure import Figure

    figure, height = Figure(figsize=_SIZE), _SIZE[1]
    grid = figure.add_gridspec(
        2, 1, hspace=0.12, left=0.14, right=0.97, bottom=0.8 / height, top=1 - 0.98 / height
    )
    for n in range(2):
        style_axes(figure.add_subplot(grid[n]), has_grid=True)
    name, line = printable(replayed.dataset), 1 - 0.12 / height
    title = f"{models.find(replayed.model).title}, as it came"
    figure.text(0.02, line, title, fontsize=13, fontweight="bold", color=INK, va="top")
    figure.text(0.975, line, name if len(name) < 24 else f"{name[:22]}…", fontsize=7.5,
                color=FAINT, ha="right", va="top", parse_math=False)  # fmt: skip
    return figure
