"""Comparison: which differences between models are real, in numbers and in plain words."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, NamedTuple, final

import numpy as np

from starcast.artifacts.artifact import Artifact
from starcast.display import Column, as_html, as_paragraphs, as_text
from starcast.errors import ConfigError
from starcast.evaluation import metrics
from starcast.evaluation.comparison import results_table
from starcast.evaluation.metrics import Bootstrap
from starcast.evaluation.report import Report

LEVEL = 0.05  # a difference with a smaller adjusted p-value is called real


class Pair(NamedTuple):
    """Two models on the same test rows.

    Attributes:
        better, worse: positions in `Comparison.reports`; lower RMSE first.
        gap: RMSE of the worse minus RMSE of the better, stars, 0 or more.
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
@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Comparison:
    """Several models judged on the very same test rows.

    Attributes:
        reports: one per model, in the order they were given.
        names: one per model, no two alike.
        bootstrap: intervals and paired tests, in the order of `reports`.
        n_draws, seed: of the bootstrap.
    """

    reports: tuple[Report, ...]
    names: tuple[str, ...]
    bootstrap: Bootstrap
    n_draws: int
    seed: int

    def ranked(self) -> tuple[int, ...]:
        """Positions in `reports` by RMSE, best first; leaky models come last."""

        def key(n: int) -> tuple[bool, float, int]:
            report = self.reports[n]
            return bool(report.artifact.leak), report.rmse, n

        return tuple(sorted(range(len(self.reports)), key=key))

    def interval(self, n: int) -> tuple[float, float]:
        """95 % interval of a model's RMSE, stars."""
        return float(self.bootstrap.low[n]), float(self.bootstrap.high[n])

    def cells(self) -> dict[str, list[str]]:
        """Cells of every column of the table of results, best ranked first."""
        order = self.ranked()
        return results_table.cells(
            [self.reports[n] for n in order], [self.interval(n) for n in order]
        )

    def pairs(self) -> tuple[Pair, ...]:
        """Every pair of models, best ranked first."""
        return tuple(self._pair(one, other) for one, other in combinations(self.ranked(), 2))

    def verdict(self) -> str:
        """Which model is the best, as far as these test rows can tell."""
        honest = [n for n in self.ranked() if not self.reports[n].artifact.leak]
        if len(honest) < 2:
            return "No verdict: fewer than two of these models are free of leaks."
        best, *others = honest
        real = {pair.worse for pair in self.pairs() if pair.better == best and pair.is_real}
        beaten = _listed([self.names[n] for n in others if n in real])
        tied = _listed([self.names[n] for n in others if n not in real])
        if not tied:
            return f"{self.names[best]} is the best here: really better than {beaten}."
        if not beaten:
            return (
                f"No clear winner: {self.names[best]} has the lowest RMSE, "
                f"but not really lower than {tied}."
            )
        return (
            f"{self.names[best]} has the lowest RMSE: really better than {beaten}, "
            f"but not than {tied}."
        )

    def __repr__(self) -> str:
        return "\n".join([as_text(self._columns()), "", *self._verdicts()])

    def _repr_html_(self) -> str:
        return as_html(self._columns()) + as_paragraphs(self._verdicts())

    def _columns(self) -> list[Column]:
        names = [self.names[n] for n in self.ranked()]
        figures = (Column(name, column) for name, column in self.cells().items())
        return [Column("model", names, is_number=False), *figures]

    def _verdicts(self) -> list[str]:
        return [self.verdict(), *(pair.verdict for pair in self.pairs())]

    def _pair(self, one: int, other: int) -> Pair:
        better, worse = sorted((one, other), key=lambda n: self.reports[n].rmse)
        tests = self.bootstrap
        low, high = tests.difference_low[worse, better], tests.difference_high[worse, better]
        p_value = float(tests.p_value[worse, better])
        leaky = [n for n in (better, worse) if self.reports[n].artifact.leak]
        pair = Pair(
            better=better,
            worse=worse,
            gap=self.reports[worse].rmse - self.reports[better].rmse,
            low=float(low),
            high=float(high),
            p_value=p_value,
            is_real=p_value < LEVEL and not leaky,
            verdict="",
        )
        return pair._replace(verdict=self._in_words(pair, leaky))

    def _in_words(self, pair: Pair, leaky: list[int]) -> str:
        better, worse = self.names[pair.better], self.names[pair.worse]
        if leaky:
            worthless = _listed([self.names[n] for n in leaky])
            return f"no verdict on {better} and {worse}: figures of {worthless} are worthless"
        details = f"95 % {pair.low:.4f} to {pair.high:.4f}, {p_text(pair.p_value)}"
        if pair.is_real:
            return f"{better} beats {worse} by {pair.gap:.4f} RMSE ({details})"
        return f"no real difference between {better} and {worse} ({pair.gap:.4f} RMSE; {details})"


def compare(reports: Sequence[Report], *, n_draws: int = 2000, seed: int = 0) -> Comparison:
    """Judge models against each other by a paired bootstrap over the users of their test rows.

    Args:
        reports: two or more, of models of one split, with one list size.
        n_draws: bootstrap draws.
        seed: of the draws.
    Raises:
        ConfigError: fewer than two models or two users, different list sizes, or too few draws for
            any difference to be called real.
        SplitMismatchError: a model was trained on another split.
    Source: `metrics.bootstrap_rmse`. Deviations: none.
    """
    reports = tuple(reports)
    _check(reports, n_draws)
    sums = np.vstack([report.squared_errors for report in reports])
    return Comparison(
        reports=reports,
        names=_names([report.artifact for report in reports]),
        bootstrap=metrics.bootstrap_rmse(sums, reports[0].n_rows_of_user, n_draws, seed),
        n_draws=n_draws,
        seed=seed,
    )


def draws_for(n_models: int) -> int:
    """Bootstrap draws that leave room for Holm's factor over all pairs; 2000 for usual numbers."""
    return max(2000, 200 * (n_models * (n_models - 1) // 2))


def p_text(p_value: float) -> str:
    """A p-value as people write it.

    >>> p_text(0.0123), p_text(0.0001)
    ('p = 0.012', 'p < 0.001')
    """
    return f"p = {p_value:.3f}" if p_value >= 0.001 else "p < 0.001"


def _check(reports: tuple[Report, ...], n_draws: int) -> None:
    if len(reports) < 2:
        raise ConfigError(f"a comparison needs at least two models, got {len(reports)}")
    first = reports[0]
    for report in reports[1:]:
        report.artifact.require_split(
            first.artifact.split.fingerprint, f"compare it with {first.artifact.model}"
        )
    list_sizes = sorted({report.k for report in reports})
    if len(list_sizes) > 1:
        raise ConfigError(f"reports with list sizes {list_sizes} cannot be compared; use one k")
    n_users = int(np.count_nonzero(first.n_rows_of_user))
    if n_users < 2:
        raise ConfigError(
            f"{first.artifact.split.ratings.name} has test ratings of {n_users} user; "
            "a comparison needs at least two, and means little below thirty"
        )
    n_pairs = len(reports) * (len(reports) - 1) // 2
    if 2 * n_pairs >= LEVEL * (1 + n_draws):
        raise ConfigError(
            f"{n_draws} draws cannot tell {n_pairs} pairs of models apart; "
            f"use at least {draws_for(len(reports))}"
        )


def _names(artifacts: Sequence[Artifact]) -> tuple[str, ...]:
    """Titles; where two are alike, with the settings that differ, or else numbered.

    What only one of them has follows from its optimizer, which differs then.
    """
    settings = [artifact.settings() | {"refit": artifact.refit} for artifact in artifacts]
    names = []
    for n, artifact in enumerate(artifacts):
        twins = [m for m, other in enumerate(artifacts) if other.title == artifact.title]
        own = _differing(settings[n], [settings[m] for m in twins])
        names.append(f"{artifact.title} ({own})" if own else artifact.title)
    return tuple(
        name if names.count(name) == 1 else f"{name} #{names[: n + 1].count(name)}"
        for n, name in enumerate(names)
    )


def _differing(own: dict[str, Any], all_settings: Sequence[dict[str, Any]]) -> str:
    return ", ".join(
        f"{key} {list(value) if isinstance(value, tuple) else value}"
        for key, value in own.items()
        if any(key in other and other[key] != value for other in all_settings)
    )


def _listed(names: Sequence[str]) -> str:
    """Names as a sentence lists them; some titles hold commas, so semicolons part three or more."""
    if len(names) < 3:
        return " and ".join(names)
    return f"{'; '.join(names[:-1])}; and {names[-1]}"
