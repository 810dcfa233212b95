"""Charts of training: what decided between epochs on validation rows, one line per model."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from starcast.artifacts.artifact import Artifact
from starcast.errors import ConfigError
from starcast.evaluation.charts.style import CARD, Line, Shown, empty, in_style, legend, lines
from starcast.evaluation.charts.training_run import objective_of, validation_curve
from starcast.evaluation.metrics import TITLES, Objective

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Doubles = NDArray[np.float64]

_ALIKE = 3  # times as long as the shortest may the longest run be, for epochs to be the axis


@final
class _Curve(NamedTuple):
    """A model's run: epochs, what each reached, and which one was chosen."""

    epochs: NDArray[np.int64]
    figures: Doubles
    best: int


def has_epochs(shown: Shown, objective: Objective) -> bool:
    """Whether any model of that objective learned in more than one epoch."""
    return any(objective_of(one) == objective and len(one.history) > 1 for one in shown.artifacts)


def draw_epochs(shown: Shown, objective: Objective) -> "tuple[Figure, str]":
    """What decided, over epochs, of the models of one objective; and what to know of it.

    An epoch is a sweep of a sampler, too, of which there are hundreds. Where runs differ much in
    length each is drawn over the whole width, from its beginning to its end, so that none is
    squeezed; the legend counts epochs.
    """
    title = TITLES[objective.metric]
    figure = empty(shown, f"Validation {title} over epochs")
    axes, remarks = figure.axes[0], dict[int, str]()
    curves: dict[int, _Curve] = {}
    for n, artifact in enumerate(shown.artifacts):
        own = objective_of(artifact)
        if own == objective:
            curves[n] = _Curve(*validation_curve(artifact), artifact.best_epoch)
        else:
            remarks[n] = f"by {TITLES[own.metric]}"
    of_shares = _differ_in_length(list(curves.values()))
    for n, curve in curves.items():
        place = 100 / max(int(curve.epochs[-1]), 1) if of_shares and len(curve.epochs) else 1.0
        _draw(axes, curve, place, lines(shown)[n])
        if said := _in_words(curve, counts=of_shares):
            remarks[n] = said
    axes.set_ylim(*_limits([curve.figures for curve in curves.values()], objective))
    axes.set_ylabel(f"{title} on validation ratings")
    _over(axes, list(curves.values()), of_shares=of_shares)
    legend(figure, shown, remarks)
    side = "above" if objective.lower_is_better else "below"
    whole = "Each run is drawn over the whole width; the legend says of how many epochs it is. "
    note = (
        "A dot marks the epoch that validation chose; each model stops once it no longer improves. "
        f"{whole if of_shares else ''}Early epochs may lie {side} the frame."
    )
    return figure, note


def draw_history(artifact: Artifact) -> "Figure":
    """One model's training; see `draw_epochs`. Raises: ConfigError: it was not trained."""
    if not len(validation_curve(artifact)[0]):
        raise ConfigError(f"a {artifact.model} has no epochs that validation rows have judged")
    shown = Shown((artifact.title,), (artifact,))
    with in_style():
        return draw_epochs(shown, objective_of(artifact))[0]


def _differ_in_length(curves: Sequence[_Curve]) -> bool:
    lengths = [int(curve.epochs[-1]) for curve in curves if len(curve.epochs) > 1]
    return bool(lengths) and max(lengths) > _ALIKE * min(lengths)


def _draw(axes: "Axes", curve: _Curve, place: float, line: Line) -> None:
    marker = "." if len(curve.figures) < 12 else ""
    axes.plot(place * curve.epochs, curve.figures, **line.look, marker=marker, markersize=4)
    for at in np.flatnonzero(curve.epochs == curve.best):
        axes.plot(place * curve.best, curve.figures[at], "o", color=line.colour, markersize=7.5,
                  zorder=5, markeredgecolor=CARD, markeredgewidth=1.2)  # fmt: skip


def _in_words(curve: _Curve, *, counts: bool) -> str:
    """What was reached, and when; "" where it is not known."""
    found = curve.figures[curve.epochs == curve.best]
    if not len(found):
        return ""
    if counts:
        return f"{found[0]:.4f} at {curve.best} of {curve.epochs[-1]}"
    return f"{found[0]:.4f} " + (f"in epoch {curve.best}" if curve.best else "as it started")


def _over(axes: "Axes", curves: Sequence[_Curve], *, of_shares: bool) -> None:
    """What lies below: epochs, or shares of each run."""
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    if of_shares:
        axes.set_xlim(-1, 102)
        axes.xaxis.set_major_formatter(PercentFormatter(decimals=0))
        axes.set_xlabel("epochs, of all that each model's run has")
        return
    ends = [int(epoch) for curve in curves for epoch in curve.epochs]
    axes.set_xlim(min(ends, default=1) - 0.5, max(ends, default=1) + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True, steps=[1, 2, 5, 10]))
    axes.set_xlabel("epoch")


def _limits(histories: Sequence[Doubles], objective: Objective) -> tuple[float, float]:
    if objective.lower_is_better:
        return loss_limits(histories)
    low, high = loss_limits([-line for line in histories])
    return -high, -low


def loss_limits(histories: Sequence[Doubles]) -> tuple[float, float]:
    """Lowest and highest loss worth showing.

    Inside are every line's end and the lower four fifths of its points: a first epoch far off must
    not flatten all that matters.
    """
    finite = [line[np.isfinite(line)] for line in histories]
    finite = [line for line in finite if len(line)]
    if not finite:
        return 0.0, 1.0
    lowest = min(float(line.min()) for line in finite)
    highest = max(max(float(np.percentile(line, 80)), float(line[-1])) for line in finite)
    margin = 0.06 * (highest - lowest) or 0.01
    return lowest - margin, highest + margin
