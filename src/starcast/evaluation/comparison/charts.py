"""The charts of a comparison, by name."""

from starcast.evaluation.comparison import held_out_charts, list_charts
from starcast.evaluation.comparison.both_chart import draw_both
from starcast.evaluation.comparison.chart_style import FORMS, Chart, save
from starcast.evaluation.comparison.comparison import Comparison
from starcast.evaluation.comparison.coverage_chart import draw_coverage
from starcast.evaluation.comparison.epoch_charts import draw_epochs, has_epochs
from starcast.evaluation.metrics import LISTS, STARS


def draw(comparison: Comparison) -> dict[str, Chart]:
    """Every chart by name, which is also that of its files.

    rmse-and-ndcg; ndcg and catalogue-recall over list size; coverage, where a model gives chances;
    rmse over epochs, and validation-ndcg where list models have epochs;
    held-out-precision, held-out-recall and held-out-f1.
    """
    from matplotlib import rc_context

    with rc_context(FORMS):
        charts = {"rmse-and-ndcg": save(*draw_both(comparison))}
        for curve, name in (("ndcg", "ndcg"), ("recall", "catalogue-recall")):
            charts[name] = save(*list_charts.draw_lists(comparison, curve))
        if any(report.calibration for report in comparison.reports):
            charts["coverage"] = save(*draw_coverage(comparison))
        for objective, name in ((STARS, "rmse"), (LISTS, "validation-ndcg")):
            if has_epochs(comparison, objective):
                charts[name] = save(*draw_epochs(comparison, objective))
        frame = held_out_charts.frame_of(comparison)
        for curve in held_out_charts.CURVES:
            drawn = held_out_charts.draw_held_out(comparison, curve, frame)
            charts[f"held-out-{curve}"] = save(*drawn)
    return charts
