"""One chart of both objectives: how near a model's stars are, and how good its lists."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from starcast.evaluation.comparison.chart_style import CARD, FAINT, GRID, INK, empty, lines
from starcast.evaluation.comparison.comparison import Comparison

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Annotation
    from matplotlib.transforms import Bbox

_MARGIN = 0.14  # of the range of the figures, for labels
_DOT = 5  # points from the middle of a dot to its edge, and a little


def draw_both(comparison: Comparison) -> "tuple[Figure, str]":
    """A labelled dot per model; and what to know of it."""
    stars, lists = comparison.verdicts
    figure = empty(comparison, f"{stars.metric} against {lists.metric}", n_labels=0)
    axes = figure.axes[0]
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    figures = zip(stars.contestants, lists.contestants, strict=True)
    points = [(one.figure, other.figure) for one, other in figures]
    for point, line in zip(points, lines(comparison), strict=True):
        edge, face = (line.colour, CARD) if line.is_baseline else (CARD, line.colour)
        axes.plot(*point, "D" if line.is_baseline else "o", zorder=3, markersize=7,
                  markeredgecolor=edge, markerfacecolor=face, markeredgewidth=1.4)  # fmt: skip
    axes.margins(_MARGIN)
    axes.set_xlabel(f"{stars.metric} of predicted stars; lower is better")
    axes.set_ylabel(f"{lists.metric} of lists from the catalogue; higher is better")
    axes.text(0.01, 0.985, "better ↖", transform=axes.transAxes, color=FAINT, va="top")
    _label(figure, axes, comparison.names, points)
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
        for label in _places(axes, name, point):
            box = label.get_window_extent()
            if _is_free(box, taken, inside):
                break
            label.remove()
        else:  # nowhere is free: over something, rather than not at all
            box = next(_places(axes, name, point)).get_window_extent()
        taken.append(box)


def _places(axes: "Axes", name: str, point: tuple[float, float]) -> "Iterator[Annotation]":
    """The label at one place after the other: right, left, above, below, then farther off."""
    for far in (8, 16, 26, 38, 52):
        for x, side in ((far, "left"), (-far, "right")):
            yield _annotated(axes, name, point, (x, 0), side)
        for rise in (far + 2, -far - 2):
            for x, side in ((0, "center"), (4, "left"), (-4, "right")):
                yield _annotated(axes, name, point, (x, rise), side)


def _annotated(
    axes: "Axes", name: str, point: tuple[float, float], offset: tuple[float, float], side: Any
) -> "Annotation":
    is_far = max(abs(offset[0]), abs(offset[1])) > 12
    arrow: Any = {"arrowstyle": "-", "color": FAINT, "linewidth": 0.6, "shrinkB": 4}
    return axes.annotate(name, point, offset, textcoords="offset points", ha=side, va="center",
                         fontsize=8.4, color=INK, arrowprops=arrow if is_far else None, zorder=4,
                         parse_math=False)  # fmt: skip


def _is_free(box: "Bbox", taken: "list[Bbox]", inside: "Bbox") -> bool:
    across = inside.x0 <= box.x0 and box.x1 <= inside.x1
    upright = inside.y0 <= box.y0 and box.y1 <= inside.y1
    return across and upright and not any(box.overlaps(other) for other in taken)
