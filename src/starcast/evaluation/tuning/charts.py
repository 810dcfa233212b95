"""Charts of a search: its history, parallel coordinates of settings, and their importances."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from starcast import models
from starcast.evaluation.charts.style import (
    CARD,
    FAINT,
    INK,
    SERIES,
    Chart,
    in_style,
    save,
    style_axes,
)
from starcast.evaluation.metrics import TITLES
from starcast.training.tuning.records import PRUNED, Searched, Trial
from starcast.training.tuning.space import Options, Parameter

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SIZE = (5.8, 4.2)  # inches
_GOOD = 0.1  # share of the trials that are drawn as good ones
_PICKED, _REST = SERIES[1], SERIES[0]
_PATCH = {"facecolor": CARD, "edgecolor": "none", "pad": 0.6, "alpha": 0.8}  # below a label


def draw(searched: Searched) -> dict[str, Chart]:
    """The charts of a model by name: history, settings, and importances if these are known."""
    with in_style():
        charts = {"history": save(*_history(searched))}
        if searched.best:
            charts["settings"] = save(*_parallel(searched))
        if searched.importances:
            charts["importances"] = save(*_importances(searched))
    return charts


def _history(searched: Searched) -> "tuple[Figure, str]":
    """Figures of trials in their order, and the best so far."""
    from matplotlib.ticker import MaxNLocator

    figure, axes = _empty(searched, "Trials")
    complete = [one for one in searched.trials if one.value is not None]
    numbers = [one.number for one in complete]
    values = np.array([one.value for one in complete], float)
    pruned = [one for one in searched.trials if one.state == PRUNED and one.curve]
    reached = [_best(searched, one.curve) for one in pruned]
    axes.plot([one.number for one in pruned], reached, "x", color=FAINT, markersize=4.5,
              label="given up")  # fmt: skip
    axes.plot(numbers, values, "o", color=_REST, markersize=4.5, label="complete")
    best_so_far = (np.minimum if searched.objective.lower_is_better else np.maximum).accumulate
    axes.step(numbers, best_so_far(values), where="post", color=_PICKED, label="best so far")
    if searched.start and searched.start.value is not None:
        axes.axhline(searched.start.value, color=FAINT, linestyle=(0, (1.2, 1.2)), linewidth=1.2,
                     label="as it started")  # fmt: skip
    if len(values):
        axes.set_ylim(*_limits(searched, values))
    axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
    axes.set_xlabel("trial")
    axes.set_ylabel(f"validation {TITLES[searched.objective.metric]}")
    _legend(figure, axes)
    side = "above" if searched.objective.lower_is_better else "below"
    return (
        figure,
        f"A cross is the best epoch of a trial that was given up. Some may lie {side} the frame.",
    )


def _limits(searched: Searched, values: NDArray[np.float64]) -> tuple[float, float]:
    """A frame with the better four fifths in it: one bad trial must not flatten the others."""
    losses = np.sort(values if searched.objective.lower_is_better else -values)
    low, high = float(losses[0]), float(np.percentile(losses, 80))
    if searched.start and searched.start.value is not None:
        start = searched.start.value
        high = max(high, start if searched.objective.lower_is_better else -start)
    margin = 0.08 * (high - low) or 0.01
    ends = low - margin, high + margin
    return ends if searched.objective.lower_is_better else (-ends[1], -ends[0])


def _parallel(searched: Searched) -> "tuple[Figure, str]":
    """A line for each complete trial across an axis for each setting, the last for its figure."""
    figure, axes = _empty(searched, "Settings of complete trials", bottom=0.86)
    trials = sorted(
        (one for one in searched.trials if one.value is not None),
        key=lambda one: _loss(searched, one), reverse=True,
    )  # fmt: skip
    metric, n_good = TITLES[searched.objective.metric], max(1, round(_GOOD * len(trials)))
    names = list(searched.space)
    columns = [
        _column(searched.space[name], [one.settings[name] for one in trials]) for name in names
    ]
    columns.append(_value_column(searched, trials))
    table = np.array([places for places, _ in columns])
    for n, line in enumerate(table.T):
        is_good, is_best = n >= len(trials) - n_good, n == len(trials) - 1
        axes.plot(line, color=_PICKED if is_good else _REST, zorder=3 if is_best else 2,
                  linewidth=2.4 if is_best else 1.0, alpha=1.0 if is_good else 0.35)  # fmt: skip
    for at, (_, ticks) in enumerate(columns):
        axes.axvline(at, color=FAINT, linewidth=0.8)
        for place, text in ticks:
            axes.annotate(text, (at, place), (3, 0), textcoords="offset points", fontsize=6.8,
                          color=INK, va="center", parse_math=False, zorder=4,
                          bbox=_PATCH)  # fmt: skip
    axes.set_xlim(-0.1, len(columns) - 1 + 0.35)
    axes.set_ylim(-0.05, 1.05)
    axes.set_yticks([])
    axes.set_xticks(range(len(columns)), [*names, metric], rotation=22, ha="right")
    axes.spines["left"].set_visible(False)
    good = "the best trial" if n_good == 1 else f"the best {n_good} trials, the best one bold"
    return figure, f"Each line is a trial; orange: {good}. Better figures are at the top."


def _importances(searched: Searched) -> "tuple[Figure, str]":
    """A bar for each setting."""
    figure, axes = _empty(searched, "What mattered", left=0.30)
    names, shares = list(searched.importances), list(searched.importances.values())
    places = np.arange(len(names))[::-1]
    axes.barh(places, shares, color=_REST, height=0.6)
    for place, share in zip(places, shares, strict=True):
        axes.annotate(f"{share:.0%}", (share, place), (4, 0), textcoords="offset points",
                      va="center", color=FAINT, fontsize=8)  # fmt: skip
    axes.set_yticks(places, names)
    axes.set_xlim(0, 1.12 * max(shares))
    axes.set_xticks([])
    axes.grid(visible=False)
    return figure, (
        "How far a setting alone tells the best tenth of the trials from the others (PED-ANOVA, "
        "Watanabe et al. 2023); shares of all settings. Of few trials it tells little."
    )


def _empty(
    searched: Searched, title: str, *, left: float = 0.14, bottom: float = 0.52
) -> "tuple[Figure, Axes]":
    from matplotlib.figure import Figure

    height = _SIZE[1]
    figure = Figure(figsize=_SIZE)
    axes = figure.add_axes((left, bottom / height, 0.97 - left, (height - bottom - 0.72) / height))
    style_axes(axes, has_grid=True)
    line = 1 - 0.12 / height
    figure.text(0.02, line, title, fontsize=13, fontweight="bold", color=INK, va="top")
    figure.text(0.975, line, models.find(searched.model).title, fontsize=8, color=FAINT, ha="right",
                va="top", parse_math=False)  # fmt: skip
    return figure, axes


def _legend(figure: "Figure", axes: "Axes") -> None:
    figure.legend(
        *axes.get_legend_handles_labels(), loc="upper left",
        bbox_to_anchor=(0.01, 1 - 0.38 / _SIZE[1]), ncols=4, frameon=False, fontsize=8.4,
        labelcolor=INK, columnspacing=1.2, handletextpad=0.5,
    )  # fmt: skip


Column = tuple[NDArray[np.float64], Sequence[tuple[float, str]]]
"""Places in [0, 1] of the trials, and what stands at which."""


def _column(parameter: Parameter, values: Sequence[Any]) -> Column:
    """A setting's axis: options at equal distances, numbers on their scale."""
    if isinstance(parameter, Options):
        n = max(1, len(parameter.values) - 1)
        places = {value: at / n for at, value in enumerate(parameter.values)}
        return np.array([places[one] for one in values]), [
            (at, str(value)) for value, at in places.items()
        ]
    low, high, is_log, _ = parameter
    scale: Any = np.log if is_log else np.asarray
    ends = scale(np.array([low, high], float))
    places = (scale(np.array(values, float)) - ends[0]) / (ends[1] - ends[0])
    return places, [(0.0, f"{low:g}"), (1.0, f"{high:g}")]


def _value_column(searched: Searched, trials: Sequence[Trial]) -> Column:
    """The figures' axis, the best at the top."""
    losses = np.array([_loss(searched, one) for one in trials])
    worst, best = losses[0], losses[-1]
    places = (worst - losses) / ((worst - best) or 1.0)
    return places, [(0.0, f"{abs(worst):.4f}"), (1.0, f"{abs(best):.4f}")]


def _loss(searched: Searched, trial: Trial) -> float:
    value = trial.value or 0.0
    return value if searched.objective.lower_is_better else -value


def _best(searched: Searched, curve: Sequence[float]) -> float:
    return (min if searched.objective.lower_is_better else max)(curve)
