"""Charts of rankings of a user's own test items: precision, recall and F1 over their length."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from starcast.evaluation.charts.style import FAINT, GRID, TICKS, empty, legend, lines
from starcast.evaluation.comparison.compared import Compared

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CURVES: Mapping[str, str] = {"precision": "precision", "recall": "recall", "f1": "F1"}

_FEW_USERS = 30  # below so many users a mean over them says little


@final
class Frame(NamedTuple):
    """What the three charts share: the longest list, and the reach of the middle panel."""

    last: int
    apart: float


def frame_of(comparison: Compared) -> Frame:
    """A frame in which every curve has room."""
    curves = [report.curves for report in comparison.reports]
    last = max(int(np.count_nonzero(curves[0].n_users)), 2)
    values = np.array([[getattr(c, name)[:last] for c in curves] for name in CURVES])
    apart = float(np.nanmax(np.abs(values - values.mean(axis=1, keepdims=True))))
    return Frame(last, 1.08 * apart or 0.001)


def draw_held_out(comparison: Compared, name: str) -> "tuple[Figure, str]":
    """Three panels over list size: the curves, their distances from their mean, and the users."""
    title, frame = CURVES[name], frame_of(comparison)
    figure = empty(comparison.shown, f"Held-out {title} over list size", heights=(5, 5, 1.5))
    whole, apart, users = figure.axes
    sizes = np.arange(1, frame.last + 1)
    curves = np.array([getattr(r.curves, name)[: frame.last] for r in comparison.reports])
    for curve, line in zip(curves, lines(comparison.shown), strict=True):
        whole.plot(sizes, curve, **line.look)
        apart.plot(sizes, curve - curves.mean(axis=0), **line.look)
    whole.set_ylim(0, 1)
    whole.set_ylabel(f"{title}@k")
    apart.set_ylim(-frame.apart, frame.apart)
    apart.set_ylabel("from the mean")
    apart.axhline(0, color=FAINT, linewidth=0.8)
    apart.yaxis.set_major_formatter("{x:+.3f}")
    n_users = comparison.reports[0].curves.n_users[: frame.last]
    _users(users, n_users)
    for panel in figure.axes:
        panel.set_xlim(1, frame.last)
        panel.set_xticks([k for k in TICKS if k <= frame.last])
        panel.tick_params(labelbottom=panel is users)
        for k in np.flatnonzero(n_users < _FEW_USERS)[:1] + 1:
            panel.axvspan(k, frame.last, color=GRID, alpha=0.35, linewidth=0, zorder=0)
    legend(figure, comparison.shown, {})
    note = (
        "Of a user's own test items ranked by predicted stars, not of lists from the catalogue. "
        "In the middle, each model's distance from the mean of all models. "
        f"Only users with at least k test ratings count: {n_users[0]:,} of them at k = 1, "
        f"{n_users[-1]:,} at k = {frame.last}. {_few_users(n_users)}"
    )
    return figure, note.strip()


def _users(axes: "Axes", n_users: NDArray[np.int64]) -> None:
    """How many users are behind each point of the curves."""
    sizes = np.arange(1, len(n_users) + 1)
    axes.fill_between(sizes, n_users, color=GRID, linewidth=0)
    axes.plot(sizes, n_users, color=FAINT, linewidth=1)
    axes.set_ylim(0, n_users[0] * 1.7)
    axes.set_yticks([])
    axes.set_ylabel("users")
    axes.set_xlabel("list size k")
    for k in (k for k in TICKS if k <= len(n_users)):
        side: Any = "left" if k == 1 else "right" if k == len(n_users) else "center"
        axes.annotate(f"{n_users[k - 1]:,}", (k, n_users[k - 1]), (0, 3), ha=side, fontsize=7.5,
                      textcoords="offset points", color=FAINT)  # fmt: skip


def _few_users(n_users: NDArray[np.int64]) -> str:
    few = np.flatnonzero(n_users < _FEW_USERS)
    return f"Shaded from k = {few[0] + 1} on: fewer than {_FEW_USERS} users." if len(few) else ""
