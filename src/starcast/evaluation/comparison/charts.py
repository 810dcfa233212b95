"""Charts: RMSE over epochs, and precision, recall and F1 over list size, one line per model.

Every chart is drawn once and saved twice: a PNG that stands alone, and an SVG whose colours are CSS
variables, so that the page can show it in light and dark.
"""

import io
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from starcast.display import printable
from starcast.evaluation.comparison.comparison import Comparison
from starcast.evaluation.comparison.results_file import validation_curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito 2008: told apart with any colour vision; line styles tell them apart without colour.
SERIES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#6b6b6b", "#8c5a2b")
_STYLES = ("-", (0, (6, 1.5)), (0, (1.2, 1.2)), (0, (7, 1.5, 1.2, 1.5)))
_INK, _FAINT, _GRID, _CARD = "#1c2733", "#5b6875", "#dde3e9", "#fefefe"
_VARIABLES = {_INK: "ink", _FAINT: "faint", _GRID: "line", _CARD: "card"} | {
    colour: f"series-{n}" for n, colour in enumerate(SERIES)
}
_SIZE, _DOTS = (5.8, 5.2), 240  # inches, dots per inch
_FEW_USERS = 30  # below so many users a mean over them says little
_TICKS = (1, 10, 20, 40, 60, 80, 100)
_CURVES = {"precision": "Precision@k", "recall": "Recall@k", "f1": "F1@k"}


class Chart(NamedTuple):
    """One chart, twice.

    Attributes:
        png: stands alone, on white.
        svg: for the page, without a background.
        note: what to know when reading it.
    """

    png: bytes
    svg: str
    note: str


class _Frame(NamedTuple):
    """What the three curve charts share: the longest list, and the reach of the middle panel."""

    last: int
    apart: float


def colour(n: int) -> str:
    """The colour of the n-th model, the same in every chart."""
    return SERIES[n % len(SERIES)]


def draw(comparison: Comparison) -> dict[str, Chart]:
    """The four charts by name: rmse, precision, recall, f1."""
    from matplotlib import rc_context

    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "starcast", "font.size": 9}):
        charts = {"rmse": _save(*_rmse(comparison))}
        frame = _frame(comparison)
        for name, title in _CURVES.items():
            charts[name] = _save(*_curve(comparison, name, title, frame))
    return charts


def _rmse(comparison: Comparison) -> "tuple[Figure, str]":
    from matplotlib.ticker import MaxNLocator

    figure = _empty(comparison, "Validation RMSE over epochs")
    axes = figure.axes[0]
    chosen: dict[int, str] = {}
    curves = [validation_curve(report.artifact) for report in comparison.reports]
    for n, (epochs, rmse) in enumerate(curves):
        axes.plot(epochs, rmse, **_line(n), marker="." if len(rmse) < 12 else "", markersize=4)
        best = comparison.reports[n].artifact.best_epoch
        for at in np.flatnonzero(epochs == best):
            axes.plot(best, rmse[at], "o", color=colour(n), markersize=7.5, zorder=5,
                      markeredgecolor=_CARD, markeredgewidth=1.2)  # fmt: skip
            chosen[n] = f"{rmse[at]:.4f} " + (f"in epoch {best}" if best else "as it started")
    axes.set_ylim(*rmse_limits([rmse for _, rmse in curves]))
    ends = [int(epoch) for epochs, _ in curves for epoch in epochs]
    axes.set_xlim(min(ends, default=1) - 0.5, max(ends, default=1) + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True, steps=[1, 2, 5, 10]))
    axes.set_xlabel("epoch")
    axes.set_ylabel("RMSE on validation ratings, stars")
    _legend(figure, comparison, chosen)
    note = (
        "A dot marks the epoch that validation chose; each model stops once it no longer improves. "
        "Early epochs may lie above the frame."
    )
    return figure, note


def _curve(comparison: Comparison, name: str, title: str, frame: "_Frame") -> "tuple[Figure, str]":
    """Three panels over list size: the curves, their distances from their mean, and the users."""
    figure = _empty(comparison, f"{title[:-2]} over list size", heights=(5, 5, 1.5))
    whole, apart, users = figure.axes
    sizes = np.arange(1, frame.last + 1)
    curves = np.array([getattr(r.curves, name)[: frame.last] for r in comparison.reports])
    for n, curve in enumerate(curves):
        whole.plot(sizes, curve, **_line(n))
        apart.plot(sizes, curve - curves.mean(axis=0), **_line(n))
    whole.set_ylim(0, 1)
    whole.set_ylabel(title)
    apart.set_ylim(-frame.apart, frame.apart)
    apart.set_ylabel("distance from the mean")
    apart.axhline(0, color=_FAINT, linewidth=0.8)
    apart.yaxis.set_major_formatter("{x:+.3f}")
    n_users = comparison.reports[0].curves.n_users[: frame.last]
    _users(users, n_users)
    for panel in figure.axes:
        panel.set_xlim(1, frame.last)
        panel.set_xticks([k for k in _TICKS if k <= frame.last])
        panel.tick_params(labelbottom=panel is users)
        for k in np.flatnonzero(n_users < _FEW_USERS)[:1] + 1:
            panel.axvspan(k, frame.last, color=_GRID, alpha=0.35, linewidth=0, zorder=0)
    _legend(figure, comparison, {})
    note = (
        f"Only users with at least k test ratings count: {n_users[0]:,} of them at k = 1, "
        f"{n_users[-1]:,} at k = {frame.last}. {_few_users(n_users)}"
    )
    return figure, note.strip()


def _users(axes: "Axes", n_users: NDArray[np.int64]) -> None:
    """How many users are behind each point of the curves."""
    sizes = np.arange(1, len(n_users) + 1)
    axes.fill_between(sizes, n_users, color=_GRID, linewidth=0)
    axes.plot(sizes, n_users, color=_FAINT, linewidth=1)
    axes.set_ylim(0, n_users[0] * 1.7)
    axes.set_yticks([])
    axes.set_ylabel("users")
    axes.set_xlabel("list size k")
    for k in (k for k in _TICKS if k <= len(n_users)):
        side: Any = "left" if k == 1 else "right" if k == len(n_users) else "center"
        axes.annotate(f"{n_users[k - 1]:,}", (k, n_users[k - 1]), (0, 3), ha=side, fontsize=7.5,
                      textcoords="offset points", color=_FAINT)  # fmt: skip


def _few_users(n_users: NDArray[np.int64]) -> str:
    few = np.flatnonzero(n_users < _FEW_USERS)
    return f"Shaded from k = {few[0] + 1} on: fewer than {_FEW_USERS} users." if len(few) else ""


def rmse_limits(histories: list[NDArray[np.float64]]) -> tuple[float, float]:
    """Lowest and highest RMSE worth showing.

    Inside are every line's end and the lower four fifths of its points: a first epoch far off must
    not flatten all that matters.
    """
    lines = [line[np.isfinite(line)] for line in histories]
    lines = [line for line in lines if len(line)]
    if not lines:
        return 0.0, 1.0
    lowest = min(float(line.min()) for line in lines)
    highest = max(max(float(np.percentile(line, 80)), float(line[-1])) for line in lines)
    margin = 0.06 * (highest - lowest) or 0.01
    return lowest - margin, highest + margin


def _frame(comparison: Comparison) -> _Frame:
    curves = [report.curves for report in comparison.reports]
    last = max(int(np.count_nonzero(curves[0].n_users)), 2)
    values = np.array([[getattr(c, name)[:last] for c in curves] for name in _CURVES])
    apart = float(np.nanmax(np.abs(values - values.mean(axis=1, keepdims=True))))
    return _Frame(last, 1.08 * apart or 0.001)


def _empty(comparison: Comparison, title: str, heights: tuple[float, ...] = (1,)) -> "Figure":
    """A figure with a title, room for the legend, and panels in the house style."""
    from matplotlib.figure import Figure

    width, height = _SIZE
    figure = Figure(figsize=(width, height))
    n_rows = -(-len(comparison.reports) // 2)
    grid = figure.add_gridspec(
        len(heights), 1, height_ratios=heights, hspace=0.1,
        left=0.14, right=0.97, bottom=0.52 / height, top=1 - (0.5 + 0.22 * n_rows) / height,
    )  # fmt: skip
    for n in range(len(heights)):
        _style(figure.add_subplot(grid[n]), has_grid=n < 2)
    split = comparison.reports[0].artifact.split
    whole = printable(split.ratings.name)
    name = whole if len(whole) < 24 else f"{whole[:22]}…"
    line = 1 - 0.12 / height
    figure.text(0.02, line, title, fontsize=13, fontweight="bold", color=_INK, va="top")
    figure.text(0.975, line, f"{name}, split {split.fingerprint[:8]}", fontsize=7.5,
                color=_FAINT, ha="right", va="top", parse_math=False)  # fmt: skip
    figure.align_ylabels()
    return figure


def _style(axes: "Axes", *, has_grid: bool) -> None:
    axes.patch.set_visible(False)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(_GRID)
    axes.tick_params(color=_GRID, labelcolor=_FAINT, length=3)
    axes.xaxis.label.set_color(_FAINT)
    axes.yaxis.label.set_color(_FAINT)
    if has_grid:
        axes.grid(axis="y", color=_GRID, linewidth=0.8)
        axes.set_axisbelow(True)


def _line(n: int) -> dict[str, Any]:
    return {"color": colour(n), "linestyle": _STYLES[n % len(_STYLES)], "linewidth": 1.9}


def _legend(figure: "Figure", comparison: Comparison, remarks: dict[int, str]) -> None:
    """Above the axes, where it covers no line; two columns, filled row by row."""
    from matplotlib.lines import Line2D

    labels = [
        f"{name}: {remarks[n]}" if n in remarks else name for n, name in enumerate(comparison.names)
    ]
    order = [*range(0, len(labels), 2), *range(1, len(labels), 2)]  # a legend fills its columns
    legend = figure.legend(
        [Line2D([], [], **_line(n)) for n in order],
        [labels[n] for n in order],
        loc="upper left", bbox_to_anchor=(0.01, 1 - 0.38 / _SIZE[1]), ncols=2, frameon=False,
        fontsize=8.4,
        labelcolor=_INK, handlelength=2.6, columnspacing=1.2, labelspacing=0.45,
    )  # fmt: skip
    for text in legend.get_texts():
        text.set_parse_math(False)


def _save(figure: "Figure", note: str) -> Chart:
    png, svg = io.BytesIO(), io.StringIO()
    figure.savefig(png, format="png", dpi=_DOTS, facecolor="white", metadata={"Software": None})
    figure.patch.set_visible(False)
    figure.savefig(svg, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    return Chart(png.getvalue(), _for_page(svg.getvalue()), note)


def _for_page(svg: str) -> str:
    """The bare <svg> element, as wide as its place, in the page's colours and font."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg, count=1)
    for shade, variable in _VARIABLES.items():
        svg = re.sub(shade, f"var(--{variable})", svg, flags=re.IGNORECASE)
    return svg
