"""The charts of a comparison, by name."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from starcast.errors import require_name
from starcast.evaluation.charts.epochs import draw_epochs, has_epochs
from starcast.evaluation.charts.style import Chart, in_style, save
from starcast.evaluation.comparison import held_out_charts, list_charts
from starcast.evaluation.comparison.both_chart import draw_both
from starcast.evaluation.comparison.compared import Compared
from starcast.evaluation.comparison.coverage_chart import draw_coverage
from starcast.evaluation.metrics import LISTS, STARS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BOTH = "rmse-and-ndcg"


def draw(comparison: Compared) -> dict[str, Chart]:
    """Every chart by name, which is also that of its files.

    rmse-and-ndcg; ndcg and catalogue-recall over list size; coverage, where a model gives chances;
    rmse over epochs, and validation-ndcg where list models have epochs;
    held-out-precision, held-out-recall and held-out-f1.
    """
    with in_style():
        return {name: save(*drawn()) for name, drawn in _charts(comparison).items()}


def plot(comparison: Compared, name: str) -> "Figure":
    """One chart. Raises: UnknownNameError: it has none of that name."""
    charts = _charts(comparison)
    with in_style():
        return charts[require_name("chart", name, charts)]()[0]


def _charts(comparison: Compared) -> "dict[str, Callable[[], tuple[Figure, str]]]":
    """What draws each of them."""
    charts: dict[str, Callable[[], Any]] = {BOTH: partial(draw_both, comparison)}
    for curve, name in (("ndcg", "ndcg"), ("recall", "catalogue-recall")):
        charts[name] = partial(list_charts.draw_lists, comparison, curve)
    if any(report.calibration for report in comparison.reports):
        charts["coverage"] = partial(draw_coverage, comparison)
    for objective, name in ((STARS, "rmse"), (LISTS, "validation-ndcg")):
        if has_epochs(comparison.shown, objective):
            charts[name] = partial(draw_epochs, comparison.shown, objective)
    for curve in held_out_charts.CURVES:
        charts[f"held-out-{curve}"] = partial(held_out_charts.draw_held_out, comparison, curve)
    return charts
