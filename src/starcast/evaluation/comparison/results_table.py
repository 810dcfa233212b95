"""What a comparison shows of every model: a table of stars and one of lists, each best first."""

import math
from collections.abc import Sequence

from starcast.display import Column, figure
from starcast.evaluation.comparison.verdict import Verdict
from starcast.evaluation.report import Report

REMARK = "beside the baselines"  # a column that is there if anything is to be said in it

_STARS = ("MAE", "Accuracy")
_HELD_OUT = ("Held-out Precision", "Held-out Recall", "Held-out F1")
_LISTS = ("Catalogue Recall", "HitRate", "HitStars", "Coverage", "LongTail")


def stars_columns(verdict: Verdict, reports: Sequence[Report]) -> list[Column]:
    """Every model as a predictor of stars, best first; RMSE with its 95 % interval, stars."""
    k = reports[0].k
    of_chances = [one.calibration.figures() for one in reports if one.calibration]
    names = [*_STARS, *(of_chances[0] if of_chances else ())]
    return _columns(verdict, reports, [*names, *(f"{name}@{k}" for name in _HELD_OUT)])


def lists_columns(verdict: Verdict, reports: Sequence[Report]) -> list[Column]:
    """Every model as a maker of lists from the whole catalogue, best first."""
    return _columns(verdict, reports, [f"{name}@{reports[0].k}" for name in _LISTS])


def _columns(verdict: Verdict, reports: Sequence[Report], names: Sequence[str]) -> list[Column]:
    order = verdict.ranked()
    figures = [reports[n].figures() for n in order]
    models = [verdict.contestants[n].name for n in order]
    found = [Column("model", models, is_number=False)]
    found.append(Column(verdict.metric, [_with_interval(verdict, n) for n in order]))
    found += [
        Column(name, [figure(values.get(name, math.nan)) for values in figures]) for name in names
    ]
    remarks = verdict.against_baselines()
    if remarks:
        said = [remarks[n].in_short if n in remarks else "" for n in order]
        found.append(Column(REMARK, said, is_number=False))
    return found


def _with_interval(verdict: Verdict, n: int) -> str:
    low, high = verdict.interval(n)
    return f"{figure(verdict.contestants[n].figure)} ({low:.3f}–{high:.3f})"
