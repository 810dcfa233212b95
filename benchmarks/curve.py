"""The scale curve: time and memory per rating over the number of ratings."""

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.results import TIME, Race, Result
from benchmarks.works.scale import SHAPES
from starcast.evaluation.charts.style import colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, FAINT, LINE = "#1c2733", "#5b6875", "#dde3e9"
NAME = "benchmarks-scale"
_STYLES = ("-", (0, (6, 1.5)), (0, (1.2, 1.2)), (0, (7, 1.5, 1.2, 1.5)))
_MARKS = ("o", "s", "D", "^")
_SIZE, _DOTS = (9.2, 4.2), 200  # inches, dots per inch
_LETTER = 9.5  # points between the middles of two labels, at least
_UNDER = (
    "one epoch on synthetic data of MovieLens's shapes (100 M: the Netflix prize's), dimension 32; "
    "peak memory, less that of a process without data"
)


def draw(result: Result) -> "Figure":
    """Two panels side by side, a line per race.

    Args:
        result: of the work "scale".
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=_SIZE, facecolor="white")
    grid = figure.add_gridspec(1, 2, left=0.05, right=0.99, bottom=0.12, top=0.72, wspace=0.12)
    time, memory = (figure.add_subplot(grid[n]) for n in range(2))
    _panel(time, result, TIME, 1e9, "nanoseconds per rating and epoch")
    _panel(memory, result, "bytes per rating", 1, "bytes per rating")
    text: Any = figure.text
    text(0.012, 0.965, "Cost per rating over scale", fontsize=13, fontweight="bold", color=INK,
         va="top")  # fmt: skip
    text(0.985, 0.955, result.circumstances["processor"].partition(" (")[0], fontsize=7.5,
         color=FAINT, ha="right", va="top", parse_math=False)  # fmt: skip
    text(0.012, 0.885, _UNDER, fontsize=8.4, color=FAINT, va="top")
    figure.legend(*time.get_legend_handles_labels(), loc="upper left", bbox_to_anchor=(0.004, 0.84),
                  ncols=4, frameon=False, fontsize=8.4, labelcolor=INK, handlelength=2.6,
                  columnspacing=1.4)  # fmt: skip
    return figure


def write(result: Result, folder: Path) -> list[Path]:
    """The curve as PNG and SVG in a folder; the files written."""
    from matplotlib import rc_context

    folder.mkdir(parents=True, exist_ok=True)
    written = []
    with rc_context({"svg.hashsalt": "starcast", "font.size": 9}):
        figure = draw(result)
        for ending, metadata in (("png", {"Software": None}), ("svg", {"Date": None})):
            target = folder / f"{NAME}.{ending}"
            fresh = target.with_suffix(f".new.{ending}")
            figure.savefig(fresh, dpi=_DOTS, metadata=metadata)
            fresh.replace(target)
            written.append(target)
    return written


def points(race: Race, figure: str) -> tuple[list[int], list[float]]:
    """Numbers of ratings, ascending, and the medians there; contestants are named after them."""
    sizes = {f"{name} ratings": shape.n_ratings for name, shape in SHAPES.items()}
    found = sorted((sizes[e.name], e.median(figure)) for e in race.entries if not e.failed)
    return [size for size, _ in found], [value for _, value in found]


def _panel(axes: "Axes", result: Result, figure: str, factor: float, label: str) -> None:
    """Both axes are logarithmic, so that twice as much looks the same anywhere."""
    lines: list[tuple[list[int], list[float]]] = []
    for n, race in enumerate(result.races):
        sizes, values = points(race, figure)
        shown = [factor * value for value in values]
        lines.append((sizes, shown))
        axes.plot(sizes, shown, color=colour(n), linewidth=1.9, linestyle=_STYLES[n],
                  marker=_MARKS[n], markersize=5, markeredgecolor="white", markeredgewidth=0.8,
                  label=re.sub(", d 32$", "", race.title))  # fmt: skip
    every = [value for _, shown in lines for value in shown]
    ticks = around(min(every, default=1), max(every, default=10))
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks([shape.n_ratings for shape in SHAPES.values()], list(SHAPES))
    axes.set_yticks(ticks, [f"{tick:,.0f}" for tick in ticks])
    axes.set_xlim(7e4, 2e8)
    axes.set_ylim(ticks[0], ticks[-1])
    axes.minorticks_off()
    axes.set_xlabel("ratings")
    axes.set_title(label, fontsize=9, color=INK, loc="left", pad=7)
    _label_ends(axes, lines, ticks)
    _style(axes)


def _label_ends(
    axes: "Axes", lines: Sequence[tuple[list[int], list[float]]], ticks: Sequence[float]
) -> None:
    """The last value of each line beside its end, moved where two would overlap."""
    ended = [(n, sizes[-1], shown[-1]) for n, (sizes, shown) in enumerate(lines) if sizes]
    points_high = 72 * axes.get_position().height * _SIZE[1]
    per_decade = points_high / math.log10(ticks[-1] / ticks[0])
    for end in {size for _, size, _ in ended}:
        here = sorted((value, n) for n, size, value in ended if size == end)
        heights = [math.log10(value) * per_decade for value, _ in here]
        for (value, n), own, moved in zip(here, heights, apart(heights, _LETTER), strict=True):
            text = f"{value:,.0f}" if value >= 20 else f"{value:.1f}"
            axes.annotate(text, (end, value), (7, moved - own), color=colour(n), fontsize=7.5,
                          textcoords="offset points", va="center")  # fmt: skip


def apart(heights: Sequence[float], least: float) -> list[float]:
    """Ascending heights moved up until neighbours are `least` apart, then down by the mean move.

    >>> apart([0, 2, 10], 5)
    [-1.0, 4.0, 9.0]
    """
    moved: list[float] = []
    for height in heights:
        moved.append(max(height, moved[-1] + least) if moved else height)
    back = (sum(moved) - sum(heights)) / max(len(moved), 1)
    return [height - back for height in moved]


def around(lowest: float, highest: float) -> list[float]:
    """1, 2, 5, 10, 20 … from the last that is not above `lowest` to the first not below `highest`.

    >>> around(3, 40)
    [2.0, 5.0, 10.0, 20.0, 50.0]
    """
    steps = [digit * 10.0**power for power in range(-3, 9) for digit in (1, 2, 5)]
    first = max(n for n, step in enumerate(steps) if step <= max(lowest, steps[0]))
    last = min(n for n, step in enumerate(steps) if step >= min(highest, steps[-1]))
    return steps[first : max(last, first + 1) + 1]


def _style(axes: "Axes") -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(LINE)
    axes.tick_params(color=LINE, labelcolor=FAINT, labelsize=8, length=3)
    axes.xaxis.label.set_color(FAINT)
    axes.grid(axis="y", color=LINE, linewidth=0.8)
    axes.set_axisbelow(True)
