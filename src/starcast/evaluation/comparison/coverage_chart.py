"""The chart of predictive distributions: how often their intervals hold what came."""

from typing import TYPE_CHECKING

from starcast.evaluation.charts.style import FAINT, empty, legend, lines
from starcast.evaluation.comparison.compared import Compared
from starcast.evaluation.predictive import SHARES

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_coverage(comparison: Compared) -> "tuple[Figure, str]":
    """Coverage of central intervals over their share, and how far it is off below."""
    figure = empty(comparison.shown, "Coverage of predictive intervals", heights=(5, 3))
    whole, apart = figure.axes
    remarks = {}
    for n, (report, line) in enumerate(
        zip(comparison.reports, lines(comparison.shown), strict=True)
    ):
        if told := report.calibration:
            whole.plot(SHARES, told.coverage, **line.look)
            apart.plot(SHARES, told.coverage - SHARES, **line.look)
            remarks[n] = f"{told.figures()['Coverage of 80 %']:.3f} of 0.8"
        else:
            remarks[n] = "gives no chances"
    whole.plot([0, 1], [0, 1], color=FAINT, linewidth=0.8)
    apart.axhline(0, color=FAINT, linewidth=0.8)
    whole.set_ylim(0, 1)
    whole.set_ylabel("test ratings within")
    apart.set_ylabel("from right")
    apart.set_xlabel("share that the interval ought to hold")
    apart.yaxis.set_major_formatter("{x:+.3f}")
    for panel in figure.axes:
        panel.set_xlim(0, 1)
        panel.tick_params(labelbottom=panel is apart)
    legend(figure, comparison.shown, remarks)
    return figure, (
        "How often test ratings lie in the middle of the chances that a model gave; below the line "
        "it is too sure, above it too timid. Only of models that give chances to every rating."
    )
