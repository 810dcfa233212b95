"""The house style of charts: colours, dashes, frames, legends, and how one is saved.

Every chart is drawn once and saved as files that stand alone (PNG, and SVG and PDF for print), and
as an SVG whose colours are CSS variables, so that the page can show it in light and dark.
"""

import io
import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, NamedTuple, final

from starcast import models
from starcast.artifacts.artifact import Artifact
from starcast.display import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.legend import Legend

# Okabe and Ito 2008, and three more: told apart with any colour vision, and dashes tell them apart
# without colour. Baselines are grey, so that colours are for what is compared.
SERIES = (
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#6a51a3", "#8c5a2b",
    "#b0003a",
)  # fmt: skip
GREYS = ("#6b6b6b", "#9a9a9a")
INK, FAINT, GRID, CARD = "#1c2733", "#5b6875", "#dde3e9", "#fefefe"
TICKS = (1, 10, 20, 40, 60, 80, 100)  # of list sizes
_FORMS: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "starcast",
    "pdf.fonttype": 42,
    "font.size": 9,
}
"""What Matplotlib needs to be told while a chart is drawn and saved."""

_STYLES: tuple[Any, ...] = ("-", (0, (6, 1.5)), (0, (1.2, 1.2)), (0, (7, 1.5, 1.2, 1.5)))
_VARIABLES = (
    {INK: "ink", FAINT: "faint", GRID: "line", CARD: "card"}
    | {shade: f"series-{n}" for n, shade in enumerate(SERIES)}
    | {shade: f"baseline-{n}" for n, shade in enumerate(GREYS)}
)
_UNDATED: Mapping[str, Any] = {
    "svg": dict.fromkeys(("Creator", "Date", "Format", "Type")),
    "pdf": dict.fromkeys(("Creator", "Producer", "CreationDate")),
}
_SIZE = (5.8, 5.2)  # inches


@final
class Shown(NamedTuple):
    """Models that a chart shows, all of one split.

    Attributes:
        names: no two alike.
        artifacts: in the same order.
    """

    names: tuple[str, ...]
    artifacts: tuple[Artifact, ...]


@final
class Chart(NamedTuple):
    """One chart in several forms.

    Attributes:
        png: stands alone, on white.
        drawings: the same as vectors, by the ending of a file: svg and pdf.
        svg: for the page, without a background.
        note: what to know when reading it.
    """

    png: bytes
    drawings: Mapping[str, bytes]
    svg: str
    note: str

    def __repr__(self) -> str:
        """The note, without the drawing."""
        return f"Chart({self.note!r})"

    def _repr_png_(self) -> bytes:
        """What a notebook shows."""
        return self.png


@final
class Line(NamedTuple):
    """How one model is drawn, the same in every chart.

    Attributes:
        colour: of its line, and of its dot in tables.
        variable: the CSS variable that stands for it.
        style: dashes, as Matplotlib has them.
        is_baseline: whether it is there to be beaten.
    """

    colour: str
    variable: str
    style: Any
    is_baseline: bool

    @property
    def look(self) -> dict[str, Any]:
        """For `Axes.plot`."""
        width = 1.4 if self.is_baseline else 1.9
        return {"color": self.colour, "linestyle": self.style, "linewidth": width}


def in_style() -> AbstractContextManager[None]:
    """A context in which figures are drawn, and saved."""
    from matplotlib import rc_context

    return rc_context(_FORMS)


def colour(n: int) -> str:
    """The colour of the n-th model."""
    return SERIES[n % len(SERIES)]


def lines(shown: Shown) -> list[Line]:
    """How each model is drawn: colours and dashes in turn, baselines in greys.

    Neighbours differ in both; the tenth has the colour of the first, and other dashes.
    """
    found: list[Line] = []
    for artifact in shown.artifacts:
        is_baseline = models.find(artifact.model).is_baseline
        shades: tuple[str, ...] = GREYS if is_baseline else SERIES
        n = sum(line.is_baseline == is_baseline for line in found)
        at, style = n % len(shades), _STYLES[(n + n // len(_STYLES)) % len(_STYLES)]
        variable = f"{'baseline' if is_baseline else 'series'}-{at}"
        found.append(Line(shades[at], variable, style, is_baseline))
    return found


def empty(
    shown: Shown,
    title: str,
    heights: tuple[float, ...] = (1,),
    n_labels: int | None = None,
) -> "Figure":
    """A figure with a title, room for the legend, and panels in the house style.

    Args:
        shown: what is drawn.
        title: above it.
        heights: of the panels, one below the other.
        n_labels: of the legend; one per model if not given.
    """
    from starcast.evaluation.charts.drawing import Drawing

    width, height = _SIZE
    figure = Drawing(figsize=(width, height))
    n_rows = -(-(len(shown.names) if n_labels is None else n_labels) // 2)
    grid = figure.add_gridspec(
        len(heights), 1, height_ratios=heights, hspace=0.1,
        left=0.14, right=0.97, bottom=0.52 / height, top=1 - (0.5 + 0.22 * n_rows) / height,
    )  # fmt: skip
    for n in range(len(heights)):
        style_axes(figure.add_subplot(grid[n]), has_grid=n < 2)
    split = shown.artifacts[0].split
    whole = printable(split.ratings.name)
    name = whole if len(whole) < 24 else f"{whole[:22]}…"
    line = 1 - 0.12 / height
    figure.text(0.02, line, title, fontsize=13, fontweight="bold", color=INK, va="top")
    figure.text(0.975, line, f"{name}, split {split.fingerprint[:8]}", fontsize=7.5,
                color=FAINT, ha="right", va="top", parse_math=False)  # fmt: skip
    figure.align_ylabels()
    return figure


def legend(figure: "Figure", shown: Shown, remarks: Mapping[int, str]) -> None:
    """Above the axes, where it covers no line; two columns, filled row by row."""
    from matplotlib.lines import Line2D

    labels = [
        f"{name}: {remarks[n]}" if n in remarks else name for n, name in enumerate(shown.names)
    ]
    order = [*range(0, len(labels), 2), *range(1, len(labels), 2)]  # a legend fills its columns
    looks = [line.look for line in lines(shown)]
    drawn = figure.legend(
        [Line2D([], [], **looks[n]) for n in order],
        [labels[n] for n in order],
        loc="upper left", bbox_to_anchor=(0.01, 1 - 0.38 / _SIZE[1]), ncols=2, frameon=False,
        fontsize=8.4,
        labelcolor=INK, handlelength=2.6, columnspacing=1.2, labelspacing=0.45,
    )  # fmt: skip
    for text in drawn.get_texts():
        text.set_parse_math(False)
    _fit(drawn, figure)


def _fit(drawn: "Legend", figure: "Figure") -> None:
    """Smaller letters, where names are long."""
    for size in (7.6, 6.8, 6.0, 5.2, 4.4):
        if drawn.get_window_extent().x1 <= figure.bbox.x1:
            return
        for text in drawn.get_texts():
            text.set_fontsize(size)


def save(figure: "Figure", note: str) -> Chart:
    """The figure in all forms; the same figure gives the same bytes."""
    from starcast.evaluation.charts.drawing import DOTS

    png, svg = io.BytesIO(), io.StringIO()
    figure.savefig(png, format="png", dpi=DOTS, facecolor="white", metadata={"Software": None})
    drawings = {}
    for ending, metadata in _UNDATED.items():
        drawing = io.BytesIO()
        figure.savefig(drawing, format=ending, facecolor="white", metadata=metadata)
        drawings[ending] = drawing.getvalue()
    figure.patch.set_visible(False)
    figure.savefig(svg, format="svg", metadata=_UNDATED["svg"])
    return Chart(png.getvalue(), drawings, _for_page(svg.getvalue()), note)


def style_axes(axes: "Axes", *, has_grid: bool) -> None:
    """Frames, ticks and grid of the house."""
    axes.patch.set_visible(False)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(GRID)
    axes.tick_params(color=GRID, labelcolor=FAINT, length=3)
    axes.xaxis.label.set_color(FAINT)
    axes.yaxis.label.set_color(FAINT)
    if has_grid:
        axes.grid(axis="y", color=GRID, linewidth=0.8)
        axes.set_axisbelow(True)


def _for_page(svg: str) -> str:
    """The bare <svg> element, as wide as its place, in the page's colours and font."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg, count=1)
    for shade, variable in _VARIABLES.items():
        svg = re.sub(shade, f"var(--{variable})", svg, flags=re.IGNORECASE)
    return svg
