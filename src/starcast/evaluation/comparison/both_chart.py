"""One chart of both objectives: how near a model's stars are, and how good its lists."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from starcast.evaluation.charts.style import CARD, FAINT, GRID, INK, empty, lines
from starcast.evaluation.comparison.compared import Compared

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Annotation
    from matplotlib.transforms import Bbox

Offset = tuple[float, float]
Side = Literal["left", "center", "right"]

_MARGIN = 0.14  # of the range of the figures, for labels
_NEAR = 12  # points: a label farther off is tied to its dot by a line
_DOT = 5  # points from the middle of a dot to its edge, and a little


def draw_both(comparison: Compared) -> "tuple[Figure, str]":
    """A labelled dot per model; and what to know of it."""
    stars, lists = comparison.verdicts
    figure = empty(comparison.shown, f"{stars.metric} against {lists.metric}", n_labels=0)
    axes = figure.axes[0]
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    figures = zip(stars.contestants, lists.contestants, strict=True)
    points = [(one.figure, other.figure) for one, other in figures]
    for point, line in zip(points, lines(comparison.shown), strict=True):
        edge, face = (line.colour, CARD) if line.is_baseline else (CARD, line.colour)
        axes.plot(*point, "D" if line.is_baseline else "o", zorder=3, markersize=7,
                  markeredgecolor=edge, markerfacecolor=face, markeredgewidth=1.4)  # fmt: skip
    axes.margins(_MARGIN)
    axes.set_xlabel(f"{stars.metric} of predicted stars; lower is better")
    axes.set_ylabel(f"{lists.metric} of lists from the catalogue; higher is better")
    axes.text(0.01, 0.985, "better ↖", transform=axes.transAxes, color=FAINT, va="top")
    _label(figure, axes, comparison.shown.names, points)
    note = (
        "Up and to the left is better. Hollow diamonds are baselines: they count and average. "
        f"Relevant: {comparison.relevance.in_words}. Tables say which differences are real."
    )
    return figure, note


def _label(
    figure: "Figure", axes: "Axes", names: tuple[str, ...], points: list[tuple[float, float]]
) -> None:
    """Each model's name beside its dot, in the first place where it covers no dot and no name."""
    from matplotlib.transforms import Bbox

    figure.draw_without_rendering()  # settles the limits of the axes
    inside, reach = axes.get_window_extent(), _DOT * figure.dpi / 72
    centres = axes.transData.transform(points)
    taken = [Bbox([[x - reach, y - reach], [x + reach, y + reach]]) for x, y in centres]
    for name, point in sorted(zip(names, points, strict=True), key=lambda one: -one[1][1]):
        for offset, side in _places():
            label = _annotated(axes, name, point, offset, side)
            if _is_free(label.get_window_extent(), taken, inside):
                break
            label.remove()
        else:  # nowhere is free: over something, rather than not at all
            offset, side = next(_places())
            label = _annotated(axes, name, point, offset, side)
        taken.append(label.get_window_extent())
        if max(map(abs, offset)) > _NEAR:
            _tie(axes, point, offset)


def _places() -> Iterator[tuple[Offset, Side]]:
    """Where a label may stand: right, left, above, below, then farther off; points from the dot."""
    for far in (8, 16, 26, 38, 52):
        yield (far, 0), "left"
        yield (-far, 0), "right"
        for rise in (far + 2, -far - 2):
            yield (0, rise), "center"
            yield (4, rise), "left"
            yield (-4, rise), "right"


def _annotated(
    axes: "Axes", name: str, point: tuple[float, float], offset: Offset, side: Side
) -> "Annotation":
    return axes.annotate(name, point, offset, textcoords="offset points", ha=side, va="center",
                         fontsize=8.4, color=INK, zorder=4, parse_math=False)  # fmt: skip


def _tie(axes: "Axes", point: tuple[float, float], offset: Offset) -> None:
    """A thin line from a dot to its far label."""
    line = {"arrowstyle": "-", "color": FAINT, "linewidth": 0.6, "shrinkA": 4, "shrinkB": 4}
    axes.annotate("", point, offset, textcoords="offset points", arrowprops=line)


def _is_free(box: "Bbox", taken: "list[Bbox]", inside: "Bbox") -> bool:
    across = inside.x0 <= box.x0 and box.x1 <= inside.x1
    upright = inside.y0 <= box.y0 and box.y1 <= inside.y1
    return across and upright and not any(box.overlaps(other) for other in taken)
