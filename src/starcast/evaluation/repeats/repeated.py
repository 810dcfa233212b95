"""What repeats say: means with standard errors, pairs of models, and how much is chance."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from starcast.display import Column, as_html, as_paragraphs, as_text, figure
from starcast.evaluation.metrics import holm
from starcast.evaluation.repeats.t_test import Spread, spread_of

Doubles = NDArray[np.float64]

_DECIDING = ("RMSE", "NDCG@")  # at the end or the beginning of a figure's name
_LEVEL = 0.05
_FEWEST_LINES = 15  # of pairs, that are all said


@final
class CellFigures(NamedTuple):
    """One repeat.

    Attributes:
        number: of the split, counted from 0.
        split: how it was made, and with which seed.
        fingerprint: of its rows.
        seed: of training.
        test_per_train: test rows for each training row.
        figures: by model and by printed name.
    """

    number: int
    split: str
    fingerprint: str
    seed: int
    test_per_train: float
    figures: Mapping[str, Mapping[str, float]]


@final
class Difference(NamedTuple):
    """Two models by one figure.

    Attributes:
        spread: of how much the better one is better, split by split.
        p_value: Holm-adjusted over the pairs of this figure.
        of_seeds: standard deviation of that over training seeds on one split; NaN of one seed.
    """

    metric: str
    better: str
    worse: str
    spread: Spread
    p_value: float
    of_seeds: float


@final
@dataclass(frozen=True, eq=False, repr=False)
class Repeated:
    """Several models on several splits, by several seeds on each.

    Attributes:
        data: the data set, in words.
        cells: every repeat; each has the same models and figures.
    """

    data: str
    cells: tuple[CellFigures, ...]

    @property
    def models(self) -> list[str]:
        """Their titles."""
        return list(self.cells[0].figures)

    @property
    def metrics(self) -> list[str]:
        """The figures that any model has, by printed name."""
        every = [name for of_model in self.cells[0].figures.values() for name in of_model]
        return list(dict.fromkeys(every))

    @property
    def deciding(self) -> list[str]:
        """Those by which models are compared."""
        return [one for one in self.metrics if any(part in one for part in _DECIDING)]

    def values(self, model: str, metric: str) -> Doubles:
        """float64 (n_splits, n_seeds); NaN where the model has no such figure."""
        n_splits = self.cells[-1].number + 1
        found = [one.figures[model].get(metric) for one in self.cells]
        known = [math.nan if one is None else one for one in found]
        return np.array(known, np.float64).reshape(n_splits, -1)

    def spread(self, model: str, metric: str) -> Spread:
        """The mean over splits, of means over seeds."""
        return spread_of(self.values(model, metric).mean(axis=1), self._ratio)

    def of_seeds(self, model: str, metric: str) -> float:
        """Standard deviation over training seeds on one split; NaN of one seed."""
        values = self.values(model, metric)
        return _deviation(values, axis=1)

    def of_splits(self, model: str, metric: str) -> float:
        """Standard deviation over splits, of means over seeds; NaN of one split."""
        return _deviation(self.values(model, metric).mean(axis=1, keepdims=True), axis=0)

    def differences(self) -> list[Difference]:
        """Every pair of models by every deciding figure, p-values adjusted by Holm over pairs."""
        return [one for metric in self.deciding for one in self._pairs(metric)]

    def _told(self) -> list[Difference]:
        """Every pair, or where they are many, those of the best model by each figure."""
        pairs = self.differences()
        best = {one.metric: one.better for one in reversed(pairs)}
        return [
            one for one in pairs if len(pairs) <= _FEWEST_LINES or one.better == best[one.metric]
        ]

    def _pairs(self, metric: str) -> list[Difference]:
        told = [one for one in self.models if np.isfinite(self.values(one, metric)).all()]
        sign = -1 if metric.endswith("RMSE") else 1
        ranked = sorted(told, key=lambda one: -sign * float(self.values(one, metric).mean()))
        p_values, spreads = np.ones((len(ranked), len(ranked))), dict[tuple[int, int], Spread]()
        gaps = dict[tuple[int, int], Doubles]()
        for at, to in combinations(range(len(ranked)), 2):
            better, worse = (self.values(ranked[one], metric) for one in (at, to))
            gaps[at, to] = sign * (better - worse)
            spreads[at, to] = spread_of(gaps[at, to].mean(axis=1), self._ratio)
            p_values[at, to] = spreads[at, to].p_value
        adjusted = p_values if np.isnan(p_values).any() else holm(p_values)
        return [
            Difference(metric, ranked[at], ranked[to], spread, float(adjusted[at, to]),
                       _deviation(gaps[at, to], axis=1))
            for (at, to), spread in spreads.items()
        ]  # fmt: skip

    @property
    def _ratio(self) -> float:
        return float(np.mean([one.test_per_train for one in self.cells]))

    def sentences(self) -> list[str]:
        """What is really apart, and how much of any difference is chance."""
        n_splits, n_seeds = self.values(self.models[0], self.metrics[0]).shape
        said = [_in_words(one) for one in self._told()]
        for metric in self.deciding:
            said += [line for model in self.models if (line := self._chance(model, metric))]
        if n_seeds == 1:
            said.append(f"Seeds and splits changed together: --repeat {n_splits}x3 tells how much "
                        "of it is the training seed's.")  # fmt: skip
        if n_splits > 1 and len({one.fingerprint for one in self.cells}) == 1:
            said.append("Every split has the same rows in the same parts.")
        return said

    def _chance(self, model: str, metric: str) -> str:
        values = self.values(model, metric)
        if not np.isfinite(values).all() or values.size < 2:
            return ""
        told = f"{metric} of {model}: {values.min():.4f} to {values.max():.4f}"
        apart = {"splits": self.of_splits(model, metric), "seeds": self.of_seeds(model, metric)}
        parts = [f"{value:.4f} over {name}" for name, value in apart.items() if value == value]
        return f"{told}; standard deviation {' and '.join(parts)}."

    def table(self, metrics: Sequence[str] | None = None) -> list[Column]:
        """A row for each model: mean ± standard error of every figure."""
        columns = [Column("model", self.models, is_number=False)]
        for metric in metrics or self.metrics:
            spreads = [self.spread(model, metric) for model in self.models]
            columns.append(Column(metric, [_with_error(one) for one in spreads]))
        return columns

    def runs(self) -> list[Column]:
        """A row for each model of each repeat."""
        rows = [(cell, model) for cell in self.cells for model in self.models]
        texts = {
            "model": [model for _, model in rows],
            "split": [cell.split for cell, _ in rows],
            "fingerprint": [cell.fingerprint[:12] for cell, _ in rows],
            "training seed": [str(cell.seed) for cell, _ in rows],
        }
        columns = [Column(name, cells, is_number=False) for name, cells in texts.items()]
        for metric in self.deciding:
            told = [cell.figures[model].get(metric) for cell, model in rows]
            columns.append(Column(metric, [figure(math.nan if x is None else x) for x in told]))
        return columns

    def record(self) -> dict[str, Any]:
        """All of it as plain values."""
        return {
            "data": self.data,
            "runs": [one._asdict() for one in self.cells],
            "means": {
                model: {metric: self.spread(model, metric)._asdict() | {
                    "over_splits": self.of_splits(model, metric),
                    "over_seeds": self.of_seeds(model, metric),
                } for metric in self.metrics}
                for model in self.models
            },
            "differences": [
                one._asdict() | {"spread": one.spread._asdict()} for one in self.differences()
            ],
            "sentences": self.sentences(),
        }  # fmt: skip

    def __repr__(self) -> str:
        return "\n".join([self.data, "", as_text(self.table()), "", *self.sentences()])

    def _repr_html_(self) -> str:
        return as_html(self.table()) + as_paragraphs(self.sentences())


def _deviation(values: Doubles, axis: int) -> float:
    if values.shape[axis] < 2:
        return math.nan
    return float(np.sqrt(np.mean(values.var(axis=axis, ddof=1))))


def _with_error(spread: Spread) -> str:
    error = "" if math.isnan(spread.error) else f" ± {spread.error:.4f}"
    return f"{figure(spread.mean)}{error}"


def _in_words(one: Difference) -> str:
    gap, pair = f"{one.spread.mean:.4f} {one.metric}", f"{one.better} and {one.worse}"
    if math.isnan(one.p_value):
        return f"{pair} are {gap} apart on one split, which says nothing of others."
    chance = "p < 0.001" if one.p_value < 0.001 else f"p {one.p_value:.3f}"
    told = f"(95 % {one.spread.low:.4f} to {one.spread.high:.4f}, {chance})"
    if one.of_seeds == one.of_seeds:
        told += f"; another training seed moves it by {one.of_seeds:.4f}"
    if one.p_value < _LEVEL:
        return f"{one.better} beats {one.worse} by {gap} {told}."
    return f"{pair} are not really apart: {gap} {told}."
