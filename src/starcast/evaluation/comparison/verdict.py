"""Verdict: which of several models is really better, by one objective, in numbers and in words."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple, final

from starcast.evaluation.metrics import STARS, Bootstrap, Objective

_ROUNDING = 1e-9
LEVEL = 0.05  # a difference with a smaller adjusted p-value is called real


@final
class Contestant(NamedTuple):
    """A model as a verdict sees it.

    Attributes:
        name: no two alike.
        figure: its RMSE, or its NDCG.
        is_leaky: whether its figures are worthless.
        is_baseline: whether it is there to be beaten.
        made_for: its own objective, which need not be the one it is judged by here.
    """

    name: str
    figure: float
    is_leaky: bool
    is_baseline: bool
    made_for: Objective


@final
class Pair(NamedTuple):
    """Two models on the same test rows.

    Attributes:
        better, worse: positions among the models; the better figure first.
        gap: how far the figures are apart, 0 or more.
        low, high: 95 % interval of the gap, of this pair alone.
        p_value: two-sided, Holm-adjusted over all pairs.
        is_real: whether chance is ruled out at the 5 % level and neither model is leaky.
        verdict: the same in words.
    """

    better: int
    worse: int
    gap: float
    low: float
    high: float
    p_value: float
    is_real: bool
    verdict: str


@final
class Remark(NamedTuple):
    """What is to be said of a model that does not really beat every baseline.

    Attributes:
        in_short: for a table.
        sentence: with the model's name and the gap.
    """

    in_short: str
    sentence: str


@final
@dataclass(frozen=True, eq=False, kw_only=True)
class Verdict:
    """Several models judged by one objective.

    Attributes:
        objective: what they are judged for.
        metric: the deciding figure by its printed name, such as "NDCG@10".
        contestants: one per model.
        tests: intervals and paired tests of the figures, in the same order.
    """

    objective: Objective
    metric: str
    contestants: tuple[Contestant, ...]
    tests: Bootstrap

    def ranked(self) -> tuple[int, ...]:
        """Positions, best first; leaky models come last."""

        def key(n: int) -> tuple[bool, float, int]:
            return self.contestants[n].is_leaky, self._loss(n), n

        return tuple(sorted(range(len(self.contestants)), key=key))

    def interval(self, n: int) -> tuple[float, float]:
        """95 % interval of a model's figure."""
        return float(self.tests.low[n]), float(self.tests.high[n])

    def pairs(self) -> tuple[Pair, ...]:
        """Every pair of models, best ranked first."""
        return tuple(self._pair(one, other) for one, other in combinations(self.ranked(), 2))

    def sentence(self) -> str:
        """Which model is the best, as far as these test rows can tell."""
        head = f"Best {self.objective.name}"
        honest = [n for n in self.ranked() if not self.contestants[n].is_leaky]
        if len(honest) < 2:
            return f"{head}: no verdict, as fewer than two of these models are free of leaks."
        best, *others = honest
        real = {n for n in others if self._pair(best, n).is_real}
        beaten = listed([self._name(n) for n in others if n in real])
        tied = listed([self._name(n) for n in others if n not in real])
        if not beaten:
            return (
                f"{head}: no clear winner. {self._name(best)} has the {self._superlative} "
                f"{self.metric}, but not really {self._comparative} than {tied}."
            )
        remark = ", a baseline" if self.contestants[best].is_baseline else ""
        but = f", but not than {tied}" if tied else ""
        return f"{head}: {self._name(best)}{remark}, really better than {beaten}{but}."

    def against_baselines(self) -> dict[int, Remark]:
        """What is to be said of models that do not really beat every baseline, by position.

        Of a model that beats them, of a baseline and of a leaky model there is nothing to say.
        """
        said = {n: self._beside(n) for n in self.ranked() if not self._exempt(n)}
        return {n: remark for n, remark in said.items() if remark}

    def _beside(self, n: int) -> Remark | None:
        """To which baseline a model loses by most, or else which it does not really beat."""
        pairs = {rival: self._pair(n, rival) for rival in self._baselines()}
        name = self._name(n)
        for rival, pair in pairs.items():
            if pair.is_real and pair.better == rival:
                words = f"loses to {self._name(rival)}"
                return Remark(words, f"{name} {words} by {pair.gap:.4f} {self.metric}")
        for rival, pair in pairs.items():
            if not pair.gap and self.objective == STARS != self.contestants[n].made_for:
                words = f"as {self._name(rival)}, made for {self.contestants[n].made_for.name}"
                return Remark(words, f"{name} predicts {words}")
            if not pair.is_real:
                words = f"no better than {self._name(rival)}"
                return Remark(words, f"{name} is {words}: no real difference by {self.metric}")
        return None

    def _baselines(self) -> list[int]:
        """Positions, best first; of equal ones, first the one that is made for this objective."""
        found = [n for n in self.ranked() if self.contestants[n].is_baseline]
        return sorted(
            found, key=lambda n: (self._loss(n), self.contestants[n].made_for != self.objective)
        )

    def _exempt(self, n: int) -> bool:
        return self.contestants[n].is_baseline or self.contestants[n].is_leaky

    def _pair(self, one: int, other: int) -> Pair:
        better, worse = sorted((one, other), key=self._loss)
        tests = self.tests
        # of loss: the larger figure is the worse one, or the better one
        first, second = (worse, better) if self.objective.lower_is_better else (better, worse)
        p_value = float(tests.p_value[worse, better])
        leaky = [n for n in (better, worse) if self.contestants[n].is_leaky]
        pair = Pair(
            better=better,
            worse=worse,
            gap=abs(self.contestants[worse].figure - self.contestants[better].figure),
            low=float(tests.difference_low[first, second]),
            high=float(tests.difference_high[first, second]),
            p_value=p_value,
            is_real=p_value < LEVEL and not leaky,
            verdict="",
        )
        return pair._replace(verdict=self._in_words(pair, leaky))

    def _in_words(self, pair: Pair, leaky: list[int]) -> str:
        better, worse = self._name(pair.better), self._name(pair.worse)
        if leaky:
            worthless = listed([self._name(n) for n in leaky])
            return f"no verdict on {better} and {worse}: figures of {worthless} are worthless"
        p = p_text(pair.p_value, self.tests.floor)
        details = f"95 % {pair.low:.4f} to {pair.high:.4f}, {p}"
        if pair.is_real:
            return f"{better} beats {worse} by {pair.gap:.4f} {self.metric} ({details})"
        gap = f"{pair.gap:.4f} {self.metric}"
        return f"no real difference between {better} and {worse} ({gap}; {details})"

    def _loss(self, n: int) -> float:
        figure = self.contestants[n].figure
        return figure if self.objective.lower_is_better else -figure

    def _name(self, n: int) -> str:
        return self.contestants[n].name

    @property
    def _superlative(self) -> str:
        return "lowest" if self.objective.lower_is_better else "highest"

    @property
    def _comparative(self) -> str:
        return "lower" if self.objective.lower_is_better else "higher"


def p_text(p_value: float, floor: float = 0.0) -> str:
    """A p-value as people write it.

    Args:
        p_value: the value.
        floor: the smallest that the test can give; a value that is no larger says "at most".

    >>> p_text(0.0123), p_text(0.01, floor=0.01), p_text(0.0001)
    ('p = 0.012', 'p ≤ 0.010', 'p < 0.001')
    """
    if p_value < 0.001:
        return "p < 0.001"
    if floor and p_value < 1 and p_value <= floor * (1 + _ROUNDING):
        return f"p ≤ {math.ceil(1000 * p_value * (1 - _ROUNDING)) / 1000:.3f}"
    return f"p = {p_value:.3f}"


def listed(names: Sequence[str]) -> str:
    """Names as a sentence lists them; some titles hold commas, so semicolons part three or more.

    >>> listed(["Ensemble, cold", "Blend", "Means"])
    'Ensemble, cold; Blend; and Means'
    """
    if len(names) < 3:
        return " and ".join(names)
    return f"{'; '.join(names[:-1])}; and {names[-1]}"
